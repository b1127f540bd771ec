//! Files as tables: the format by the file's ending and first bytes, whole or piece by piece.

mod block;
mod cell;
mod column;
mod csv;
mod jsonl;
mod number;
mod numpy;
mod parquet;
mod pieces;
mod source;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use csv::Csv;
use jsonl::JsonLines;
use numpy::{Npy, Npz};
use parquet::Parquet;
use pieces::{Pace, Pieces, Wanted};
use source::Origin;

use crate::{Error, Problem, Table};

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
pub enum CellType {
    /// Numbers.
    Numbers,
    /// Dates.
    Dates,
    /// Texts.
    Strings,
}

/// Reads a whole file; each column's cells are numbers if all of them are, else dates if all are, else texts.
///
/// What the file is, is found from its first bytes and its ending: Parquet, NPY, NPZ, JSON Lines (`.jsonl`, `.ndjson`), or
/// else CSV. In a CSV
///
/// - numbers are what programs write, `-1.5e3`; `inf` and `1e999` in a column of numbers are errors, since they are not finite;
/// - a number like `007`, of digits alone after a leading nought, makes its column one of texts: it is a code;
/// - `0x1F`, `1_000` and `1,000` are texts, as are `true` and `false`;
/// - dates are `2024-05-31`, or `2024-05-31T12:30:15.25` with as much of the time as is known, and `Z` or an offset;
/// - a column that is missing altogether is one of numbers.
///
/// The columns of an NPY are `x1`, `x2`, ...; those of an NPZ's array `X` are `X1`, `X2`, ..., and its array `y` of one axis is
/// a column itself. The table does not depend on the number of threads.
///
/// `progress` is told how many bytes are read, and of how many, at most a few hundred times. A column of a CSV whose later cells
/// contradict the first is read again, and JSON Lines are always read twice: the bytes then count twice.
///
/// Beside the table, a few MiB are allocated for each thread, for a file of a hundred bytes as for a large one; more only for a
/// single row of a CSV that is longer than that (of at most 64 MiB), and for what a Parquet or NPZ file is decompressed to. No
/// page of a Parquet file is believed that claims to become longer than both 64 MiB and 1000 times what it is compressed to.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("towns.csv");
/// use chainrule_table::{ReadOptions, read};
///
/// std::fs::write(&path, "town;height\nBern;542,5\nTurin;\n").unwrap();
/// let table = read(&path, &ReadOptions::default(), &mut |_, _| {})?;
/// assert_eq!(table.column("height")?.values.text(0).unwrap(), "542.5");
/// assert_eq!(table.column("height")?.values.n_missing(), 1);
/// # Ok::<(), chainrule_table::Error>(())
/// ```
///
/// # Errors
/// A file that cannot be read, or is no table, with its place.
pub fn read(path: &Path, options: &ReadOptions, progress: &mut dyn FnMut(u64, u64)) -> Result<Table, Error> {
    read_at(Pace::new(), path, options, progress)
}

/// As [`read`], from a CSV in memory that goes by the name of a file.
///
/// # Errors
/// As [`read`].
pub fn read_csv(name: &Path, bytes: &'static [u8], options: &ReadOptions) -> Result<Table, Error> {
    let csv = Csv::open(Origin::memory(name, bytes), options)?;
    known(name, options.texts.iter().map(String::as_str), csv.names())?;
    csv.whole(Pace::new(), &mut |_, _| ())
}

/// As [`read`], in blocks and by threads of any number.
fn read_at(
    pace: Pace,
    path: &Path,
    options: &ReadOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Table, Error> {
    let mut told = (0, 0);
    let mut progress = |done: u64, total: u64| {
        const STEPS: u64 = 200;
        let step = done.saturating_mul(STEPS).checked_div(total).unwrap_or(STEPS);
        if (step, total) != told {
            told = (step, total);
            progress(done, total);
        }
    };
    let texts = || options.texts.iter().map(String::as_str);
    match Format::of(path)? {
        Format::Csv => {
            let csv = Csv::open(Origin::file(path), options)?;
            known(path, texts(), csv.names())?;
            csv.whole(pace, &mut progress)
        }
        Format::JsonLines => {
            let mut first_pass = |done, len: u64| progress(done, 2 * len);
            let file = JsonLines::open(path, options, None, pace, &mut first_pass)?;
            known(path, texts(), file.names())?;
            file.whole(&options.texts, pace, &mut progress)
        }
        Format::Parquet => {
            let file = Parquet::open(path, options)?;
            known(path, texts(), file.names())?;
            file.whole(&options.texts, pace, &mut progress)
        }
        Format::Npy => {
            let file = Npy::open(path, pace)?;
            known(path, texts(), file.names())?;
            file.whole(&options.texts, &mut progress)
        }
        Format::Npz => {
            let mut file = Npz::open(path)?;
            known(path, texts(), file.names())?;
            file.whole(options, &mut progress)
        }
    }
}

/// A file that is read piece by piece, so that it need not fit in memory.
pub struct Stream {
    names: Vec<String>,
    /// Nothing any more behind an error or the end.
    pieces: Option<Box<dyn Pieces>>,
}

impl Stream {
    /// Opens a file of which the columns `wanted` are read, whatever their order there; others are passed over.
    ///
    /// A column of any kind can be wanted as texts: it is then what the file says, as it says it.
    ///
    /// Pieces are some thousands to some 10,000s of rows, of which a few are read ahead. An NPZ is read as a whole, since its
    /// arrays are compressed as a whole; and of Parquet a group of rows is in memory as it is compressed.
    ///
    /// # Errors
    /// As [`read`], and a wanted column that is not there.
    ///
    /// # Panics
    /// When a column is wanted twice.
    pub fn open(path: &Path, options: &ReadOptions, wanted: &[(&str, CellType)]) -> Result<Stream, Error> {
        Stream::open_at(Pace::new(), path, options, wanted)
    }

    fn open_at(
        pace: Pace,
        path: &Path,
        options: &ReadOptions,
        wanted: &[(&str, CellType)],
    ) -> Result<Stream, Error> {
        let columns: Wanted = wanted.iter().map(|(name, want)| ((*name).to_owned(), *want)).collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        assert!(unique(&names).is_ok(), "each column is wanted once");
        let names_wanted = || wanted.iter().map(|(name, _)| *name);
        let (names, pieces): (Vec<String>, Box<dyn Pieces>) = match Format::of(path)? {
            Format::Csv => {
                let csv = Csv::open(Origin::file(path), options)?;
                known(path, names_wanted(), csv.names())?;
                (csv.names().to_vec(), Box::new(csv.rows(columns, pace)?))
            }
            Format::JsonLines => {
                let file = JsonLines::open(path, options, Some(wanted), pace, &mut |_, _| {})?;
                known(path, names_wanted(), file.names())?;
                (file.names().to_vec(), Box::new(file.rows(columns, pace)?))
            }
            Format::Parquet => {
                let file = Parquet::open(path, options)?;
                known(path, names_wanted(), file.names())?;
                (file.names().to_vec(), Box::new(file.rows(columns, pace)))
            }
            Format::Npy => {
                let file = Npy::open(path, pace)?;
                known(path, names_wanted(), file.names())?;
                (file.names().to_vec(), Box::new(file.want(columns)))
            }
            Format::Npz => {
                let mut file = Npz::open(path)?;
                known(path, names_wanted(), file.names())?;
                let table = file.columns(&columns, &mut |_, _| {})?;
                (file.names().to_vec(), Box::new(numpy::Rows { table, row: 0, pace }))
            }
        };
        Ok(Stream { names, pieces: Some(pieces) })
    }

    /// The names of all columns in the file, wanted or not; of JSON Lines, those up to where all that are wanted have appeared.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The next rows, with the columns in the order in which they were wanted; none at the end.
    ///
    /// # Errors
    /// As [`read`], and a cell that is not what its column holds.
    // An iterator would wrap each piece the other way round, and go on after an error.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Table>, Error> {
        let Some(pieces) = &mut self.pieces else { return Ok(None) };
        let piece = pieces.next();
        if !matches!(piece, Ok(Some(_))) {
            self.pieces = None;
        }
        piece
    }

    /// How much is read, and of how much: bytes of a text, rows of what else; nothing of nothing behind the end.
    pub fn done(&self) -> (u64, u64) {
        self.pieces.as_ref().map_or((0, 0), |pieces| pieces.done())
    }

    /// All rows that are left, as one table; `progress` is told how much is read, and of how much.
    ///
    /// # Errors
    /// As [`next`](Stream::next).
    pub fn whole(mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Table, Error> {
        let mut whole = Table::default();
        while let Some(piece) = self.next()? {
            let (done, of) = self.done();
            progress(done, of);
            if whole.columns.is_empty() {
                whole = piece;
            } else {
                whole.append(piece);
            }
        }
        Ok(whole)
    }
}

/// What a file is.
enum Format {
    Csv,
    JsonLines,
    Parquet,
    Npy,
    Npz,
}

impl Format {
    /// What a file is by its first bytes, and where these say nothing, by its ending.
    fn of(path: &Path) -> Result<Format, Error> {
        let unreadable = |error| Error::new(path, Problem::Unreadable(error));
        let mut start = Vec::new();
        File::open(path).and_then(|file| file.take(8).read_to_end(&mut start)).map_err(unreadable)?;
        if start.is_empty() {
            return Err(Error::new(path, Problem::Empty));
        }
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        let other = |what, remedy| Err(Error::new(path, Problem::OtherFormat { what, remedy }));
        match (&start[..], ending.as_deref().unwrap_or_default()) {
            ([0x1f, 0x8b, ..], _) => other("compressed with gzip", "decompress it first, with gunzip"),
            ([0x28, 0xb5, 0x2f, 0xfd, ..], _) => {
                other("compressed with zstd", "decompress it first, with unzstd")
            }
            ([b'P', b'A', b'R', b'1', ..], _) | (_, "parquet") => Ok(Format::Parquet),
            ([0x93, b'N', b'U', b'M', b'P', b'Y', ..], _) | (_, "npy") => Ok(Format::Npy),
            (_, "npz") => Ok(Format::Npz),
            (_, "jsonl" | "ndjson") => Ok(Format::JsonLines),
            ([b'P', b'K', 3, 4, ..], _) => {
                other("a ZIP archive or a workbook", "unpack it, or save the workbook's sheet as CSV")
            }
            _ => Ok(Format::Csv),
        }
    }
}

/// Checks that no two columns have the same name.
pub(crate) fn unique<S: AsRef<str>>(names: &[S]) -> Result<(), Problem> {
    let mut positions = HashMap::new();
    for (i, name) in names.iter().enumerate() {
        let name = name.as_ref();
        if let Some(first) = positions.insert(name, i + 1) {
            return Err(Problem::DuplicateName { name: name.to_owned(), first, second: i + 1 });
        }
    }
    Ok(())
}

/// Checks that all these columns are among those of the file.
fn known<'a>(path: &Path, names: impl Iterator<Item = &'a str>, choices: &[String]) -> Result<(), Error> {
    for name in names {
        if !choices.iter().any(|choice| choice == name) {
            let problem = Problem::no_column(name, choices.iter().map(String::as_str));
            return Err(Error::new(path, problem).column(name));
        }
    }
    Ok(())
}
