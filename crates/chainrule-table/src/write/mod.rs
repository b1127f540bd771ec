//! Writing of tables in chunks (CSV, JSON Lines, Parquet and NPY), so that a table need not fit in
//! memory.

mod arrays;
mod csv;
mod format;
mod jsonl;
mod numpy;
#[cfg(feature = "parquet")]
mod parquet;
mod rows;
mod sink;
// The tests cover all formats.
#[cfg(all(test, feature = "parquet"))]
mod tests;

use std::io::Write;
use std::path::PathBuf;

pub use self::arrays::write_arrays;
use self::format::RowFormat;
pub use self::format::{FileFormat, OutputColumn};
use self::numpy::NpyWriter;
#[cfg(feature = "parquet")]
use self::parquet::ParquetWriter;
pub use self::sink::Destination;
use self::sink::Sink;
use crate::{Error, Problem, Table, Values};

/// A writer of a table in chunks.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("towns.csv");
/// use chainrule_table::{
///     Column, Destination, FileFormat, OutputColumn, Strings, Table, TableWriter, Values,
/// };
///
/// let town = OutputColumn::Strings { longest: None };
/// let columns = [("town", town), ("height", OutputColumn::Numbers)];
/// let towns = Strings::from_iter([Some("Bern"), Some("Turin, Italy")]);
/// let mut writer = TableWriter::open(Destination::File(&path), FileFormat::Csv, &columns)?;
/// writer.write(&Table::new(vec![
///     Column::new("town", Values::Strings(towns)),
///     Column::new("height", Values::Numbers(vec![542.5, 239.0])),
/// ]))?;
/// assert!(!path.exists());
/// writer.finish()?;
/// let text = std::fs::read_to_string(&path).unwrap();
/// assert_eq!(text, "town,height\nBern,542.5\n\"Turin, Italy\",239\n");
/// # Ok::<(), chainrule_table::Error>(())
/// ```
pub struct TableWriter {
    /// Path of the file, for messages; empty for a stream.
    path: PathBuf,
    columns: Vec<(String, OutputColumn)>,
    output: Output,
}

/// The writer of a format.
enum Output {
    /// A format with consecutive rows.
    Rows {
        rows: Box<dyn RowFormat>,
        sink: Sink,
        n_rows: u64,
        /// Encoded rows of a chunk.
        buffer: Vec<u8>,
    },
    #[cfg(feature = "parquet")]
    Parquet(ParquetWriter),
}

impl TableWriter {
    /// Creates a file or begins a stream with the given columns, in the given order.
    ///
    /// # Errors
    /// Returns [`Problem::DuplicateName`] if two columns have the same name,
    /// [`Problem::UnknownWidth`] if the format is NPY and the maximum length of the strings is not
    /// given, and [`Problem::Unwritable`] if the destination cannot be written.
    pub fn open(
        destination: Destination,
        format: FileFormat,
        columns: &[(&str, OutputColumn)],
    ) -> Result<TableWriter, Error> {
        let path = match &destination {
            Destination::File(path) => path.to_path_buf(),
            Destination::Stream(_) => PathBuf::new(),
        };
        let error = |problem| Error::new(&path, problem);
        let unwritable = |source| error(Problem::Unwritable(source));
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        crate::read::check_unique(&names).map_err(error)?;
        let rows: Box<dyn RowFormat> = match format {
            FileFormat::Csv => Box::new(csv::rows(&names)),
            FileFormat::JsonLines => Box::new(jsonl::rows(&names)),
            FileFormat::Numpy => {
                let unknown = |name| error(Problem::UnknownWidth).column(name);
                Box::new(NpyWriter::new(columns).map_err(unknown)?)
            }
            #[cfg(not(feature = "parquet"))]
            FileFormat::Parquet => return Err(error(Problem::WithoutParquet)),
            #[cfg(feature = "parquet")]
            FileFormat::Parquet => {
                let sink = Sink::open(destination).map_err(unwritable)?;
                let output = Output::Parquet(ParquetWriter::new(sink, columns).map_err(unwritable)?);
                return Ok(TableWriter { path, columns: owned(columns), output });
            }
        };
        // The header of an NPY file contains the number of rows, which is known only at the end.
        let sink =
            if format == FileFormat::Numpy { Sink::seekable(destination) } else { Sink::open(destination) };
        let mut sink = sink.map_err(unwritable)?;
        sink.write_all(&rows.header(0)).map_err(unwritable)?;
        let output = Output::Rows { rows, sink, n_rows: 0, buffer: Vec::new() };
        Ok(TableWriter { path, columns: owned(columns), output })
    }

    /// Writes the rows of a chunk.
    ///
    /// # Errors
    /// Returns [`Problem::Unwritable`] if the destination cannot be written.
    ///
    /// # Panics
    /// Panics if the columns of the chunk are not those given to [`open`](TableWriter::open), or if
    /// a string is too long.
    pub fn write(&mut self, chunk: &Table) -> Result<(), Error> {
        let is_same = |((name, expected), column): (&(String, OutputColumn), &crate::Column)| {
            let has_type = match column.values {
                Values::Numbers(_) => *expected == OutputColumn::Numbers,
                Values::Strings(_) => *expected != OutputColumn::Numbers,
                Values::Dates(_) => false,
            };
            has_type && *name == column.name
        };
        assert!(
            self.columns.len() == chunk.columns.len() && self.columns.iter().zip(&chunk.columns).all(is_same),
            "the chunk has the columns with which the writer was opened"
        );
        let written = match &mut self.output {
            Output::Rows { rows, sink, n_rows, buffer } => {
                *n_rows += chunk.n_rows() as u64;
                buffer.clear();
                rows.append(chunk, buffer);
                sink.write_all(buffer)
            }
            #[cfg(feature = "parquet")]
            Output::Parquet(parquet) => parquet.append(chunk),
        };
        written.map_err(|source| Error::new(&self.path, Problem::Unwritable(source)))
    }

    /// Completes the table. A file is renamed to its final name, with mode 0644.
    ///
    /// # Errors
    /// Returns [`Problem::Unwritable`] if the destination cannot be written.
    pub fn finish(self) -> Result<(), Error> {
        let finished = match self.output {
            Output::Rows { rows, sink, n_rows, .. } => sink.finish(&rows.header(n_rows)),
            #[cfg(feature = "parquet")]
            Output::Parquet(parquet) => parquet.finish().and_then(|sink| sink.finish(&[])),
        };
        finished.map_err(|source| Error::new(&self.path, Problem::Unwritable(source)))
    }
}

fn owned(columns: &[(&str, OutputColumn)]) -> Vec<(String, OutputColumn)> {
    columns.iter().map(|(name, column)| ((*name).to_owned(), *column)).collect()
}
