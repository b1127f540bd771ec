//! Numbers to lengths: the ends of an axis and where on it a number lies.

use crate::Scale;

impl Scale {
    /// Which part of the way from the first end to the second a number lies; NaN where it has no place.
    pub(crate) fn part(self, v: f64, [low, high]: [f64; 2]) -> f64 {
        match self {
            Scale::Linear => (v - low) / (high - low),
            Scale::Log if v <= 0.0 => f64::NAN,
            Scale::Log => (v / low).ln() / (high / low).ln(),
        }
    }

    /// The number that lies at a part of the way.
    pub(crate) fn at(self, part: f64, [low, high]: [f64; 2]) -> f64 {
        match self {
            Scale::Linear => low + (high - low) * part,
            Scale::Log => low * (high / low).powf(part),
        }
    }

    /// The ends moved apart by this part of their distance on both sides.
    pub(crate) fn padded(self, ends: [f64; 2], part: f64) -> [f64; 2] {
        [self.at(-part, ends), self.at(1.0 + part, ends)]
    }
}

/// An axis of a frame: numbers from one end to the other along pixels from one to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Map {
    pub(crate) scale: Scale,
    pub(crate) ends: [f64; 2],
    pub(crate) pixels: [f64; 2],
}

impl Map {
    /// The pixel of a number; NaN where it has none.
    pub(crate) fn pixel(&self, v: f64) -> f64 {
        let part = self.scale.part(v, self.ends);
        // What is far outside must not overflow in a drawing; a line towards it keeps nearly its slope.
        self.pixels[0] + (self.pixels[1] - self.pixels[0]) * part.clamp(-100.0, 100.0)
    }

    /// The number at a pixel.
    pub(crate) fn number(&self, pixel: f64) -> f64 {
        self.scale.at((pixel - self.pixels[0]) / (self.pixels[1] - self.pixels[0]), self.ends)
    }

    /// Whether a number lies between the ends.
    pub(crate) fn contains(&self, v: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.scale.part(v, self.ends))
    }
}

/// The least interval that holds all finite numbers that the scale can show, if there are any.
pub(crate) fn bounds(numbers: impl IntoIterator<Item = f64>, scale: Scale) -> Option<[f64; 2]> {
    let shown = numbers.into_iter().filter(|v| v.is_finite() && (scale == Scale::Linear || *v > 0.0));
    shown.fold(None, |ends, v| {
        let [low, high] = ends.unwrap_or([v, v]);
        Some([low.min(v), high.max(v)])
    })
}

/// Ends that differ: those of a single number are moved apart.
pub(crate) fn apart([low, high]: [f64; 2], scale: Scale) -> [f64; 2] {
    let equal = (high - low).abs() <= 1e-12 * low.abs().max(high.abs());
    match scale {
        _ if !equal => [low, high],
        Scale::Linear => [low - 0.5 * low.abs().max(1.0), high + 0.5 * high.abs().max(1.0)],
        Scale::Log => [low / 2.0, high * 2.0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pixel_and_number_undo_each_other(part in 0.0f64..1.0, low in 0.01f64..10.0, ratio in 1.1f64..1e6) {
            for scale in [Scale::Linear, Scale::Log] {
                let map = Map { scale, ends: [low, low * ratio], pixels: [300.0, 20.0] };
                let v = scale.at(part, map.ends);
                prop_assert!((map.number(map.pixel(v)) - v).abs() <= 1e-9 * v);
                prop_assert!(map.contains(v));
            }
        }
    }

    #[test]
    fn bounds_skip_what_cannot_be_shown() {
        assert_eq!(bounds([f64::NAN, -1.0, 2.0], Scale::Linear), Some([-1.0, 2.0]));
        assert_eq!(bounds([-1.0, 0.0, 2.0, 3.0], Scale::Log), Some([2.0, 3.0]));
        assert_eq!(bounds([f64::NAN], Scale::Linear), None);
    }
}
