//! Arguments of `chainrule fit`.

use std::path::PathBuf;

use chainrule_experiment::CheckpointInterval;
use chainrule_table::Task;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use super::headings::{DATA, NETWORK, OUTPUT, TRAINING};
use super::model::Reading;
use super::training::TrainingFlags;

/// Train a network on a table and write a model.
///
/// DATA is a CSV, Parquet, NPY, NPZ or JSON Lines file. The task (classification, multilabel or
/// regression) is inferred from the target column, and the kind of every other column from its
/// cells. A fifth of the rows is held out for validation, and the weights of the epoch with the
/// lowest validation loss are kept. Every option has a TOML key (see --config), and --set changes
/// all other settings.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "one field for each flag")]
pub(crate) struct FitArguments {
    /// Table to train on [default: data.table of --config or of the resumed training]
    #[arg(value_name = "DATA")]
    pub(crate) data: Option<PathBuf>,

    /// Column to predict; repeat for several columns
    #[arg(long, value_name = "COLUMN", help_heading = DATA)]
    pub(crate) target: Vec<String>,
    /// What to predict [default: inferred from the target]
    #[arg(long, value_name = "TASK", value_parser = tasks(), help_heading = DATA)]
    pub(crate) task: Option<String>,
    /// Input columns [default: all columns except the target]; may be repeated
    #[arg(long, value_name = "COLUMN,...", help_heading = DATA, hide_short_help = true)]
    pub(crate) inputs: Vec<String>,
    /// Columns to ignore; may be repeated
    #[arg(long, value_name = "COLUMN,...", help_heading = DATA)]
    pub(crate) ignore: Vec<String>,
    /// Kind of a column: number, boolean, category or date (`size=category`) [default: inferred]
    #[arg(long, value_name = "COLUMN=KIND", help_heading = DATA, hide_short_help = true)]
    pub(crate) kind: Vec<String>,
    /// Scaling of numeric columns: standard (mean 0, variance 1), robust (median and quartiles, outliers clipped), min_max
    /// (0 to 1) or none [default: standard]
    #[arg(
        long,
        value_name = "SCALING",
        value_parser = ["none", "standard", "robust", "min_max"],
        help_heading = DATA,
        hide_short_help = true,
        hide_possible_values = true
    )]
    pub(crate) scaling: Option<String>,
    /// Former name of --scaling.
    #[arg(long, hide = true)]
    pub(crate) preset: Option<String>,
    /// Column of sample weights
    #[arg(long, value_name = "COLUMN", help_heading = DATA, hide_short_help = true)]
    pub(crate) weight: Option<String>,
    /// How validation rows are chosen [default: stratified for classification, else random]
    #[arg(
        long,
        value_name = "SPLIT",
        value_parser = ["stratified", "random"],
        help_heading = DATA,
        hide_short_help = true
    )]
    pub(crate) split: Option<String>,
    /// Keep rows with the same value in this column on the same side of the split
    #[arg(long, value_name = "COLUMN", conflicts_with = "time", help_heading = DATA, hide_short_help = true)]
    pub(crate) group: Option<String>,
    /// Hold out the last rows in the order of this column; with --folds, each fold trains only on earlier rows
    #[arg(long, value_name = "COLUMN", help_heading = DATA, hide_short_help = true)]
    pub(crate) time: Option<String>,
    /// Table to test on; its rows are never trained on
    #[arg(long, value_name = "FILE", help_heading = DATA)]
    pub(crate) test: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Cell texts that mark a missing value, instead of the usual ones; `""` for empty cells only
    #[arg(
        long,
        value_name = "TEXT,...",
        value_delimiter = ',',
        conflicts_with = "missing",
        help_heading = DATA,
        hide_short_help = true
    )]
    pub(crate) missing_only: Vec<String>,
    /// Date format in strftime notation (`%d/%m/%Y`); may be repeated [default: inferred]
    #[arg(long, value_name = "FORMAT", help_heading = DATA, hide_short_help = true)]
    pub(crate) date_format: Vec<String>,
    /// Refuse rows without a target instead of leaving them out
    #[arg(long, help_heading = DATA, hide_short_help = true)]
    pub(crate) strict: bool,

    /// Units of each hidden layer, `64,64` or `64 64`; `none` for a linear model
    #[arg(long, value_name = "UNITS", help_heading = NETWORK)]
    pub(crate) hidden: Option<String>,
    /// Activation of the hidden layers (see `chainrule list activations`)
    #[arg(long, value_name = "NAME", help_heading = NETWORK, hide_short_help = true)]
    pub(crate) activation: Option<String>,
    /// Dropout rate of the hidden layers
    #[arg(long, value_name = "RATE", help_heading = NETWORK, hide_short_help = true)]
    pub(crate) dropout: Option<f64>,

    #[command(flatten)]
    pub(crate) training: TrainingFlags,
    /// Weight each class equally, whatever its number of rows
    #[arg(
        long,
        value_name = "WEIGHTING",
        value_parser = ["balanced"],
        help_heading = TRAINING,
        hide_short_help = true
    )]
    pub(crate) class_weight: Option<String>,
    /// Cross-validate with K folds; the model averages the K networks
    #[arg(
        long,
        value_name = "K",
        value_parser = clap::value_parser!(u32).range(2..=100),
        help_heading = TRAINING
    )]
    pub(crate) folds: Option<u32>,
    /// Seed of split, initial weights and shuffling; the same seed gives the same model, bit for bit
    #[arg(long, value_name = "N", help_heading = TRAINING)]
    pub(crate) seed: Option<u32>,
    /// TOML file with settings; other arguments override it
    #[arg(long, value_name = "FILE", help_heading = TRAINING, hide_short_help = true)]
    pub(crate) config: Option<PathBuf>,
    /// Change any setting by its TOML key (`train.optimizer=sgd`); may be repeated
    #[arg(long, value_name = "KEY=VALUE", help_heading = TRAINING)]
    pub(crate) set: Vec<String>,
    /// Checkpoint interval: seconds, `10 epochs`, or `never` [default: 30]
    #[arg(long, value_name = "INTERVAL", help_heading = TRAINING, hide_short_help = true)]
    pub(crate) checkpoint_interval: Option<CheckpointInterval>,
    /// Resume from a checkpoint, or from the latest in a folder, with the same result as uninterrupted training
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with_all = ["target", "config", "folds"],
        help_heading = TRAINING,
        hide_short_help = true
    )]
    pub(crate) resume: Option<PathBuf>,

    /// Model file to write [default: DATA with the extension .safetensors]
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    pub(crate) output: Option<PathBuf>,
    /// HTML report to write: settings, history and figures
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub(crate) report: Option<PathBuf>,
    /// Also write a run folder into this folder (see `chainrule runs`)
    #[arg(long, value_name = "FOLDER", help_heading = OUTPUT, hide_short_help = true)]
    pub(crate) runs: Option<PathBuf>,
    /// Print how the table is read, encoded and split, without training
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) dry_run: bool,
    /// Overwrite an existing model or report
    #[arg(long, help_heading = OUTPUT, hide_short_help = true)]
    pub(crate) force: bool,
    /// Print the result as JSON
    #[arg(long, help_heading = OUTPUT, hide_short_help = true)]
    pub(crate) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chainrule fit iris.csv --target species --report iris.html
  chainrule fit houses.parquet --target price --hidden 64,32 --folds 5 --seed 1";

/// The tasks; their former names are accepted, with a note when the settings are read.
fn tasks() -> PossibleValuesParser {
    let former = ["classes", "labels", "numbers"];
    PossibleValuesParser::new(
        Task::ALL.iter().zip(former).map(|((name, _), former)| PossibleValue::new(*name).alias(former)),
    )
}
