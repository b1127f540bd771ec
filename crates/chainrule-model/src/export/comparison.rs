//! Comparison of predictions with those of a model, in units that do not depend on the offset of a
//! target.
//!
//! A difference relative to the predictions would hide errors in a target far from 0: for seconds
//! since 1970, an error of one minute is a relative difference of 3.5e-8.

use std::fmt;

use chainrule_table::Target;

use super::outputs;
use crate::{Model, Precision};

/// Comparison of an export with its model.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Largest difference between the predictions of the export and those of the model over all
    /// rows and outputs, in `unit`.
    pub largest_difference: f64,
    /// Unit of `largest_difference`.
    pub unit: DifferenceUnit,
    /// Largest difference that rounding explains, in `unit`; `None` for 8-bit arithmetic.
    ///
    /// It is the largest value over the outputs of `e·max(r, 1) + 16ε·|m|`. Here e is 1e-4 in single
    /// and 1e-11 in double precision, r the largest distance of a prediction from the mean m of the
    /// target, and ε the epsilon of double precision, in which predictions are converted to the
    /// units of the table. r and m are in `unit`; m is 0 for a target that the model does not scale.
    pub tolerance: Option<f64>,
    /// Number of compared rows.
    pub n_rows: usize,
    /// Number of rows for which the predicted class or all predicted labels are the same; `None` in
    /// regression.
    pub agreeing_predictions: Option<usize>,
}

/// Unit of the differences between the predictions of an export and those of its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceUnit {
    /// Probability: the difference itself.
    Probability,
    /// Standard deviation of the target on the training rows, which the model stores as the scale
    /// of the target; the smallest one if the members of an ensemble differ.
    TargetDeviation,
    /// Standard deviation of the predictions of the model on the compared rows, for targets that the
    /// model does not scale; the largest absolute prediction if all are equal.
    PredictionDeviation,
}

/// Location and unit of the predictions of an output.
struct OutputRange {
    mean: f64,
    unit: f64,
    /// Largest absolute difference of a prediction from the mean.
    radius: f64,
}

/// Returns the largest difference of `other` from the predictions y of a model, and the number of
/// rows that agree.
pub(super) fn compare(model: &Model, y: &[f64], other: &[f64], agrees: impl Fn(usize) -> bool) -> Verified {
    let n = outputs::n_predicted(model.target());
    let n_rows = y.len() / n;
    let unit = DifferenceUnit::of(model);
    let ranges: Vec<OutputRange> =
        (0..n).map(|k| OutputRange::new(model, unit, k, y.iter().skip(k).step_by(n))).collect();
    let difference = |(i, (a, b)): (usize, (&f64, &f64))| {
        // Equal infinities or NaNs do not differ.
        if a == b || a.is_nan() && b.is_nan() { 0.0 } else { (a - b).abs() / ranges[i % n].unit }
    };
    let differences = y.iter().zip(other).enumerate().map(difference);
    let tolerance = |range: &OutputRange| range.tolerance(model.precision);
    Verified {
        largest_difference: differences.fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a }),
        unit,
        tolerance: Some(ranges.iter().map(tolerance).fold(0.0, f64::max)),
        n_rows,
        agreeing_predictions: (unit == DifferenceUnit::Probability)
            .then(|| (0..n_rows).filter(|row| agrees(*row)).count()),
    }
}

impl Verified {
    /// Returns whether rounding explains the differences; `None` for 8-bit arithmetic, whose error
    /// has no bound.
    pub fn is_within_tolerance(&self) -> Option<bool> {
        self.tolerance.map(|tolerance| self.largest_difference <= tolerance)
    }
}

impl DifferenceUnit {
    /// Returns the unit in which exports of a model are compared.
    fn of(model: &Model) -> DifferenceUnit {
        let mut scales =
            model.members.iter().filter_map(|member| outputs::scales(&member.encoders.target)).flatten();
        let is_scaled = scales.any(|scale| *scale != [0.0, 1.0]);
        match model.target() {
            Target::Classes { .. } | Target::Labels { .. } => DifferenceUnit::Probability,
            Target::Numbers { .. } if is_scaled => DifferenceUnit::TargetDeviation,
            Target::Numbers { .. } => DifferenceUnit::PredictionDeviation,
        }
    }
}

/// Writes the unit as it follows a number: `standard deviations of the target`.
impl fmt::Display for DifferenceUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DifferenceUnit::Probability => "in the probabilities",
            DifferenceUnit::TargetDeviation => "standard deviations of the target",
            DifferenceUnit::PredictionDeviation => "standard deviations of the predictions",
        })
    }
}

impl OutputRange {
    /// Measures the predictions y of output k.
    fn new<'y>(
        model: &Model,
        unit: DifferenceUnit,
        k: usize,
        y: impl Iterator<Item = &'y f64> + Clone,
    ) -> OutputRange {
        let finite = y.filter(|y| y.is_finite());
        let radius = |mean: f64| finite.clone().fold(0.0_f64, |radius, y| radius.max((y - mean).abs()));
        match unit {
            DifferenceUnit::Probability => OutputRange { mean: 0.0, unit: 1.0, radius: 1.0 },
            DifferenceUnit::TargetDeviation => {
                let scales =
                    model.members.iter().filter_map(|member| outputs::scales(&member.encoders.target));
                let [mean, unit] = scales
                    .map(|scales| scales[k])
                    .reduce(|a, b| if b[1] < a[1] { b } else { a })
                    .expect("a model has at least one member");
                OutputRange { mean, unit, radius: radius(mean) }
            }
            DifferenceUnit::PredictionDeviation => {
                let n = finite.clone().count().max(1) as f64;
                let mean = finite.clone().sum::<f64>() / n;
                let variance = finite.clone().map(|y| (y - mean).powi(2)).sum::<f64>() / n;
                let largest = radius(0.0);
                let unit = [variance.sqrt(), largest, 1.0].into_iter().find(|unit| *unit > 0.0);
                // The network has no separate offset, so its rounding is relative to the predictions.
                OutputRange { mean: 0.0, unit: unit.expect("1 is above 0"), radius: largest }
            }
        }
    }

    /// Returns the bound documented at [`Verified::tolerance`].
    fn tolerance(&self, precision: Precision) -> f64 {
        let network = match precision {
            Precision::F32 => 1e-4,
            Precision::F64 => 1e-11,
        };
        network * (self.radius / self.unit).max(1.0) + 16.0 * f64::EPSILON * self.mean.abs() / self.unit
    }
}
