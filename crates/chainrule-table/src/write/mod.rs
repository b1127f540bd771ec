//! Tables into files: CSV, JSON Lines, Parquet and NPY, piece by piece, so that what is written need not fit in memory.

mod csv;
mod jsonl;
mod numpy;
mod parquet;
mod rows;
mod sink;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::{Path, PathBuf};

use self::numpy::Numpy;
use self::parquet::Parquet;
use self::sink::Sink;
use crate::{Error, Problem, Table, Values};

/// The form in which a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// CSV with commas and a first line of names. A text is in quotes where it has to be; a number is in as few digits as tell
    /// it from every other, without exponent. A missing text is empty, a missing number `NaN`.
    Csv,
    /// An object on each line. A missing text is empty, a missing number `null`.
    JsonLines,
    /// Parquet of a flat schema, compressed with zstd: optional columns of `DOUBLE` and of UTF-8 strings, in groups of some
    /// 65,536 rows. What is missing is null.
    Parquet,
    /// A NumPy array of structures, of little-endian `<f8` and `<U`, whose columns are `np.load(file)["name"]`. A missing text
    /// is empty, a missing number NaN. NumPy takes a header of more than 10,000 bytes, as some hundreds of columns have,
    /// only with `max_header_size`.
    Numpy,
}

impl FileFormat {
    /// Every form with its name and the endings of its files.
    pub const ALL: [(&'static str, &'static [&'static str], FileFormat); 4] = [
        ("csv", &["csv"], FileFormat::Csv),
        ("jsonl", &["jsonl", "ndjson"], FileFormat::JsonLines),
        ("parquet", &["parquet"], FileFormat::Parquet),
        ("npy", &["npy"], FileFormat::Numpy),
    ];

    /// The form that a file's ending says, in small letters or capitals.
    ///
    /// ```
    /// use chainrule_table::FileFormat;
    /// assert_eq!(FileFormat::of("said.PARQUET".as_ref()), Some(FileFormat::Parquet));
    /// assert_eq!(FileFormat::of("said.xlsx".as_ref()), None);
    /// ```
    pub fn of(path: &Path) -> Option<FileFormat> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        let found = FileFormat::ALL.iter().find(|(_, endings, _)| endings.contains(&ending.as_str()));
        found.map(|(.., form)| *form)
    }

    /// Whether people can read it, as on a terminal.
    pub fn is_text(self) -> bool {
        matches!(self, FileFormat::Csv | FileFormat::JsonLines)
    }
}

/// Where a table is written.
pub enum Destination<'d> {
    /// A file, which has its name only once it is whole: until then it lies beside it, under another.
    File(&'d Path),
    /// What takes bytes one after the other, such as standard output.
    Stream(Box<dyn Write + Send>),
}

/// What a column that is written holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputColumn {
    /// Numbers.
    Numbers,
    /// Texts.
    Strings {
        /// The most characters that one has, where that is known; an NPY file needs it.
        longest: Option<usize>,
    },
}

/// A table that is being written.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("towns.csv");
/// use chainrule_table::{Column, Destination, FileFormat, OutputColumn, Table, Strings, Values, Writer};
///
/// let columns = [("town", OutputColumn::Strings { longest: None }), ("height", OutputColumn::Numbers)];
/// let mut writer = Writer::open(Destination::File(&path), FileFormat::Csv, &columns)?;
/// writer.write(&Table::new(vec![
///     Column::new("town", Values::Strings(Strings::from_iter([Some("Bern"), Some("Turin, Italy")]))),
///     Column::new("height", Values::Numbers(vec![542.5, 239.0])),
/// ]))?;
/// assert!(!path.exists());
/// writer.finish()?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), "town,height\nBern,542.5\n\"Turin, Italy\",239\n");
/// # Ok::<(), chainrule_table::Error>(())
/// ```
pub struct Writer {
    /// The file, for messages; empty where there is none.
    path: PathBuf,
    columns: Vec<(String, OutputColumn)>,
    encoder: Encoder,
}

/// What makes bytes of rows.
enum Encoder {
    Rows {
        rows: Box<dyn Rows>,
        sink: Sink,
        n_rows: u64,
        /// The bytes of a piece.
        buffer: Vec<u8>,
    },
    Parquet(Parquet),
}

/// A form whose rows are written one after the other.
trait Rows: Send {
    /// Adds the bytes of a piece's rows.
    fn append(&mut self, piece: &Table, bytes: &mut Vec<u8>);

    /// What a file of so many rows begins with; of the same length however many there are.
    fn header(&self, n_rows: u64) -> Vec<u8>;
}

impl Writer {
    /// Begins a table of these columns, in this order.
    ///
    /// # Errors
    /// [`Problem::DuplicateName`]; [`Problem::UnknownWidth`] for an NPY file with texts of unknown length;
    /// [`Problem::Unwritable`].
    pub fn open(
        destination: Destination,
        form: FileFormat,
        columns: &[(&str, OutputColumn)],
    ) -> Result<Writer, Error> {
        let path = match &destination {
            Destination::File(path) => path.to_path_buf(),
            Destination::Stream(_) => PathBuf::new(),
        };
        let error = |problem| Error::new(&path, problem);
        let unwritable = |source| error(Problem::Unwritable(source));
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        crate::read::unique(&names).map_err(error)?;
        let rows: Box<dyn Rows> = match form {
            FileFormat::Csv => Box::new(csv::rows(&names)),
            FileFormat::JsonLines => Box::new(jsonl::rows(&names)),
            FileFormat::Numpy => {
                let unknown = |name| error(Problem::UnknownWidth).column(name);
                Box::new(Numpy::new(columns).map_err(unknown)?)
            }
            FileFormat::Parquet => {
                let sink = Sink::open(destination).map_err(unwritable)?;
                let encoder = Encoder::Parquet(Parquet::new(sink, columns).map_err(unwritable)?);
                return Ok(Writer { path, columns: owned(columns), encoder });
            }
        };
        // What is known only at the end has to be written where the file begins.
        let sink =
            if form == FileFormat::Numpy { Sink::seekable(destination) } else { Sink::open(destination) };
        let mut sink = sink.map_err(unwritable)?;
        sink.write_all(&rows.header(0)).map_err(unwritable)?;
        let encoder = Encoder::Rows { rows, sink, n_rows: 0, buffer: Vec::new() };
        Ok(Writer { path, columns: owned(columns), encoder })
    }

    /// Adds the rows of a piece.
    ///
    /// # Errors
    /// [`Problem::Unwritable`].
    ///
    /// # Panics
    /// When the piece's columns are not those that were said, or a text is longer than was said.
    pub fn write(&mut self, piece: &Table) -> Result<(), Error> {
        let same = |((name, holds), column): (&(String, OutputColumn), &crate::Column)| {
            let of_its_kind = match column.values {
                Values::Numbers(_) => *holds == OutputColumn::Numbers,
                Values::Strings(_) => *holds != OutputColumn::Numbers,
                Values::Dates(_) => false,
            };
            of_its_kind && *name == column.name
        };
        assert!(
            self.columns.len() == piece.columns.len() && self.columns.iter().zip(&piece.columns).all(same),
            "the columns that were said"
        );
        let written = match &mut self.encoder {
            Encoder::Rows { rows, sink, n_rows, buffer } => {
                *n_rows += piece.n_rows() as u64;
                buffer.clear();
                rows.append(piece, buffer);
                sink.write_all(buffer)
            }
            Encoder::Parquet(parquet) => parquet.append(piece),
        };
        written.map_err(|source| Error::new(&self.path, Problem::Unwritable(source)))
    }

    /// Ends the table; a file has its name from now on, and can be read by all (mode 0644).
    ///
    /// # Errors
    /// [`Problem::Unwritable`].
    pub fn finish(self) -> Result<(), Error> {
        let finished = match self.encoder {
            Encoder::Rows { rows, sink, n_rows, .. } => sink.finish(&rows.header(n_rows)),
            Encoder::Parquet(parquet) => parquet.finish().and_then(|sink| sink.finish(&[])),
        };
        finished.map_err(|source| Error::new(&self.path, Problem::Unwritable(source)))
    }
}

fn owned(columns: &[(&str, OutputColumn)]) -> Vec<(String, OutputColumn)> {
    columns.iter().map(|(name, holds)| ((*name).to_owned(), *holds)).collect()
}
