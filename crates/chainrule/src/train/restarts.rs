//! Restarts: the same training from several seeds, the best kept.

use super::observer::Observer;
use super::settings::Settings;
use super::training::{Ending, Training};
use crate::Error;
use crate::dataset::Gather;
use crate::kernel::Scalar;
use crate::network::loss::Loss;
use crate::network::{Architecture, Network};
use crate::random::RandomState;

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

/// Trains from each of `seeds` (starting weights, validation split, shuffles and dropout drawn from it) and keeps the
/// one of the lowest final loss; the first of equals.
///
/// # Errors
/// Settings or data that cannot be trained; the last divergence if every seed diverges.
///
/// # Panics
/// When `seeds` is empty.
pub fn best_of<'a, T: Scalar>(
    architecture: &Architecture,
    loss: &Loss,
    data: &'a dyn Gather<T>,
    settings: &Settings,
    seeds: &[u32],
    mut observer: impl Observer<T>,
) -> Result<Restarts<'a, T>, Error> {
    let mut losses = Vec::new();
    let mut best: Option<(f64, Restarts<'a, T>)> = None;
    let mut divergence = None;
    for &seed in seeds {
        let mut random = RandomState::new(seed);
        let network = Network::initialize(architecture.clone(), &mut random);
        let settings = Settings { seed, ..settings.clone() };
        let mut training = Training::new(network, loss, data, settings, random)?;
        let ending = match training.run(&mut observer) {
            Ok(ending) => ending,
            Err(error @ Error::Diverged { .. }) => {
                divergence = Some(error);
                losses.push((seed, f64::INFINITY));
                continue;
            }
            Err(error) => return Err(error),
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
        (None, Some(error)) => Err(error),
        (None, None) => panic!("restarts need a seed"),
    }
}
