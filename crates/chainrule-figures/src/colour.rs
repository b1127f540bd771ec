//! Colours: a palette for classes, maps for numbers, and the ink and paper that follow light and dark.

use std::sync::LazyLock;

use colorgrad::Gradient;
use serde::{Deserialize, Serialize};

use crate::{Grid, Scale};

/// A colour, by its part where it has one, so that light and dark drawings can both be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// That of letters and axes: black on white paper.
    #[default]
    Ink,
    /// That of the background.
    Paper,
    /// A grey between ink and paper.
    Muted,
    /// The colour of class or run number i, which those who do not see red or green tell apart as well: the seven
    /// of Okabe and Ito (Color Universal Design, 2008) from blue and orange-red to yellow, then again.
    Palette(usize),
    /// Red, green and blue.
    Rgb([u8; 3]),
}

/// The palette of Okabe and Ito without black, ordered so that the first are farthest apart and yellow, faint on
/// white, is last.
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
    /// White in light and dark, as for lines over a dark field.
    pub const WHITE: Colour = Colour::Rgb([0xff; 3]);

    /// Red, green and blue on white paper.
    pub fn rgb(self) -> [u8; 3] {
        match self {
            Colour::Ink => [0x1a, 0x1a, 0x1a],
            Colour::Paper => [0xff; 3],
            Colour::Muted => [0x60; 3],
            Colour::Palette(i) => PALETTE[i % PALETTE.len()],
            Colour::Rgb(rgb) => rgb,
        }
    }

    /// The colour in CSS on white paper: `#0072b2`.
    pub(crate) fn css(self) -> String {
        hex(self.rgb())
    }
}

/// Red, green and blue in CSS.
pub(crate) fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// A colour between two: the first at 0, the second at 1.
pub(crate) fn mix(from: [u8; 3], to: [u8; 3], part: f64) -> [u8; 3] {
    [0, 1, 2].map(|k| (f64::from(from[k]) + (f64::from(to[k]) - f64::from(from[k])) * part).round() as u8)
}

/// How numbers become colours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColourScale {
    /// Which colours.
    pub map: ColourMap,
    /// The numbers of the first and the last colour; the least and the largest when absent.
    pub range: Option<[f64; 2]>,
    /// The number of the middle colour. The range is widened on one side so that it lies in its middle.
    pub centre: Option<f64>,
    /// Whether differences or ratios are equally far apart in colour.
    pub scale: Scale,
    /// The label of a colour bar beside the frame; no bar is drawn when absent.
    pub bar: Option<String>,
}

impl ColourScale {
    /// A linear scale over all numbers.
    pub fn new(map: ColourMap) -> ColourScale {
        ColourScale { map, ..ColourScale::default() }
    }

    /// The same scale with a colour bar under this label.
    pub fn with_bar(mut self, label: impl Into<String>) -> ColourScale {
        self.bar = Some(label.into());
        self
    }

    /// The same scale with its middle colour at this number.
    pub fn centred(mut self, centre: f64) -> ColourScale {
        self.centre = Some(centre);
        self
    }

    /// The numbers of the first and the last colour for these values.
    pub(crate) fn ends(&self, values: &[f64]) -> [f64; 2] {
        let positive = self.scale == Scale::Log;
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

    /// The colour of a number, given the ends.
    pub(crate) fn at(&self, v: f64, ends: [f64; 2]) -> [u8; 3] {
        self.map.at(self.scale.part(v, ends))
    }
}

/// A sequence of colours. All but the last rise evenly in perceived lightness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColourMap {
    /// Dark violet to yellow.
    #[default]
    Viridis,
    /// Black over red to near white.
    Magma,
    /// White to dark blue, for counts.
    Blues,
    /// Blue over white to orange, which are the first two colours of the palette.
    Diverging,
}

impl ColourMap {
    /// The colour at a part of the way from the first, 0, to the last, 1.
    pub fn at(self, part: f64) -> [u8; 3] {
        static TABLES: LazyLock<[Vec<[u8; 3]>; 4]> = LazyLock::new(|| {
            [
                table(&colorgrad::preset::viridis()),
                table(&colorgrad::preset::magma()),
                table(&colorgrad::preset::blues()),
                table(&diverging()),
            ]
        });
        let table = &TABLES[self as usize];
        table[(part.clamp(0.0, 1.0) * (table.len() - 1) as f64).round() as usize]
    }
}

/// Blue over white to orange, straight lines in Oklab.
fn diverging() -> colorgrad::LinearGradient {
    colorgrad::GradientBuilder::new()
        .html_colors(&["#00568f", "#5ba3d0", "#f7f7f7", "#ee935a", "#b84a00"])
        .mode(colorgrad::BlendMode::Oklab)
        .build()
        .expect("these are colours")
}

/// 257 colours of a gradient, so that one is its middle.
fn table(gradient: &impl Gradient) -> Vec<[u8; 3]> {
    let rgb = |i: u16| gradient.at(f32::from(i) / 256.0).to_rgba8();
    (0..=256).map(rgb).map(|[r, g, b, _]| [r, g, b]).collect()
}

/// The class with the largest probability at a place of the grids, and how sure that is: 0 when it is no likelier
/// than by chance, 1 when it is certain.
pub(crate) fn winner(probabilities: &[Grid], i: f64, j: f64) -> (usize, f64) {
    let (mut best, mut p) = (0, f64::NEG_INFINITY);
    for (k, grid) in probabilities.iter().enumerate() {
        let v = grid.value_at(i, j);
        if v > p {
            (best, p) = (k, v);
        }
    }
    let chance = 1.0 / probabilities.len().max(2) as f64;
    (best, ((p - chance) / (1.0 - chance)).clamp(0.0, 1.0))
}

/// The colour of a class that is this sure, over white: never so faint that it cannot be told, nor so full that points
/// of the same class vanish in it.
pub(crate) fn region(colour: Colour, sure: f64) -> [u8; 3] {
    // Few steps make the image small.
    let step = (sure * 24.0).round() / 24.0;
    mix([0xff; 3], colour.rgb(), REGION[0] + (REGION[1] - REGION[0]) * step)
}

/// How much of a class' colour its region has: where another class is as probable, and where none is.
pub(crate) const REGION: [f64; 2] = [0.12, 0.5];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_centred_scale_has_its_middle_there() {
        let scale = ColourScale::new(ColourMap::Diverging).centred(0.5);
        let ends = scale.ends(&[0.0, 0.9]);
        assert_eq!(ends, [0.0, 1.0]);
        assert_eq!(scale.at(0.5, ends), [0xf7; 3]);
    }

    #[test]
    fn sequential_maps_rise_in_lightness() {
        let light =
            |[r, g, b]: [u8; 3]| 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
        for (map, sign) in [(ColourMap::Viridis, 1.0), (ColourMap::Magma, 1.0), (ColourMap::Blues, -1.0)] {
            let all: Vec<f64> = (0..=16).map(|i| sign * light(map.at(f64::from(i) / 16.0))).collect();
            assert!(all.windows(2).all(|w| w[0] < w[1]), "{map:?} {all:?}");
        }
    }

    #[test]
    fn values_without_spread_have_ends() {
        assert_eq!(ColourScale::default().ends(&[3.0, f64::NAN]), [2.5, 3.5]);
        assert_eq!(ColourScale::default().ends(&[]), [1.0, 2.0]);
    }

    #[test]
    fn the_surest_class_wins() {
        let grid = |p| Grid { x: [0.0, 1.0], y: [0.0, 1.0], n_x: 1, n_y: 1, values: vec![p] };
        assert_eq!(winner(&[grid(0.2), grid(0.8)], 0.0, 0.0), (1, (0.8 - 0.5) / 0.5));
    }
}
