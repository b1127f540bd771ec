//! One step of a suite: a cargo command or a check of our own, and how it is run.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A step with the name by which it is chosen and reported.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) action: Action,
}

/// What a step does.
pub(crate) enum Action {
    /// The first of these commands whose tool is installed; skipped where none is.
    Cargo(&'static [CargoCommand]),
    /// A check of our own of the repository at a path: the faults found, one line each.
    Own(fn(&Path) -> Vec<String>),
}

/// A cargo command, with the tool and the environment variable it needs, if any.
pub(crate) struct CargoCommand {
    /// The arguments, none of which contains a space.
    arguments: &'static str,
    /// The subcommand that has to be installed apart from cargo: `nextest`.
    tool: Option<&'static str>,
    variable: Option<(&'static str, &'static str)>,
}

/// What came of a step.
pub(crate) enum Outcome {
    Passed,
    Failed {
        /// The command that shows the failure again.
        command: String,
    },
    Skipped {
        reason: String,
    },
}

impl Step {
    /// Runs the step in the repository at `root`, its output going where ours goes.
    pub(crate) fn run(&self, root: &Path) -> Outcome {
        match self.action {
            Action::Cargo(commands) => {
                let Some(command) = commands.iter().find(|command| command.is_available()) else {
                    let reason = missing(commands);
                    println!("\n== {}: skipped, {reason}", self.name);
                    return Outcome::Skipped { reason };
                };
                println!("\n== {}: {command}", self.name);
                if command.succeeds(root) {
                    Outcome::Passed
                } else {
                    Outcome::Failed { command: command.to_string() }
                }
            }
            Action::Own(check) => {
                let command = format!("cargo xtask test {}", self.name);
                println!("\n== {}: {command}", self.name);
                let faults = check(root);
                for fault in &faults {
                    println!("{fault}");
                }
                if faults.is_empty() { Outcome::Passed } else { Outcome::Failed { command } }
            }
        }
    }
}

impl CargoCommand {
    /// `cargo` with `arguments`, which are separated by spaces and contain none.
    pub(crate) const fn new(arguments: &'static str) -> CargoCommand {
        CargoCommand { arguments, tool: None, variable: None }
    }

    /// The same, where the subcommand `tool` is installed.
    pub(crate) const fn with_tool(self, tool: &'static str) -> CargoCommand {
        CargoCommand { tool: Some(tool), ..self }
    }

    /// The same, with an environment variable set.
    pub(crate) const fn with_variable(self, name: &'static str, value: &'static str) -> CargoCommand {
        CargoCommand { variable: Some((name, value)), ..self }
    }

    fn is_available(&self) -> bool {
        self.tool.is_none_or(|tool| {
            let mut version = Command::new(cargo());
            version.args([tool, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
            version.status().is_ok_and(|status| status.success())
        })
    }

    fn succeeds(&self, root: &Path) -> bool {
        let mut command = Command::new(cargo());
        command.args(self.arguments.split(' ')).envs(self.variable).current_dir(root);
        match command.status() {
            Ok(status) => status.success(),
            Err(error) => {
                println!("{self} cannot be started: {error}");
                false
            }
        }
    }
}

/// As one would type it.
impl fmt::Display for CargoCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, value)) = self.variable {
            write!(f, "{name}=\"{value}\" ")?;
        }
        write!(f, "cargo {}", self.arguments)
    }
}

/// The cargo that runs us, so that a chosen toolchain stays chosen.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn missing(commands: &[CargoCommand]) -> String {
    let tools = commands.iter().filter_map(|command| command.tool).map(|tool| format!("cargo-{tool}"));
    format!("{} is not installed", tools.collect::<Vec<_>>().join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    static ABSENT_OR_VERSION: &[CargoCommand] =
        &[CargoCommand::new("no-such-tool run").with_tool("no-such-tool"), CargoCommand::new("--version")];
    static WRONG: &[CargoCommand] = &[CargoCommand::new("--no-such-flag")];

    fn run(action: Action) -> Outcome {
        Step { name: "step", action }.run(Path::new("."))
    }

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let command = CargoCommand::new("doc --no-deps").with_variable("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(command.to_string(), "RUSTDOCFLAGS=\"-D warnings\" cargo doc --no-deps");
    }

    #[test]
    fn a_tool_that_is_missing_gives_way_to_the_next_command_or_skips_the_step() {
        assert!(matches!(run(Action::Cargo(ABSENT_OR_VERSION)), Outcome::Passed));
        let outcome = run(Action::Cargo(&ABSENT_OR_VERSION[..1]));
        assert!(
            matches!(outcome, Outcome::Skipped { reason } if reason == "cargo-no-such-tool is not installed")
        );
    }

    #[test]
    fn a_failure_names_its_command() {
        let outcome = run(Action::Cargo(WRONG));
        assert!(matches!(outcome, Outcome::Failed { command } if command == "cargo --no-such-flag"));
        let outcome = run(Action::Own(|_| vec!["a fault".to_owned()]));
        assert!(matches!(outcome, Outcome::Failed { command } if command == "cargo xtask test step"));
        assert!(matches!(run(Action::Own(|_| Vec::new())), Outcome::Passed));
    }
}
