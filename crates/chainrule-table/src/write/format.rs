//! File formats, and what the writer of a format with consecutive rows implements.

use std::path::Path;

use crate::Table;

/// File formats in which tables can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// CSV with commas and a header. Strings are quoted only if necessary. Numbers have the fewest
    /// digits that identify them, without an exponent. Missing strings are empty, missing numbers
    /// are `NaN`.
    Csv,
    /// JSON Lines, one object per line. Missing strings are empty, missing numbers are `null`.
    JsonLines,
    /// Parquet with a flat schema, compressed with zstd: optional columns of `DOUBLE` and UTF-8
    /// strings, in row groups of about 65,536 rows. Missing cells are null.
    Parquet,
    /// A structured NumPy array of little-endian `<f8` and `<U`, whose columns are read with
    /// `np.load(file)["name"]`. Missing strings are empty, missing numbers are NaN. A header of
    /// more than 10,000 bytes, from a few hundred columns, requires the argument `max_header_size`
    /// of `np.load`.
    Numpy,
}

impl FileFormat {
    /// All formats with their names and file extensions.
    pub const ALL: [(&'static str, &'static [&'static str], FileFormat); 4] = [
        ("csv", &["csv"], FileFormat::Csv),
        ("jsonl", &["jsonl", "ndjson"], FileFormat::JsonLines),
        ("parquet", &["parquet"], FileFormat::Parquet),
        ("npy", &["npy"], FileFormat::Numpy),
    ];

    /// Returns the format for the extension of a file, ignoring case.
    ///
    /// ```
    /// use chainrule_table::FileFormat;
    /// assert_eq!(FileFormat::of("predictions.PARQUET".as_ref()), Some(FileFormat::Parquet));
    /// assert_eq!(FileFormat::of("predictions.xlsx".as_ref()), None);
    /// ```
    pub fn of(path: &Path) -> Option<FileFormat> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        let format = FileFormat::ALL.iter().find(|(_, known, _)| known.contains(&extension.as_str()));
        format.map(|(.., format)| *format)
    }

    /// Returns whether the format is text, which can be shown in a terminal.
    pub fn is_text(self) -> bool {
        matches!(self, FileFormat::Csv | FileFormat::JsonLines)
    }
}

/// The type of a column to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputColumn {
    /// Numbers.
    Numbers,
    /// Strings.
    Strings {
        /// Maximum number of characters of a string, if known. It is required for NPY files.
        longest: Option<usize>,
    },
}

/// A format with consecutive rows after a header.
pub(super) trait RowFormat: Send {
    /// Appends the encoded rows of a chunk to `bytes`.
    fn append(&mut self, chunk: &Table, bytes: &mut Vec<u8>);

    /// Returns the header of a file. Its length does not depend on the number of rows.
    fn header(&self, n_rows: u64) -> Vec<u8>;
}
