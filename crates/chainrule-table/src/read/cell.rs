//! Interpretation of the text of a cell (missing, number, date or string), and the resulting type
//! of a column.

use super::{CellType, ReadOptions};
use crate::date;

/// A parser for the cells of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct CellParser {
    missing: Vec<Vec<u8>>,
    decimal_comma: DecimalComma,
}

/// Whether numbers have a decimal comma.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum DecimalComma {
    /// Decimal point.
    #[default]
    No,
    /// Decimal comma; points are invalid.
    Yes,
}

/// The meaning of the text of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// A missing cell.
    Missing,
    /// A finite number.
    Number(f64),
    /// An identifier such as `007`: digits with a leading zero.
    Code(f64),
    /// A number that is not finite, such as `inf` or `1e999`.
    Infinite,
    /// Days since 1970-01-01.
    Date(f64),
    /// Any other text.
    Text,
}

/// The types of cells that have been observed in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ObservedTypes {
    /// Numbers, finite or not.
    pub(super) numbers: bool,
    /// Dates.
    pub(super) dates: bool,
    /// Identifiers and other text.
    pub(super) texts: bool,
}

impl ObservedTypes {
    /// Returns the type of the column: dates if only dates were observed, strings if there was text
    /// or a mixture, else numbers.
    pub(super) fn cell_type(self) -> CellType {
        match self {
            ObservedTypes { texts: true, .. } | ObservedTypes { numbers: true, dates: true, .. } => {
                CellType::Strings
            }
            ObservedTypes { dates: true, .. } => CellType::Dates,
            _ => CellType::Numbers,
        }
    }

    /// Adds a cell.
    pub(super) fn add(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Missing => {}
            Meaning::Number(_) | Meaning::Infinite => self.numbers = true,
            Meaning::Date(_) => self.dates = true,
            Meaning::Code(_) | Meaning::Text => self.texts = true,
        }
    }

    /// Adds the types observed in another part of the column.
    pub(super) fn merge(&mut self, other: ObservedTypes) {
        self.numbers |= other.numbers;
        self.dates |= other.dates;
        self.texts |= other.texts;
    }
}

impl CellParser {
    pub(super) fn new(options: &ReadOptions, decimal_comma: DecimalComma) -> CellParser {
        let missing = options.missing.iter().map(|text| trimmed(text.as_bytes()).to_vec()).collect();
        CellParser { missing, decimal_comma }
    }

    /// Parses the text of a cell.
    pub(super) fn parse(&self, text: &[u8]) -> Meaning {
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

    /// Returns whether a text without surrounding spaces denotes a missing cell.
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

    /// Returns whether numbers may be parsed before the end of their field is known.
    pub(super) fn can_parse_prefix(&self) -> bool {
        self.decimal_comma == DecimalComma::No && !self.missing.iter().any(|text| number(text).is_some())
    }

    fn number(&self, text: &[u8]) -> Option<f64> {
        match self.decimal_comma {
            DecimalComma::No => number(text),
            DecimalComma::Yes => with_point(text).and_then(|(text, len)| number(&text[..len])),
        }
    }
}

/// Removes spaces and tabs on both sides of a text.
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Parses a number, which is not finite if it is out of range or written as `inf` or `-nan`.
fn number(text: &[u8]) -> Option<f64> {
    fast_float2::parse(text).ok()
}

/// Returns whether a number consists of digits with a leading zero, like a postal code.
fn is_code(text: &[u8]) -> bool {
    text.len() > 1 && text[0] == b'0' && text.iter().all(u8::is_ascii_digit)
}

/// Replaces the decimal comma of a number by a point and returns the text with its length. The
/// buffer is larger than any number needs.
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
        CellParser::default().parse(text.as_bytes())
    }

    #[test]
    fn cells_are_numbers_dates_text_or_missing() {
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
    fn numbers_with_a_decimal_comma_must_not_contain_a_point() {
        let cells = CellParser::new(&ReadOptions::default(), DecimalComma::Yes);
        assert_eq!(cells.parse(b"-1,5"), Meaning::Number(-1.5));
        assert_eq!(cells.parse(b"1.234,5"), Meaning::Text);
        assert_eq!(cells.parse(b"1,234,5"), Meaning::Text);
        assert_eq!(cells.parse(&[b'1'; 300]), Meaning::Text);
    }

    #[test]
    fn custom_missing_strings() {
        let options = ReadOptions { missing: vec!["-".into(), "-999".into()], ..ReadOptions::default() };
        let cells = CellParser::new(&options, DecimalComma::No);
        assert_eq!((cells.parse(b"-"), cells.parse(b"-999")), (Meaning::Missing, Meaning::Missing));
        assert!(!cells.can_parse_prefix());
    }
}
