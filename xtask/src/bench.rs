//! `cargo xtask bench`: builds `chainrule-bench`, brings the peers where they are asked for, and hands over to it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use clap::builder::PossibleValuesParser;

/// The peers: their names, the packages that have them, and the modules by which those are known to be there.
const PEERS: [(&str, &str, &str); 4] = [
    ("numpy", "numpy", "numpy"),
    ("torch", "torch", "torch"),
    ("jax", "jax", "jax"),
    ("sklearn", "scikit-learn", "sklearn"),
];

/// Measures how fast we are, beside peers where they are asked for.
///
/// Prints a table and writes a record to `benches/record/`; a run of all workloads with JAX renews the table of
/// `benches/README.md`.
#[derive(Args)]
pub(crate) struct Options {
    /// The workloads; all where none is named. benches/README.md lists them.
    #[arg(value_name = "WORKLOAD")]
    workloads: Vec<String>,
    /// Also measure these; installs them from PyPI into target/bench-venv.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(PEERS.map(|peer| peer.0)))]
    peers: Vec<String>,
    /// Print one line each, for scripts: workload threads seconds final_loss sha256-of-the-final-weights.
    #[arg(long, group = "what")]
    ours_only: bool,
    /// Time over samples and over width, as CSV in benches/record/growth.csv.
    #[arg(long, group = "what", conflicts_with = "workloads")]
    growth: bool,
    /// Count the instructions of two small workloads under Callgrind.
    #[arg(long, group = "what", conflicts_with_all = ["workloads", "peers"])]
    callgrind: bool,
    /// Our threads; the engine's own choice where not given.
    #[arg(long)]
    threads: Option<usize>,
    /// The seed of data and weights.
    #[arg(long, default_value_t = 0)]
    seed: u32,
    /// How often each is measured; medians count.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Measures in the repository at `root`.
pub(crate) fn run(options: &Options, root: &Path) -> ExitCode {
    match prepare(options, root).and_then(|mut command| {
        command.status().map_err(|error| format!("{command:?} cannot be started: {error}"))
    }) {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::from(2)
        }
    }
}

/// The command that measures, all it needs being built and installed.
fn prepare(options: &Options, root: &Path) -> Result<Command, String> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Built as a step of its own, so that no line of the build and none of its seconds come between.
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--release", "--package", "chainrule-bench"]);
    succeed(build.arg("--target-dir").arg(&target).current_dir(root))?;

    let mut command = Command::new(target.join("release/chainrule-bench"));
    command.arg(verb(options));
    let python = target.join("bench-venv/bin/python");
    if !options.peers.is_empty() {
        install(&python, &target, &options.peers)?;
    }
    if let Some(digits) = digits(&python, &target, root)? {
        command.arg("--digits").arg(digits);
    }
    command.args(&options.workloads);
    command.arg("--python").arg(python).arg("--benches").arg(root.join("benches"));
    command.arg("--data").arg(target.join("bench-data"));
    command.args(["--seed", &options.seed.to_string(), "--rounds", &options.rounds.to_string()]);
    if !options.peers.is_empty() {
        command.args(["--peers", &options.peers.join(",")]);
    }
    if let Some(threads) = options.threads {
        command.args(["--threads", &threads.to_string()]).env("CHAINRULE_THREADS", threads.to_string());
    }
    Ok(command)
}

/// What `chainrule-bench` is to do.
fn verb(options: &Options) -> &'static str {
    match options {
        Options { ours_only: true, .. } => "ours",
        Options { growth: true, .. } => "growth",
        Options { callgrind: true, .. } => "count",
        _ => "compare",
    }
}

/// Makes the virtual environment of `python` and installs the packages it lacks; scikit-learn always, for its digits.
fn install(python: &Path, target: &Path, peers: &[String]) -> Result<(), String> {
    if !python.exists() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(target.join("bench-venv")))?;
    }
    for (name, package, module) in PEERS {
        if name != "sklearn" && !peers.iter().any(|peer| peer == name) {
            continue;
        }
        let mut there = Command::new(python);
        there.args(["-c", &format!("import {module}")]).stderr(Stdio::null());
        if !there.status().is_ok_and(|status| status.success()) {
            eprintln!("installing {package} into {}", target.join("bench-venv").display());
            succeed(Command::new(python).args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-cache-dir",
                package,
            ]))?;
        }
    }
    Ok(())
}

/// scikit-learn's digits as an NPY file, written once when a virtual environment that has them exists.
fn digits(python: &Path, target: &Path, root: &Path) -> Result<Option<PathBuf>, String> {
    let path = target.join("bench-digits.npy");
    if !path.exists() {
        if !python.exists() {
            return Ok(None);
        }
        succeed(Command::new(python).arg(root.join("benches/peers/digits.py")).arg(&path))?;
    }
    Ok(Some(path))
}

fn succeed(command: &mut Command) -> Result<(), String> {
    match command.stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} failed with {status}")),
        Err(error) => Err(format!("{command:?} cannot be started: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parsed(line: &str) -> Result<Options, clap::Error> {
        Line::try_parse_from(line.split(' ')).map(|line| line.options)
    }

    #[test]
    fn each_flag_is_a_verb_and_two_are_refused() {
        for (line, expected) in [
            ("bench", "compare"),
            ("bench sines --ours-only --threads 2", "ours"),
            ("bench --growth --peers jax", "growth"),
            ("bench --callgrind", "count"),
        ] {
            assert_eq!(verb(&parsed(line).unwrap_or_else(|error| panic!("{line}: {error}"))), expected);
        }
        assert!(parsed("bench --growth --ours-only").is_err());
        assert!(parsed("bench --callgrind sines").is_err());
    }

    #[test]
    fn peers_are_a_list_of_known_names() {
        assert_eq!(parsed("bench sines --peers numpy,jax").map(|o| o.peers).unwrap(), ["numpy", "jax"]);
        assert!(parsed("bench --peers keras").is_err());
    }
}
