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

    /// Inverts the scaling of a number `v`: returns `x = u·by + shift`, where `u` is
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
    ///
    /// Numbers count with their weights, if there are any. The divisor is 1 for numbers that differ
    /// only by rounding ([`Moments::are_constant`]).
    pub(super) fn fit(mut present: Vec<f64>, weights: Option<&[f64]>, scaling: Scaling) -> (Scale, f64) {
        if present.is_empty() {
            return (Scale { shift: 0.0, by: 1.0, bent: false }, 0.0);
        }
        let range = |values: &[f64]| {
            values
                .iter()
                .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(*v), high.max(*v)])
        };
        let moments = Moments::of(&present, weights);
        let mut quantile = |p| match weights {
            None => quantile(&mut present, p),
            Some(weights) => weighted_quantile(&present, weights, p),
        };
        let median = quantile(0.5);
        let (shift, by) = match scaling {
            Scaling::None => (0.0, 1.0),
            Scaling::Standard => (moments.mean, moments.deviation()),
            // The interquartile range can be 0, if half of the numbers are equal.
            Scaling::Robust => {
                let quartiles = [0.25, 0.5, 0.75].map(quantile);
                let [low, high] = range(&present);
                let width = quartiles[2] - quartiles[0];
                (quartiles[1], if width > 0.0 { width } else { 0.5 * (high - low) })
            }
            Scaling::MinMax => {
                let [low, high] = range(&present);
                (low, high - low)
            }
        };
        let is_scale = by > 0.0 && by.is_finite() && !moments.are_constant();
        let by = if is_scale { by } else { 1.0 };
        (Scale { shift, by, bent: scaling == Scaling::Robust }, median)
    }
}

/// Mean and variance of numbers, weighted if there are weights: `Σ w·x / Σ w` and
/// `Σ w·(x - mean)² / Σ w`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moments {
    pub(super) n: usize,
    pub(super) mean: f64,
    pub(super) variance: f64,
}

impl Moments {
    pub(super) fn of(values: &[f64], weights: Option<&[f64]>) -> Moments {
        let n = values.len();
        let Some(weights) = weights else {
            let mean = values.iter().sum::<f64>() / n as f64;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
            return Moments { n, mean, variance };
        };
        let total = weights.iter().sum::<f64>();
        let pairs = || values.iter().zip(weights);
        let mean = pairs().map(|(v, w)| v * w).sum::<f64>() / total;
        let variance = pairs().map(|(v, w)| w * (v - mean).powi(2)).sum::<f64>() / total;
        Moments { n, mean, variance }
    }

    pub(super) fn deviation(&self) -> f64 {
        self.variance.sqrt()
    }

    /// Returns whether the numbers differ only by rounding: the variance is at most
    /// `n·ε·variance + (n·mean·ε)²`, the bound of its rounding error that scikit-learn uses.
    pub(super) fn are_constant(&self) -> bool {
        let rounding = self.n as f64 * f64::EPSILON;
        self.variance <= rounding * self.variance + (rounding * self.mean).powi(2)
    }
}

/// Returns the smallest value at which the cumulative weight is at least `p` times the total
/// weight.
fn weighted_quantile(values: &[f64], weights: &[f64], p: f64) -> f64 {
    let mut pairs: Vec<(f64, f64)> = values.iter().copied().zip(weights.iter().copied()).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let requested = p * weights.iter().sum::<f64>();
    let mut sum = 0.0;
    let reached = |(_, w): &&(f64, f64)| {
        sum += w;
        sum >= requested
    };
    pairs.iter().find(reached).or(pairs.last()).map_or(0.0, |(v, _)| *v)
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
        let at = |scaling, x| Scale::fit(numbers(), None, scaling).0.apply(x);
        assert_eq!(at(Scaling::None, 7.0), 7.0);
        assert_eq!(at(Scaling::Standard, 4.0), 0.0);
        assert!((at(Scaling::Standard, 10.0) - 6.0 / 10f64.sqrt()).abs() < 1e-15);
        assert_eq!([at(Scaling::MinMax, 1.0), at(Scaling::MinMax, 10.0)], [0.0, 1.0]);
        // The quartiles are 2 and 4, and x = 9 is 3 interquartile ranges above the median.
        assert!((at(Scaling::Robust, 9.0) - 3.0 / 2f64.sqrt()).abs() < 1e-15);
        assert!(at(Scaling::Robust, 1e9) < 3.0 + 1e-9);
        // A constant is scaled to 0.
        assert_eq!(Scale::fit(vec![5.0; 4], None, Scaling::Standard).0.apply(5.0), 0.0);
        assert_eq!(Scale::fit(numbers(), None, Scaling::Standard).1, 3.0);
    }

    #[test]
    fn numbers_that_differ_only_by_rounding_are_not_scaled() {
        for scaling in [Scaling::Standard, Scaling::Robust, Scaling::MinMax] {
            let (scale, _) = Scale::fit(vec![14.62; 1000], None, scaling);
            assert_eq!(scale.by, 1.0, "{scaling:?}");
            let nearly: Vec<f64> = (0..1000).map(|i| 14.62 + f64::from(i % 3) * 1e-15).collect();
            assert_eq!(Scale::fit(nearly, None, scaling).0.by, 1.0, "{scaling:?}");
        }
        // Small numbers are not constant.
        assert!(Scale::fit(vec![1e-9, 2e-9, 3e-9], None, Scaling::Standard).0.by < 1e-8);
    }

    #[test]
    fn weights_count_like_repetitions() {
        let (values, weights) = (vec![1.0, 2.0, 10.0], [1.0, 2.0, 1.0]);
        let repeated = vec![1.0, 2.0, 2.0, 10.0];
        let weighted = Scale::fit(values.clone(), Some(&weights), Scaling::Standard);
        let expected = Scale::fit(repeated, None, Scaling::Standard);
        assert!(
            (weighted.0.shift - expected.0.shift).abs() < 1e-15
                && (weighted.0.by - expected.0.by).abs() < 1e-15
        );
        assert_eq!((weighted.1, expected.1), (2.0, 2.0));
        assert_eq!(weighted_quantile(&values, &weights, 1.0), 10.0);
    }
}
