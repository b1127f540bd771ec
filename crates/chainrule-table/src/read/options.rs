//! Options for reading a file.

use crate::{ColumnKind, DateFormat};

/// Options for reading a file. Options that are not set are inferred from the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReadOptions {
    /// Field delimiter of a CSV file: `,`, `;`, a tab or `|`.
    pub delimiter: Option<u8>,
    /// Whether the first row of a CSV file contains the column names. Columns without names are
    /// called `column1`, `column2`, ...
    pub header: Option<bool>,
    /// Whether numbers in a CSV file have a decimal comma.
    pub decimal_comma: Option<bool>,
    /// Encoding of a text file, by its name in the WHATWG Encoding Standard (`windows-1252`,
    /// `utf-16le`). The default is the encoding of the byte-order mark, or UTF-8 without one.
    pub encoding: Option<String>,
    /// Texts of missing cells, in addition to empty cells and the usual marks (see
    /// [`Marks`](crate::Marks)).
    pub missing: Vec<String>,
    /// Whether only empty cells and `missing` count as missing, not the usual marks.
    pub missing_only: bool,
    /// Kinds of columns; they decide whether a column is read as numbers, dates or text.
    pub kinds: Vec<(String, ColumnKind)>,
    /// Notations of dates, which take precedence over those that are recognised.
    pub dates: Vec<DateFormat>,
}
