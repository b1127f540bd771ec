//! What a cell's text means: missing, a number, a date, or just text; and what a column of such cells is.

use super::{CellType, ReadOptions};
use crate::date;

/// How the cells of a file are understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    missing: Vec<Vec<u8>>,
    decimal_comma: DecimalComma,
}

/// Whether numbers have a decimal comma.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum DecimalComma {
    /// A point.
    #[default]
    No,
    /// A comma, and no point.
    Yes,
}

/// What a cell's text means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// There is none.
    Missing,
    /// A finite number.
    Number(f64),
    /// A number that is written like an identifier, `007`: digits alone, of which the first is a nought.
    Code(f64),
    /// A number that is not finite, as `inf` and `1e999`.
    Infinite,
    /// Days since 1970-01-01.
    Date(f64),
    /// Nothing of these.
    Text,
}

/// What has been seen in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Numbers, finite or not.
    pub(super) numbers: bool,
    /// Dates.
    pub(super) dates: bool,
    /// What is neither, and identifiers.
    pub(super) texts: bool,
}

impl Seen {
    /// What a column is in which this was seen: numbers if nothing but numbers is there, else dates if nothing else is.
    pub(super) fn want(self) -> CellType {
        match self {
            Seen { texts: true, .. } | Seen { numbers: true, dates: true, .. } => CellType::Strings,
            Seen { dates: true, .. } => CellType::Dates,
            _ => CellType::Numbers,
        }
    }

    /// Notes a cell.
    pub(super) fn note(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Missing => {}
            Meaning::Number(_) | Meaning::Infinite => self.numbers = true,
            Meaning::Date(_) => self.dates = true,
            Meaning::Code(_) | Meaning::Text => self.texts = true,
        }
    }

    /// Notes what was seen elsewhere.
    pub(super) fn merge(&mut self, other: Seen) {
        self.numbers |= other.numbers;
        self.dates |= other.dates;
        self.texts |= other.texts;
    }
}

impl Cells {
    pub(super) fn new(options: &ReadOptions, decimal_comma: DecimalComma) -> Cells {
        let missing = options.missing.iter().map(|text| trimmed(text.as_bytes()).to_vec()).collect();
        Cells { missing, decimal_comma }
    }

    /// What a text means.
    pub(super) fn meaning(&self, text: &[u8]) -> Meaning {
        let text = trimmed(text);
        if self.is_missing(text) {
            return Meaning::Missing;
        }
        match self.number(text) {
            Some(value) if !value.is_finite() => Meaning::Infinite,
            Some(value) if is_code(text) => Meaning::Code(value),
            Some(value) => Meaning::Number(value),
            None => date::parse(text).map_or(Meaning::Text, Meaning::Date),
        }
    }

    /// Whether a text, without spaces around it, says that there is nothing.
    pub(super) fn is_missing(&self, text: &[u8]) -> bool {
        let standard = match text {
            b"" | b"?" => true,
            [b'n' | b'N', rest @ ..] if rest.len() <= 3 => {
                [&b"a"[..], b"/a", b"an", b"ull"].iter().any(|other| rest.eq_ignore_ascii_case(other))
            }
            _ => false,
        };
        standard || self.missing.iter().any(|other| other == text)
    }

    /// Whether these bytes may be read as a number where they lie, up to the first that belongs to none.
    pub(super) fn in_place(&self) -> bool {
        self.decimal_comma == DecimalComma::No && !self.missing.iter().any(|text| number(text).is_some())
    }

    fn number(&self, text: &[u8]) -> Option<f64> {
        match self.decimal_comma {
            DecimalComma::No => number(text),
            DecimalComma::Yes => with_point(text).and_then(|(text, len)| number(&text[..len])),
        }
    }
}

/// A text without the spaces and tabs around it.
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// A number; one that is too great or is called `inf` or `-nan` is a number too, though not a finite one.
fn number(text: &[u8]) -> Option<f64> {
    fast_float2::parse(text).ok()
}

/// Whether a number is written with a leading nought and digits alone: a postal code, an identifier.
fn is_code(text: &[u8]) -> bool {
    text.len() > 1 && text[0] == b'0' && text.iter().all(u8::is_ascii_digit)
}

/// A number with a decimal comma, with a point in its place. The longest number that is worth reading is far shorter than this.
fn with_point(text: &[u8]) -> Option<([u8; 128], usize)> {
    if text.contains(&b'.') {
        return None;
    }
    let mut copy = [0; 128];
    copy.get_mut(..text.len())?.copy_from_slice(text);
    if let Some(comma) = text.iter().position(|byte| *byte == b',') {
        copy[comma] = b'.';
    }
    Some((copy, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(text: &str) -> Meaning {
        Cells::default().meaning(text.as_bytes())
    }

    #[test]
    fn texts_mean_what_they_say() {
        for (text, value) in
            [("1", 1.0), ("-1.5e-3", -0.0015), ("+2", 2.0), (".5", 0.5), ("0.5", 0.5), ("0", 0.0)]
        {
            assert_eq!(meaning(text), Meaning::Number(value), "{text}");
        }
        for text in ["", " ", "NA", "n/a", "NaN", "NULL", "null", "?"] {
            assert_eq!(meaning(text), Meaning::Missing, "{text}");
        }
        for text in ["inf", "-Infinity", "1e999", "-nan"] {
            assert_eq!(meaning(text), Meaning::Infinite, "{text}");
        }
        for text in ["007", "00"] {
            assert!(matches!(meaning(text), Meaning::Code(_)), "{text}");
        }
        for text in ["1_000", "1,000", "0x1F", "1 2", "one", "none", "nil", "n", "-", "1.2.3", "true", "--1"]
        {
            assert_eq!(meaning(text), Meaning::Text, "{text}");
        }
        assert_eq!(meaning("1970-01-03"), Meaning::Date(2.0));
    }

    #[test]
    fn a_decimal_comma_stands_for_a_point_which_then_means_nothing() {
        let cells = Cells::new(&ReadOptions::default(), DecimalComma::Yes);
        assert_eq!(cells.meaning(b"-1,5"), Meaning::Number(-1.5));
        assert_eq!(cells.meaning(b"1.234,5"), Meaning::Text);
        assert_eq!(cells.meaning(b"1,234,5"), Meaning::Text);
        assert_eq!(cells.meaning(&[b'1'; 300]), Meaning::Text);
    }

    #[test]
    fn own_texts_for_what_is_missing() {
        let options = ReadOptions { missing: vec!["-".into(), "-999".into()], ..ReadOptions::default() };
        let cells = Cells::new(&options, DecimalComma::No);
        assert_eq!((cells.meaning(b"-"), cells.meaning(b"-999")), (Meaning::Missing, Meaning::Missing));
        assert!(!cells.in_place());
    }
}
