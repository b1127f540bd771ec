//! Our side of a workload: trained twice in memory, the second time with a clock.

use std::path::Path;
use std::time::Instant;

use chainrule::Scalar;
use chainrule::network::Network;
use chainrule::random::RandomState;
use chainrule::train::Training;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::npy;
use crate::problem::Problem;
use crate::workload::{Precision, Workload};

/// Where a problem's numbers come from.
pub(crate) enum Source<'a> {
    /// Files that `chainrule-bench data` wrote.
    Files(&'a Path),
    /// A seed, with scikit-learn's digits where they are at hand.
    Seed(u32, Option<&'a Path>),
}

/// What came of a training.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// Of the second run, from the first step to the last.
    pub(crate) seconds: f64,
    /// Over all rows, after training.
    pub(crate) final_loss: f64,
    /// SHA-256 of the final weights, little-endian, in hexadecimal digits.
    pub(crate) sha256: String,
}

impl Outcome {
    /// As every program, ours or a peer's, answers.
    pub(crate) fn to_json(&self) -> Value {
        json!({"seconds": self.seconds, "final_loss": self.final_loss, "sha256": self.sha256})
    }

    /// For scripts: `workload threads seconds final_loss sha256`.
    pub(crate) fn line(&self, workload: &Workload, threads: usize) -> String {
        format!("{} {threads} {:.6} {:e} {}", workload.name, self.seconds, self.final_loss, self.sha256)
    }
}

/// Trains `workload` twice and measures the second time: the first finds caches, pages and threads cold.
pub(crate) fn train(workload: &Workload, source: &Source) -> Result<Outcome, Error> {
    match workload.precision {
        Precision::F32 => train_in::<f32>(workload, &problem(workload, source)?),
        Precision::F64 => train_in::<f64>(workload, &problem(workload, source)?),
    }
}

/// Trains `workload` once, for tools that count what [`counted`] does.
pub(crate) fn train_once(workload: &Workload) -> Result<(), Error> {
    let problem = Problem::<f32>::draw(workload, 0, None)?;
    counted(&mut begin(workload, &problem)?)
}

/// All steps of a training. A function of its own, so that Callgrind finds it by its name.
#[inline(never)]
pub(crate) fn counted<T: Scalar>(training: &mut Training<T>) -> Result<(), Error> {
    training.run(())?;
    Ok(())
}

fn problem<T: Scalar>(workload: &Workload, source: &Source) -> Result<Problem<T>, Error> {
    match source {
        Source::Files(directory) => Problem::read(workload, directory),
        Source::Seed(seed, digits) => Problem::draw(workload, *seed, *digits),
    }
}

fn begin<'p, T: Scalar>(workload: &Workload, problem: &'p Problem<T>) -> Result<Training<'p, T>, Error> {
    let network = Network::new(workload.architecture()?, problem.parameters.clone())?;
    let random = RandomState::new(0);
    Ok(Training::new(network, &workload.loss()?, &problem.data, workload.settings()?, random)?)
}

fn train_in<T: Scalar>(workload: &Workload, problem: &Problem<T>) -> Result<Outcome, Error> {
    counted(&mut begin(workload, problem)?)?;
    let mut training = begin(workload, problem)?;
    let began = Instant::now();
    counted(&mut training)?;
    let seconds = began.elapsed().as_secs_f64();
    let final_loss = training.training_loss();
    let sha256 = hexadecimal(&Sha256::digest(npy::little_endian(training.network().parameters())));
    Ok(Outcome { seconds, final_loss, sha256 })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::named;

    fn small(name: &str) -> Workload {
        Workload { n_samples: 70, batch: 32, epochs: 2, ..named(name).unwrap() }
    }

    #[test]
    fn the_same_seed_gives_the_same_weights_from_memory_and_from_files() {
        for name in ["sines", "digits-f64"] {
            let workload = small(name);
            let outcome = train(&workload, &Source::Seed(5, None)).unwrap();
            let again = train(&workload, &Source::Seed(5, None)).unwrap();
            assert_eq!((outcome.final_loss, &outcome.sha256), (again.final_loss, &again.sha256));
            let other = train(&workload, &Source::Seed(6, None)).unwrap();
            assert_ne!(outcome.sha256, other.sha256);

            let directory = tempfile::tempdir().unwrap();
            match workload.precision {
                Precision::F32 => {
                    Problem::<f32>::draw(&workload, 5, None).unwrap().write(&workload, directory.path())
                }
                Precision::F64 => {
                    Problem::<f64>::draw(&workload, 5, None).unwrap().write(&workload, directory.path())
                }
            }
            .unwrap();
            let read = train(&workload, &Source::Files(directory.path())).unwrap();
            assert_eq!(read.sha256, outcome.sha256);
        }
    }

    #[test]
    fn training_lowers_the_loss_and_the_hash_is_of_the_trained_weights() {
        let workload = small("wide46");
        let problem = Problem::<f32>::draw(&workload, 0, None).unwrap();
        let outcome = train_in(&workload, &problem).unwrap();
        let mut training = begin(&workload, &problem).unwrap();
        assert!(outcome.final_loss < training.training_loss());
        training.run(()).unwrap();
        let bytes: Vec<u8> = training.network().parameters().iter().flat_map(|p| p.to_le_bytes()).collect();
        assert_eq!(outcome.sha256, hexadecimal(&Sha256::digest(&bytes)));
        // The hash of nothing, as published.
        let nothing = hexadecimal(&Sha256::digest([]));
        assert!(nothing.starts_with("e3b0c44298fc1c14") && nothing.len() == 64, "{nothing}");
    }

    #[test]
    fn a_line_for_scripts_has_five_words() {
        let outcome = Outcome { seconds: 0.25, final_loss: 0.125, sha256: "ab".repeat(32) };
        let line = outcome.line(&named("sines").unwrap(), 2);
        assert_eq!(line, format!("sines 2 0.250000 1.25e-1 {}", "ab".repeat(32)));
    }
}
