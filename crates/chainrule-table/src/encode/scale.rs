//! Scaling of numbers for the inputs of a network, and its inverse.

use serde::{Deserialize, Serialize};

/// Methods of scaling numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// No scaling.
    None,
    /// Standardisation, `(x - mean) / standard deviation`: mean 0, variance 1.
    #[default]
    Standard,
    /// Robust scaling, `u = (x - median) / (third quartile - first quartile)`, followed by smooth
    /// clipping to ±3, `u / √(1 + (u/3)²)` (Holzmüller et al. 2024, "Better by Default").
    Robust,
    /// Min-max scaling, `(x - minimum) / (maximum - minimum)`: from 0 to 1.
    MinMax,
}

/// A fitted scaling, `u = (x - shift) / by`, optionally followed by smooth clipping,
/// `u / √(1 + (u/3)²)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// The subtracted number.
    pub shift: f64,
    /// The divisor.
    pub by: f64,
    /// Whether outliers are smoothly clipped to ±3.
    pub bent: bool,
}

impl Scale {
    /// Scales a number of the column.
    pub fn apply(&self, x: f64) -> f64 {
        let u = (x - self.shift) / self.by;
        if self.bent { u / (1.0 + (u / 3.0).powi(2)).sqrt() } else { u }
    }

    /// Returns the number of the column for a scaled number `v`: `x = u·by + shift`, where `u` is
    /// `v` or, with clipping, `v / √(1 - (v/3)²)`. Clipped numbers are between -3 and 3; at and
    /// beyond these bounds the result is infinite.
    pub fn undo(&self, v: f64) -> f64 {
        let u = match 1.0 - (v / 3.0).powi(2) {
            _ if !self.bent => v,
            rest if rest > 0.0 => v / rest.sqrt(),
            _ => v * f64::INFINITY,
        };
        u * self.by + self.shift
    }

    /// Fits a scale to numbers and returns it with their median; without numbers, the scale is the
    /// identity and the median 0.
    pub(super) fn fit(mut present: Vec<f64>, scaling: Scaling) -> (Scale, f64) {
        if present.is_empty() {
            return (Scale { shift: 0.0, by: 1.0, bent: false }, 0.0);
        }
        let range = |values: &[f64]| {
            values
                .iter()
                .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(*v), high.max(*v)])
        };
        let (shift, by) = match scaling {
            Scaling::None => (0.0, 1.0),
            Scaling::Standard => mean_and_deviation(&present),
            // The interquartile range is 0 if half of the numbers are equal.
            Scaling::Robust => {
                let [low, high] = range(&present);
                let quartiles = [0.25, 0.5, 0.75].map(|p| quantile(&mut present, p));
                let width = quartiles[2] - quartiles[0];
                (quartiles[1], if width > 0.0 { width } else { 0.5 * (high - low) })
            }
            Scaling::MinMax => {
                let [low, high] = range(&present);
                (low, high - low)
            }
        };
        let median = quantile(&mut present, 0.5);
        let by = if by > 0.0 && by.is_finite() { by } else { 1.0 };
        (Scale { shift, by, bent: scaling == Scaling::Robust }, median)
    }
}

/// Returns the mean and the standard deviation (with divisor n, not n - 1).
pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// Returns the `p`-quantile with linear interpolation. Reorders the values.
fn quantile(values: &mut [f64], p: f64) -> f64 {
    let rank = p * (values.len() - 1) as f64;
    let (_, below, rest) = values.select_nth_unstable_by(rank.floor() as usize, f64::total_cmp);
    let above = rest.iter().copied().fold(f64::INFINITY, f64::min);
    if rank.fract() == 0.0 { *below } else { *below + (above - *below) * rank.fract() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn undo_inverts_apply(u in -100f64..100.0, shift in -1e4f64..1e4, by in 1e-3f64..1e3, bent: bool) {
            let scale = Scale { shift, by, bent };
            let x = u * by + shift;
            // Precision decreases towards the bound at 3.
            let tolerance = 1e-15 * (1.0 + u * u) * by * u.abs().max(1.0) + 1e-15 * shift.abs();
            let back = scale.undo(scale.apply(x));
            prop_assert!((back - x).abs() <= 10.0 * tolerance, "{back} for {x}");
        }
    }

    #[test]
    fn clipped_numbers_are_infinite_at_and_beyond_three() {
        let scale = Scale { shift: 5.0, by: 2.0, bent: true };
        assert!((scale.undo(3.0 / 2f64.sqrt()) - 11.0).abs() < 1e-13);
        assert_eq!(
            [-3.0, 3.0, 3.5].map(|v| scale.undo(v)),
            [f64::NEG_INFINITY, f64::INFINITY, f64::INFINITY]
        );
        assert_eq!(scale.undo(0.0), 5.0);
    }

    #[test]
    fn scales_follow_their_formulas() {
        let numbers = || vec![1.0, 2.0, 3.0, 4.0, 10.0];
        let at = |scaling, x| Scale::fit(numbers(), scaling).0.apply(x);
        assert_eq!(at(Scaling::None, 7.0), 7.0);
        assert_eq!(at(Scaling::Standard, 4.0), 0.0);
        assert!((at(Scaling::Standard, 10.0) - 6.0 / 10f64.sqrt()).abs() < 1e-15);
        assert_eq!([at(Scaling::MinMax, 1.0), at(Scaling::MinMax, 10.0)], [0.0, 1.0]);
        // The quartiles are 2 and 4, and x = 9 is 3 interquartile ranges above the median.
        assert!((at(Scaling::Robust, 9.0) - 3.0 / 2f64.sqrt()).abs() < 1e-15);
        assert!(at(Scaling::Robust, 1e9) < 3.0 + 1e-9);
        // A constant is scaled to 0.
        assert_eq!(Scale::fit(vec![5.0; 4], Scaling::Standard).0.apply(5.0), 0.0);
        assert_eq!(Scale::fit(numbers(), Scaling::Standard).1, 3.0);
    }
}
