//! `cargo xtask test`: the steps of the test suite, their selection, and the closing line.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::setup::Requirement;
use crate::step::{Action, CargoCommand, Missing, StepResult, SuiteStep};
use crate::{browser, dependencies, exports, latex, neon, style};

/// The steps in the order in which they run, quick ones first.
static STEPS: &[SuiteStep] = &[
    check("style", style::faults, &[]),
    check("dependencies", dependencies::faults, &[]),
    cargo("format", &[CargoCommand::new("fmt --all --check")]),
    cargo("clippy", &[CargoCommand::new("clippy --workspace --all-targets -- -D warnings")]),
    cargo(
        "tests",
        &[
            CargoCommand::new("nextest run --workspace").with_tool("nextest"),
            CargoCommand::new("test --workspace --lib --bins --tests --examples"),
        ],
    ),
    check("browser", browser::faults, &[Requirement::Chromium]),
    check("exports", exports::faults, &[Requirement::Arm, Requirement::Python]),
    // Examples in doc comments, which nextest does not run.
    cargo("doctests", &[CargoCommand::new("test --workspace --doc")]),
    cargo(
        "documentation",
        &[CargoCommand::new("doc --workspace --no-deps").with_variable("RUSTDOCFLAGS", "-D warnings")],
    ),
];

/// The steps added by `--long`, which take too long for every change.
static LONG_STEPS: &[SuiteStep] = &[
    // All tests again, property tests with 16 times the default number of cases.
    cargo(
        "properties",
        &[
            CargoCommand::new("nextest run --workspace")
                .with_tool("nextest")
                .with_variable("PROPTEST_CASES", "4096"),
            CargoCommand::new("test --workspace --lib --bins --tests")
                .with_variable("PROPTEST_CASES", "4096"),
        ],
    ),
    check("neon", neon::faults, &[Requirement::Neon]),
    check("latex", latex::faults, &[Requirement::Latex]),
];

/// The only step of `--exhaustive`, for changes in `kernel/math`.
static EXHAUSTIVE_STEPS: &[SuiteStep] = &[cargo(
    "exhaustive",
    &[CargoCommand::new("test --release --package chainrule --test exhaustive -- --nocapture")
        .with_variable("CHAINRULE_EXHAUSTIVE", "1")],
)];

/// Run the test suite; every change must pass it.
///
/// Stops at the first failure and prints the command that repeats it. Steps first install what they
/// require (see `cargo xtask setup`).
#[derive(Args)]
pub(crate) struct TestOptions {
    /// Also run the long suites.
    #[arg(long)]
    long: bool,
    /// Only test the mathematical functions over every f32, which takes minutes.
    #[arg(long, conflicts_with_all = ["long", "only"])]
    exhaustive: bool,
    /// Skip steps whose requirements cannot be installed, instead of failing.
    #[arg(long)]
    allow_skip: bool,
    /// Run only these steps.
    #[arg(value_name = "STEP", value_parser = PossibleValuesParser::new(all_steps().map(|step| step.name)))]
    only: Vec<String>,
}

/// Runs the selected steps in the repository at `root`.
pub(crate) fn run(options: &TestOptions, root: &Path) -> ExitCode {
    let started = Instant::now();
    let mut completed = Vec::new();
    let selected = selected(options);
    let missing = if options.allow_skip { Missing::Skips } else { Missing::Fails };
    for step in &selected {
        let started = Instant::now();
        let result = step.run(root, missing);
        let failed = matches!(result, StepResult::Failed { .. });
        completed.push(Completed { name: step.name, result, time: started.elapsed() });
        if failed {
            break;
        }
    }
    println!("\n{}", closing_line(&completed, selected.len(), started.elapsed()));
    let failed = completed.iter().any(|step| matches!(step.result, StepResult::Failed { .. }));
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A completed step.
struct Completed {
    name: &'static str,
    result: StepResult,
    time: Duration,
}

const fn cargo(name: &'static str, commands: &'static [CargoCommand]) -> SuiteStep {
    SuiteStep { name, action: Action::Cargo(commands), requirements: &[] }
}

const fn check(
    name: &'static str,
    check: fn(&Path) -> Vec<String>,
    requirements: &'static [Requirement],
) -> SuiteStep {
    SuiteStep { name, action: Action::Check(check), requirements }
}

fn all_steps() -> impl Iterator<Item = &'static SuiteStep> {
    STEPS.iter().chain(LONG_STEPS).chain(EXHAUSTIVE_STEPS)
}

/// The named steps, or those of the suite if none is named.
fn selected(options: &TestOptions) -> Vec<&'static SuiteStep> {
    let named = |step: &&SuiteStep| options.only.iter().any(|name| name == step.name);
    match options {
        TestOptions { exhaustive: true, .. } => EXHAUSTIVE_STEPS.iter().collect(),
        TestOptions { only, .. } if !only.is_empty() => all_steps().filter(named).collect(),
        TestOptions { long: true, .. } => STEPS.iter().chain(LONG_STEPS).collect(),
        _ => STEPS.iter().collect(),
    }
}

/// Returns one line with the result, the seconds of each step, and the command that repeats a
/// failure.
fn closing_line(completed: &[Completed], n_selected: usize, time: Duration) -> String {
    let mut n_passed = 0;
    let mut parts = Vec::new();
    let mut failed = None;
    for step in completed {
        let seconds = step.time.as_secs_f64();
        parts.push(match &step.result {
            StepResult::Passed => {
                n_passed += 1;
                format!("{} {seconds:.1} s", step.name)
            }
            StepResult::Skipped { reason } => format!("{} skipped, {reason}", step.name),
            StepResult::Failed { command } => {
                failed = Some(command);
                format!("{} FAILED after {seconds:.1} s", step.name)
            }
        });
    }
    let n_skipped = completed.len() - n_passed - usize::from(failed.is_some());
    let n_remaining = n_selected - completed.len();
    let seconds = time.as_secs_f64();
    let (counts, parts) = (format!("{n_passed} passed, {n_skipped} skipped"), parts.join(", "));
    match failed {
        None => format!("xtask test passed in {seconds:.1} s: {counts} ({parts})"),
        Some(command) => format!(
            "xtask test FAILED in {seconds:.1} s: {counts}, 1 failed, {n_remaining} not run ({parts}); \
             repeat with: {command}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;

    fn completed(name: &'static str, result: StepResult) -> Completed {
        Completed { name, result, time: Duration::from_millis(1500) }
    }

    #[test]
    fn step_names_are_unique() {
        let mut names: Vec<_> = all_steps().map(|step| step.name).collect();
        let n = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), n);
    }

    #[test]
    fn steps_are_selected_by_name_and_long_ones_only_on_request() {
        let names = |arguments: &[&str]| {
            let command = TestOptions::augment_args(clap::Command::new("test").no_binary_name(true));
            let matches = command.try_get_matches_from(arguments).unwrap();
            let options = TestOptions::from_arg_matches(&matches).unwrap();
            selected(&options).iter().map(|step| step.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&["clippy", "style"]), ["style", "clippy"]);
        assert_eq!(names(&["properties"]), ["properties"]);
        assert_eq!(names(&["--exhaustive"]), ["exhaustive"]);
        assert!(!names(&[]).contains(&"properties"));
        assert!(names(&["--long"]).contains(&"properties"));
        assert!(!names(&[]).contains(&"neon") && names(&["--long"]).contains(&"neon"));
        assert!(!names(&["--long"]).contains(&"exhaustive"));
    }

    #[test]
    fn the_closing_line_lists_passed_and_skipped_steps() {
        let skipped = StepResult::Skipped { reason: "Chromium is missing".to_owned() };
        let steps = [completed("style", StepResult::Passed), completed("browser", skipped)];
        assert_eq!(
            closing_line(&steps, 2, Duration::from_secs(3)),
            "xtask test passed in 3.0 s: 1 passed, 1 skipped (style 1.5 s, browser skipped, Chromium is missing)"
        );
    }

    #[test]
    fn the_closing_line_of_a_failure_names_the_command() {
        let failed = StepResult::Failed { command: "cargo fmt --all --check".to_owned() };
        let steps = [completed("style", StepResult::Passed), completed("format", failed)];
        assert_eq!(
            closing_line(&steps, 7, Duration::from_secs(3)),
            "xtask test FAILED in 3.0 s: 1 passed, 0 skipped, 1 failed, 5 not run \
             (style 1.5 s, format FAILED after 1.5 s); repeat with: cargo fmt --all --check"
        );
    }
}
