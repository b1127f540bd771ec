//! Errors of tables, with their location and how to fix them.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::problem::Problem;

/// A problem with a table, and its location.
#[derive(Debug)]
pub struct Error {
    /// Path of the file; empty if the table was not read from a file.
    pub path: PathBuf,
    /// Line, counted from 1.
    pub line: Option<u64>,
    /// Row, counted from 1, in a file without lines.
    pub row: Option<u64>,
    /// Name of the column.
    pub column: Option<String>,
    /// The problem at this location.
    pub problem: Problem,
}

impl Error {
    /// Creates an error about a file as a whole.
    pub fn new(path: &Path, problem: Problem) -> Error {
        Error { path: path.to_owned(), line: None, row: None, column: None, problem }
    }

    /// Adds the line, counted from 1.
    pub fn line(self, line: u64) -> Error {
        Error { line: Some(line), ..self }
    }

    /// Adds the row, counted from 1, in a file without lines.
    pub fn row(self, row: u64) -> Error {
        Error { row: Some(row), ..self }
    }

    /// Adds the name of the column.
    pub fn column(self, name: impl Into<String>) -> Error {
        Error { column: Some(name.into()), ..self }
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
