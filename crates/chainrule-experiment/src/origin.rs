//! Where a setting was written.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Place where a setting was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A position in a file, with line and column counted from 1; line 0 stands for the whole file.
    File {
        /// Path of the file, or the name of a built-in experiment.
        path: Arc<Path>,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// A `--set` argument, by its key.
    Set(Arc<str>),
    /// An argument of `chainrule fit`, by the key of the setting.
    Argument(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { path, line: 0, .. } => write!(f, "{}", path.display()),
            Origin::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Origin::Set(key) => write!(f, "--set {key}"),
            Origin::Argument(key) => f.write_str(key),
        }
    }
}

impl Origin {
    /// Returns the origin of a whole file.
    pub(crate) fn file(path: &Path) -> Origin {
        Origin::File { path: PathBuf::from(path).into(), line: 0, column: 0 }
    }

    /// Returns the key that was set on the command line, if the setting comes from there.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Origin::File { .. } => None,
            Origin::Set(key) | Origin::Argument(key) => Some(key),
        }
    }

    /// Formats the origin and the path of a key (`network.hidden[0].units`). The key is not
    /// repeated if the origin names it.
    pub(crate) fn with_key(&self, key: &str) -> String {
        // Indices stay in brackets, because `0.1` would be read as a number.
        if let Some(index) =
            self.key().and_then(|set| key.strip_prefix(set)).filter(|rest| rest.starts_with('['))
        {
            return format!("{self}: {index}");
        }
        let dotted = key.replace('[', ".").replace(']', "");
        match self.key().and_then(|set| dotted.strip_prefix(set)) {
            Some("") => self.to_string(),
            Some(rest) if rest.starts_with('.') => format!("{self}: {}", &rest[1..]),
            _ => format!("{self}: {key}"),
        }
    }
}
