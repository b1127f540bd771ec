//! The embedded font, a subset of DejaVu Sans, and text metrics.
//!
//! The files in `assets/` contain Latin and Greek letters, arrows, and mathematical and geometric
//! symbols. They are generated from matplotlib's copies with `pyftsubset`, see `assets/README.md`;
//! the licence is in the same folder.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::Database;
use ttf_parser::Face;

use crate::markup;

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

/// Returns the embedded fonts for usvg.
pub(crate) fn database() -> Arc<Database> {
    static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
        let mut database = Database::new();
        for font in [REGULAR, OBLIQUE, BOLD] {
            database.load_font_data(font.to_vec());
        }
        database.set_sans_serif_family("DejaVu Sans");
        Arc::new(database)
    });
    DATABASE.clone()
}

/// Returns the width of a label at a font size of `size` pixels.
pub(crate) fn width(label: &str, size: f64, weight: Weight) -> f64 {
    let letter = |face: &Face<'_>, c: char| {
        let advance = face.glyph_index(c).and_then(|g| face.glyph_hor_advance(g));
        // Glyphs missing from the font come from a fallback font and are mostly narrower than 1 em.
        advance.map_or(1.0, |a| f64::from(a) / f64::from(face.units_per_em()))
    };
    let run = |run: markup::TextRun| {
        let face = &FACES[if run.italic { 1 } else { 2 * usize::from(weight == Weight::Bold) }];
        run.text.chars().map(|c| letter(face, c)).sum::<f64>() * run.level.size() * size
    };
    markup::runs(label).into_iter().map(run).sum()
}

/// Breaks a text between words into lines no wider than `limit`; formulas are not broken.
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

/// Splits a text into words; spaces inside a formula do not separate words.
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
    fn lines_break_between_words_and_keep_formulas() {
        let lines = lines("the loss over $w_h$ and $b = 1$ of it", 10.0, 60.0);
        assert!(lines.len() > 2);
        assert!(lines.iter().any(|l| l.contains("$b = 1$")), "{lines:?}");
        assert!(lines.iter().all(|l| width(l, 10.0, Weight::Regular) <= 60.0));
    }
}
