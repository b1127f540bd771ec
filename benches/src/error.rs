//! What can go wrong while measuring.

use std::io;
use std::path::{Path, PathBuf};

/// A fault, as a sentence that says what to change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no workload \"{name}\"; there are {}, and for growth samples-N and width-N", names.join(", "))]
    Workload { name: String, names: Vec<String> },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{path} is not an NPY file as expected: {fault}; delete it, it is written anew")]
    Npy { path: PathBuf, fault: String },
    #[error("{program} cannot be started: {source}")]
    Start { program: String, source: io::Error },
    #[error("{program} failed; its last words: {stderr}")]
    Program { program: String, stderr: String },
    #[error("{program} printed no line of JSON with a \"{key}\"")]
    Answer { program: String, key: &'static str },
    #[error("{path} has no lines \"{begin}\" and \"{end}\", between which the table goes; put them back")]
    Markers { path: PathBuf, begin: &'static str, end: &'static str },
    #[error(transparent)]
    Engine(#[from] chainrule::Error),
}

impl Error {
    /// For `map_err`: a fault of the file at `path`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::File { path: path.to_owned(), source }
    }
}
