//! Errors of experiments, each with its location and what to change.

use std::path::PathBuf;

use crate::origin::Origin;

/// Error of reading, preparing or running an experiment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A network that is too large to train.
    #[error(
        "the network has {got} parameters, which require about {gibibytes:.0} GiB, but at most {max} are supported; \
         choose fewer or narrower layers (network.hidden)"
    )]
    TooManyParameters {
        /// Number of parameters.
        got: usize,
        /// Maximum number of parameters.
        max: usize,
        /// Memory that training would require.
        gibibytes: f64,
    },
    /// A name that is neither a built-in experiment nor a file.
    #[error(
        "there is no built-in experiment or file called \"{name}\"{}; the built-in experiments are: {}",
        hint(nearest.as_deref()),
        choices.join(", ")
    )]
    NotFound {
        /// Name given.
        name: String,
        /// Nearest name of a built-in experiment.
        nearest: Option<String>,
        /// Names of all built-in experiments.
        choices: Vec<String>,
    },
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// Text that is not valid TOML.
    #[error("{origin}: invalid TOML: {message}")]
    Syntax {
        /// Location.
        origin: Origin,
        /// Message of the parser.
        message: String,
    },
    /// An unknown key.
    #[error("{}", unknown_key(origin, section, key, nearest.as_deref(), choices))]
    UnknownKey {
        /// Location of the key.
        origin: Origin,
        /// Table of the key, as it is written in TOML: `[train]`.
        section: String,
        /// Key.
        key: String,
        /// Nearest key of the table.
        nearest: Option<String>,
        /// All keys of the table.
        choices: Vec<String>,
    },
    /// A key that is required but missing.
    #[error("{origin}: {section} requires the key \"{key}\": {purpose}")]
    MissingKey {
        /// Location of the table, or the file if the table is missing.
        origin: Origin,
        /// Table.
        section: String,
        /// Key.
        key: String,
        /// Purpose of the key.
        purpose: &'static str,
    },
    /// A key given under both its old and its current name.
    #[error(
        "{origin}: \"{old}\" and \"{new}\" are the same key of {}; remove \"{old}\"",
        if section.is_empty() { "the top level".to_owned() } else { format!("[{section}]") }
    )]
    DuplicateKey {
        /// Location of the old key.
        origin: Origin,
        /// Path of the table; empty for the top level.
        section: String,
        /// Old key.
        old: &'static str,
        /// Current key.
        new: &'static str,
    },
    /// A value of the wrong type or out of range.
    #[error("{} is {value}, but must be {allowed}", origin.with_key(key))]
    Value {
        /// Location of the key.
        origin: Origin,
        /// Path of the key: `train.batch`.
        key: String,
        /// Value given.
        value: String,
        /// Values allowed.
        allowed: String,
    },
    /// A key that is valid elsewhere, but not where it is or not in this combination.
    #[error("{} {problem}", origin.with_key(key))]
    Misplaced {
        /// Location of the key.
        origin: Origin,
        /// Path of the key: `data.target`.
        key: String,
        /// Problem and remedy, to follow the key.
        problem: String,
    },
    /// A `--set` argument that is malformed or whose key does not lead to a table.
    #[error("--set {text}: {reason}")]
    Set {
        /// Argument given.
        text: String,
        /// Problem and remedy.
        reason: String,
    },
    /// `chainrule fit` without a table.
    #[error("no table is given; pass its file as DATA: chainrule fit DATA --target COLUMN")]
    NoTable,
    /// `chainrule fit` without a target column.
    #[error(
        "no target column is given; choose one with --target; the columns of {} are: {}",
        path.display(),
        abridged(columns)
    )]
    NoTarget {
        /// Path of the table.
        path: PathBuf,
        /// Columns of the table.
        columns: Vec<String>,
    },
    /// A setting that the engine refuses.
    #[error("{origin}: {source}")]
    Engine {
        /// Location of the setting.
        origin: Origin,
        /// Error of the engine.
        source: chainrule::Error,
    },
    /// A table with a value that cannot be trained on.
    #[error("{}{}: {reason}", path.display(), place(*line, column.as_deref()))]
    Table {
        /// Path of the file.
        path: PathBuf,
        /// Line of the value, counted from 1.
        line: Option<u64>,
        /// Column of the value.
        column: Option<String>,
        /// Problem and remedy.
        reason: String,
    },
    /// A table that cannot be read or encoded.
    #[error(transparent)]
    Data(#[from] chainrule_table::Error),
    /// A model that cannot be read or written.
    #[error(transparent)]
    Model(#[from] chainrule_model::Error),
    /// A model whose settings describe a different network.
    #[error("the model's network differs from the one that its settings describe; train the model again")]
    OtherNetwork,
    /// A checkpoint that training cannot resume from.
    #[error("cannot resume from {}: {reason}", path.display())]
    Checkpoint {
        /// Path of the file or folder.
        path: PathBuf,
        /// Reason.
        reason: String,
    },
    /// The checkpoint of one of several folds.
    #[error(
        "--resume is {}, but must be the folder of all {n_folds} folds, {}; this is fold {fold} only",
        path.display(),
        all.display()
    )]
    OneFold {
        /// Path given.
        path: PathBuf,
        /// Fold, counted from 1.
        fold: usize,
        /// Number of folds.
        n_folds: usize,
        /// Folder of all folds.
        all: PathBuf,
    },
    /// A variant that the experiment does not have.
    #[error("{experiment} has no variant \"{name}\"{}; {}", hint(nearest.as_deref()), variants(choices))]
    UnknownVariant {
        /// Name of the experiment.
        experiment: String,
        /// Name given.
        name: String,
        /// Nearest name of a variant.
        nearest: Option<String>,
        /// Names of all variants.
        choices: Vec<String>,
    },
    /// Training that diverged; the weights reached before are in the outcome.
    #[error(transparent)]
    Training(#[from] chainrule::Error),
    /// A run folder that cannot be written.
    #[error("cannot write the run folder {}: {source}; choose another folder with --runs", path.display())]
    RunFolder {
        /// Path of the folder.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
}

/// Formats the nearest name as a suggestion.
pub(crate) fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"))
}

/// Formats [`Error::UnknownKey`] without repeating a key that the origin names.
fn unknown_key(
    origin: &Origin,
    section: &str,
    key: &str,
    nearest: Option<&str>,
    choices: &[String],
) -> String {
    let hint = hint(nearest);
    let choices = choices.join(", ");
    if origin.key().and_then(|path| path.rsplit('.').next()) == Some(key) {
        format!("{origin} is not a known key{hint}; the keys of {section} are: {choices}")
    } else {
        format!("{origin}: {section} has no key \"{key}\"{hint}; its keys are: {choices}")
    }
}

fn place(line: Option<u64>, column: Option<&str>) -> String {
    let line = line.map_or_else(String::new, |line| format!(", line {line}"));
    line + &column.map_or_else(String::new, |column| format!(", column \"{column}\""))
}

fn variants(choices: &[String]) -> String {
    if choices.is_empty() {
        "it has no variants".to_owned()
    } else {
        format!("its variants are: {}", choices.join(", "))
    }
}

/// Formats names, the first [`MAX_NAMES`] of many.
fn abridged(names: &[String]) -> String {
    let shown = names[..names.len().min(MAX_NAMES)].join(", ");
    if names.len() > MAX_NAMES { format!("{shown}, ... ({} in all)", names.len()) } else { shown }
}

const MAX_NAMES: usize = 30;
