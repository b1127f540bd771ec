//! Gradient clipping, which limits the size of parameter updates where the loss is steep.

use std::ops::Range;

use super::check;
use crate::Error;
use crate::kernel::Scalar;
use crate::registry::NumberRange;
use crate::sum::sum;

/// Gradient clipping by norm or by value.
///
/// NaN entries remain NaN, and [`Clip::Norm`] does not scale a gradient whose norm is not finite,
/// so that divergence is not masked.
///
/// ```
/// use chainrule::train::clip::Clip;
///
/// let mut gradient = [6.0, 100.0, 8.0];
/// Clip::Norm(5.0).apply(&mut gradient, &[0..1, 2..3]); // the parameter between them is frozen
/// assert_eq!(gradient, [3.0, 100.0, 4.0]);
/// Clip::Value(3.5).apply(&mut gradient, &[0..2, 2..3]);
/// assert_eq!(gradient, [3.0, 3.5, 3.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Scales the gradient to `g·max/|g|` if the Euclidean norm `|g|` of the whole gradient exceeds
    /// `max`; its direction does not change. From R. Pascanu, T. Mikolov, Y. Bengio, "On the
    /// difficulty of training recurrent neural networks", ICML 2013.
    Norm(f64),
    /// Clips each entry to the range from `-max` to `max`, which can change the direction of the
    /// gradient.
    Value(f64),
}

impl Clip {
    /// Clips the gradient in `ranges`, the ranges of the trainable parameters; the norm is computed
    /// over all ranges together.
    ///
    /// # Panics
    /// Panics if a range exceeds the gradient.
    pub fn apply<T: Scalar>(&self, gradient: &mut [T], ranges: &[Range<usize>]) {
        match *self {
            Clip::Norm(max) => {
                let norm = norm(gradient, ranges);
                if norm > max && norm.is_finite() {
                    let factor = T::from_f64(max / norm);
                    for range in ranges {
                        for g in &mut gradient[range.clone()] {
                            *g *= factor;
                        }
                    }
                }
            }
            Clip::Value(max) => {
                let max = T::from_f64(max);
                for range in ranges {
                    for g in &mut gradient[range.clone()] {
                        *g = clamp(*g, -max, max);
                    }
                }
            }
        }
    }

    /// Checks that the bound is a number above 0.
    ///
    /// # Errors
    /// Returns [`Error::OptionRange`] if it is not.
    pub fn check(&self) -> Result<(), Error> {
        match *self {
            Clip::Norm(max) => check("clip", "norm", max, NumberRange::POSITIVE),
            Clip::Value(max) => check("clip", "value", max, NumberRange::POSITIVE),
        }
    }
}

/// Computes the Euclidean norm `sqrt(Σ g²)` of the gradient over `ranges`, summed in f64 range by
/// range.
///
/// # Panics
/// Panics if a range exceeds the gradient.
pub fn norm<T: Scalar>(gradient: &[T], ranges: &[Range<usize>]) -> f64 {
    ranges.iter().map(|range| sum(&gradient[range.clone()], |g| g * g)).sum::<f64>().sqrt()
}

/// Clamps `v` to the range from `low` to `high`; NaN stays NaN.
fn clamp<T: Scalar>(v: T, low: T, high: T) -> T {
    let v = T::select(v.lt(low), low, v);
    T::select(high.lt(v), high, v)
}

#[cfg(test)]
mod tests {
    use super::{Clip, norm};

    #[test]
    fn norm_clipping_scales_the_gradient_to_the_bound_without_changing_its_direction() {
        let before: Vec<f64> = (0..23).map(|i| f64::from(i) - 9.5).collect();
        let mut after = before.clone();
        let ranges = [0..10, 12..23];
        Clip::Norm(2.0).apply(&mut after, &ranges);
        assert!((norm(&after, &ranges) - 2.0).abs() < 1e-14);
        let factor = after[0] / before[0];
        for i in (0..10).chain(12..23) {
            assert!((after[i] - factor * before[i]).abs() < 1e-15);
        }
        assert_eq!(after[10..12], before[10..12]);
    }

    #[test]
    fn a_gradient_within_the_bound_is_unchanged_to_the_last_bit() {
        let before = [0.1_f32, -0.7, 0.3, 0.05, 0.2];
        for clip in [Clip::Norm(norm(&before, &[0..2, 2..5])), Clip::Norm(1.0), Clip::Value(0.7)] {
            let mut after = before;
            clip.apply(&mut after, &[0..2, 2..5]);
            assert_eq!(after, before);
        }
    }

    #[test]
    fn clipping_does_not_mask_divergence() {
        for clip in [Clip::Norm(1.0), Clip::Value(1.0)] {
            let mut gradient = [0.5, f64::NAN, 0.25];
            clip.apply(&mut gradient, &[0..1, 1..3]);
            assert!(gradient[0] == 0.5 && gradient[1].is_nan() && gradient[2] == 0.25);
        }
        let mut gradient = [f64::INFINITY, 2.0];
        Clip::Norm(1.0).apply(&mut gradient, &[0..1, 1..2]);
        assert_eq!(gradient, [f64::INFINITY, 2.0]);
    }

    #[test]
    fn a_large_f32_gradient_does_not_overflow() {
        let mut gradient = [3e30_f32, -4e30];
        Clip::Norm(5.0).apply(&mut gradient, &[0..1, 1..2]);
        assert!((gradient[0] - 3.0).abs() < 1e-6 && (gradient[1] + 4.0).abs() < 1e-6);
    }

    #[test]
    fn a_bound_that_is_not_positive_is_rejected() {
        assert_eq!(Clip::Value(0.5).check(), Ok(()));
        let message = |clip: Clip| clip.check().unwrap_err().to_string();
        assert_eq!(message(Clip::Norm(0.0)), "norm of clip is 0, but must be a number above 0");
        assert_eq!(message(Clip::Value(-1.0)), "value of clip is -1, but must be a number above 0");
    }
}
