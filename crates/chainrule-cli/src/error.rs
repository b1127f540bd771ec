//! How a command can fail, what it says then, and its exit code.

use std::path::PathBuf;

use anstyle::{AnsiColor, Style};

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something the user gave cannot be used.
    #[error(transparent)]
    Experiment(#[from] chainrule_experiment::Error),
    /// The engine refuses something.
    #[error(transparent)]
    Engine(#[from] chainrule::Error),
    /// A table cannot be used.
    #[error(transparent)]
    Table(#[from] chainrule_table::Error),
    /// A model cannot be read or written.
    #[error(transparent)]
    Model(#[from] chainrule_model::Error),
    /// A figure cannot be drawn.
    #[error(transparent)]
    Figure(#[from] chainrule_figures::Error),
    /// Trainings that diverged, each with its variant; what they had reached has been written.
    #[error("{}", .0.join("\n"))]
    Diverged(Vec<String>),
    /// Claims that did not come out.
    #[error("{0} of {1} claims did not come out")]
    Mismatch(usize, usize),
    /// A gradient that is wrong; the report has been printed.
    #[error("the gradient is wrong")]
    WrongGradient,
    /// The user ended it; what there was has been written.
    #[error("cancelled")]
    Cancelled,
    /// What was trained could not be written where it was to be, and was written elsewhere.
    #[error("what was trained is not where it was to be; the lines above say where it is")]
    Elsewhere,
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write {}: {source}; choose another name or place", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of somebody's gradient that makes no sense.
    #[error("{}{}: {reason}", path.display(), line.map_or_else(String::new, |line| format!(", line {line}")))]
    GradientFile {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1, where one is at fault.
        line: Option<u64>,
        /// What is wrong and what to do.
        reason: String,
    },
    /// An argument that does not fit the experiment.
    #[error("{argument} is {value}, but must be {allowed}")]
    Argument {
        /// The argument: `--sample`.
        argument: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
}

impl Failure {
    /// The exit code: 1 a check came out negative, 2 bad input, 3 divergence, 4 written elsewhere, 130 cancelled.
    pub(crate) fn exit_code(&self) -> u8 {
        use chainrule_experiment::Error as Experiment;
        match self {
            Failure::Mismatch(..) | Failure::WrongGradient => 1,
            Failure::Diverged(_)
            | Failure::Engine(chainrule::Error::Diverged { .. })
            | Failure::Experiment(Experiment::Training(_)) => 3,
            Failure::Elsewhere => 4,
            Failure::Cancelled => 130,
            _ => 2,
        }
    }

    /// Says it on standard error, once.
    pub(crate) fn report(&self) {
        let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
        anstream::eprintln!("{red}error:{red:#} {self}");
    }
}
