//! Command-line arguments; help, man pages and completions are generated from them.

mod experiment;
mod fit;
mod headings;
mod legacy;
mod model;
mod training;

use std::ffi::OsString;

use clap::{ArgAction, Args, Parser, Subcommand};

pub use self::experiment::Source;
pub(crate) use self::experiment::{
    CompletionsArguments, FigureArguments, GradcheckArguments, ListArguments, Listed, ManArguments,
    NewArguments, ReproduceArguments, RunArguments, RunsArguments, SampleRange, TraceArguments, TraceOutput,
};
pub(crate) use self::fit::FitArguments;
use self::headings::COMMON;
pub(crate) use self::legacy::modernize;
pub use self::model::Reading;
pub(crate) use self::model::{EvaluateArguments, ExportArguments, InspectArguments, PredictArguments};
pub(crate) use self::training::toml_text;

/// Train multilayer perceptrons, inspect every step of backpropagation, and check gradients.
///
/// Most commands take a SOURCE: the name of a built-in experiment (see `chainrule list experiments`), a TOML file, or a model
/// written by `chainrule fit`.
#[derive(Debug, Parser)]
#[command(
    name = "chainrule",
    version,
    after_help = AFTER_HELP,
    max_term_width = 100,
    disable_help_flag = true,
    disable_help_subcommand = true,
    subcommand_value_name = "COMMAND",
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every subcommand takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// Maximum number of threads [default: CHAINRULE_THREADS, or all cores]; results do not depend on it
    #[arg(
        long,
        global = true,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=64),
        help_heading = COMMON,
        display_order = 1000
    )]
    pub(crate) threads: Option<u16>,
    /// Print help (`-h` prints a summary, `--help` all options)
    #[arg(
        short,
        long,
        global = true,
        action = ArgAction::Help,
        help_heading = COMMON,
        display_order = 1001
    )]
    help: Option<bool>,
}

const AFTER_HELP: &str = "\
Examples:
  chainrule reproduce                          Train the published networks and check their numbers
  chainrule fit iris.csv --target species      Train on a table and write a model

`chainrule NAME` for any other NAME runs the program chainrule-NAME, if it is installed.

Exit codes: 0 success; 1 a check failed (a claim, a gradient, an export or predictions); 2 invalid input; 3 training \
diverged (partial results are kept); 4 output could not be written to standard output, or was saved elsewhere than \
requested; 130, 143 or 129 cancelled by Ctrl-C, SIGTERM or SIGHUP.
Output is coloured only on a terminal; set NO_COLOR to turn colours off.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Fit(Box<FitArguments>),
    Predict(PredictArguments),
    Evaluate(EvaluateArguments),
    Inspect(InspectArguments),
    Export(ExportArguments),
    Reproduce(ReproduceArguments),
    Run(RunArguments),
    Runs(RunsArguments),
    Figure(FigureArguments),
    Gradcheck(GradcheckArguments),
    Trace(TraceArguments),
    New(NewArguments),
    List(ListArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
    #[command(external_subcommand)]
    External(Vec<OsString>),
}
