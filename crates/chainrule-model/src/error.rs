//! What can be wrong with a model, said with the file and with what to do.

use std::path::PathBuf;

/// Everything that loading, saving or asking a model refuses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write {}: {source}; choose another place", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is no model.
    #[error("{} is no model of Chainrule: {reason}", path.display())]
    NoModel {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        reason: String,
    },
    /// A model that a later version wrote.
    #[error("{} is a model of format {found}, but this version knows formats up to {known}; use a later version", path.display())]
    Later {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The latest format known.
        known: u64,
    },
    /// A model whose parts do not fit each other.
    #[error("{} is damaged: {reason}; make it again, or take another copy", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// An activation that no file can hold.
    #[error(
        "the activation of layer \"{layer}\" is a custom one, which is code and cannot be stored; use a named one"
    )]
    Custom {
        /// The layer.
        layer: String,
    },
    /// A table that cannot be predicted.
    #[error(transparent)]
    Table(#[from] chainrule_table::Error),
}
