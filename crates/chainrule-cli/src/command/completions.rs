//! `chainrule completions`: prints shell completions.

use clap::CommandFactory;

use crate::arguments::{Arguments, CompletionsArguments};
use crate::error::Failure;

#[expect(clippy::unnecessary_wraps, reason = "every subcommand returns a result")]
pub(crate) fn run(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut command = Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "chainrule", &mut std::io::stdout());
    Ok(())
}
