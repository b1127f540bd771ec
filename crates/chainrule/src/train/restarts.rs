//! Restarts: training from several seeds and keeping the best result.

use super::observer::Observer;
use super::training::{Ending, Training};
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
/// `start` should draw the initial weights, the validation split, the shuffling and the dropout
/// masks from the seed.
///
/// ```
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
/// use chainrule::random::RandomState;
/// use chainrule::train::{Settings, Training, best_of};
/// use chainrule::Dataset;
///
/// let xor = Dataset::new(vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2, vec![0.0, 1.0, 1.0, 0.0], 1)?;
/// let layers = vec![Layer::new(2, Activation::tanh()), Layer::new(1, Activation::logistic())];
/// let architecture = Architecture::new(2, layers)?;
/// let start = |seed| {
///     let mut random = RandomState::new(seed);
///     let network = Network::<f64>::initialize(architecture.clone(), &mut random);
///     let settings = Settings { epochs: 200, learning_rate: 1.0, seed, ..Settings::default() };
///     Training::new(network, &Loss::binary_cross_entropy(), Arc::new(xor.clone()), settings, random)
/// };
/// let restarts = best_of(&[1, 2, 3], start, ())?;
/// let lowest = restarts.losses.iter().map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min);
/// assert!(restarts.losses.contains(&(restarts.seed, lowest)));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Returns the errors of `start`, and [`Error::Diverged`] for the last seed if training diverges
/// for every seed.
///
/// # Panics
/// Panics if `seeds` is empty.
pub fn best_of<T: Scalar, E: From<Error>>(
    seeds: &[u32],
    start: impl Fn(u32) -> Result<Training<T>, E>,
    mut observer: impl Observer<T>,
) -> Result<Restarts<T>, E> {
    let mut losses = Vec::new();
    let mut best: Option<(f64, Restarts<T>)> = None;
    let mut divergence = None;
    for &seed in seeds {
        let mut training = start(seed)?;
        let ending = match training.run(&mut observer) {
            Ok(ending) => ending,
            Err(error @ Error::Diverged { .. }) => {
                divergence = Some(error);
                losses.push((seed, f64::INFINITY));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let final_loss = match training.validation_loss()? {
            Some(loss) => loss,
            None => training.training_loss()?,
        };
        // The last update can make the loss NaN, and no later loss would compare as less than NaN.
        let final_loss = if final_loss.is_nan() { f64::INFINITY } else { final_loss };
        losses.push((seed, final_loss));
        if best.as_ref().is_none_or(|(lowest, _)| final_loss < *lowest) {
            best = Some((final_loss, Restarts { best: training, ending, seed, losses: Vec::new() }));
        }
        if ending == Ending::Cancelled {
            break;
        }
    }
    match (best, divergence) {
        (Some((_, best)), _) => Ok(Restarts { losses, ..best }),
        (None, Some(error)) => Err(error.into()),
        (None, None) => panic!("at least one seed is required"),
    }
}
