//! The arguments of the subcommands that begin with a table or a model.

use std::path::PathBuf;

use chainrule_experiment::CheckpointInterval;
use chainrule_table::FileFormat;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

/// Train a network on a table: a file in, a model out.
///
/// DATA is CSV, Parquet, NPY, NPZ or JSON Lines. What is to be predicted, classes or numbers, is found from the target; what
/// the other columns are, from their cells; a part of the rows is held back, and the weights of the epoch that predicts them
/// best are kept. Every option has a key in TOML (`--config`), and --set reaches the others.
#[derive(Args, Debug)]
pub(crate) struct Fit {
    /// The table [default: data.table of --config, or of the training that --resume goes on with]
    #[arg(value_name = "DATA")]
    pub(crate) data: Option<PathBuf>,
    /// The column to predict; several, given one after the other, are labels or numbers
    #[arg(long, value_name = "COLUMN")]
    pub(crate) target: Vec<String>,
    /// The model's file [default: DATA's name with .safetensors]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write a report with settings, history and figures: a page of HTML
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Evaluate on the rows of this table as well, which are kept from the training
    #[arg(long, value_name = "FILE")]
    pub(crate) test: Option<PathBuf>,
    /// Settings as TOML, over which the other arguments are laid
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What is predicted [default: found from the target]
    #[arg(long, value_enum)]
    pub(crate) task: Option<Task>,
    /// Units of each hidden layer: `64,64`; `none` for a linear model
    #[arg(long, value_name = "UNITS")]
    pub(crate) hidden: Option<String>,
    /// The hidden layers' activation (chainrule list activations)
    #[arg(long, value_name = "NAME")]
    pub(crate) activation: Option<String>,
    /// The share of each hidden layer's activations that a training step leaves out
    #[arg(long, value_name = "SHARE")]
    pub(crate) dropout: Option<f64>,
    /// How numbers are scaled: standard to mean 0 and variance 1, robust by median and quartiles with outliers bent in,
    /// plain not at all
    #[arg(long, value_enum)]
    pub(crate) preset: Option<Preset>,
    /// The columns to predict from [default: all others]
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    pub(crate) inputs: Vec<String>,
    /// Columns to leave out
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// What a column is: `size=category`; number, boolean, category or date
    #[arg(long, value_name = "COLUMN=KIND")]
    pub(crate) kind: Vec<String>,
    /// A column that says how much each row counts
    #[arg(long, value_name = "COLUMN")]
    pub(crate) weight: Option<String>,
    /// Let each class count as much as any other
    #[arg(long, value_enum)]
    pub(crate) class_weight: Option<ClassWeight>,
    /// The share of the rows that is held back for validation [default: 0.2]
    #[arg(long, value_name = "SHARE")]
    pub(crate) validation: Option<f64>,
    /// Hold rows back by chance alone, not by class
    #[arg(long, value_enum)]
    pub(crate) split: Option<Split>,
    /// Keep rows with the same cell in this column together
    #[arg(long, value_name = "COLUMN", conflicts_with = "time")]
    pub(crate) group: Option<String>,
    /// Hold back the last rows by this column
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,
    /// Cross-validate: train K networks, each with another part held back, and keep them as one model
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..=100))]
    pub(crate) folds: Option<u32>,
    /// Passes over the rows at most
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<u64>,
    /// Rows of one step
    #[arg(long, value_name = "N")]
    pub(crate) batch: Option<u64>,
    /// The learning rate at the start
    #[arg(long, value_name = "RATE")]
    pub(crate) learning_rate: Option<f64>,
    /// Epochs that may pass without a better validation loss
    #[arg(long, value_name = "N")]
    pub(crate) patience: Option<u64>,
    /// Save the whole state so often, beside the model: seconds, `10 epochs`, or `never` [default: 30]
    #[arg(long, value_name = "EVERY")]
    pub(crate) checkpoint: Option<CheckpointInterval>,
    /// Go on from a checkpoint, or from the latest of a folder, to the same model as without the interruption
    #[arg(long, value_name = "PATH", conflicts_with_all = ["target", "config", "folds"])]
    pub(crate) resume: Option<PathBuf>,
    /// Leave a run folder in this folder too, with settings, history, weights and report (chainrule runs)
    #[arg(long, value_name = "FOLDER")]
    pub(crate) runs: Option<PathBuf>,
    /// The seed of split, weights and shuffling; the same seed gives the same model, bit for bit
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Any setting by its key in TOML: `train.optimizer=sgd`; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// How a file is read, where it cannot be found from the file.
#[derive(Args, Clone, Debug)]
pub(crate) struct Reading {
    /// What separates the fields of a CSV: one character, or `tab`
    #[arg(long, value_name = "CHARACTER")]
    pub(crate) delimiter: Option<String>,
    /// Whether a CSV's first line names its columns [default: found from its cells]
    #[arg(long, value_enum)]
    pub(crate) header: Option<Header>,
    /// Whether numbers in a CSV have a decimal point or comma [default: found from its cells]
    #[arg(long, value_enum)]
    pub(crate) decimal: Option<Decimal>,
    /// The encoding of a CSV, by its name on the web: windows-1252
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    /// Texts that mean a missing cell, besides an empty one, NA, NaN, null and ?
    #[arg(long, value_name = "TEXT,...", value_delimiter = ',')]
    pub(crate) missing: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Header {
    Present,
    Absent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Decimal {
    Point,
    Comma,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Task {
    /// One of two or several classes
    Classes,
    /// For each of several columns whether it holds
    Labels,
    /// One or several numbers
    Numbers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    Plain,
    Standard,
    Robust,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClassWeight {
    Balanced,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Split {
    Stratified,
    Random,
}

/// Predict the rows of a table with a model.
///
/// Columns are matched by name, in any order; others are passed over. Predictions go to standard output as CSV, or to a file
/// whose ending says the form: .csv, .jsonl, .parquet, .npy. The table is read, and what is predicted written, piece by piece;
/// both may be larger than the memory.
#[derive(Args, Debug)]
pub(crate) struct Predict {
    /// The model
    pub(crate) model: PathBuf,
    /// The table
    pub(crate) data: PathBuf,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The form [default: by the ending of --output, or csv]
    #[arg(long, value_name = "FORM", value_parser = form())]
    pub(crate) to: Option<FileFormat>,
    /// The probability from which on the second of two classes is predicted
    #[arg(long, value_name = "P", default_value_t = 0.5)]
    pub(crate) threshold: f64,
    /// Columns of the table to write before the predictions
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    pub(crate) keep: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// The forms in which a table is written, by their names.
fn form() -> impl TypedValueParser<Value = FileFormat> {
    PossibleValuesParser::new(FileFormat::ALL.map(|(name, ..)| name)).map(|name| {
        let found = FileFormat::ALL.iter().find(|(known, ..)| *known == name);
        found.map(|(.., form)| *form).expect("one of the names")
    })
}

/// Say how well a model predicts a table that has its targets.
#[derive(Args, Debug)]
pub(crate) struct Evaluate {
    /// The model
    pub(crate) model: PathBuf,
    /// The table
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Write a model in a form that runs where Chainrule does not, encoders and all.
///
/// onnx for onnxruntime, c for C99 without dependencies or allocation, rust for a module that needs nothing but core, json for
/// everything to read.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The model
    pub(crate) model: PathBuf,
    /// The form: onnx, c, rust or json [default: by the ending of --output]
    #[arg(long, value_name = "FORM")]
    pub(crate) to: Option<String>,
    /// The file to write [default: MODEL's name with the form's ending]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// C: what every name begins with
    #[arg(long, value_name = "PREFIX")]
    pub(crate) prefix: Option<String>,
    /// C: exp, tanh and their kin come with the file, so that nothing is linked
    #[arg(long)]
    pub(crate) no_libm: bool,
    /// C: calculate with 8 bits, scaled on the rows of this table
    #[arg(long, value_name = "DATA")]
    pub(crate) int8: Option<PathBuf>,
    /// Run what was written on this table and say how far it is from the model (needs cc, rustc, or Python's onnxruntime)
    #[arg(long, value_name = "DATA")]
    pub(crate) verify: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Show what a model file holds: layers, encoders, training, metrics.
#[derive(Args, Debug)]
pub(crate) struct Inspect {
    /// The model
    pub(crate) model: PathBuf,
}
