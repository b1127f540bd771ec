//! The arguments of the command and of each subcommand; help, man page and completions are made from them.

pub(crate) mod table;

use std::path::PathBuf;

use chainrule_experiment::CheckpointInterval;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Train small networks, see through them, prove their gradients.
///
/// SOURCE is the name of a built-in experiment (`chainrule list experiments`), a TOML file, or a model that `fit` wrote.
#[derive(Debug, Parser)]
#[command(name = "chainrule", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Threads that training takes at most, by default CHAINRULE_THREADS or all cores; the results are the same bits
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) threads: Option<u16>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 success; 1 a claim did not come out or a gradient is wrong; 2 bad input; 3 a training diverged \
(what it reached is kept); 4 the results are not where they were to be, but elsewhere; 130 cancelled.
Colours are left out when the output is no terminal or NO_COLOR is set.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Fit(Box<table::Fit>),
    Predict(table::Predict),
    Evaluate(table::Evaluate),
    Inspect(table::Inspect),
    Export(table::Export),
    Reproduce(Reproduce),
    Run(Run),
    Runs(Runs),
    Figure(Figure),
    Gradcheck(Gradcheck),
    Trace(Trace),
    New(New),
    List(List),
    Completions(Completions),
    Man(Man),
}

/// Train the published networks and hold every claim of their documents against what comes out.
///
/// A claim is matched, or known to be a mistake of its document and shown as what it is, or it is a mismatch. Two
/// published gradients that are wrong must be failed by the gradient check, and ours passed. Exit code 1 on a mismatch.
#[derive(Args, Debug)]
pub(crate) struct Reproduce {
    /// Experiments, or `demonstrations` for the two wrong gradients [default: all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Write a report of each experiment into this folder, with an index: pages that hold all their figures
    #[arg(long, value_name = "FOLDER")]
    pub(crate) report: Option<PathBuf>,
}

/// Train the networks of an experiment and write a run folder.
///
/// The folder holds report.html (settings, history, figures, in one page), settings.toml (trains the same again),
/// data.json (what tells its data from others), history.jsonl (one line for each epoch) and weights.safetensors (W0, b0,
/// W1, ...), the last four in a folder for each variant where there are several. Ctrl-C ends the training after the step under
/// way, writes what there is, and says how to go on.
#[derive(Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Train from this many seeds and keep the best
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) restarts: Option<u32>,
    /// Where run folders are made
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    pub(crate) runs: PathBuf,
    /// Leave out report.html
    #[arg(long)]
    pub(crate) no_report: bool,
    /// Save the whole state so often, beside the run folders: seconds, `10 epochs`, or `never`
    #[arg(long, value_name = "EVERY", default_value = "30")]
    pub(crate) checkpoint: CheckpointInterval,
    /// Go on from the checkpoints of a folder, to the same results as without the interruption
    #[arg(long, value_name = "PATH")]
    pub(crate) resume: Option<PathBuf>,
}

/// List the runs that are there, with the settings in which they differ.
#[derive(Args, Debug)]
pub(crate) struct Runs {
    /// Only those whose name has this in it
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Where the run folders are
    #[arg(long = "runs", value_name = "FOLDER", default_value = "runs")]
    pub(crate) folder: PathBuf,
    /// Only those with this setting: `train.learning_rate=0.01`, or on this data: `data.fingerprint=082ea8cf`; may be given
    /// several times
    #[arg(long = "where", value_name = "KEY=VALUE")]
    pub(crate) filters: Vec<String>,
    /// The best first: by validation loss, where there is one
    #[arg(long)]
    pub(crate) best: bool,
}

/// Draw a figure of an experiment's networks, which are trained first.
///
/// What it draws into, the ending says: SVG (animated where the figure is), PNG, interactive HTML or the figure's JSON.
/// `chainrule list figures` tells the kinds with their options.
#[derive(Args, Debug)]
pub(crate) struct Figure {
    /// What to show: loss-surface, regions, ...
    #[arg(value_name = "KIND", value_parser = PossibleValuesParser::new(chainrule_figures::kind::REGISTRY.iter().map(|entry| entry.name)))]
    pub(crate) kind: String,
    #[command(flatten)]
    pub(crate) source: Source,
    /// Options of the kind: `x=w_h`, `x_range=-10,10`
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) options: Vec<String>,
    /// The file to write [default: SOURCE-KIND.svg]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// How many pixels of a PNG there are to one of the figure
    #[arg(long, value_name = "TIMES", default_value_t = 2.0)]
    pub(crate) scale: f64,
}

/// Check a gradient against central differences, parameter by parameter.
///
/// The gradient is the engine's own at the starting weights over all samples, or one of yours from a file. Dropout and
/// penalties are left out. Exit code 1 when a derivative is wrong.
#[derive(Args, Debug)]
pub(crate) struct Gradcheck {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Your gradient: a CSV with a line `name,value` for each parameter (`hidden.W[0][0],0.25`), or one value a line
    #[arg(long, value_name = "FILE")]
    pub(crate) gradient: Option<PathBuf>,
    /// Check at the weights after this many epochs of training, not at the start
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) epoch: u64,
    /// Check this many parameters, drawn at random, not all
    #[arg(long, value_name = "K")]
    pub(crate) parameters: Option<usize>,
}

/// Write out the chain rule for some samples, every factor with its numbers.
#[derive(Args, Debug)]
pub(crate) struct Trace {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Samples, counted from 1: `3`, or `1,2,3` for a batch
    #[arg(long = "sample", value_name = "I", value_delimiter = ',', default_value = "1")]
    pub(crate) samples: Vec<usize>,
    /// Train this many steps first; the update shown is that of the next step
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) step: u64,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// Aligned text
    Text,
    /// Markdown with tables
    Markdown,
    /// A LaTeX document
    Latex,
}

/// Write an experiment to start from: every key with its meaning, or a copy of a built-in experiment.
#[derive(Args, Debug)]
pub(crate) struct New {
    /// The experiment's name; NAME.toml is written
    pub(crate) name: String,
    /// Copy this built-in experiment
    #[arg(long, value_name = "EXPERIMENT", default_value = "annotated")]
    pub(crate) from: String,
}

/// List what there is to choose from, with options and defaults.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// What to list [default: everything, by name]
    #[arg(value_enum)]
    pub(crate) what: Option<Listed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    Experiments,
    Activations,
    Losses,
    Initializers,
    Optimizers,
    Schedules,
    Metrics,
    Datasets,
    Figures,
}

/// Print the completions of a shell: `chainrule completions bash > /etc/bash_completion.d/chainrule`.
#[derive(Args, Debug)]
pub(crate) struct Completions {
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Print the man page, or write it and one for each subcommand into a folder.
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// The folder: `/usr/local/share/man/man1`, say
    pub(crate) folder: Option<PathBuf>,
}

/// An experiment with changes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Source {
    /// A built-in experiment, a TOML file or a model (.safetensors)
    #[arg(value_name = "SOURCE")]
    pub(crate) name: String,
    /// The table, where SOURCE is a model [default: the one that it was trained on]
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,
    /// Change a setting of all its networks; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Take this one of its variants
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
}
