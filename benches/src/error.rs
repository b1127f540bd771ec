//! Errors of the benchmarks.

use std::io;
use std::path::{Path, PathBuf};

/// Error of a benchmark.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("unknown workload \"{name}\"; choose one of {}, samples-N, width-N", names.join(", "))]
    Workload { name: String, names: Vec<String> },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{path} cannot be read as an NPY array: {fault}; delete the file so that it is written again")]
    Npy { path: PathBuf, fault: String },
    #[error("{program} cannot be started: {source}")]
    Start { program: String, source: io::Error },
    #[error("{program} failed with the message: {stderr}")]
    Program { program: String, stderr: String },
    #[error("{program} did not print a line of JSON with the key \"{key}\"")]
    Answer { program: String, key: &'static str },
    #[error(
        "{path} does not contain the lines \"{begin}\" and \"{end}\", which enclose the table; restore them"
    )]
    Markers { path: PathBuf, begin: String, end: String },
    #[error(
        "CHAINRULE_SIMD selects the level {level}, but JAX, NumPy and PyTorch use {best}, so this would not \
         be a comparison at one level; unset CHAINRULE_SIMD, omit --peers, or specify --peers-at-level if \
         the peers are limited to {level} by other means"
    )]
    PeersAtLevel { level: &'static str, best: &'static str },
    #[error(
        "{workload} was trained at the SIMD level {got}, but the other rows at {expected}; do not change \
         CHAINRULE_SIMD or the program during a measurement"
    )]
    Level { workload: String, expected: &'static str, got: String },
    #[error(transparent)]
    Engine(#[from] chainrule::Error),
}

impl Error {
    /// Returns a closure for `map_err` that adds `path` to an I/O error.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::File { path: path.to_owned(), source }
    }
}
