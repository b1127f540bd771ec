//! `chainrule completions`: what a shell needs to complete the command.

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions};

pub(crate) fn run(arguments: &Completions) {
    let mut command = Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "chainrule", &mut std::io::stdout());
}
