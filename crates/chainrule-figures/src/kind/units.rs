//! Units of inputs and targets.
//!
//! Figures of a table are in the units of its columns. Numbers are encoded only to evaluate the
//! network.

use chainrule::landscape::{GridAxis, Plane, Regions};
use chainrule::metrics::OutputKind;
use chainrule::network::Network;
use chainrule::registry::Options;
use chainrule_experiment::Outcome;
use chainrule_table::{ColumnKind, Scale, date};

use super::axis::{padded_range, symbol};
use super::option;
use crate::{Axis, Error};

/// Unit of an input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    /// The input itself: generated samples, and one-hot encoded categories of a table.
    Raw,
    /// Unit of a numeric column; the scale encodes its numbers.
    Number(Scale),
    /// Milliseconds since 1970, as on date axes; the scale encodes days since 1970.
    Date(Scale),
}

/// Milliseconds per day.
const DAY: f64 = 86_400_000.0;

/// Maximum magnitude of encoded inliers under soft clipping, about 4.5 interquartile ranges from
/// the median. Samples beyond it do not extend the axes.
const MAX_ENCODED: f64 = 2.5;

impl Unit {
    /// Returns the unit of input `j`.
    pub(super) fn of_input(outcome: &Outcome, j: usize) -> Unit {
        let scales = outcome.samples.from_table.as_ref().map(|from| from.encoders.input_scales());
        match scales.and_then(|scales| scales[j]) {
            Some((ColumnKind::Date, scale)) => Unit::Date(scale),
            Some((_, scale)) => Unit::Number(scale),
            None => Unit::Raw,
        }
    }

    /// Converts an input of the network to a number in this unit.
    pub(super) fn decode(self, u: f64) -> f64 {
        match self {
            Unit::Raw => u,
            Unit::Number(scale) => scale.undo(u),
            Unit::Date(scale) => scale.undo(u) * DAY,
        }
    }

    /// Converts a number in this unit to an input of the network.
    pub(super) fn encode(self, v: f64) -> f64 {
        match self {
            Unit::Raw => v,
            Unit::Number(scale) => scale.apply(v),
            Unit::Date(scale) => scale.apply(v / DAY),
        }
    }

    /// Converts inputs of the network to numbers in this unit.
    pub(super) fn decoded(self, inputs: &[f64]) -> Vec<f64> {
        inputs.iter().map(|u| self.decode(*u)).collect()
    }

    /// Converts numbers in this unit to inputs of the network.
    pub(super) fn encoded(self, numbers: &[f64]) -> Vec<f64> {
        numbers.iter().map(|v| self.encode(*v)).collect()
    }

    /// Creates an axis of numbers in this unit.
    pub(super) fn axis(self, label: impl Into<String>) -> Axis {
        let axis = Axis::new(label);
        if matches!(self, Unit::Date(_)) { axis.dates() } else { axis }
    }

    /// Returns the axis limits given by the option `key`, if any; for dates the option is in days
    /// since 1970.
    pub(super) fn range(self, options: &Options, key: &'static str) -> Result<Option<[f64; 2]>, Error> {
        let factor = if matches!(self, Unit::Date(_)) { DAY } else { 1.0 };
        Ok(option::range(options, key)?.map(|ends| ends.map(|v| v * factor)))
    }

    /// Returns the range of the inliers, widened on both sides by a fraction of its length.
    pub(super) fn limits(self, numbers: &[f64], fraction: f64) -> [f64; 2] {
        padded_range(&numbers.iter().copied().filter(|v| self.is_inlier(*v)).collect::<Vec<_>>(), fraction)
    }

    /// Returns whether a number is an inlier. Only soft-clipped columns have outliers.
    pub(super) fn is_inlier(self, v: f64) -> bool {
        match self {
            Unit::Number(Scale { bent: true, .. }) | Unit::Date(Scale { bent: true, .. }) => {
                self.encode(v).abs() <= MAX_ENCODED
            }
            _ => true,
        }
    }

    /// Formats a number in this unit with four significant digits, and a date as its day.
    pub(super) fn format(self, v: f64) -> String {
        match self {
            Unit::Raw => format!("{v:.3}"),
            Unit::Number(_) if v == 0.0 => "0".to_owned(),
            Unit::Number(_) => {
                let decimals = (3.0 - v.abs().log10().floor()).clamp(0.0, 12.0) as usize;
                format!("{v:.decimals$}")
            }
            Unit::Date(_) => date::write((v / DAY).floor() as i64, 0),
        }
    }
}

/// Returns a sentence with the number of outliers outside these axis limits, or an empty string if
/// there are none.
pub(super) fn outlier_caption(units: &[Unit], at: &[[f64; 2]], ranges: &[[f64; 2]]) -> String {
    let is_out = |at: &&[f64; 2]| {
        let mut axes = units.iter().zip(ranges).zip(*at);
        axes.any(|((unit, [low, high]), v)| !unit.is_inlier(*v) && !(low..=high).contains(&v))
    };
    let options = if units.len() == 1 { "x_range" } else { "x_range and y_range" };
    match at.iter().filter(is_out).count() {
        0 => String::new(),
        1 => format!("1 outlier is outside the axes; set {options} to show it."),
        n => format!("{n} outliers are outside the axes; set {options} to show them."),
    }
}

/// Joins captions, without empty ones and duplicates.
pub(super) fn join_captions(captions: impl IntoIterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for caption in captions {
        if !caption.is_empty() && !all.contains(&caption) {
            all.push(caption);
        }
    }
    all.join(" ")
}

/// Evaluates a network over a grid, with an axis and its unit for each direction of the plane.
pub(super) fn evaluate(
    network: &Network<f64>,
    plane: &Plane,
    units: &[Unit],
    axes: &[GridAxis],
) -> Regions<f64> {
    let along = |k: usize| axes.get(k).map_or(vec![0.0], |axis| units[k].encoded(&axis.values()));
    let [first, second] = [along(0), along(1)];
    let coordinates = second.iter().flat_map(|v| first.iter().map(|u| [*u, *v]));
    let x: Vec<f64> = coordinates.flat_map(|at| plane.point(&at[..axes.len()])).collect();
    let architecture = network.architecture();
    Regions {
        axes: axes.to_vec(),
        y: network.predict(&x),
        x,
        task: OutputKind::of(&architecture.output().activation),
        n_outputs: architecture.n_outputs(),
    }
}

/// Converts targets or network outputs to the units of the table.
pub(super) fn decode_targets(outcome: &Outcome, mut y: Vec<f64>) -> Vec<f64> {
    if let Some(from) = &outcome.samples.from_table {
        from.encoders.target.decode(&mut y);
    }
    y
}

/// Returns the axis label of the target: its column if there is exactly one, otherwise `default`.
pub(super) fn target_label(outcome: &Outcome, default: &str) -> String {
    let columns = outcome.samples.from_table.as_ref().map(|from| from.encoders.target.columns());
    match columns {
        Some([column]) => symbol(column),
        _ => default.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIPPED: Unit = Unit::Number(Scale { shift: 10.0, by: 2.0, bent: true });

    #[test]
    fn numbers_have_four_digits_and_dates_are_days() {
        let number = Unit::Number(Scale { shift: 0.0, by: 1.0, bent: false });
        assert_eq!(
            [0.0, 41.2966, -0.00123456, 123_456.7].map(|v| number.format(v)),
            ["0", "41.30", "-0.001235", "123457"]
        );
        let date = Unit::Date(Scale { shift: 19_000.0, by: 100.0, bent: false });
        assert_eq!(date.format(date.decode(8.745)), "2024-05-31");
        assert_eq!(Unit::Raw.format(1.0 / 3.0), "0.333");
    }

    #[test]
    fn outliers_do_not_extend_the_axes_and_are_counted() {
        let numbers = [8.0, 10.0, 12.0, 1000.0];
        assert_eq!(CLIPPED.limits(&numbers, 0.0), [8.0, 12.0]);
        assert_eq!(Unit::Raw.limits(&numbers, 0.0), [8.0, 1000.0]);
        let at = numbers.map(|v| [v, 0.0]);
        assert!(outlier_caption(&[CLIPPED], &at, &[[8.0, 12.0]]).starts_with("1 outlier is outside"));
        assert_eq!(outlier_caption(&[CLIPPED], &at, &[[8.0, 1000.0]]), "");
        assert_eq!(outlier_caption(&[Unit::Raw], &at, &[[8.0, 12.0]]), "");
    }
}
