//! `chainrule completions`: what a shell needs to complete the command.

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions};
use crate::error::Failure;

pub(crate) fn run(arguments: &Completions) -> Result<(), Failure> {
    let mut command = Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "chainrule", &mut std::io::stdout());
    Ok(())
}
