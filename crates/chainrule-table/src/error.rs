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

/// The first names of a long list.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 30;
    let mut text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}
