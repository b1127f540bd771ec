//! What the numbers of samples are measured in. Pictures of a table are in the units of its columns; what the network sees,
//! scaled, is made of them only where it is asked.

use chainrule::landscape::{GridAxis, Plane, Regions};
use chainrule::metrics::OutputKind;
use chainrule::network::Network;
use chainrule::registry::Options;
use chainrule_experiment::Outcome;
use chainrule_table::{ColumnKind, Scale, date};

use super::option;
use super::parts::{around, symbol};
use crate::{Axis, Error};

/// What an input is measured in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    /// In nothing but what the network sees: generated samples, words of a table as 0 and 1.
    Own,
    /// In the unit of the table's column, from which this scale makes the input.
    Number(Scale),
    /// In milliseconds since 1970, as axes of dates are; the scale is that of the days.
    Date(Scale),
}

/// The milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// Beyond so much on a scale that bends outliers, a sample is not allowed to shrink the picture of all others: four and a half
/// times the distance of the quartiles from the median.
const FAR: f64 = 2.5;

impl Unit {
    /// What input `j` is measured in.
    pub(super) fn of(outcome: &Outcome, j: usize) -> Unit {
        let scales = outcome.samples.from_table.as_ref().map(|from| from.encoders.input_scales());
        match scales.and_then(|scales| scales[j]) {
            Some((ColumnKind::Date, scale)) => Unit::Date(scale),
            Some((_, scale)) => Unit::Number(scale),
            None => Unit::Own,
        }
    }

    /// The number of the unit for an input of the network.
    pub(super) fn decode(self, u: f64) -> f64 {
        match self {
            Unit::Own => u,
            Unit::Number(scale) => scale.undo(u),
            Unit::Date(scale) => scale.undo(u) * DAY,
        }
    }

    /// The input of the network for a number of the unit.
    pub(super) fn encode(self, v: f64) -> f64 {
        match self {
            Unit::Own => v,
            Unit::Number(scale) => scale.apply(v),
            Unit::Date(scale) => scale.apply(v / DAY),
        }
    }

    /// All inputs of the network as numbers of the unit.
    pub(super) fn decoded(self, inputs: &[f64]) -> Vec<f64> {
        inputs.iter().map(|u| self.decode(*u)).collect()
    }

    /// Numbers of the unit as inputs of the network.
    pub(super) fn encoded(self, numbers: &[f64]) -> Vec<f64> {
        numbers.iter().map(|v| self.encode(*v)).collect()
    }

    /// An axis of numbers of the unit.
    pub(super) fn axis(self, label: impl Into<String>) -> Axis {
        let axis = Axis::new(label);
        if matches!(self, Unit::Date(_)) { axis.dates() } else { axis }
    }

    /// The two ends of an axis of the unit that the option `key` gives, if it gives any; of dates in days since 1970.
    pub(super) fn range(self, options: &Options, key: &'static str) -> Result<Option<[f64; 2]>, Error> {
        let factor = if matches!(self, Unit::Date(_)) { DAY } else { 1.0 };
        Ok(option::range(options, key)?.map(|ends| ends.map(|v| v * factor)))
    }

    /// The ends of some numbers of the unit, with a share of their length beyond either, but for those far out on a scale
    /// that bends them.
    pub(super) fn ends(self, numbers: &[f64], share: f64) -> [f64; 2] {
        around(&numbers.iter().copied().filter(|v| self.is_near(*v)).collect::<Vec<_>>(), share)
    }

    /// Whether [`ends`](Unit::ends) shows a number.
    pub(super) fn is_near(self, v: f64) -> bool {
        match self {
            Unit::Number(Scale { bent: true, .. }) | Unit::Date(Scale { bent: true, .. }) => {
                self.encode(v).abs() <= FAR
            }
            _ => true,
        }
    }

    /// A number of the unit in words: to four digits, a date as its day.
    pub(super) fn write(self, v: f64) -> String {
        match self {
            Unit::Own => format!("{v:.3}"),
            Unit::Number(_) if v == 0.0 => "0".to_owned(),
            Unit::Number(_) => {
                let decimals = (3.0 - v.abs().log10().floor()).clamp(0.0, 12.0) as usize;
                format!("{v:.decimals$}")
            }
            Unit::Date(_) => date::write((v / DAY).floor() as i64, 0),
        }
    }
}

/// A sentence on how many samples lie outside these ends of each axis, where some do: those that
/// [`ends`](Unit::ends) leaves out.
pub(super) fn left_out(units: &[Unit], at: &[[f64; 2]], ranges: &[[f64; 2]]) -> String {
    let is_out = |at: &&[f64; 2]| {
        let mut axes = units.iter().zip(ranges).zip(*at);
        axes.any(|((unit, [low, high]), v)| !unit.is_near(*v) && !(low..=high).contains(&v))
    };
    let options = if units.len() == 1 { "x_range shows" } else { "x_range and y_range show" };
    match at.iter().filter(is_out).count() {
        0 => String::new(),
        1 => format!("One sample lies far outside the picture; {options} it."),
        n => format!("{n} samples lie far outside the picture; {options} them."),
    }
}

/// The captions that say something, each once.
pub(super) fn joined(captions: impl IntoIterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for caption in captions {
        if !caption.is_empty() && !all.contains(&caption) {
            all.push(caption);
        }
    }
    all.join(" ")
}

/// A network's outputs over a grid whose axes are in these units, an axis and a unit for each direction of the plane.
pub(super) fn over(network: &Network<f64>, plane: &Plane, units: &[Unit], axes: &[GridAxis]) -> Regions<f64> {
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

/// Targets of an outcome's samples, or outputs of its network, in the table's units.
pub(super) fn numbers(outcome: &Outcome, mut y: Vec<f64>) -> Vec<f64> {
    if let Some(from) = &outcome.samples.from_table {
        from.encoders.target.decode(&mut y);
    }
    y
}

/// What the one number is called that a table's network predicts; `otherwise` for samples that are no table's.
pub(super) fn target(outcome: &Outcome, otherwise: &str) -> String {
    let columns = outcome.samples.from_table.as_ref().map(|from| from.encoders.target.columns());
    match columns {
        Some([column]) => symbol(column),
        _ => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BENT: Unit = Unit::Number(Scale { shift: 10.0, by: 2.0, bent: true });

    #[test]
    fn numbers_are_written_to_four_digits_and_dates_as_days() {
        let number = Unit::Number(Scale { shift: 0.0, by: 1.0, bent: false });
        assert_eq!(
            [0.0, 41.2966, -0.00123456, 123_456.7].map(|v| number.write(v)),
            ["0", "41.30", "-0.001235", "123457"]
        );
        let date = Unit::Date(Scale { shift: 19_000.0, by: 100.0, bent: false });
        assert_eq!(date.write(date.decode(8.745)), "2024-05-31");
        assert_eq!(Unit::Own.write(1.0 / 3.0), "0.333");
    }

    #[test]
    fn far_samples_do_not_shrink_the_picture_and_are_counted() {
        let numbers = [8.0, 10.0, 12.0, 1000.0];
        assert_eq!(BENT.ends(&numbers, 0.0), [8.0, 12.0]);
        assert_eq!(Unit::Own.ends(&numbers, 0.0), [8.0, 1000.0]);
        let at = numbers.map(|v| [v, 0.0]);
        assert!(left_out(&[BENT], &at, &[[8.0, 12.0]]).starts_with("One sample lies far outside"));
        assert_eq!(left_out(&[BENT], &at, &[[8.0, 1000.0]]), "");
        assert_eq!(left_out(&[Unit::Own], &at, &[[8.0, 12.0]]), "");
    }
}
