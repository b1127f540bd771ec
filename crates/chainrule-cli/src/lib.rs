//! The `chainrule` command as a library: its arguments, its output, and one module per subcommand.
//!
//! Front ends with heavy dependencies are separate programs: `chainrule NAME` runs
//! `chainrule-NAME`. They share the arguments [`Source`] and [`Reading`], the output of
//! [`progress`] and [`table`], and the errors and exit codes of [`Failure`] with the command.

mod arguments;
mod command;
mod encoding;
mod error;
mod external;
pub mod output;
pub mod progress;
pub mod table;

use crate::output::errln;
use std::process::ExitCode;

use clap::Parser;

use self::arguments::{Arguments, Command, modernize};
pub use self::arguments::{Reading, Source};
pub use self::error::{Failure, STANDARD_OUTPUT};

/// Parses the arguments of the process, runs the subcommand and returns its exit code.
///
/// Errors and notes are printed to standard error.
pub fn main() -> ExitCode {
    let (arguments, notes) = modernize(std::env::args_os());
    let arguments = Arguments::parse_from(arguments);
    for note in notes {
        errln!("note: {note}");
    }
    if let Command::External(words) = &arguments.command {
        return external::run(words);
    }
    let result = run(&arguments);
    let result = result.and_then(|()| match output::failure() {
        Some(source) => Err(Failure::Unwritable { path: STANDARD_OUTPUT.into(), source }),
        None => Ok(()),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Runs a subcommand of this program.
fn run(arguments: &Arguments) -> Result<(), Failure> {
    set_threads(arguments.common.threads)?;
    match &arguments.command {
        Command::Reproduce(arguments) => command::reproduce::run(arguments),
        Command::Fit(arguments) => command::fit::run(arguments),
        Command::Predict(arguments) => command::predict::run(arguments),
        Command::Evaluate(arguments) => command::evaluate::run(arguments),
        Command::Inspect(arguments) => command::inspect::run(arguments),
        Command::Export(arguments) => command::export::run(arguments),
        Command::Run(arguments) => command::run::run(arguments),
        Command::Runs(arguments) => command::runs::run(arguments),
        Command::Figure(arguments) => command::figure::run(arguments),
        Command::Gradcheck(arguments) => command::gradcheck::run(arguments),
        Command::Trace(arguments) => command::trace::run(arguments),
        Command::New(arguments) => command::new::run(arguments),
        Command::List(arguments) => command::list::run(arguments),
        Command::Completions(arguments) => command::completions::run(arguments),
        Command::Man(arguments) => command::man::run(arguments),
        Command::External(_) => unreachable!("external commands are run before"),
    }
}

/// Sets the maximum number of threads: from the argument, else from `CHAINRULE_THREADS`, else all cores.
fn set_threads(argument: Option<u16>) -> Result<(), Failure> {
    chainrule::check_simd_from_env()?;
    let from_environment = chainrule::threads_from_env()?;
    chainrule::set_threads(argument.map_or(from_environment.unwrap_or(0), usize::from));
    Ok(())
}
