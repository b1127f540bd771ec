//! Training of a workload with Chainrule: twice in memory, timing the second run.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chainrule::kernel::simd_level;
use chainrule::network::Network;
use chainrule::random::RandomState;
use chainrule::train::{Training, fit_many};
use chainrule::{Dataset, Evaluate as _, Objective, Scalar};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::npy;
use crate::problem::TrainingProblem;
use crate::workload::{Workload, WorkloadPrecision};

/// Source of a problem.
pub(crate) enum ProblemSource<'a> {
    /// Directory written by `chainrule-bench data`.
    Files(&'a Path),
    /// Seed, and the file of scikit-learn's digits if it is available.
    Seed(u32, Option<&'a Path>),
}

/// Result of a timed training run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimedTraining {
    /// Duration of the second run, from the first step to the last.
    pub(crate) seconds: f64,
    /// Mean loss over all samples after training, averaged over the networks.
    pub(crate) final_loss: f64,
    /// SHA-256 of the final weights of all networks (little-endian) as hexadecimal digits.
    pub(crate) sha256: String,
}

impl TimedTraining {
    /// Returns the result in the JSON format that the peers also print, with the SIMD level.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "seconds": self.seconds,
            "final_loss": self.final_loss,
            "sha256": self.sha256,
            "level": simd_level(),
        })
    }

    /// Returns the result as a line for scripts: `workload threads seconds final_loss sha256`.
    pub(crate) fn line(&self, workload: &Workload, threads: usize) -> String {
        format!("{} {threads} {:.6} {:e} {}", workload.name, self.seconds, self.final_loss, self.sha256)
    }
}

/// Trains `workload` twice and times the second run, after the first has warmed up caches, memory
/// pages and threads.
pub(crate) fn train(workload: &Workload, source: &ProblemSource) -> Result<TimedTraining, Error> {
    match workload.precision {
        WorkloadPrecision::F32 => train_in::<f32>(workload, &problem(workload, source)?),
        WorkloadPrecision::F64 => train_in::<f64>(workload, &problem(workload, source)?),
    }
}

/// Trains `workload` once, for tools that count the instructions of [`counted`].
pub(crate) fn train_once(workload: &Workload) -> Result<(), Error> {
    let problem = TrainingProblem::<f32>::generate(workload, 0, None)?;
    counted(&mut new_trainings(workload, &problem)?)
}

/// Runs all steps of `trainings`. It is a separate function so that Callgrind can select it by
/// name.
#[inline(never)]
pub(crate) fn counted<T: Scalar>(trainings: &mut [Training<T>]) -> Result<(), Error> {
    if let [training] = trainings {
        training.run(())?;
    } else {
        let mut observers = vec![(); trainings.len()];
        fit_many(trainings, &mut observers).into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    Ok(())
}

fn problem<T: Scalar>(workload: &Workload, source: &ProblemSource) -> Result<TrainingProblem<T>, Error> {
    match source {
        ProblemSource::Files(directory) => TrainingProblem::read(workload, directory),
        ProblemSource::Seed(seed, digits) => TrainingProblem::generate(workload, *seed, *digits),
    }
}

/// Returns a training run for each network.
fn new_trainings<T: Scalar>(
    workload: &Workload,
    problem: &TrainingProblem<T>,
) -> Result<Vec<Training<T>>, Error> {
    let (architecture, loss, settings) = (workload.architecture()?, workload.loss()?, workload.settings()?);
    let networks = problem.parameters.iter().zip(problem.training_data(workload));
    let training = |(parameters, data): (&Vec<T>, Arc<Dataset<T>>)| {
        let network = Network::new(architecture.clone(), parameters.clone())?;
        Ok(Training::new(network, &loss, data, settings.clone(), RandomState::new(0))?)
    };
    networks.map(training).collect()
}

fn train_in<T: Scalar>(workload: &Workload, problem: &TrainingProblem<T>) -> Result<TimedTraining, Error> {
    counted(&mut new_trainings(workload, problem)?)?;
    let mut trainings = new_trainings(workload, problem)?;
    let start = Instant::now();
    counted(&mut trainings)?;
    let seconds = start.elapsed().as_secs_f64();
    let networks: Vec<_> = trainings.into_iter().map(Training::into_network).collect();
    let parameters: Vec<&[T]> = networks.iter().map(Network::parameters).collect();
    Ok(TimedTraining {
        seconds,
        final_loss: final_loss(workload, problem, &parameters)?,
        sha256: hexadecimal(&Sha256::digest(npy::little_endian(&parameters.concat()))),
    })
}

/// Returns the mean loss over all samples, averaged over the networks.
fn final_loss<T: Scalar>(
    workload: &Workload,
    problem: &TrainingProblem<T>,
    networks: &[&[T]],
) -> Result<f64, Error> {
    let mut objective = Objective::new(&workload.architecture()?, &workload.loss()?, problem.data.clone())?;
    let rows: Vec<u32> = (0..problem.data.n_samples() as u32).collect();
    let reduction = workload.settings()?.reduction;
    let losses: Result<Vec<f64>, _> =
        networks.iter().map(|parameters| objective.value(parameters, &rows, reduction)).collect();
    Ok(losses?.iter().sum::<f64>() / networks.len() as f64)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::named;

    fn small(name: &str) -> Workload {
        Workload { n_samples: 70, batch: 32, epochs: 2, ..named(name).unwrap() }
    }

    #[test]
    fn a_seed_gives_the_same_weights_from_memory_and_from_files() {
        for name in ["sines", "digits-f64", "folds"] {
            let workload = small(name);
            let result = train(&workload, &ProblemSource::Seed(5, None)).unwrap();
            let repeated = train(&workload, &ProblemSource::Seed(5, None)).unwrap();
            assert_eq!((result.final_loss, &result.sha256), (repeated.final_loss, &repeated.sha256));
            let other = train(&workload, &ProblemSource::Seed(6, None)).unwrap();
            assert_ne!(result.sha256, other.sha256);

            let directory = tempfile::tempdir().unwrap();
            match workload.precision {
                WorkloadPrecision::F32 => TrainingProblem::<f32>::generate(&workload, 5, None)
                    .unwrap()
                    .write(&workload, directory.path()),
                WorkloadPrecision::F64 => TrainingProblem::<f64>::generate(&workload, 5, None)
                    .unwrap()
                    .write(&workload, directory.path()),
            }
            .unwrap();
            let from_files = train(&workload, &ProblemSource::Files(directory.path())).unwrap();
            assert_eq!(from_files.sha256, result.sha256);
        }
    }

    #[test]
    fn training_lowers_the_loss_and_the_hash_is_of_the_trained_weights() {
        let workload = small("wide46");
        let problem = TrainingProblem::<f32>::generate(&workload, 0, None).unwrap();
        let result = train_in(&workload, &problem).unwrap();
        let mut training = new_trainings(&workload, &problem).unwrap().remove(0);
        assert!(result.final_loss < training.training_loss().unwrap());
        training.run(()).unwrap();
        let bytes: Vec<u8> = training.network().parameters().iter().flat_map(|p| p.to_le_bytes()).collect();
        assert_eq!(result.sha256, hexadecimal(&Sha256::digest(&bytes)));
        assert_eq!(result.final_loss, training.training_loss().unwrap());
        // The published hash of the empty string.
        let empty = hexadecimal(&Sha256::digest([]));
        assert!(empty.starts_with("e3b0c44298fc1c14") && empty.len() == 64, "{empty}");
    }

    #[test]
    fn several_networks_have_the_bits_of_each_one_trained_alone() {
        for name in ["restarts", "folds"] {
            let workload = Workload { n_networks: 8, ..small(name) };
            let problem = TrainingProblem::<f32>::generate(&workload, 0, None).unwrap();
            let result = train_in(&workload, &problem).unwrap();
            let (mut parameters, mut loss) = (Vec::new(), 0.0);
            for mut training in new_trainings(&workload, &problem).unwrap() {
                training.run(()).unwrap();
                let network = training.into_network();
                loss += final_loss(&workload, &problem, &[network.parameters()]).unwrap() / 8.0;
                parameters.extend_from_slice(network.parameters());
            }
            assert_eq!(
                result.sha256,
                hexadecimal(&Sha256::digest(npy::little_endian(&parameters))),
                "{name}"
            );
            assert!((result.final_loss - loss).abs() < 1e-9, "{name}: {} {loss}", result.final_loss);
        }
    }

    #[test]
    fn a_line_for_scripts_has_five_words() {
        let result = TimedTraining { seconds: 0.25, final_loss: 0.125, sha256: "ab".repeat(32) };
        let line = result.line(&named("sines").unwrap(), 2);
        assert_eq!(line, format!("sines 2 0.250000 1.25e-1 {}", "ab".repeat(32)));
    }
}
