//! What can be wrong with an experiment, said with the place and with what to change.

use std::path::PathBuf;

use crate::tree::Origin;

/// Everything that reading, preparing or running an experiment refuses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No built-in experiment and no file of that name.
    #[error(
        "there is no built-in experiment and no file \"{name}\"{}; built in are: {}",
        hint(nearest.as_deref()),
        choices.join(", ")
    )]
    NotFound {
        /// What was asked for.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// The built-in experiments.
        choices: Vec<String>,
    },
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Text that is no TOML.
    #[error("{origin}: this is not valid TOML: {message}")]
    Syntax {
        /// Where.
        origin: Origin,
        /// The parser's reason.
        message: String,
    },
    /// A key that means nothing here.
    #[error("{origin}: {section} has no key \"{key}\"{}; it has: {}", hint(nearest.as_deref()), choices.join(", "))]
    UnknownKey {
        /// Where.
        origin: Origin,
        /// The table, as it is written: `[train]`.
        section: String,
        /// The key found.
        key: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// The keys that mean something here.
        choices: Vec<String>,
    },
    /// A key that must be there.
    #[error("{origin}: {section} needs the key \"{key}\": {purpose}")]
    MissingKey {
        /// The file, or where the table begins.
        origin: Origin,
        /// The table.
        section: String,
        /// The key.
        key: String,
        /// What it is for.
        purpose: &'static str,
    },
    /// A value of the wrong kind or out of range.
    #[error("{origin}: {key} is {value}, but must be {allowed}")]
    Value {
        /// Where.
        origin: Origin,
        /// The key's whole path: `train.batch`.
        key: String,
        /// The value found.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// A `--set` that is not `path=value`, or whose path leads through something that is no table.
    #[error("--set {text}: {reason}; write it like --set train.learning_rate=0.05")]
    Set {
        /// What was given.
        text: String,
        /// Why it cannot be.
        reason: String,
    },
    /// Something that the engine refuses, at the place that caused it.
    #[error("{origin}: {source}")]
    Engine {
        /// Where.
        origin: Origin,
        /// The engine's reason.
        source: chainrule::Error,
    },
    /// A table of data that cannot be used.
    #[error("{}{}: {reason}", path.display(), place(*line, column.as_deref()))]
    Table {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1, where one is at fault.
        line: Option<u64>,
        /// The column's name, where one is at fault.
        column: Option<String>,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A table that cannot be read, or cannot be made samples of.
    #[error(transparent)]
    Data(#[from] chainrule_table::Error),
    /// A model that cannot be read or written.
    #[error(transparent)]
    Model(#[from] chainrule_model::Error),
    /// A model whose settings describe another network.
    #[error("the model's network is not the one that its settings describe; train it anew")]
    OtherNetwork,
    /// A checkpoint from which no training can go on.
    #[error("{} is no checkpoint to go on from: {reason}", path.display())]
    Checkpoint {
        /// The file, or the folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A variant that the experiment does not have.
    #[error("{experiment} has no variant \"{name}\"{}; {}", hint(nearest.as_deref()), variants(choices))]
    UnknownVariant {
        /// The experiment.
        experiment: String,
        /// The variant asked for.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// Its variants.
        choices: Vec<String>,
    },
    /// A training that diverged; what it had reached is in the outcome beside this error.
    #[error(transparent)]
    Training(#[from] chainrule::Error),
    /// A run folder that cannot be written.
    #[error("cannot write the run folder {}: {source}; choose another place with --runs", path.display())]
    RunFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

pub(crate) fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"))
}

fn place(line: Option<u64>, column: Option<&str>) -> String {
    let line = line.map_or_else(String::new, |line| format!(", line {line}"));
    line + &column.map_or_else(String::new, |column| format!(", column \"{column}\""))
}

fn variants(choices: &[String]) -> String {
    if choices.is_empty() { "it has none".to_owned() } else { format!("it has: {}", choices.join(", ")) }
}
