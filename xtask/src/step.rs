//! A step of the test suite: a cargo command or a check of our own, with what it requires.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::setup::Requirement;

/// A step, with the name by which it is selected and reported.
pub(crate) struct SuiteStep {
    pub(crate) name: &'static str,
    pub(crate) action: Action,
    /// What must be installed.
    pub(crate) requirements: &'static [Requirement],
}

/// What a step does.
pub(crate) enum Action {
    /// Runs the first of these commands whose tool is installed.
    Cargo(&'static [CargoCommand]),
    /// Checks the repository at a path and returns the violations, one line each.
    Check(fn(&Path) -> Vec<String>),
}

/// A cargo command, with the tool and the environment variable that it requires, if any.
pub(crate) struct CargoCommand {
    /// The arguments, none of which contains a space.
    arguments: &'static str,
    /// The subcommand that is installed separately from cargo: `nextest`.
    tool: Option<&'static str>,
    variable: Option<(&'static str, &'static str)>,
}

/// Result of a step.
pub(crate) enum StepResult {
    Passed,
    Failed {
        /// The command that repeats the step.
        command: String,
    },
    Skipped {
        reason: String,
    },
}

/// What happens if a requirement of a step is missing and cannot be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Fails,
    Skips,
}

impl SuiteStep {
    /// Installs the requirements of the step and runs it in the repository at `root`.
    pub(crate) fn run(&self, root: &Path, missing: Missing) -> StepResult {
        let command = self.command();
        println!("\n== {}: {command}", self.name);
        for requirement in self.requirements {
            let Err(fault) = requirement.install(root) else { continue };
            println!("{fault}");
            return match missing {
                Missing::Fails => StepResult::Failed { command: format!("cargo xtask test {}", self.name) },
                Missing::Skips => StepResult::Skipped { reason: format!("{requirement:?} is missing") },
            };
        }
        let passed = match &self.action {
            Action::Cargo(commands) => selected(commands).succeeds(root),
            Action::Check(check) => {
                let faults = check(root);
                faults.iter().for_each(|fault| println!("{fault}"));
                faults.is_empty()
            }
        };
        if passed { StepResult::Passed } else { StepResult::Failed { command } }
    }

    /// The command that runs the step alone.
    fn command(&self) -> String {
        match &self.action {
            Action::Cargo(commands) => selected(commands).to_string(),
            Action::Check(_) => format!("cargo xtask test {}", self.name),
        }
    }
}

/// The first command whose tool is installed; the last if none is.
fn selected(commands: &'static [CargoCommand]) -> &'static CargoCommand {
    let (last, others) = commands.split_last().expect("a step has at least one command");
    others.iter().find(|command| command.is_available()).unwrap_or(last)
}

impl CargoCommand {
    /// `cargo` with `arguments`, which are separated by spaces.
    pub(crate) const fn new(arguments: &'static str) -> CargoCommand {
        CargoCommand { arguments, tool: None, variable: None }
    }

    /// Requires the subcommand `tool`.
    pub(crate) const fn with_tool(self, tool: &'static str) -> CargoCommand {
        CargoCommand { tool: Some(tool), ..self }
    }

    /// Sets an environment variable.
    pub(crate) const fn with_variable(self, name: &'static str, value: &'static str) -> CargoCommand {
        CargoCommand { variable: Some((name, value)), ..self }
    }

    fn is_available(&self) -> bool {
        self.tool.is_none_or(is_installed)
    }

    fn succeeds(&self, root: &Path) -> bool {
        let mut command = Command::new(cargo());
        command.args(self.arguments.split(' ')).envs(self.variable).current_dir(root);
        match command.status() {
            Ok(status) => status.success(),
            Err(error) => {
                println!("cannot run {self}: {error}");
                false
            }
        }
    }
}

/// The command as it is typed.
impl fmt::Display for CargoCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, value)) = self.variable {
            write!(f, "{name}=\"{value}\" ")?;
        }
        write!(f, "cargo {}", self.arguments)
    }
}

/// Whether a subcommand of cargo is installed.
fn is_installed(tool: &str) -> bool {
    let mut version = Command::new(cargo());
    version.args([tool, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// Returns the command that runs the ignored tests of some test targets.
///
/// With nextest, the command selects them from the whole workspace, as built in the step `tests`: a
/// command that builds fewer targets would compile some crates again.
pub(crate) fn ignored_tests(targets: &[&str]) -> Command {
    let mut command = Command::new(cargo());
    if is_installed("nextest") {
        let selected = targets.iter().map(|target| format!("binary({target})")).collect::<Vec<_>>();
        command.args(["nextest", "run", "--workspace", "--run-ignored", "only", "-E", &selected.join(" + ")]);
    } else {
        command.args(["test", "--workspace"]);
        for target in targets {
            command.args(["--test", target]);
        }
        command.args(["--", "--ignored"]);
    }
    command
}

/// The cargo that runs this program, so that a selected toolchain stays selected.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    static ABSENT_OR_VERSION: &[CargoCommand] =
        &[CargoCommand::new("no-such-tool run").with_tool("no-such-tool"), CargoCommand::new("--version")];
    static WRONG: &[CargoCommand] = &[CargoCommand::new("--no-such-flag")];

    fn run(action: Action) -> StepResult {
        SuiteStep { name: "step", action, requirements: &[] }.run(Path::new("."), Missing::Fails)
    }

    #[test]
    fn a_command_is_shown_as_it_is_typed() {
        let command = CargoCommand::new("doc --no-deps").with_variable("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(command.to_string(), "RUSTDOCFLAGS=\"-D warnings\" cargo doc --no-deps");
    }

    #[test]
    fn the_next_command_replaces_one_whose_tool_is_missing() {
        assert!(matches!(run(Action::Cargo(ABSENT_OR_VERSION)), StepResult::Passed));
    }

    #[test]
    fn a_failure_names_its_command() {
        let result = run(Action::Cargo(WRONG));
        assert!(matches!(result, StepResult::Failed { command } if command == "cargo --no-such-flag"));
        let result = run(Action::Check(|_| vec!["a fault".to_owned()]));
        assert!(matches!(result, StepResult::Failed { command } if command == "cargo xtask test step"));
        assert!(matches!(run(Action::Check(|_| Vec::new())), StepResult::Passed));
    }
}
