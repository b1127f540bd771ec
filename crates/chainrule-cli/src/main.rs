//! The command `chainrule`: reproduce, run, check and trace experiments with multilayer perceptrons.

mod arguments;
mod command;
mod error;
mod progress;
mod table;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use error::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = set_threads(arguments.threads).and_then(|()| match arguments.command {
        Command::Reproduce(arguments) => command::reproduce::run(&arguments),
        Command::Fit(arguments) => command::fit::run(&arguments),
        Command::Predict(arguments) => command::predict::run(&arguments),
        Command::Evaluate(arguments) => command::evaluate::run(&arguments),
        Command::Inspect(arguments) => command::inspect::run(&arguments),
        Command::Export(arguments) => command::export::run(&arguments),
        Command::Run(arguments) => command::run::run(&arguments),
        Command::Runs(arguments) => command::runs::run(&arguments),
        Command::Figure(arguments) => command::figure::run(&arguments),
        Command::Gradcheck(arguments) => command::gradcheck::run(&arguments),
        Command::Trace(arguments) => command::trace::run(&arguments),
        Command::New(arguments) => command::new::run(&arguments),
        Command::List(arguments) => command::list::run(&arguments),
        Command::Completions(arguments) => {
            command::completions::run(&arguments);
            Ok(())
        }
        Command::Man(arguments) => command::man::run(&arguments),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::from(failure.exit_code())
        }
    }
}

/// As many threads as asked for, by the argument or by the environment.
fn set_threads(argument: Option<u16>) -> Result<(), Failure> {
    let from_environment = chainrule::threads_from_env()?;
    chainrule::set_threads(argument.map_or(from_environment.unwrap_or(0), usize::from));
    Ok(())
}
