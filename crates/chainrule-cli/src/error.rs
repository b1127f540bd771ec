//! Errors of the command, with their texts and exit codes.

use crate::output::{TextColour, bold, coloured, errln};
use crate::progress::cancelling_signal;
use std::path::PathBuf;

/// Path of standard output in errors.
pub const STANDARD_OUTPUT: &str = "standard output";

/// The reason why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An experiment, run or checkpoint that cannot be used.
    #[error(transparent)]
    Experiment(#[from] chainrule_experiment::Error),
    /// An error of the engine.
    #[error(transparent)]
    Engine(#[from] chainrule::Error),
    /// A table that cannot be read or written.
    #[error(transparent)]
    Table(#[from] chainrule_table::Error),
    /// A model that cannot be read, written or exported.
    #[error(transparent)]
    Model(#[from] chainrule_model::Error),
    /// A figure that cannot be drawn.
    #[error(transparent)]
    Figure(#[from] chainrule_figures::Error),
    /// Training runs that diverged, one message each; their results up to then have been written.
    #[error("{}", .0.join("\n"))]
    Diverged(Vec<String>),
    /// Claims that were not reproduced.
    #[error("{0} of {1} claims were not reproduced")]
    Mismatch(usize, usize),
    /// A wrong gradient; the report has been printed.
    #[error("the gradient is wrong")]
    WrongGradient,
    /// An export that differs from its model; the difference has been printed.
    #[error("the export differs from the model by more than rounding can explain")]
    WrongExport,
    /// A model whose predictions are all NaN.
    #[error("all predictions are NaN; the model is damaged, or its training diverged")]
    NotANumber,
    /// Cancelled by the user; the results up to then have been written.
    #[error("cancelled")]
    Cancelled,
    /// Output that was saved elsewhere.
    #[error("output could not be written to the requested path; it was saved elsewhere (path above)")]
    Elsewhere,
    /// A name that is neither a subcommand nor an installed program.
    #[error(
        "\"{name}\" is not a command{}",
        nearest.as_ref().map_or_else(
            || format!(
                ", and the program chainrule-{name} was not found next to chainrule or on PATH; see `chainrule --help`, or \
                 install the program with: cargo install chainrule-{name}"
            ),
            |nearest| format!("; did you mean \"{nearest}\"? See `chainrule --help`")
        )
    )]
    UnknownCommand {
        /// The name.
        name: String,
        /// The most similar subcommand, if any is similar.
        nearest: Option<String>,
    },
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write {}: {source}; choose another path", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file that would be overwritten.
    #[error(
        "{} already exists; use --force to overwrite it, or {argument} {} to keep both",
        path.display(),
        free.display()
    )]
    Exists {
        /// The file.
        path: PathBuf,
        /// The argument that names it: `--output`.
        argument: &'static str,
        /// A similar path that is free.
        free: PathBuf,
    },
    /// An output that would replace an input or another output.
    #[error("{argument} and {other} are the same file, {}; choose another path for {argument}", path.display())]
    SameFile {
        /// The file.
        path: PathBuf,
        /// The argument that names the output.
        argument: &'static str,
        /// The argument that names the other file.
        other: &'static str,
    },
    /// An invalid gradient file.
    #[error("{}{}: {reason}", path.display(), place.as_ref().map_or_else(String::new, |place| format!(", {place}")))]
    GradientFile {
        /// The file.
        path: PathBuf,
        /// The line or array at fault, if it is a single one: `line 3`.
        place: Option<String>,
        /// What is wrong and what to do.
        reason: String,
    },
    /// An argument with a value that is not allowed here.
    #[error("{argument} is {value}, but must be {allowed}")]
    Argument {
        /// The argument: `--sample`.
        argument: &'static str,
        /// Its value.
        value: String,
        /// The allowed values.
        allowed: String,
    },
    /// An argument that cannot be used with the other arguments.
    #[error("{argument} cannot be used {reason}")]
    Unsupported {
        /// The argument: `--variant`.
        argument: &'static str,
        /// When, why, and what to do instead.
        reason: &'static str,
    },
}

impl Failure {
    /// Returns the exit code: 1 a failed check, 2 invalid input, 3 divergence, 4 output not written as requested, 130 cancelled
    /// by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
    pub fn exit_code(&self) -> u8 {
        use chainrule_experiment::Error as Experiment;
        match self {
            Failure::Mismatch(..) | Failure::WrongGradient | Failure::WrongExport | Failure::NotANumber => 1,
            Failure::Diverged(_)
            | Failure::Engine(chainrule::Error::Diverged { .. })
            | Failure::Experiment(Experiment::Training(_)) => 3,
            Failure::Elsewhere => 4,
            Failure::Unwritable { path, .. } if path.as_os_str() == STANDARD_OUTPUT => 4,
            Failure::Cancelled => 128 + cancelling_signal(),
            _ => 2,
        }
    }

    /// Prints the error to standard error.
    pub fn report(&self) {
        errln!("{} {self}", bold(coloured("error:", TextColour::Red)));
    }
}
