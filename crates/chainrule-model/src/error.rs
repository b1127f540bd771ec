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
    /// A parameter that is not finite, which no text of a number says.
    #[error(
        "the parameter {parameter} is {value}: the training went wrong; export a model that was trained well"
    )]
    NotFinite {
        /// The parameter.
        parameter: String,
        /// Its value.
        value: f64,
    },
    /// Members of a model that read a column differently.
    #[error(
        "the networks of this model do not all read the column \"{column}\" as the same kind; export one of them alone"
    )]
    MembersDiffer {
        /// The column.
        column: String,
    },
    /// A column of texts where numbers are read.
    #[error("the column \"{column}\" holds texts, but the model reads numbers; give it numbers or dates")]
    NotNumbers {
        /// The column.
        column: String,
    },
    /// What only exported C can do.
    #[error("{format} has no form of 8 bits; export C, or leave the 8 bits out")]
    OnlyInC {
        /// The format.
        format: &'static str,
    },
    /// A layer whose sums would pass 32 bits.
    #[error(
        "the layer \"{layer}\" has {got} inputs, but with 8 bits at most {most} can be added up; leave the 8 bits out"
    )]
    TooWide {
        /// The layer.
        layer: String,
        /// Its inputs.
        got: usize,
        /// How many there may be.
        most: usize,
    },
    /// Nothing to find the scales of 8 bits from.
    #[error(
        "the table to find the scales of 8 bits from has no rows; give one with rows like those to be predicted"
    )]
    NoRows,
    /// What ONNX cannot say.
    #[error(
        "the column \"{column}\" cannot be an input of an ONNX file: {reason}; rename it, or export C or Rust"
    )]
    NotInOnnx {
        /// The column.
        column: String,
        /// Why.
        reason: &'static str,
    },
    /// A prefix that no name in C can begin with.
    #[error(
        "\"{prefix}\" cannot begin the names of a C file; take a letter, and then letters, digits and underscores"
    )]
    Prefix {
        /// The prefix.
        prefix: String,
    },
    /// A program that is not there.
    #[error("cannot run {tool}: {source}; {install}")]
    NoTool {
        /// The program.
        tool: String,
        /// Why.
        source: std::io::Error,
        /// What to install.
        install: &'static str,
    },
    /// A program that ran and failed.
    #[error("{tool} failed: {said}; mend what it says, or choose another program")]
    Tool {
        /// The program.
        tool: String,
        /// What it said.
        said: String,
    },
    /// A table that cannot be predicted.
    #[error(transparent)]
    Table(#[from] chainrule_table::Error),
}
