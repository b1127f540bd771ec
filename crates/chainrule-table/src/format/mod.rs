//! How the cells of a column are read: which texts are missing cells, and how the others are
//! written. Inferred from the column when a table is read, stored with a model, and applied to
//! every table that the model predicts.

mod clock;
mod date;
mod infer;
mod meaning;
mod missing;
mod note;
mod number;

use serde::{Deserialize, Serialize};

pub use date::DateFormat;
pub(crate) use infer::{CellOrigin, InferenceOptions, Interpreted, interpret};
pub(crate) use meaning::Meaning;
pub use missing::{Marks, MissingTexts};
pub use note::{ColumnNote, NoteReason};
pub use number::NumberFormat;

use crate::CellType;

/// How the cells of a column are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnFormat {
    /// Notation of the cells.
    pub cells: CellFormat,
    /// Texts of missing cells, in addition to the empty text.
    #[serde(default, skip_serializing_if = "MissingTexts::is_default")]
    pub missing: MissingTexts,
}

/// Notation of the cells of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellFormat {
    /// Numbers.
    Number(NumberFormat),
    /// Dates, with or without a time of day.
    Date(DateFormat),
    /// Strings without surrounding white space.
    Text,
    /// Strings exactly as they are in the file; only empty cells are missing.
    Verbatim,
}

impl Default for CellFormat {
    fn default() -> CellFormat {
        CellFormat::Number(NumberFormat::default())
    }
}

impl From<CellType> for ColumnFormat {
    /// Returns the format of plain numbers, of ISO 8601 dates, or of strings as they are written.
    fn from(cell_type: CellType) -> ColumnFormat {
        let cells = match cell_type {
            CellType::Numbers => CellFormat::default(),
            CellType::Dates => CellFormat::Date(DateFormat::default()),
            CellType::Strings => CellFormat::Verbatim,
        };
        ColumnFormat { cells, missing: MissingTexts::default() }
    }
}

impl ColumnFormat {
    /// Returns the format of text in which only the empty cell and the given texts are missing.
    pub(crate) fn text(texts: Vec<String>) -> ColumnFormat {
        ColumnFormat { cells: CellFormat::Text, missing: MissingTexts { marks: Marks::None, texts } }
    }

    /// Returns the type of the cells.
    pub fn cell_type(&self) -> CellType {
        match self.cells {
            CellFormat::Number(_) => CellType::Numbers,
            CellFormat::Date(_) => CellType::Dates,
            CellFormat::Text | CellFormat::Verbatim => CellType::Strings,
        }
    }

    /// Returns a description of an unusual notation, such as `numbers with the unit "kg"`; `None`
    /// for plain numbers, ISO 8601 dates and text.
    pub fn describe(&self) -> Option<String> {
        match &self.cells {
            CellFormat::Number(format) => format.describe(),
            CellFormat::Date(format) => format.describe(),
            CellFormat::Text | CellFormat::Verbatim => None,
        }
    }

    /// Returns what a cell contains, given its text.
    pub(crate) fn meaning(&self, text: &[u8]) -> Meaning {
        let text = trimmed(text);
        if let Some(meaning) = self.missing.meaning(text) {
            return meaning;
        }
        let number = || match &self.cells {
            CellFormat::Number(format) => format.parse(text),
            _ => number::plain(text),
        };
        let date = || match &self.cells {
            CellFormat::Date(format) => format.parse(text),
            _ => crate::date::parse(text),
        };
        if let CellFormat::Date(_) = self.cells
            && let Some(days) = date()
        {
            return Meaning::Date(days);
        }
        match number() {
            Some(value) if !value.is_finite() => Meaning::Infinite,
            Some(value) if self.missing.has_number(value) => Meaning::Missing,
            Some(value) if number::is_code(text) => Meaning::Code(value),
            Some(value) => Meaning::Number(value),
            None => date().map_or(Meaning::Text, Meaning::Date),
        }
    }

    /// Returns whether numbers may be parsed before the end of their field is known: they have a
    /// decimal point, and no number marks a missing cell.
    pub(crate) fn can_parse_prefix(&self) -> bool {
        matches!(&self.cells, CellFormat::Number(format) if format.is_plain())
            && self.missing.numbers().next().is_none()
    }
}

/// Removes white space on both sides of a text: spaces, tabs, line ends and no-break spaces.
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    const WIDE: [&[u8]; 3] = [b"\xc2\xa0", b"\xe2\x80\xaf", b"\xe2\x80\x87"];
    let mut text = text.trim_ascii();
    loop {
        let wide = WIDE.iter().find_map(|space| text.strip_prefix(*space).or(text.strip_suffix(*space)));
        match wide {
            Some(rest) => text = rest.trim_ascii(),
            None => return text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(text: &str) -> Meaning {
        ColumnFormat::default().meaning(text.as_bytes())
    }

    #[test]
    fn cells_are_numbers_dates_text_or_missing() {
        for (text, value) in
            [("1", 1.0), ("-1.5e-3", -0.0015), ("+2", 2.0), (".5", 0.5), ("0.5", 0.5), ("0", 0.0)]
        {
            assert_eq!(meaning(text), Meaning::Number(value), "{text}");
        }
        for text in ["", " ", "\u{a0}", "NA", "NaN"] {
            assert_eq!(meaning(text), Meaning::Missing, "{text}");
        }
        for text in ["n/a", "NULL", "null", "?", "-", ".", "#DIV/0!", "None", "\\N", "unknown"] {
            assert_eq!(meaning(text), Meaning::Mark, "{text}");
        }
        for text in ["inf", "-Infinity", "1e999"] {
            assert_eq!(meaning(text), Meaning::Infinite, "{text}");
        }
        for text in ["007", "00", "9007199254740993", "-1100000000000000000"] {
            assert!(matches!(meaning(text), Meaning::Code(_)), "{text}");
        }
        for text in ["1_000", "1,000", "0x1F", "1 2", "one", "nothing", "---", "1.2.3", "true", "--1"] {
            assert_eq!(meaning(text), Meaning::Text, "{text}");
        }
        assert_eq!(meaning("1970-01-03"), Meaning::Date(2.0));
    }

    #[test]
    fn specified_texts_are_missing() {
        let missing = MissingTexts { marks: Marks::None, texts: vec!["nothing".into(), "-999".into()] };
        let format = ColumnFormat { missing, ..ColumnFormat::default() };
        for text in ["nothing", "-999", "-999.0"] {
            assert_eq!(format.meaning(text.as_bytes()), Meaning::Missing, "{text}");
        }
        assert_eq!(format.meaning(b"NA"), Meaning::Text);
        assert!(!format.can_parse_prefix() && ColumnFormat::default().can_parse_prefix());
    }

    #[test]
    fn white_space_around_a_text_is_removed() {
        for text in ["a b", " a b", "a b\t", "\u{a0}a b \u{a0}\u{202f}", "\ta b\r\n"] {
            assert_eq!(trimmed(text.as_bytes()), b"a b", "{text:?}");
        }
        assert_eq!(trimmed("\u{a0}".as_bytes()), b"");
    }
}
