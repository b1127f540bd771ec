//! The embedded font, a subset of DejaVu Sans, and text metrics.
//!
//! The files in `assets/` contain Latin and Greek letters, arrows, and mathematical and geometric
//! symbols. They are generated from matplotlib's copies with `pyftsubset`, see `assets/README.md`;
//! the licence is in the same folder.

use std::fmt::Write;
use std::sync::LazyLock;

use ttf_parser::{Face, OutlineBuilder};

use crate::markup::{self, TextRun};

/// Font families of SVG documents: the embedded one, then families with similar metrics.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, Geneva, sans-serif";

const REGULAR: &[u8] = include_bytes!("../assets/DejaVuSans.ttf");
const OBLIQUE: &[u8] = include_bytes!("../assets/DejaVuSans-Oblique.ttf");
const BOLD: &[u8] = include_bytes!("../assets/DejaVuSans-Bold.ttf");

/// Font weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

static FACES: LazyLock<[Face<'static>; 3]> = LazyLock::new(|| {
    [REGULAR, OBLIQUE, BOLD].map(|f| Face::parse(f, 0).expect("the embedded font is valid"))
});

/// Returns the face of a run.
fn face(run: &TextRun, weight: Weight) -> &'static Face<'static> {
    &FACES[if run.italic { 1 } else { 2 * usize::from(weight == Weight::Bold) }]
}

/// Returns the advance width of a character in em.
fn advance(face: &Face<'_>, c: char) -> f64 {
    let advance = face.glyph_index(c).and_then(|g| face.glyph_hor_advance(g));
    // Glyphs missing from the font come from a fallback font and are mostly narrower than 1 em.
    advance.map_or(1.0, |a| f64::from(a) / f64::from(face.units_per_em()))
}

/// Returns the width of a label at a font size of `size` pixels.
pub(crate) fn width(label: &str, size: f64, weight: Weight) -> f64 {
    let run = |run: TextRun| {
        let face = face(&run, weight);
        run.text.chars().map(|c| advance(face, c)).sum::<f64>() * run.level.size() * size
    };
    markup::runs(label).into_iter().map(run).sum()
}

/// Returns the outlines of a label as SVG path data, starting at the baseline point (x, y).
pub(crate) fn outlines(label: &str, size: f64, weight: Weight, [mut x, y]: [f64; 2]) -> String {
    let mut path = String::new();
    for run in markup::runs(label) {
        let face = face(&run, weight);
        let size_of_run = size * run.level.size();
        for c in run.text.chars() {
            let scale = size_of_run / f64::from(face.units_per_em());
            let mut outline = Outline { path: &mut path, scale, x, y: y + run.level.drop() * size };
            if let Some(glyph) = face.glyph_index(c) {
                face.outline_glyph(glyph, &mut outline);
            }
            x += advance(face, c) * size_of_run;
        }
    }
    path
}

/// Appends a glyph to SVG path data; the y axis points up in fonts and down in SVG.
struct Outline<'p> {
    path: &'p mut String,
    scale: f64,
    x: f64,
    y: f64,
}

impl Outline<'_> {
    fn command<const N: usize>(&mut self, letter: char, points: [[f32; 2]; N]) {
        self.path.push(letter);
        for [x, y] in points {
            let (x, y) = (self.x + self.scale * f64::from(x), self.y - self.scale * f64::from(y));
            let _ = write!(self.path, "{x:.2} {y:.2} ");
        }
    }
}

impl OutlineBuilder for Outline<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.command('M', [[x, y]]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.command('L', [[x, y]]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.command('Q', [[x1, y1], [x, y]]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.command('C', [[x1, y1], [x2, y2], [x, y]]);
    }

    fn close(&mut self) {
        self.path.push('Z');
    }
}

/// Breaks text between words into lines no wider than `limit`; formulas are not broken.
pub(crate) fn lines(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(text) {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, Weight::Regular) <= limit => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Splits text into words; spaces inside a formula do not separate words.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for piece in text.split_whitespace() {
        match words.last_mut() {
            Some(word) if open => {
                word.push(' ');
                word.push_str(piece);
            }
            _ => words.push(piece.to_owned()),
        }
        open ^= piece.matches('$').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscripts_are_narrower() {
        let plain = width("x1", 10.0, Weight::Regular);
        let formula = width("$x_1$", 10.0, Weight::Regular);
        assert!(formula < plain && formula > 0.8 * plain, "{formula} {plain}");
        assert!(width("loss", 10.0, Weight::Bold) > width("loss", 10.0, Weight::Regular));
    }

    #[test]
    fn every_symbol_of_labels_is_in_the_font() {
        for c in "aäßξηθσΣ∂∇·×−±≤≥→₁²∈…⋮★".chars() {
            assert!(FACES[0].glyph_index(c).is_some(), "{c}");
        }
    }

    #[test]
    fn outlines_advance_by_the_width_of_the_text() {
        // Each letter is one contour that starts with M; i also has a dot.
        let path = outlines("$w_h$ li", 10.0, Weight::Regular, [5.0, 20.0]);
        assert_eq!(path.matches('M').count(), 2 + 1 + 2);
        let x: Vec<f64> = path
            .split(['M', 'L', 'Q', 'C', 'Z'])
            .filter_map(|point| point.split(' ').next()?.parse().ok())
            .collect();
        let end = 5.0 + width("$w_h$ li", 10.0, Weight::Regular);
        assert!(x.iter().all(|x| (5.0..end).contains(x)), "{x:?} {end}");
        assert!(x.iter().any(|x| *x > end - 2.5), "{x:?} {end}");
    }

    #[test]
    fn lines_break_between_words_and_keep_formulas() {
        let lines = lines("the loss over $w_h$ and $b = 1$ of it", 10.0, 60.0);
        assert!(lines.len() > 2);
        assert!(lines.iter().any(|l| l.contains("$b = 1$")), "{lines:?}");
        assert!(lines.iter().all(|l| width(l, 10.0, Weight::Regular) <= 60.0));
    }
}
