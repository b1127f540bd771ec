//! `cargo xtask test`: the table of steps, which of them run, and the closing line.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::step::{Action, CargoCommand, Outcome, Step};
use crate::{browser, exports, house, neon};

/// Every step in the order in which they run, the quick ones first.
static STEPS: &[Step] = &[
    Step { name: "house", action: Action::Own(house::faults) },
    cargo("format", &[CargoCommand::new("fmt --all --check")]),
    cargo("clippy", &[CargoCommand::new("clippy --workspace --all-targets -- -D warnings")]),
    cargo(
        "tests",
        &[
            CargoCommand::new("nextest run --workspace").with_tool("nextest"),
            CargoCommand::new("test --workspace --lib --bins --tests --examples"),
        ],
    ),
    // Reports in chromium.
    Step { name: "browser", action: Action::Own(browser::faults) },
    // Exported models in onnxruntime and on an ARM.
    Step { name: "exports", action: Action::Own(exports::faults) },
    // The examples in doc comments, which nextest leaves out.
    cargo("doctests", &[CargoCommand::new("test --workspace --doc")]),
    cargo(
        "documentation",
        &[CargoCommand::new("doc --workspace --no-deps").with_variable("RUSTDOCFLAGS", "-D warnings")],
    ),
    cargo("dependencies", &[CargoCommand::new("deny check").with_tool("deny")]),
];

/// What `--long` adds: suites for the night rather than for each change.
static LONG_STEPS: &[Step] = &[
    // All tests again, the property tests among them with 16 times proptest's 256 cases.
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
    // ARM's vectors, under QEMU, give the bits that x86 gave.
    Step { name: "neon", action: Action::Own(neon::faults) },
];

/// What `--exhaustive` runs, and nothing else: minutes of arithmetic, for when `kernel/math` has changed.
static EXHAUSTIVE_STEPS: &[Step] = &[cargo(
    "exhaustive",
    &[CargoCommand::new("test --release --package chainrule --test exhaustive -- --nocapture")
        .with_variable("CHAINRULE_EXHAUSTIVE", "1")],
)];

/// Checks everything that must hold before a change lands.
///
/// Stops at the first failure and names the command that shows it again.
#[derive(Args)]
pub(crate) struct Options {
    /// Also run the long suites.
    #[arg(long)]
    long: bool,
    /// Run nothing but each mathematical function over every f32, some minutes.
    #[arg(long, conflicts_with_all = ["long", "only"])]
    exhaustive: bool,
    /// Run only these steps.
    #[arg(value_name = "STEP", value_parser = PossibleValuesParser::new(all_steps().map(|step| step.name)))]
    only: Vec<String>,
}

/// Runs the steps chosen in the repository at `root` and prints what came of each.
pub(crate) fn run(options: &Options, root: &Path) -> ExitCode {
    let started = Instant::now();
    let mut ran = Vec::new();
    let chosen = chosen(options);
    for step in &chosen {
        let started = Instant::now();
        let outcome = step.run(root);
        let failed = matches!(outcome, Outcome::Failed { .. });
        ran.push(Ran { name: step.name, outcome, time: started.elapsed() });
        if failed {
            break;
        }
    }
    println!("\n{}", closing_line(&ran, chosen.len(), started.elapsed()));
    let failed = ran.iter().any(|ran| matches!(ran.outcome, Outcome::Failed { .. }));
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A step that has run.
struct Ran {
    name: &'static str,
    outcome: Outcome,
    time: Duration,
}

const fn cargo(name: &'static str, commands: &'static [CargoCommand]) -> Step {
    Step { name, action: Action::Cargo(commands) }
}

fn all_steps() -> impl Iterator<Item = &'static Step> {
    STEPS.iter().chain(LONG_STEPS).chain(EXHAUSTIVE_STEPS)
}

/// The steps named, else all that belong to the suite.
fn chosen(options: &Options) -> Vec<&'static Step> {
    let named = |step: &&Step| options.only.iter().any(|name| name == step.name);
    match options {
        Options { exhaustive: true, .. } => EXHAUSTIVE_STEPS.iter().collect(),
        Options { only, .. } if !only.is_empty() => all_steps().filter(named).collect(),
        Options { long: true, .. } => STEPS.iter().chain(LONG_STEPS).collect(),
        _ => STEPS.iter().collect(),
    }
}

/// One line: the verdict, the seconds of each step, and what to do about a failure.
fn closing_line(ran: &[Ran], n_chosen: usize, time: Duration) -> String {
    let mut n_passed = 0;
    let mut parts = Vec::new();
    let mut rerun = None;
    for step in ran {
        let seconds = step.time.as_secs_f64();
        parts.push(match &step.outcome {
            Outcome::Passed => {
                n_passed += 1;
                format!("{} {seconds:.1} s", step.name)
            }
            Outcome::Skipped { reason } => format!("{} skipped, {reason}", step.name),
            Outcome::Failed { command } => {
                rerun = Some(command);
                format!("{} FAILED after {seconds:.1} s", step.name)
            }
        });
    }
    let n_skipped = ran.len() - n_passed - usize::from(rerun.is_some());
    let n_left = n_chosen - ran.len();
    let seconds = time.as_secs_f64();
    let (counts, parts) = (format!("{n_passed} passed, {n_skipped} skipped"), parts.join(", "));
    match rerun {
        None => format!("xtask test passed in {seconds:.1} s: {counts} ({parts})"),
        Some(command) => format!(
            "xtask test FAILED in {seconds:.1} s: {counts}, 1 failed, {n_left} not run ({parts}); \
             to see it again: {command}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;

    fn ran(name: &'static str, outcome: Outcome) -> Ran {
        Ran { name, outcome, time: Duration::from_millis(1500) }
    }

    #[test]
    fn no_two_steps_share_a_name() {
        let mut names: Vec<_> = all_steps().map(|step| step.name).collect();
        let n = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), n);
    }

    #[test]
    fn a_step_is_chosen_by_name_and_a_long_one_only_when_asked_for() {
        let names = |arguments: &[&str]| {
            let command = Options::augment_args(clap::Command::new("test").no_binary_name(true));
            let matches = command.try_get_matches_from(arguments).unwrap();
            let options = Options::from_arg_matches(&matches).unwrap();
            chosen(&options).iter().map(|step| step.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&["clippy", "house"]), ["house", "clippy"]);
        assert_eq!(names(&["properties"]), ["properties"]);
        assert_eq!(names(&["--exhaustive"]), ["exhaustive"]);
        assert!(!names(&[]).contains(&"properties"));
        assert!(names(&["--long"]).contains(&"properties"));
        assert!(!names(&[]).contains(&"neon") && names(&["--long"]).contains(&"neon"));
        assert!(!names(&["--long"]).contains(&"exhaustive"));
    }

    #[test]
    fn the_closing_line_tells_what_passed_and_what_was_skipped() {
        let skipped = Outcome::Skipped { reason: "cargo-deny is not installed".to_owned() };
        let ran = [ran("house", Outcome::Passed), ran("dependencies", skipped)];
        assert_eq!(
            closing_line(&ran, 2, Duration::from_secs(3)),
            "xtask test passed in 3.0 s: 1 passed, 1 skipped (house 1.5 s, dependencies skipped, cargo-deny is not installed)"
        );
    }

    #[test]
    fn the_closing_line_of_a_failure_names_the_command() {
        let failed = Outcome::Failed { command: "cargo fmt --all --check".to_owned() };
        let ran = [ran("house", Outcome::Passed), ran("format", failed)];
        assert_eq!(
            closing_line(&ran, 7, Duration::from_secs(3)),
            "xtask test FAILED in 3.0 s: 1 passed, 0 skipped, 1 failed, 5 not run \
             (house 1.5 s, format FAILED after 1.5 s); to see it again: cargo fmt --all --check"
        );
    }
}
