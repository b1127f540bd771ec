//! How numbers are moved and scaled on their way into a network, and back.

use serde::{Deserialize, Serialize};

/// How numbers are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// As they are.
    None,
    /// `(x - mean) / standard deviation`: mean 0, variance 1.
    #[default]
    Standard,
    /// `u = (x - median) / (third - first quartile)`, then `u / √(1 + (u/3)²)`: outliers end at ±3 (Holzmüller et al. 2024,
    /// "Better by Default", who scale tables so).
    Robust,
    /// `(x - smallest) / (largest - smallest)`: from 0 to 1.
    MinMax,
}

/// `u = (x - shift) / by`, and then perhaps `u / √(1 + (u/3)²)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// What is taken away.
    pub shift: f64,
    /// What is divided by.
    pub by: f64,
    /// Whether outliers are bent towards ±3.
    pub bent: bool,
}

impl Scale {
    /// The input of a network for a number of the column.
    pub fn apply(&self, x: f64) -> f64 {
        let u = (x - self.shift) / self.by;
        if self.bent { u / (1.0 + (u / 3.0).powi(2)).sqrt() } else { u }
    }

    /// The number of the column for an input `v` of a network: `x = u·by + shift`, where `u` is `v`, or for a bent scale
    /// `v / √(1 - (v/3)²)`. What is bent lies between -3 and 3; beyond, the number is infinite.
    pub fn undo(&self, v: f64) -> f64 {
        let u = match 1.0 - (v / 3.0).powi(2) {
            _ if !self.bent => v,
            left if left > 0.0 => v / left.sqrt(),
            _ => v * f64::INFINITY,
        };
        u * self.by + self.shift
    }

    /// The scale of some numbers, and their median; those of no number change nothing.
    pub(super) fn fit(mut present: Vec<f64>, scaling: Scaling) -> (Scale, f64) {
        if present.is_empty() {
            return (Scale { shift: 0.0, by: 1.0, bent: false }, 0.0);
        }
        let ends = |values: &[f64]| {
            values
                .iter()
                .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(*v), high.max(*v)])
        };
        let (shift, by) = match scaling {
            Scaling::None => (0.0, 1.0),
            Scaling::Standard => mean_and_deviation(&present),
            // Half of all numbers may be the same, and there is a width nonetheless.
            Scaling::Robust => {
                let [low, high] = ends(&present);
                let quartiles = [0.25, 0.5, 0.75].map(|part| quantile(&mut present, part));
                let width = quartiles[2] - quartiles[0];
                (quartiles[1], if width > 0.0 { width } else { 0.5 * (high - low) })
            }
            Scaling::MinMax => {
                let [low, high] = ends(&present);
                (low, high - low)
            }
        };
        let median = quantile(&mut present, 0.5);
        let by = if by > 0.0 && by.is_finite() { by } else { 1.0 };
        (Scale { shift, by, bent: scaling == Scaling::Robust }, median)
    }
}

/// The mean and the standard deviation (over n, not n - 1).
pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// A quantile of some numbers, which are put in another order; between neighbours in proportion.
fn quantile(values: &mut [f64], part: f64) -> f64 {
    let place = part * (values.len() - 1) as f64;
    let (_, below, rest) = values.select_nth_unstable_by(place.floor() as usize, f64::total_cmp);
    let above = rest.iter().copied().fold(f64::INFINITY, f64::min);
    if place.fract() == 0.0 { *below } else { *below + (above - *below) * place.fract() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_scale_is_undone(u in -100f64..100.0, shift in -1e4f64..1e4, by in 1e-3f64..1e3, bent: bool) {
            let scale = Scale { shift, by, bent };
            let x = u * by + shift;
            // The nearer to 3, the fewer digits are left of a number.
            let tolerance = 1e-15 * (1.0 + u * u) * by * u.abs().max(1.0) + 1e-15 * shift.abs();
            let back = scale.undo(scale.apply(x));
            prop_assert!((back - x).abs() <= 10.0 * tolerance, "{back} for {x}");
        }
    }

    #[test]
    fn what_is_bent_ends_at_three() {
        let scale = Scale { shift: 5.0, by: 2.0, bent: true };
        assert!((scale.undo(3.0 / 2f64.sqrt()) - 11.0).abs() < 1e-13);
        assert_eq!(
            [-3.0, 3.0, 3.5].map(|v| scale.undo(v)),
            [f64::NEG_INFINITY, f64::INFINITY, f64::INFINITY]
        );
        assert_eq!(scale.undo(0.0), 5.0);
    }

    #[test]
    fn scales_by_their_formulas() {
        let numbers = || vec![1.0, 2.0, 3.0, 4.0, 10.0];
        let at = |scaling, x| Scale::fit(numbers(), scaling).0.apply(x);
        assert_eq!(at(Scaling::None, 7.0), 7.0);
        assert_eq!(at(Scaling::Standard, 4.0), 0.0);
        assert!((at(Scaling::Standard, 10.0) - 6.0 / 10f64.sqrt()).abs() < 1e-15);
        assert_eq!([at(Scaling::MinMax, 1.0), at(Scaling::MinMax, 10.0)], [0.0, 1.0]);
        // The quartiles are 2 and 4: x = 9 is 3 widths from the median.
        assert!((at(Scaling::Robust, 9.0) - 3.0 / 2f64.sqrt()).abs() < 1e-15);
        assert!(at(Scaling::Robust, 1e9) < 3.0 + 1e-9);
        // What never changes is left at 0.
        assert_eq!(Scale::fit(vec![5.0; 4], Scaling::Standard).0.apply(5.0), 0.0);
        assert_eq!(Scale::fit(numbers(), Scaling::Standard).1, 3.0);
    }
}
