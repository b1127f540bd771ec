//! The command `chainrule`: reproduce, run, check and trace experiments with multilayer perceptrons.

mod arguments;
mod command;
mod error;
mod progress;
mod table;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Reproduce(arguments) => command::reproduce::run(&arguments),
        Command::Run(arguments) => command::run::run(&arguments),
        Command::Gradcheck(arguments) => command::gradcheck::run(&arguments),
        Command::Trace(arguments) => command::trace::run(&arguments),
        Command::New(arguments) => command::new::run(&arguments),
        Command::List(arguments) => command::list::run(&arguments),
        Command::Completions(arguments) => {
            command::completions::run(&arguments);
            Ok(())
        }
        Command::Man(arguments) => command::man::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::from(failure.exit_code())
        }
    }
}
