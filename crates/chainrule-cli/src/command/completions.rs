//! `chainrule completions`: prints shell completions.

use clap::CommandFactory;

use crate::arguments::{Arguments, CompletionsArguments};
use crate::error::Failure;

#[expect(clippy::unnecessary_wraps, reason = "every subcommand returns a result")]
pub(crate) fn run(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut command = Arguments::command();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "chainrule", &mut script);
    crate::output::print(&String::from_utf8_lossy(&script));
    Ok(())
}
