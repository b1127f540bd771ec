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
