//! Reading of tables, whole or in chunks. The format is detected from the first bytes and the
//! extension of the file.

mod block;
mod cell;
mod chunks;
mod column;
mod csv;
mod interner;
mod jsonl;
mod names;
mod number;
mod numpy;
mod options;
#[cfg(feature = "parquet")]
mod parquet;
mod source;
// The tests cover all formats.
#[cfg(all(test, feature = "parquet"))]
mod tests;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use chunks::{ChunkStream, Chunking, ColumnFormats};
use csv::CsvReader;
use jsonl::JsonLinesReader;
use names::check_columns;
pub(crate) use names::check_unique;
use numpy::{NpyReader, NpzReader};
pub use numpy::{NumberArray, read_arrays};
pub use options::ReadOptions;
#[cfg(feature = "parquet")]
use parquet::ParquetReader;
use source::TextInput;

use crate::format::{CellOrigin, InferenceOptions, Interpreted, Marks, interpret};
use crate::kind::kinds_by_name;
use crate::{CellFormat, CellType, Column, ColumnFormat, Error, Problem, Table};

/// Reads a whole file. The cells of a column are numbers if at least 95 % of those that are not
/// missing are numbers, else dates if at least 95 % are dates, else strings. The other cells of a
/// column of numbers or dates count as missing; the [notes](crate::Column::notes) of the column
/// contain their number and the first of them.
///
/// The format is detected from the first bytes and the extension of the file: Parquet, NPY, NPZ,
/// JSON Lines (`.jsonl`, `.ndjson`), or else CSV. In a CSV file
///
/// - numbers are written as in `-1.5e3`, or all cells of the column have the same thousands
///   separator, decimal comma, currency sign, percent sign or unit
///   ([`NumberFormat`](crate::NumberFormat)); `inf` and `1e999` are errors in a column of numbers,
///   as they are not finite;
/// - digits with a leading zero, such as `007`, and integers beyond 2^53 are identifiers, and their
///   columns are strings, unless their kind is specified;
/// - `0x1F` and `1_000` are strings, and so are booleans (`true`, `yes`);
/// - dates are written as in `2024-05-31T12:30:15.25`, or all cells of the column follow another
///   common notation ([`DateFormat`](crate::DateFormat));
/// - a column whose cells are all missing is a column of numbers;
/// - white space around cells is removed.
///
/// The same holds for strings in the other formats. The [`format`](crate::Column::format) of a
/// column records how it was read.
///
/// The columns of an NPY file are called `x1`, `x2`, ... In an NPZ file, the columns of a
/// two-dimensional array `X` are called `X1`, `X2`, ..., and a one-dimensional array `y` is a
/// column `y`. The table does not depend on the number of threads.
///
/// `progress` is called with the number of bytes read and the total, at most a few hundred times.
/// If later cells of a CSV column are not of the type of the first cells, the column is read again;
/// JSON Lines files are always read twice. Both passes count towards the total.
///
/// In addition to the table, a few MiB are allocated per thread, regardless of the size of the
/// file. More is allocated only for a longer row of a CSV file (of at most 64 MiB) and for the
/// decompressed data of a Parquet or NPZ file. Rejected are:
///
/// - a page of a Parquet file whose header states a decompressed size above both 64 MiB and 1000
///   times its compressed size;
/// - an array of an NPZ file whose size is above both 64 MiB and 100 times its compressed size, and
///   an NPZ file whose columns take more than both 1 GiB and 100 times the size of the file;
/// - a JSON Lines file whose lines have so few keys in common that its columns would take more than
///   both 64 MiB and 1000 times the size of the file.
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
/// Returns an error with its location if the file cannot be read or is not a table.
pub fn read(path: &Path, options: &ReadOptions, progress: &mut dyn FnMut(u64, u64)) -> Result<Table, Error> {
    read_with(Chunking::new(), path, options, progress)
}

/// Reads a CSV file in memory. `name` is used as the path in messages.
///
/// # Errors
/// Returns the same errors as [`read`].
pub fn read_csv(name: &Path, bytes: &'static [u8], options: &ReadOptions) -> Result<Table, Error> {
    let csv = CsvReader::open(TextInput::memory(name, bytes), options)?;
    check_columns(name, options.kinds.iter().map(|(name, _)| name.as_str()), csv.names())?;
    Ok(inferred(csv.whole(Chunking::new(), &mut |_, _| ())?, options, CellOrigin::Text))
}

/// Infers the formats of the columns of a table and converts their cells.
fn inferred(mut table: Table, options: &ReadOptions, cells: CellOrigin) -> Table {
    let columns = std::mem::take(&mut table.columns);
    let kinds = kinds_by_name(&options.kinds);
    let interpreted = |column: Column| {
        let kind = kinds.get(&*column.name).copied();
        let inference = InferenceOptions {
            kind,
            dates: options.dates.clone(),
            decimal_comma: options.decimal_comma,
            marks: options.marks(),
            text_marks: match cells {
                CellOrigin::Text if !options.missing_only => Marks::Na,
                CellOrigin::Text | CellOrigin::Typed => Marks::None,
            },
            cells,
            texts: options.missing.clone(),
        };
        let Interpreted { values, format, notes } =
            interpret(column.values, column.format, &inference, &|row| table.place(row));
        Column { name: column.name, values, format, notes: [column.notes, notes].concat() }
    };
    let columns = columns.into_iter().map(interpreted).collect();
    table.columns = columns;
    table
}

/// Reads like [`read`], with the given chunk sizes and number of threads.
fn read_with(
    chunking: Chunking,
    path: &Path,
    options: &ReadOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Table, Error> {
    let mut reported = (0, 0);
    let mut progress = |done: u64, total: u64| {
        const N_STEPS: u64 = 200;
        let step = done.saturating_mul(N_STEPS).checked_div(total).unwrap_or(N_STEPS);
        if (step, total) != reported {
            reported = (step, total);
            progress(done, total);
        }
    };
    let named = || options.kinds.iter().map(|(name, _)| name.as_str());
    let table = match InputFormat::of(path)? {
        InputFormat::Csv => {
            let csv = CsvReader::open(TextInput::file(path), options)?;
            check_columns(path, named(), csv.names())?;
            return Ok(inferred(csv.whole(chunking, &mut progress)?, options, CellOrigin::Text));
        }
        InputFormat::JsonLines => {
            let mut first_pass = |done, len: u64| progress(done, 2 * len);
            let file = JsonLinesReader::open(path, options, None, chunking, &mut first_pass)?;
            check_columns(path, named(), file.names())?;
            file.whole(chunking, &mut progress)?
        }
        #[cfg(not(feature = "parquet"))]
        InputFormat::Parquet => return Err(Error::new(path, Problem::WithoutParquet)),
        #[cfg(feature = "parquet")]
        InputFormat::Parquet => {
            let file = ParquetReader::open(path, options)?;
            check_columns(path, named(), file.names())?;
            file.whole(chunking, &mut progress)?
        }
        InputFormat::Npy => {
            let file = NpyReader::open(path, chunking)?;
            check_columns(path, named(), file.names())?;
            file.whole(options, &mut progress)?
        }
        InputFormat::Npz => {
            let mut file = NpzReader::open(path)?;
            check_columns(path, named(), file.names())?;
            file.whole(options, &mut progress)?
        }
    };
    Ok(inferred(table, options, CellOrigin::Typed))
}

/// A reader of a file in chunks, which does not require the file to fit in memory.
pub struct Stream {
    names: Vec<String>,
    /// `None` after an error or the end.
    chunks: Option<Box<dyn ChunkStream>>,
}

impl Stream {
    /// Opens a file to read the given columns, which may be in any order. Other columns are
    /// skipped.
    ///
    /// Columns are read as specified by [`ColumnFormat`]s, or by [`CellType`]s: plain numbers, ISO
    /// 8601 dates, or strings exactly as they are in the file, whatever the type of the column.
    ///
    /// Chunks have thousands to tens of thousands of rows, and a few chunks are read ahead. An NPZ
    /// file is read completely, as each of its arrays is compressed as a whole. For a Parquet file,
    /// one compressed row group is kept in memory.
    ///
    /// # Errors
    /// Returns the same errors as [`read`], and [`Problem::NoColumn`] if a column does not exist.
    ///
    /// # Panics
    /// Panics if a column is given twice.
    pub fn open<F: Clone + Into<ColumnFormat>>(
        path: &Path,
        options: &ReadOptions,
        columns: &[(&str, F)],
    ) -> Result<Stream, Error> {
        Stream::open_with(Chunking::new(), path, options, columns)
    }

    fn open_with<F: Clone + Into<ColumnFormat>>(
        chunking: Chunking,
        path: &Path,
        options: &ReadOptions,
        requested: &[(&str, F)],
    ) -> Result<Stream, Error> {
        let format = |(name, format): &(&str, F)| {
            let mut format: ColumnFormat = format.clone().into();
            if format.cells != CellFormat::Verbatim {
                format.missing.texts.extend(options.missing.iter().cloned());
            }
            ((*name).to_owned(), Arc::new(format))
        };
        let columns: ColumnFormats = requested.iter().map(format).collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        assert!(check_unique(&names).is_ok(), "each column is given once");
        let names_requested = || requested.iter().map(|(name, _)| *name);
        let (names, chunks): (Vec<String>, Box<dyn ChunkStream>) = match InputFormat::of(path)? {
            InputFormat::Csv => {
                let csv = CsvReader::open(TextInput::file(path), options)?;
                check_columns(path, names_requested(), csv.names())?;
                (csv.names().to_vec(), Box::new(csv.rows(columns, chunking)?))
            }
            InputFormat::JsonLines => {
                let file = JsonLinesReader::open(path, options, Some(&columns), chunking, &mut |_, _| {})?;
                check_columns(path, names_requested(), file.names())?;
                (file.names().to_vec(), Box::new(file.rows(columns, chunking)?))
            }
            #[cfg(not(feature = "parquet"))]
            InputFormat::Parquet => return Err(Error::new(path, Problem::WithoutParquet)),
            #[cfg(feature = "parquet")]
            InputFormat::Parquet => {
                let file = ParquetReader::open(path, options)?;
                check_columns(path, names_requested(), file.names())?;
                (file.names().to_vec(), Box::new(file.rows(columns, chunking)))
            }
            InputFormat::Npy => {
                let file = NpyReader::open(path, chunking)?;
                check_columns(path, names_requested(), file.names())?;
                (file.names().to_vec(), Box::new(file.select(columns)))
            }
            InputFormat::Npz => {
                let mut file = NpzReader::open(path)?;
                check_columns(path, names_requested(), file.names())?;
                let table = file.columns(&columns, &mut |_, _| {})?;
                (file.names().to_vec(), Box::new(numpy::TableChunks { table, row: 0, chunking }))
            }
        };
        Ok(Stream { names, chunks: Some(chunks) })
    }

    /// Returns the names of all columns of the file. For a JSON Lines file, these are the keys
    /// found up to the point where all requested columns have appeared.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the next chunk, with the columns in the requested order; `None` at the end.
    ///
    /// # Errors
    /// Returns the same errors as [`read`], and [`Problem::WrongType`] or [`Problem::NotFinite`] if
    /// a cell is not of the requested type.
    // An iterator would return `Option<Result<_>>` and could continue after an error.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Table>, Error> {
        let Some(chunks) = &mut self.chunks else { return Ok(None) };
        let chunk = chunks.next();
        if !matches!(chunk, Ok(Some(_))) {
            self.chunks = None;
        }
        chunk
    }

    /// Returns the amount read and the total: bytes of a text file, rows of other files. Both are 0
    /// after the end.
    pub fn done(&self) -> (u64, u64) {
        self.chunks.as_ref().map_or((0, 0), |chunks| chunks.done())
    }

    /// Reads all remaining rows as one table. `progress` is called with the amount read and the
    /// total.
    ///
    /// # Errors
    /// Returns the same errors as [`next`](Stream::next).
    pub fn whole(mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Table, Error> {
        let mut whole = Table::default();
        while let Some(chunk) = self.next()? {
            let (done, total) = self.done();
            progress(done, total);
            if whole.columns.is_empty() {
                whole = chunk;
            } else {
                whole.append(chunk);
            }
        }
        Ok(whole)
    }
}

/// Supported file formats.
enum InputFormat {
    Csv,
    JsonLines,
    Parquet,
    Npy,
    Npz,
}

impl InputFormat {
    /// Detects the format of a file from its first bytes, or else from its extension.
    fn of(path: &Path) -> Result<InputFormat, Error> {
        let unreadable = |error| Error::new(path, Problem::Unreadable(error));
        let mut start = Vec::new();
        File::open(path).and_then(|file| file.take(8).read_to_end(&mut start)).map_err(unreadable)?;
        if start.is_empty() {
            return Err(Error::new(path, Problem::Empty));
        }
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let other = |found, remedy| Err(Error::new(path, Problem::OtherFormat { found, remedy }));
        match (&start[..], extension.as_deref().unwrap_or_default()) {
            ([0x1f, 0x8b, ..], _) => {
                other("a gzip-compressed file", "decompress it first, for example with gunzip")
            }
            ([0x28, 0xb5, 0x2f, 0xfd, ..], _) => {
                other("a zstd-compressed file", "decompress it first, for example with unzstd")
            }
            ([b'P', b'A', b'R', b'1', ..], _) | (_, "parquet") => Ok(InputFormat::Parquet),
            ([0x93, b'N', b'U', b'M', b'P', b'Y', ..], _) | (_, "npy") => Ok(InputFormat::Npy),
            (_, "npz") => Ok(InputFormat::Npz),
            (_, "jsonl" | "ndjson") => Ok(InputFormat::JsonLines),
            ([b'P', b'K', 3, 4, ..], _) => {
                other("a ZIP archive or a workbook", "unpack it, or save the sheet of the workbook as CSV")
            }
            _ => Ok(InputFormat::Csv),
        }
    }
}
