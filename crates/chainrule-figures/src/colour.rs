//! Colours: a palette for classes, colour maps for numbers, and theme colours.

use std::sync::LazyLock;

use colorgrad::Gradient;
use serde::{Deserialize, Serialize};

use crate::{AxisScale, Grid};

/// A colour: a theme colour, which depends on light or dark mode, a palette entry, or RGB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// Text and axes: black in light mode.
    #[default]
    Ink,
    /// The background: white in light mode.
    Paper,
    /// A grey between ink and paper.
    Muted,
    /// Colour of class or run `i`: the seven colours of Okabe and Ito (Color Universal Design,
    /// 2008), from blue and orange-red to yellow, repeated. They remain distinguishable with
    /// colour vision deficiency.
    Palette(usize),
    /// Red, green and blue.
    Rgb([u8; 3]),
}

/// Palette of Okabe and Ito without black, ordered so that the first colours differ most and
/// yellow, which has low contrast on white, is last.
const PALETTE: [[u8; 3]; 7] = [
    [0x00, 0x72, 0xb2],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x9e, 0x73],
    [0xcc, 0x79, 0xa7],
    [0xe6, 0x9f, 0x00],
    [0x56, 0xb4, 0xe9],
    [0xf0, 0xe4, 0x42],
];

impl Colour {
    /// White in light and dark mode, for lines over a dark field.
    pub const WHITE: Colour = Colour::Rgb([0xff; 3]);

    /// Returns red, green and blue in light mode.
    pub fn rgb(self) -> [u8; 3] {
        match self {
            Colour::Ink => [0x1a, 0x1a, 0x1a],
            Colour::Paper => [0xff; 3],
            Colour::Muted => [0x60; 3],
            Colour::Palette(i) => PALETTE[i % PALETTE.len()],
            Colour::Rgb(rgb) => rgb,
        }
    }

    /// Returns black or white, whichever has more contrast with the colour.
    pub(crate) fn contrast(self) -> Colour {
        let [r, g, b] = self.rgb();
        let light = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
        Colour::Rgb(if light > 140.0 { Colour::Ink.rgb() } else { Colour::Paper.rgb() })
    }

    /// Returns the colour in light mode as CSS: `#0072b2`.
    pub(crate) fn css(self) -> String {
        hex(self.rgb())
    }
}

/// Formats red, green and blue as a CSS colour.
pub(crate) fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Interpolates linearly between two colours: the first at 0, the second at 1.
pub(crate) fn mix(from: [u8; 3], to: [u8; 3], fraction: f64) -> [u8; 3] {
    [0, 1, 2].map(|k| (f64::from(from[k]) + (f64::from(to[k]) - f64::from(from[k])) * fraction).round() as u8)
}

/// Mapping of values to colours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColourScale {
    /// The colour map.
    pub map: ColourMap,
    /// Values of the first and the last colour; by default the minimum and maximum of the data.
    pub range: Option<[f64; 2]>,
    /// Value of the middle colour. The range is widened on one side to be symmetric around it.
    pub centre: Option<f64>,
    /// Linear or logarithmic scale.
    pub scale: AxisScale,
    /// Label of the colour bar to the right of the frame; no bar is drawn by default.
    pub bar: Option<String>,
}

impl ColourScale {
    /// Creates a linear scale over the range of the data.
    pub fn new(map: ColourMap) -> ColourScale {
        ColourScale { map, ..ColourScale::default() }
    }

    /// Adds a colour bar with this label.
    pub fn with_bar(mut self, label: impl Into<String>) -> ColourScale {
        self.bar = Some(label.into());
        self
    }

    /// Sets the value of the middle colour.
    pub fn centred(mut self, centre: f64) -> ColourScale {
        self.centre = Some(centre);
        self
    }

    /// Returns the values of the first and the last colour for these data.
    pub(crate) fn ends(&self, values: &[f64]) -> [f64; 2] {
        let positive = self.scale == AxisScale::Log;
        let finite = values.iter().copied().filter(|v| v.is_finite() && (!positive || *v > 0.0));
        let bounds = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(v), b.max(v)]);
        let [mut low, mut high] = self.range.unwrap_or(bounds);
        if low > high {
            [low, high] = [1.0, 2.0];
        }
        if let Some(c) = self.centre {
            let half = (high - c).abs().max((c - low).abs());
            [low, high] = [c - half, c + half];
        }
        if low == high {
            [low, high] = if positive { [low / 2.0, high * 2.0] } else { [low - 0.5, high + 0.5] };
        }
        [low, high]
    }

    /// Returns the colour of a value, given the ends.
    pub(crate) fn at(&self, v: f64, ends: [f64; 2]) -> [u8; 3] {
        self.map.at(self.scale.fraction(v, ends))
    }
}

/// A colour map. All except `Diverging` vary uniformly in perceived lightness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColourMap {
    /// Dark violet to yellow.
    #[default]
    Viridis,
    /// Black through red to near white.
    Magma,
    /// White to dark blue, for counts.
    Blues,
    /// Blue through white to orange, the hues of the first two palette colours.
    Diverging,
}

impl ColourMap {
    /// Returns the colour at a fraction of the map, from 0, the first colour, to 1, the last.
    pub fn at(self, fraction: f64) -> [u8; 3] {
        static TABLES: LazyLock<[Vec<[u8; 3]>; 4]> = LazyLock::new(|| {
            [
                table(&colorgrad::preset::viridis()),
                table(&colorgrad::preset::magma()),
                table(&colorgrad::preset::blues()),
                table(&diverging()),
            ]
        });
        let table = &TABLES[self as usize];
        table[(fraction.clamp(0.0, 1.0) * (table.len() - 1) as f64).round() as usize]
    }
}

/// Blue through white to orange, interpolated linearly in Oklab.
fn diverging() -> colorgrad::LinearGradient {
    colorgrad::GradientBuilder::new()
        .html_colors(&["#00568f", "#5ba3d0", "#f7f7f7", "#ee935a", "#b84a00"])
        .mode(colorgrad::BlendMode::Oklab)
        .build()
        .expect("the colours are valid HTML colours")
}

/// Samples 257 colours of a gradient; the odd number includes its middle.
fn table(gradient: &impl Gradient) -> Vec<[u8; 3]> {
    let rgb = |i: u16| gradient.at(f32::from(i) / 256.0).to_rgba8();
    (0..=256).map(rgb).map(|[r, g, b, _]| [r, g, b]).collect()
}

/// Returns the most probable class at a position of the grids and its confidence: 0 for a uniform
/// distribution, 1 for probability 1.
pub(crate) fn winner(probabilities: &[Grid], i: f64, j: f64) -> (usize, f64) {
    let (mut best, mut p) = (0, f64::NEG_INFINITY);
    for (k, grid) in probabilities.iter().enumerate() {
        let v = grid.value_at(i, j);
        if v > p {
            (best, p) = (k, v);
        }
    }
    let uniform = 1.0 / probabilities.len().max(2) as f64;
    (best, ((p - uniform) / (1.0 - uniform)).clamp(0.0, 1.0))
}

/// Returns the colour of a class region at a confidence, blended with white: always strong enough
/// to identify the class and light enough to keep points of the same class visible.
pub(crate) fn region(colour: Colour, confidence: f64) -> [u8; 3] {
    // Few distinct colours keep the image small.
    let step = (confidence * 24.0).round() / 24.0;
    mix([0xff; 3], colour.rgb(), REGION_OPACITY[0] + (REGION_OPACITY[1] - REGION_OPACITY[0]) * step)
}

/// Opacity of a class region at confidence 0 and 1.
pub(crate) const REGION_OPACITY: [f64; 2] = [0.12, 0.5];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_centred_scale_has_the_middle_colour_at_its_centre() {
        let scale = ColourScale::new(ColourMap::Diverging).centred(0.5);
        let ends = scale.ends(&[0.0, 0.9]);
        assert_eq!(ends, [0.0, 1.0]);
        assert_eq!(scale.at(0.5, ends), [0xf7; 3]);
    }

    #[test]
    fn sequential_maps_are_monotonic_in_lightness() {
        let lightness =
            |[r, g, b]: [u8; 3]| 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
        for (map, sign) in [(ColourMap::Viridis, 1.0), (ColourMap::Magma, 1.0), (ColourMap::Blues, -1.0)] {
            let all: Vec<f64> = (0..=16).map(|i| sign * lightness(map.at(f64::from(i) / 16.0))).collect();
            assert!(all.windows(2).all(|w| w[0] < w[1]), "{map:?} {all:?}");
        }
    }

    #[test]
    fn constant_and_missing_values_have_distinct_ends() {
        assert_eq!(ColourScale::default().ends(&[3.0, f64::NAN]), [2.5, 3.5]);
        assert_eq!(ColourScale::default().ends(&[]), [1.0, 2.0]);
    }

    #[test]
    fn the_most_probable_class_wins() {
        let grid = |p| Grid { x: [0.0, 1.0], y: [0.0, 1.0], n_x: 1, n_y: 1, values: vec![p] };
        assert_eq!(winner(&[grid(0.2), grid(0.8)], 0.0, 0.0), (1, (0.8 - 0.5) / 0.5));
    }
}
