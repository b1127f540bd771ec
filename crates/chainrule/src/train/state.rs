//! The state of a training: everything that the rest of it depends on.

use super::schedule;
use super::stopping::StoppingState;
use crate::Error;
use crate::random::RandomState;

/// Everything that the rest of a training depends on, besides its settings and data.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingState<T> {
    /// The parameters, in the layout of the architecture.
    pub parameters: Vec<T>,
    /// The optimizer's vectors, each in the same layout.
    pub slots: Vec<Vec<T>>,
    /// Updates done: the optimizer's step count. Batches of weight 0 are steps without an update.
    pub updates: u64,
    /// Steps done.
    pub step: u64,
    /// Epochs finished.
    pub epoch: u64,
    /// Samples seen in the epochs finished.
    pub samples: u64,
    /// What the schedule remembers.
    pub schedule: schedule::ScheduleState,
    /// The generator, from which the next epoch's shuffle will be drawn.
    pub random: RandomState,
    /// The order of the training rows in the epoch under way.
    pub order: Vec<usize>,
    /// How many of them have been trained on in this epoch.
    pub place: usize,
    /// The epoch's sum of batch losses, each times its rows (a mean) or as it is (a sum).
    pub running_loss: f64,
    /// How far early stopping has come.
    pub stopping: StoppingState,
    /// The best epoch on the validation samples.
    pub best: Option<Best<T>>,
    /// The parameters at the start of the latest epoch whose first loss was finite.
    pub finite: Vec<T>,
}

/// The best epoch on the validation samples so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Best<T> {
    /// The epoch, counted from 1.
    pub epoch: u64,
    /// The parameters after it.
    pub parameters: Vec<T>,
}

impl<T> TrainingState<T> {
    /// Whether this state can take the place of `now`, the state of a training on `n` samples.
    pub(super) fn check(&self, now: &TrainingState<T>, n: usize) -> Result<(), Error> {
        let n_parameters = now.parameters.len();
        let lengths = [
            ("parameters", n_parameters, self.parameters.len()),
            ("finite parameters", n_parameters, self.finite.len()),
            ("optimizer vectors", now.slots.len(), self.slots.len()),
            ("training rows", now.order.len(), self.order.len()),
        ];
        let slots = self.slots.iter().map(|slot| ("an optimizer vector's numbers", n_parameters, slot.len()));
        let best = self.best.iter().map(|best| ("the best parameters", n_parameters, best.parameters.len()));
        for (what, expected, got) in lengths.into_iter().chain(slots).chain(best) {
            if expected != got {
                return Err(Error::StateMismatch { what, expected, got });
            }
        }
        if let Some(&row) = self.order.iter().find(|&&row| row >= n) {
            return Err(Error::StateMismatch {
                what: "the data's rows, of which one is named",
                expected: n,
                got: row,
            });
        }
        if self.place >= self.order.len() {
            let (expected, got) = (self.order.len() - 1, self.place);
            return Err(Error::StateMismatch { what: "the place in the epoch, at most", expected, got });
        }
        Ok(())
    }
}
