//! Files as tables: the format by the file's ending and first bytes, whole or piece by piece.

use std::path::Path;

use crate::{Error, Table};

/// How a file is read; what is left out is found from the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadOptions {
    /// What separates the fields of a CSV: `,`, `;`, a tab or `|`.
    pub delimiter: Option<u8>,
    /// Whether a CSV's first line names the columns; columns without names are called `column1`, `column2`, ...
    pub header: Option<bool>,
    /// Whether numbers in a CSV have a decimal comma.
    pub decimal_comma: Option<bool>,
    /// The encoding of a CSV, by its name on the web (`windows-1252`, `utf-16le`); UTF-8, or what its byte-order mark says.
    pub encoding: Option<String>,
    /// Texts that mean a missing cell, besides an empty one, `NA`, `N/A`, `NaN`, `null` and `?`.
    pub missing: Vec<String>,
    /// Columns that are texts even where all their cells are numbers.
    pub texts: Vec<String>,
}

/// What a column that is already known holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Numbers.
    Numbers,
    /// Dates.
    Dates,
    /// Texts.
    Texts,
}

/// Reads a whole file; each column's cells are numbers if all of them are, else dates if all are, else texts.
///
/// `progress` is told how many bytes are read, and of how many.
///
/// # Errors
/// A file that cannot be read, or is no table, with its place.
pub fn read(path: &Path, options: &ReadOptions, progress: &mut dyn FnMut(u64, u64)) -> Result<Table, Error> {
    let _ = (path, options, progress);
    unimplemented!()
}

/// A file that is read piece by piece, so that it need not fit in memory.
pub struct Stream;

impl Stream {
    /// Opens a file of which the columns `wanted` are read, whatever their order there; others are passed over.
    ///
    /// # Errors
    /// As [`read`], and a wanted column that is not there.
    pub fn open(path: &Path, options: &ReadOptions, wanted: &[(&str, Want)]) -> Result<Stream, Error> {
        let _ = (path, options, wanted);
        unimplemented!()
    }

    /// The next rows, with the columns in the order in which they were wanted; none at the end.
    ///
    /// # Errors
    /// As [`read`], and a cell that is not what its column holds.
    pub fn next_piece(&mut self) -> Result<Option<Table>, Error> {
        unimplemented!()
    }
}
