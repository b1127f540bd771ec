//! Errors of the model crate.

use std::path::PathBuf;

/// Error of reading, writing, evaluating, exporting or verifying a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}; choose another path", path.display())]
    Unwritable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// A file is not a model.
    #[error(
        "{} is not a Chainrule model: {reason}; use a model file written by `chainrule fit`",
        path.display()
    )]
    NotAModel {
        /// Path of the file.
        path: PathBuf,
        /// Reason why the file is not a model.
        reason: String,
    },
    /// A model has the format of a later version of Chainrule.
    #[error(
        "{} has model format {found}, but this version of Chainrule only supports formats up to \
         {supported}; use a later version",
        path.display()
    )]
    UnsupportedVersion {
        /// Path of the file.
        path: PathBuf,
        /// Format version of the file.
        found: u64,
        /// Latest supported format version.
        supported: u64,
    },
    /// The parts of a model file are inconsistent.
    #[error("{} is damaged: {reason}; restore it from a copy, or train the model again", path.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// The inconsistency.
        reason: String,
    },
    /// A model with a custom activation is saved or exported.
    #[error(
        "layer \"{layer}\" has a custom activation, which cannot be saved or exported; use a built-in \
         activation"
    )]
    CustomActivation {
        /// Name of the layer.
        layer: String,
    },
    /// A parameter of an exported model is NaN or infinite.
    #[error(
        "parameter {parameter} is {value}, so training diverged; train again with a lower learning \
         rate"
    )]
    NonFiniteParameter {
        /// Name of the parameter.
        parameter: String,
        /// Value of the parameter.
        value: f64,
    },
    /// The members of an exported model read a column as different kinds.
    #[error(
        "the networks of this model do not all read the column \"{column}\" as the same kind; export \
         them as separate models"
    )]
    MembersDiffer {
        /// Name of the column.
        column: String,
    },
    /// A column contains text where the model expects numbers.
    #[error(
        "the column \"{column}\" contains text, but the model expects numbers; use a table in which the \
         column contains numbers or dates"
    )]
    TextColumn {
        /// Name of the column.
        column: String,
    },
    /// Arithmetic with 8-bit integers is requested for a format other than C.
    #[error("--int8 is only supported with --to c, not with --to {format}")]
    Int8RequiresC {
        /// Name of the requested format.
        format: &'static str,
    },
    /// A layer has more inputs than its 32-bit sums can take without overflow.
    #[error(
        "layer \"{layer}\" has {got} inputs, but --int8 supports at most {most} per layer; export \
         without --int8"
    )]
    TooWide {
        /// Name of the layer.
        layer: String,
        /// Number of its inputs.
        got: usize,
        /// Maximum number of inputs.
        most: usize,
    },
    /// The calibration table of 8-bit arithmetic is empty.
    #[error("the calibration table of --int8 has no rows; use rows similar to those to be predicted")]
    NoCalibrationRows,
    /// A column cannot be represented in ONNX.
    #[error("the column \"{column}\" cannot be an input of an ONNX model: {reason}, or export to C or Rust")]
    UnsupportedOnnxInput {
        /// Name of the column.
        column: String,
        /// Reason and remedy.
        reason: &'static str,
    },
    /// A prefix cannot start C identifiers.
    #[error(
        "\"{prefix}\" is not a valid prefix of C identifiers; use a letter followed by letters, digits \
         or underscores, and not a keyword"
    )]
    InvalidPrefix {
        /// The prefix.
        prefix: String,
    },
    /// A program that verifies exports cannot be started.
    #[error("cannot run {tool}: {source}; {install}")]
    ToolNotFound {
        /// Name of the program.
        tool: String,
        /// Error of the operating system.
        source: std::io::Error,
        /// Installation instructions.
        install: &'static str,
    },
    /// A program that verifies exports failed.
    #[error("{tool} failed: {message}; fix the reported problem, or use another program")]
    ToolFailed {
        /// Name of the program.
        tool: String,
        /// Message of the program.
        message: String,
    },
    /// A table cannot be predicted.
    #[error(transparent)]
    Table(#[from] chainrule_table::Error),
}
