//! Arguments of the subcommands that take an experiment, and of those that take neither table nor model.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use chainrule_experiment::CheckpointInterval;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::headings::{DATA, OUTPUT, TRAINING};

/// Train the published networks and compare every number with its document.
///
/// Each claim of a document is reported as matched, as a known mistake of the document, or as a mismatch (exit code 1). The
/// gradient check must reject two wrong gradients from the documents and accept ours.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule reproduce
  chainrule reproduce three-rings --report out")]
pub(crate) struct ReproduceArguments {
    /// Experiments, or `demonstrations` for the two wrong gradients [default: all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Write an HTML report of each experiment, with all figures, and an index into this folder
    #[arg(long, value_name = "FOLDER", help_heading = OUTPUT)]
    pub(crate) report: Option<PathBuf>,
}

/// Train the networks of an experiment and write a run folder.
///
/// The run folder contains report.html (settings, history and figures), settings.toml (reproduces the run), data.json
/// (identifies the data), history.jsonl (one line per epoch) and weights.safetensors (W0, b0, W1, ...); if the experiment has
/// variants, the last four are in one folder per variant. Ctrl-C stops after the current step, writes the results so far and
/// prints the command to resume training.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule run three-rings
  chainrule run mine.toml --set train.learning_rate=0.005 --restarts 5")]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Train from K seeds and keep the network with the lowest final loss
    #[arg(
        long,
        value_name = "K",
        value_parser = clap::value_parser!(u32).range(1..=100_000),
        help_heading = TRAINING
    )]
    pub(crate) restarts: Option<u32>,
    /// Checkpoint interval: seconds, `10 epochs`, or `never`
    #[arg(long, value_name = "INTERVAL", default_value = "30", help_heading = TRAINING)]
    pub(crate) checkpoint_interval: CheckpointInterval,
    /// Resume from a folder of checkpoints, with the same result as uninterrupted training
    #[arg(long, value_name = "PATH", help_heading = TRAINING)]
    pub(crate) resume: Option<PathBuf>,
    /// Folder in which run folders are created
    #[arg(long, value_name = "FOLDER", default_value = "runs", help_heading = OUTPUT)]
    pub(crate) runs: PathBuf,
    /// Do not write report.html
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) no_report: bool,
}

/// List previous runs and the settings in which they differ.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule runs --best
  chainrule runs iris --where train.learning_rate=0.01")]
pub(crate) struct RunsArguments {
    /// Show only runs whose name contains this text
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<OsString>,
    /// Folder of run folders
    #[arg(long = "runs", value_name = "FOLDER", default_value = "runs", help_heading = DATA)]
    pub(crate) folder: PathBuf,
    /// Show only runs with this setting, `train.learning_rate=0.01`, or on this data, `data.fingerprint=082ea8cf`; may be
    /// repeated
    #[arg(long = "where", value_name = "KEY=VALUE", help_heading = DATA)]
    pub(crate) filters: Vec<String>,
    /// Sort by validation loss (or training loss, where there is no validation), lowest first
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) best: bool,
    /// Print the list as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) json: bool,
}

/// Draw a figure of a model or of the networks of an experiment.
///
/// The networks of an experiment are trained first. The output format follows the file extension: .svg and .gif (animated if the
/// figure is), .png, .html (interactive) or .json (the figure as data). `chainrule list figures` lists the kinds and their options.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule figure loss-surface rbf-bias x=w_h y=b_o -o surface.html
  chainrule figure regions iris.safetensors x=petal_length y=petal_width -o regions.png
  chainrule figure regions three-rings animate=yes -o training.gif")]
pub(crate) struct FigureArguments {
    /// Kind of figure: loss-surface, regions, ...
    #[arg(value_name = "KIND", value_parser = kinds())]
    pub(crate) kind: String,
    #[command(flatten)]
    pub(crate) source: Source,
    /// Options of the kind: `x=w_h`, `x_range=-10,10`
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) options: Vec<String>,
    /// File to write; its extension selects the format: .svg, .png, .gif, .html, .json [default: SOURCE-KIND.svg]
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    pub(crate) output: Option<PathBuf>,
    /// Pixels of a PNG or GIF per pixel of the figure
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0, help_heading = OUTPUT)]
    pub(crate) scale: f64,
}

/// The kinds of figures.
fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(chainrule_figures::kind::REGISTRY.iter().map(|entry| entry.name))
}

/// Check a gradient against central differences, parameter by parameter.
///
/// The gradient is the engine's own, at the initial weights and over all samples, or yours, read from a file. Dropout and
/// penalties are turned off. The output states whether L is the mean or the sum over the samples, and writes one central
/// difference out. To compute your own gradient, export the weights with --weights-out. Exit code 1 if a derivative is wrong.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule gradcheck three-rings --epoch 10
  chainrule gradcheck mine.toml --weights-out weights.npz
  chainrule gradcheck mine.toml --gradient mine.npz")]
pub(crate) struct GradcheckArguments {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Your gradient as CSV, one `name,value` line per parameter (`hidden.W[0][0],0.25`) or one value per line, or as NPZ with
    /// the arrays W0, b0, W1, ... of shapes (n_in, n_out) and (n_out); frozen parameters may be left out
    #[arg(long, value_name = "FILE", help_heading = DATA)]
    pub(crate) gradient: Option<PathBuf>,
    /// Check at the weights after this many epochs of training
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = TRAINING)]
    pub(crate) epoch: u64,
    /// Write the weights at which the gradient is checked to a file, as CSV (`name,value`) or, with the extension .npz, NPZ
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub(crate) weights_out: Option<PathBuf>,
    /// Check only this many randomly chosen parameters
    #[arg(long, value_name = "K", help_heading = TRAINING)]
    pub(crate) parameters: Option<usize>,
}

/// Write out the chain rule for some samples, with the value of every factor.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule trace rbf-weights --sample 3 --step 5
  chainrule trace worked-example --digits 9
  chainrule trace xor --sample 1-4 --format latex > trace.tex")]
pub(crate) struct TraceArguments {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Samples, counted from 1: `3`, or `1,2,5-8` for a batch
    #[arg(
        long = "sample",
        value_name = "I",
        value_delimiter = ',',
        default_value = "1",
        help_heading = DATA
    )]
    pub(crate) samples: Vec<SampleRange>,
    /// Train this many steps first; the update shown is that of the next step
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = TRAINING)]
    pub(crate) step: u64,
    /// Output format
    #[arg(long, value_enum, default_value_t = TraceOutput::Text, help_heading = OUTPUT)]
    pub(crate) format: TraceOutput,
    /// Significant digits of each number
    #[arg(
        long,
        value_name = "N",
        default_value_t = 4,
        value_parser = clap::value_parser!(u8).range(1..=17),
        help_heading = OUTPUT
    )]
    pub(crate) digits: u8,
}

/// Consecutive samples, counted from 1: `3`, or `1-4` with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SampleRange {
    pub(crate) first: usize,
    pub(crate) last: usize,
}

impl FromStr for SampleRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<SampleRange, &'static str> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |text: &str| text.trim().parse().ok();
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => Ok(SampleRange { first, last }),
            _ => Err("expected a sample, such as 3, or a range, such as 1-4"),
        }
    }
}

/// Output format of a trace.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TraceOutput {
    /// Aligned text
    Text,
    /// Markdown with tables
    Markdown,
    /// A LaTeX document
    Latex,
}

/// Write an experiment file to start from.
///
/// It is the annotated experiment, which explains every key, or a copy of another built-in one.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule new mine
  chainrule new rings --from three-rings")]
pub(crate) struct NewArguments {
    /// Name of the experiment; NAME.toml is written
    pub(crate) name: PathBuf,
    /// Built-in experiment to copy
    #[arg(long, value_name = "EXPERIMENT", default_value = "annotated", help_heading = DATA)]
    pub(crate) from: String,
}

/// List experiments, activations, losses and so on, with options and defaults.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule list
  chainrule list optimizers --json")]
pub(crate) struct ListArguments {
    /// What to list [default: all names]
    #[arg(value_enum)]
    pub(crate) what: Option<Listed>,
    /// Print the list as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) json: bool,
}

/// What `chainrule list` can list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    Experiments,
    Activations,
    Losses,
    Initializers,
    Optimizers,
    Solvers,
    Schedules,
    Settings,
    Metrics,
    Datasets,
    Figures,
}

/// Print shell completions.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule completions bash > /etc/bash_completion.d/chainrule
  chainrule completions fish > ~/.config/fish/completions/chainrule.fish")]
pub(crate) struct CompletionsArguments {
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Print the man page, or write all man pages into a folder.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  chainrule man | man -l -
  chainrule man /usr/local/share/man/man1")]
pub(crate) struct ManArguments {
    /// Folder to write to
    pub(crate) folder: Option<PathBuf>,
}

/// An experiment, with settings changed on the command line, or a model.
#[derive(Args, Clone, Debug)]
pub struct Source {
    /// Built-in experiment, TOML file or model (.safetensors)
    #[arg(value_name = "SOURCE")]
    pub name: PathBuf,
    /// Table to use if SOURCE is a model [default: the table it was trained on]
    #[arg(long, value_name = "FILE", help_heading = DATA)]
    pub data: Option<PathBuf>,
    /// Change a setting of all networks of the experiment; may be repeated
    #[arg(long, value_name = "KEY=VALUE", help_heading = TRAINING)]
    pub set: Vec<String>,
    /// Use only this variant of the experiment
    #[arg(long, value_name = "NAME", help_heading = TRAINING)]
    pub variant: Option<String>,
}
