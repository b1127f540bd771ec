//! What can be wrong with a table, said with file, line and column, and with what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use chainrule::registry::nearest;

/// Something that is wrong with a table, and where.
#[derive(Debug)]
pub struct Error {
    /// The file; empty where the table comes from none.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The row, counted from 1, in a file without lines.
    pub row: Option<u64>,
    /// The column's name.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file cannot be opened or read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file cannot be written.
    #[error("it cannot be written: {0}; choose another name or place")]
    Unwritable(#[source] std::io::Error),
    /// A column of texts for an NPY file, where all texts are as wide as the longest.
    #[error(
        "an NPY file begins with how long the texts of a column get, which is not known before all are read; write .parquet or .csv instead, or leave the column out"
    )]
    UnknownWidth,
    /// No column of that name.
    #[error("there is no such column{}; there are: {}", hint(nearest.as_deref()), shortened(choices))]
    NoColumn {
        /// What was probably meant.
        nearest: Option<String>,
        /// The columns.
        choices: Vec<String>,
    },
    /// A number that is not finite.
    #[error("\"{cell}\" is no finite number; fill it in, or leave it empty if it is missing")]
    Infinite {
        /// What is written there.
        cell: String,
    },
    /// Text in a column of numbers.
    #[error(
        "\"{cell}\" is no {wanted}, as the column holds elsewhere; mend it, or leave it empty if it is missing"
    )]
    Kind {
        /// What is written there.
        cell: String,
        /// What the column holds: `number`, `date`.
        wanted: &'static str,
    },
    /// A column that cannot be of the kind that is said of it.
    #[error("it holds {holds} and cannot be read as a {kind}; leave its kind out, or mend the column")]
    WrongKind {
        /// The kind that is said of it.
        kind: &'static str,
        /// What it holds.
        holds: &'static str,
    },
    /// No column left to predict from.
    #[error(
        "no column is left to predict from: all others are the target, left out, empty or the same in all rows"
    )]
    NoInputs,
    /// A column that is to be predicted and to be predicted from.
    #[error("it is to be predicted, and so cannot be one of the inputs; leave it out of them")]
    TargetAsInput,
    /// A column of too many different texts.
    #[error(
        "it has {got} different texts, more than {most}, of which one-hot columns could be made; leave the column out, or group its texts"
    )]
    TooManyCategories {
        /// How many it has.
        got: usize,
        /// How many it may have.
        most: usize,
    },
    /// A target that is the same in all rows.
    #[error("every row has the target {only}: there is nothing to tell apart")]
    OneTarget {
        /// The target.
        only: String,
    },
    /// A target that is missing.
    #[error("there is no target here; fill it in, or leave the row out")]
    MissingTarget,
    /// A class that the model does not know.
    #[error("the class \"{class}\" is none of those that the model knows: {}", shortened(known))]
    UnknownClass {
        /// The class.
        class: String,
        /// The classes known.
        known: Vec<String>,
    },
    /// A task that a target does not suit.
    #[error("it holds {holds}, which does not suit the task \"{task}\": {wants}")]
    WrongTask {
        /// What it holds.
        holds: String,
        /// The task.
        task: &'static str,
        /// What it wants, and which task would do.
        wants: &'static str,
    },
    /// A class of too few samples to be in both parts of a split.
    #[error(
        "the class \"{class}\" has {got} of {needed} samples that a split into parts needs; leave it out, or split without classes (--split random)"
    )]
    FewOfClass {
        /// The class.
        class: String,
        /// How many samples it has.
        got: usize,
        /// How many it needs.
        needed: usize,
    },
    /// Too few groups to split.
    #[error("it has {got} groups, of which a split into parts needs {needed}")]
    FewGroups {
        /// How many it has.
        got: usize,
        /// How many it needs.
        needed: usize,
    },
    /// Too few rows for what is asked.
    #[error("there are {got} rows, of which {needed} are needed")]
    FewRows {
        /// How many there are.
        got: usize,
        /// How many are needed.
        needed: usize,
    },
    /// A time that is missing.
    #[error("there is no time here; fill it in, or leave the row out")]
    MissingTime,
    /// A weight that is no weight.
    #[error("the weight is {got}; it must be a number of at least 0")]
    Weight {
        /// What it is.
        got: f64,
    },
    /// Nothing is in the file.
    #[error(
        "the file is empty; a table has at least one row, and mostly a first line with the columns' names"
    )]
    Empty,
    /// There are names, but nothing below them.
    #[error("there are columns but no rows; a table has at least one row")]
    NoRows,
    /// A row with too many or too few fields.
    #[error(
        "this row has {got} {} where the {first} has {expected}; mend the row, or put quotes around a field that contains the delimiter",
        plural(*got, "field", "fields")
    )]
    Ragged {
        /// How many fields the row has.
        got: usize,
        /// How many it should have.
        expected: usize,
        /// What says so: `header`, `first row`.
        first: &'static str,
    },
    /// Bytes that are no text in the encoding.
    #[error(
        "this is no text in {encoding}; say in which encoding it is, for example --encoding windows-1252"
    )]
    Encoding {
        /// The encoding in which it was read.
        encoding: &'static str,
    },
    /// No encoding of that name.
    #[error(
        "there is no encoding called \"{name}\"; use its name on the web, such as utf-8, utf-16le, windows-1252 or shift_jis"
    )]
    UnknownEncoding {
        /// The name that was given.
        name: String,
    },
    /// A separator that cannot be one.
    #[error("\"{}\" cannot separate fields; use a comma, a semicolon, a tab, | or another ASCII sign", delimiter.escape_ascii())]
    Delimiter {
        /// What was given.
        delimiter: u8,
    },
    /// A quote that is never closed.
    #[error(
        "the quote that opens here is never closed; close it, and write a quote inside a field as two quotes"
    )]
    OpenQuote,
    /// Something between a closing quote and the delimiter.
    #[error(
        "a field that begins here goes on after its closing quote; write a quote inside a field as two quotes"
    )]
    AfterQuote,
    /// A record so long that the file is probably no table.
    #[error("one row is longer than {mebibytes} MiB; the file is probably no CSV, or a quote is not closed")]
    LongRow {
        /// The greatest length.
        mebibytes: usize,
    },
    /// Two columns of one name.
    #[error("columns {first} and {second} are both called \"{name}\"; rename one of them")]
    DuplicateName {
        /// The name.
        name: String,
        /// The first column's position, counted from 1.
        first: usize,
        /// The second's.
        second: usize,
    },
    /// A column without a name among named ones.
    #[error("column {position} has no name while others have one; name it in the header, or remove it")]
    NamelessColumn {
        /// Its position, counted from 1.
        position: usize,
    },
    /// No text at all.
    #[error(
        "this is no text, it holds a NUL byte; give a CSV, Parquet, NPY, NPZ or JSON Lines file, and --encoding utf-16le if it is text of two bytes a letter"
    )]
    Binary,
    /// Something that has to be unpacked or converted first.
    #[error("it is {what}, no table; {remedy}")]
    OtherFormat {
        /// What the file is.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A file that contradicts its own format.
    #[error("this {format} file is damaged or cut short ({reason}); fetch or write it again")]
    Corrupt {
        /// The format.
        format: &'static str,
        /// What the reader stumbled over.
        reason: String,
    },
    /// A cell or column that holds several values.
    #[error(
        "it holds {what}, and a cell is one number, date or text; write its parts as columns of their own"
    )]
    Nested {
        /// What is there: `a list`, `an object`.
        what: String,
    },
    /// Values of a kind that no column has.
    #[error("it holds {kind}, which is neither number, date nor text; {remedy}")]
    Unsupported {
        /// What the file calls it.
        kind: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Arrays of different lengths in one file.
    #[error(
        "the array \"{name}\" has {rows} {} where \"{other}\" has {other_rows}; write arrays of one length",
        plural(*rows, "row", "rows")
    )]
    Lengths {
        /// The array.
        name: String,
        /// Its rows.
        rows: usize,
        /// Another.
        other: String,
        /// Its rows.
        other_rows: usize,
    },
    /// A line that is no JSON object.
    #[error("this line is no JSON object ({reason}); write one object on each line, like {{\"x\": 1.5}}")]
    Json {
        /// What the parser says.
        reason: String,
    },
    /// The file is not what it was a moment ago.
    #[error("the file changed while it was read; try again when nobody writes to it")]
    Changed,
}

impl Error {
    /// An error about a file as a whole.
    pub fn new(path: &Path, problem: Problem) -> Error {
        Error { path: path.to_owned(), line: None, row: None, column: None, problem }
    }

    /// The same error at this line, counted from 1.
    pub fn line(self, line: u64) -> Error {
        Error { line: Some(line), ..self }
    }

    /// The same error at this row, counted from 1, of a file without lines.
    pub fn row(self, row: u64) -> Error {
        Error { row: Some(row), ..self }
    }

    /// The same error in the column of this name.
    pub fn column(self, name: impl Into<String>) -> Error {
        Error { column: Some(name.into()), ..self }
    }
}

impl Problem {
    /// The same problem, of text that was decoded from another encoding.
    pub(crate) fn in_encoding(self, encoding: &'static str) -> Problem {
        match self {
            Problem::Encoding { .. } => Problem::Encoding { encoding },
            other => other,
        }
    }

    /// That there is no column called `name` among `choices`.
    pub(crate) fn no_column<'a>(name: &str, choices: impl Iterator<Item = &'a str>) -> Problem {
        let choices: Vec<String> = choices.map(str::to_owned).collect();
        let near = nearest(name, choices.iter().map(String::as_str)).map(str::to_owned);
        Problem::NoColumn { nearest: near, choices }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.path.as_os_str().is_empty() {
            parts.push(self.path.display().to_string());
        }
        parts.extend(self.line.map(|line| format!("line {line}")));
        parts.extend(self.row.map(|row| format!("row {row}")));
        parts.extend(self.column.as_ref().map(|column| format!("column \"{column}\"")));
        if !parts.is_empty() {
            write!(f, "{}: ", parts.join(", "))?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.problem.source()
    }
}

pub(crate) fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"))
}

fn plural(n: usize, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

/// The first names of a long list.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 30;
    let mut text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}
