//! Restarts: training from several seeds and keeping the best result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::many::side_by_side;
use super::observer::Observer;
use super::run::Ending;
use super::training::Training;
use crate::Error;
use crate::kernel::Scalar;

/// Result of training with restarts.
pub struct Restarts<T: Scalar> {
    /// Best training run, finished.
    pub best: Training<T>,
    /// How the best run ended.
    pub ending: Ending,
    /// Seed of the best run.
    pub seed: u32,
    /// Final loss for each seed, on the validation set if there is one and on the training set
    /// otherwise; infinite if the run diverged or its final loss is not finite.
    pub losses: Vec<(u32, f64)>,
}

/// Completes the training run that `start` creates for each of `seeds`, and keeps the one with the
/// lowest final loss, the first in case of ties.
///
/// The runs are trained [`side_by_side`]; each could use `n_threads_each` threads alone. `observe`
/// creates the observer of each run.
///
/// If an observer cancels a run, no other is started; those that are being trained side by side are
/// completed unless their own observers cancel them.
///
/// `start` should draw the initial weights, the validation split, the shuffling and the dropout
/// masks from the seed.
///
/// ```
/// use std::sync::Arc;
///
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
/// use chainrule::random::RandomState;
/// use chainrule::train::{Settings, Training, best_of};
/// use chainrule::Dataset;
///
/// let xor = Dataset::new(vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2, vec![0.0, 1.0, 1.0, 0.0], 1)?;
/// let xor = Arc::new(xor);
/// let layers = vec![Layer::new(2, Activation::tanh()), Layer::new(1, Activation::logistic())];
/// let architecture = Architecture::new(2, layers)?;
/// let start = |seed| {
///     let mut random = RandomState::new(seed);
///     let network = Network::<f64>::initialize(architecture.clone(), &mut random);
///     let settings = Settings { epochs: 200, learning_rate: 1.0, seed, ..Settings::default() };
///     Training::new(network, &Loss::binary_cross_entropy(), xor.clone(), settings, random)
/// };
/// let restarts = best_of(&[1, 2, 3], 1, start, |_| ())?;
/// let lowest = restarts.losses.iter().map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min);
/// assert!(restarts.losses.contains(&(restarts.seed, lowest)));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Returns the first error of `start` or of reading samples, and [`Error::Diverged`] for the last
/// seed if training diverges for every seed.
///
/// # Panics
/// Panics if `seeds` is empty.
pub fn best_of<T: Scalar, O: Observer<T>, E: From<Error> + Send>(
    seeds: &[u32],
    n_threads_each: usize,
    start: impl Fn(u32) -> Result<Training<T>, E> + Sync,
    observe: impl Fn(u32) -> O + Sync,
) -> Result<Restarts<T>, E> {
    let best = Mutex::new(BestRun::default());
    let cancelled = AtomicBool::new(false);
    let results = side_by_side(seeds.len(), n_threads_each, |k| -> Result<_, E> {
        if cancelled.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let mut training = start(seeds[k])?;
        let ending = match training.run(observe(seeds[k])) {
            Ok(ending) => ending,
            Err(error @ Error::Diverged { .. }) => return Ok(Some((f64::INFINITY, Some(error)))),
            Err(error) => return Err(error.into()),
        };
        cancelled.fetch_or(ending == Ending::Cancelled, Ordering::Relaxed);
        let loss = training.final_loss()?;
        best.lock().unwrap_or_else(PoisonError::into_inner).offer(k, loss, (training, ending));
        Ok(Some((loss, None)))
    });
    let (mut losses, mut divergence) = (Vec::new(), None);
    for (seed, result) in seeds.iter().zip(results) {
        let Some((loss, diverged)) = result? else { continue };
        losses.push((*seed, finite_or_infinity(loss)));
        divergence = diverged.or(divergence);
    }
    match (best.into_inner().unwrap_or_else(PoisonError::into_inner).into_best(), divergence) {
        (Some((k, (best, ending))), _) => Ok(Restarts { best, ending, seed: seeds[k], losses }),
        (None, Some(error)) => Err(error.into()),
        (None, None) => panic!("at least one seed is required"),
    }
}

/// Best of several training runs that end in any order: the one with the lowest final loss, the
/// first in case of ties. The others are dropped as soon as they are not the best.
pub struct BestRun<R> {
    /// Final loss, position and result of the best run so far.
    kept: Option<(f64, usize, R)>,
}

impl<R> Default for BestRun<R> {
    fn default() -> BestRun<R> {
        BestRun { kept: None }
    }
}

impl<R> BestRun<R> {
    /// Keeps the result of run `k` if it is the best so far. A loss of NaN counts as infinite.
    pub fn offer(&mut self, k: usize, loss: f64, result: R) {
        let loss = finite_or_infinity(loss);
        if self.kept.as_ref().is_none_or(|(lowest, first, _)| (loss, k) < (*lowest, *first)) {
            self.kept = Some((loss, k, result));
        }
    }

    /// Returns the position and the result of the best run, if there was any.
    pub fn into_best(self) -> Option<(usize, R)> {
        self.kept.map(|(_, k, result)| (k, result))
    }
}

/// The last update can make the loss NaN, and no later loss would compare as less than NaN.
fn finite_or_infinity(loss: f64) -> f64 {
    if loss.is_nan() { f64::INFINITY } else { loss }
}
