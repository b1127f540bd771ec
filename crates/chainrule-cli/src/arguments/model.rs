//! Arguments of the subcommands that take a model file, and options for reading tables.

use std::path::PathBuf;

use chainrule_table::FileFormat;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::headings::{DATA, OUTPUT};

/// Options for reading a CSV; those that are not given are detected from the file.
#[derive(Args, Clone, Debug, Default)]
pub struct Reading {
    /// Field delimiter of a CSV: one character, or `tab` [default: detected]
    #[arg(long, value_name = "CHARACTER", help_heading = DATA, hide_short_help = true)]
    pub delimiter: Option<String>,
    /// Whether the first line of a CSV holds column names [default: detected]
    #[arg(
        long,
        value_name = "HEADER",
        value_parser = ["present", "absent"],
        help_heading = DATA,
        hide_short_help = true
    )]
    pub header: Option<String>,
    /// Decimal separator of a CSV [default: detected]
    #[arg(
        long,
        value_name = "DECIMAL",
        value_parser = ["point", "comma"],
        help_heading = DATA,
        hide_short_help = true
    )]
    pub decimal: Option<String>,
    /// Character encoding of a CSV, by its WHATWG name (`windows-1252`) [default: UTF-8, or by its byte-order mark]
    #[arg(long, value_name = "NAME", help_heading = DATA, hide_short_help = true)]
    pub encoding: Option<String>,
    /// Cell texts that mark a missing value, in addition to empty cells and the usual ones (NA, N/A, -, ?, null, ...)
    #[arg(long, value_name = "TEXT,...", value_delimiter = ',', help_heading = DATA, hide_short_help = true)]
    pub missing: Vec<String>,
}

/// Predict the rows of a table with a model.
///
/// Columns are matched by name, in any order; additional columns are ignored. Predictions are written to standard output as
/// CSV, or to a file in the format of its extension: .csv, .jsonl, .parquet or .npy. The table is processed in chunks, so
/// that neither it nor the predictions have to fit in memory.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule predict iris.safetensors new.csv > predictions.csv
  chainrule predict iris.safetensors new.parquet --keep id -o predictions.parquet")]
pub(crate) struct PredictArguments {
    /// Model file
    pub(crate) model: PathBuf,
    /// Table to predict
    pub(crate) data: PathBuf,
    /// Columns of the table to copy in front of the predictions
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', help_heading = DATA)]
    pub(crate) keep: Vec<String>,
    /// Probability at which the second of two classes is predicted
    #[arg(long, value_name = "P", default_value_t = 0.5, help_heading = DATA)]
    pub(crate) threshold: f64,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Put an apostrophe before text that a spreadsheet would take for a formula (text that starts
    /// with =, +, - or @ and is not a number)
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) escape_formulas: bool,
    /// File to write [default: standard output]
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    pub(crate) output: Option<PathBuf>,
    /// Output format [default: by the extension of --output, or csv]
    #[arg(long, value_name = "FORMAT", value_parser = formats(), help_heading = OUTPUT)]
    pub(crate) to: Option<FileFormat>,
}

/// The file formats in which a table can be written, by name.
fn formats() -> impl TypedValueParser<Value = FileFormat> {
    PossibleValuesParser::new(FileFormat::ALL.map(|(name, ..)| name)).map(|name| {
        let found = FileFormat::ALL.iter().find(|(known, ..)| *known == name);
        found.map(|(.., format)| *format).expect("a possible value")
    })
}

/// Evaluate a model on a table with known targets.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule evaluate iris.safetensors test.csv
  chainrule evaluate iris.safetensors test.csv --json")]
pub(crate) struct EvaluateArguments {
    /// Model file
    pub(crate) model: PathBuf,
    /// Table to evaluate on
    pub(crate) data: PathBuf,
    /// Column of sample weights, for the metrics
    #[arg(long, value_name = "COLUMN", help_heading = DATA)]
    pub(crate) weight: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Write an HTML page with metrics, scores of each class and figures
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub(crate) report: Option<PathBuf>,
    /// Overwrite an existing report
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) force: bool,
    /// Print the result as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) json: bool,
}

/// Export a model, encoders included, to ONNX, C, Rust or JSON.
///
/// onnx runs in onnxruntime; c is C99 without dependencies or allocation; rust is a module that needs only core; json holds
/// all parameters and encoders in readable form.
///
/// Inputs and outputs have the precision of the model. Dates are in double precision, as are columns and predictions that
/// are far from 0 compared with their spread, for example seconds since 1970.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule export iris.safetensors -o iris.onnx --verify iris.csv
  chainrule export iris.safetensors --to c --no-libm --prefix iris_")]
pub(crate) struct ExportArguments {
    /// Model file
    pub(crate) model: PathBuf,
    /// Options for reading the tables of --int8 and --verify.
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Format: onnx, c, rust or json [default: by the extension of --output]
    #[arg(long, value_name = "FORMAT", help_heading = OUTPUT)]
    pub(crate) to: Option<String>,
    /// File to write [default: MODEL with the extension of the format]
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite an existing file that --output does not name
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) force: bool,
    /// C only: prefix of all names
    #[arg(long, value_name = "PREFIX", help_heading = OUTPUT)]
    pub(crate) prefix: Option<String>,
    /// C only: include exp, tanh and similar functions, so that libm is not needed
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) no_libm: bool,
    /// C only: use 8-bit integer arithmetic, calibrated on the rows of this table
    #[arg(long, value_name = "DATA", help_heading = OUTPUT)]
    pub(crate) int8: Option<PathBuf>,
    /// Run the exported model on this table and report the largest difference from the model (needs a C compiler, rustc,
    /// or Python with onnxruntime)
    ///
    /// Probabilities are compared directly; predicted numbers are compared in standard deviations
    /// of the target on the training rows, or of the predictions if the model does not scale the
    /// target. A difference above the tolerance cannot be explained by rounding.
    #[arg(long, value_name = "DATA", help_heading = OUTPUT)]
    pub(crate) verify: Option<PathBuf>,
}

/// Show the contents of a model file: layers, encoders, training, metrics.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule inspect iris.safetensors
  chainrule inspect iris.safetensors --json")]
pub(crate) struct InspectArguments {
    /// Model file
    pub(crate) model: PathBuf,
    /// Print the result as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) json: bool,
}
