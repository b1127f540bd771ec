//! Texts of missing cells.

use serde::{Deserialize, Serialize};

use super::meaning::Meaning;
use super::number;

/// Texts of missing cells of a column, in addition to the empty text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MissingTexts {
    /// Usual marks that count as missing.
    pub marks: Marks,
    /// Additional texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<String>,
}

/// Usual marks of missing cells that count as missing in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marks {
    /// None.
    None,
    /// `NA`, `NaN` and `nan`, in text of CSV files.
    Na,
    /// All marks, in numbers and dates: `NA`, `NaN`, `N/A`, `-`, `--`, `.`, `?`, `*`, `#N/A`, `#NA`,
    /// `#DIV/0!`, `#VALUE!`, `<NA>`, `NaT`, `None`, `null`, `\N`, `unknown` and `0000-00-00`, also
    /// with the time `00:00:00`, in upper or lower case.
    #[default]
    All,
}

/// The usual marks of missing numbers and dates.
const MARKS: [&str; 20] = [
    "na",
    "nan",
    "n/a",
    "-",
    "--",
    ".",
    "?",
    "*",
    "#n/a",
    "#na",
    "#div/0!",
    "#value!",
    "<na>",
    "nat",
    "none",
    "null",
    "\\n",
    "unknown",
    "0000-00-00",
    "0000-00-00 00:00:00",
];

impl MissingTexts {
    /// Returns whether all usual marks, and no other texts, count as missing.
    pub(super) fn is_default(&self) -> bool {
        *self == MissingTexts::default()
    }

    /// Returns whether a text without surrounding white space is a missing cell.
    pub(crate) fn contains(&self, text: &[u8]) -> bool {
        self.meaning(text).is_some()
    }

    /// Returns [`Meaning::Missing`] or [`Meaning::Mark`] if a text without surrounding white space
    /// is a missing cell.
    pub(super) fn meaning(&self, text: &[u8]) -> Option<Meaning> {
        if text.is_empty() || self.texts.iter().any(|other| other.as_bytes() == text) {
            return Some(Meaning::Missing);
        }
        match self.marks {
            Marks::None => None,
            _ if is_na(text) => Some(Meaning::Missing),
            Marks::Na => None,
            Marks::All => is_mark(text).then_some(Meaning::Mark),
        }
    }

    /// Returns whether a number marks a missing cell, however it is written.
    pub(super) fn has_number(&self, value: f64) -> bool {
        !self.texts.is_empty() && self.numbers().any(|missing| missing == value)
    }

    /// Returns the numbers that mark missing cells, such as -999.
    pub fn numbers(&self) -> impl Iterator<Item = f64> {
        self.texts.iter().filter_map(|text| number::plain(text.as_bytes()))
    }
}

/// Returns whether a text is `NA`, `NaN` or `nan`.
fn is_na(text: &[u8]) -> bool {
    matches!(text, b"NA" | b"NaN" | b"nan")
}

/// Returns whether a text is a usual mark of a missing number.
pub(super) fn is_mark(text: &[u8]) -> bool {
    // Nearly all cells are ruled out by their first byte.
    let may_be = text.first().is_some_and(|byte| b"nN-.?*#<uU\\0".contains(byte));
    may_be && text.len() <= 19 && MARKS.iter().any(|mark| mark.as_bytes().eq_ignore_ascii_case(text))
}
