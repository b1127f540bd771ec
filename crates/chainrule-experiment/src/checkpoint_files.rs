//! The files in a folder of checkpoints.

use std::path::{Path, PathBuf};

/// File extension of a checkpoint.
pub(crate) const EXTENSION: &str = ".safetensors";

/// Returns the checkpoint files in a folder, the latest last.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    files_where(folder, |name| name.starts_with("epoch-") && name.ends_with(EXTENSION))
}

/// Returns the entries of a folder whose names satisfy a predicate, sorted by name.
pub(crate) fn files_where(folder: &Path, predicate: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.filter(|entry| predicate(&entry.file_name().to_string_lossy()));
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    all.sort();
    all
}
