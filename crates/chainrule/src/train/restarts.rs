//! Restarts: the same training from several seeds, the best kept.

use super::observer::Observer;
use super::training::{Ending, Training};
use crate::Error;
use crate::kernel::Scalar;

/// What came of each seed, and the training that came out best.
pub struct Restarts<'a, T: Scalar> {
    /// The best training, finished.
    pub best: Training<'a, T>,
    /// How it ended.
    pub ending: Ending,
    /// The seed it started from.
    pub seed: u32,
    /// For each seed its final loss: on the validation samples where there are any, else on the training samples;
    /// infinite where the training diverged or its last step led to no finite loss.
    pub losses: Vec<(u32, f64)>,
}

/// Trains from each of `seeds` the training that `start` makes of it, its starting weights, validation split, shuffles and
/// dropout drawn from the seed, and keeps the one of the lowest final loss; the first of equals.
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
///     Training::new(network, &Loss::binary_cross_entropy(), &xor, settings, random)
/// };
/// let restarts = best_of(&[1, 2, 3], start, ())?;
/// let least = restarts.losses.iter().map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min);
/// assert!(restarts.losses.contains(&(restarts.seed, least)));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// What `start` refuses; the last divergence if every seed diverges.
///
/// # Panics
/// When `seeds` is empty.
pub fn best_of<'a, T: Scalar, E: From<Error>>(
    seeds: &[u32],
    start: impl Fn(u32) -> Result<Training<'a, T>, E>,
    mut observer: impl Observer<T>,
) -> Result<Restarts<'a, T>, E> {
    let mut losses = Vec::new();
    let mut best: Option<(f64, Restarts<'a, T>)> = None;
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
        let end = training.validation_loss().unwrap_or_else(|| training.training_loss());
        // The last update may lead where there is no loss any more. A NaN that was kept would be beaten by nothing.
        let end = if end.is_nan() { f64::INFINITY } else { end };
        losses.push((seed, end));
        if best.as_ref().is_none_or(|(least, _)| end < *least) {
            best = Some((end, Restarts { best: training, ending, seed, losses: Vec::new() }));
        }
        if ending == Ending::Cancelled {
            break;
        }
    }
    match (best, divergence) {
        (Some((_, best)), _) => Ok(Restarts { losses, ..best }),
        (None, Some(error)) => Err(error.into()),
        (None, None) => panic!("restarts need a seed"),
    }
}
