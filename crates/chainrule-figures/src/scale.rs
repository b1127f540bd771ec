//! Scales, and the mapping between numbers and positions on an axis.

use serde::{Deserialize, Serialize};

/// Scale of an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AxisScale {
    /// Linear.
    #[default]
    Linear,
    /// Logarithmic; numbers must be positive.
    Log,
}

impl AxisScale {
    /// Returns the position of a number as a fraction of the axis, 0 at the first end and 1 at the
    /// second; NaN if the scale cannot represent it.
    pub(crate) fn fraction(self, v: f64, [low, high]: [f64; 2]) -> f64 {
        match self {
            AxisScale::Linear => (v - low) / (high - low),
            AxisScale::Log if v <= 0.0 => f64::NAN,
            AxisScale::Log => (v / low).ln() / (high / low).ln(),
        }
    }

    /// Returns the number at a fraction of the axis.
    pub(crate) fn at(self, fraction: f64, [low, high]: [f64; 2]) -> f64 {
        match self {
            AxisScale::Linear => low + (high - low) * fraction,
            AxisScale::Log => low * (high / low).powf(fraction),
        }
    }

    /// Widens the range on both sides by a fraction of its length.
    pub(crate) fn padded(self, ends: [f64; 2], fraction: f64) -> [f64; 2] {
        [self.at(-fraction, ends), self.at(1.0 + fraction, ends)]
    }
}

/// Mapping of an axis range to a range of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PixelMap {
    pub(crate) scale: AxisScale,
    pub(crate) ends: [f64; 2],
    pub(crate) pixels: [f64; 2],
}

impl PixelMap {
    /// Returns the pixel of a number, or NaN if the scale cannot represent it.
    pub(crate) fn pixel(&self, v: f64) -> f64 {
        let fraction = self.scale.fraction(v, self.ends);
        // Clamped so that distant points do not overflow; lines to them keep nearly the same slope.
        self.pixels[0] + (self.pixels[1] - self.pixels[0]) * fraction.clamp(-100.0, 100.0)
    }

    /// Returns the number at a pixel.
    pub(crate) fn number(&self, pixel: f64) -> f64 {
        self.scale.at((pixel - self.pixels[0]) / (self.pixels[1] - self.pixels[0]), self.ends)
    }

    /// Returns whether a number is within the axis range.
    pub(crate) fn contains(&self, v: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.scale.fraction(v, self.ends))
    }
}

/// Returns the smallest interval that contains all finite numbers the scale can represent, if any.
pub(crate) fn bounds(numbers: impl IntoIterator<Item = f64>, scale: AxisScale) -> Option<[f64; 2]> {
    let shown = numbers.into_iter().filter(|v| v.is_finite() && (scale == AxisScale::Linear || *v > 0.0));
    shown.fold(None, |ends, v| {
        let [low, high] = ends.unwrap_or([v, v]);
        Some([low.min(v), high.max(v)])
    })
}

/// Widens an interval of zero length; returns others unchanged.
pub(crate) fn non_empty([low, high]: [f64; 2], scale: AxisScale) -> [f64; 2] {
    let equal = (high - low).abs() <= 1e-12 * low.abs().max(high.abs());
    match scale {
        _ if !equal => [low, high],
        AxisScale::Linear => [low - 0.5 * low.abs().max(1.0), high + 0.5 * high.abs().max(1.0)],
        AxisScale::Log => [low / 2.0, high * 2.0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn number_is_the_inverse_of_pixel(fraction in 0.0f64..1.0, low in 0.01f64..10.0, ratio in 1.1f64..1e6) {
            for scale in [AxisScale::Linear, AxisScale::Log] {
                let map = PixelMap { scale, ends: [low, low * ratio], pixels: [300.0, 20.0] };
                let v = scale.at(fraction, map.ends);
                prop_assert!((map.number(map.pixel(v)) - v).abs() <= 1e-9 * v);
                prop_assert!(map.contains(v));
            }
        }
    }

    #[test]
    fn bounds_skip_numbers_the_scale_cannot_represent() {
        assert_eq!(bounds([f64::NAN, -1.0, 2.0], AxisScale::Linear), Some([-1.0, 2.0]));
        assert_eq!(bounds([-1.0, 0.0, 2.0, 3.0], AxisScale::Log), Some([2.0, 3.0]));
        assert_eq!(bounds([f64::NAN], AxisScale::Linear), None);
    }
}
