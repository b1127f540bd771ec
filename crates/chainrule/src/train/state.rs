//! Training state, from which a training run can be resumed.

use super::schedule;
use super::solver::SolverState;
use super::stopping::StoppingState;
use crate::Error;
use crate::random::RandomState;

/// Complete state of a training run, apart from its settings and data.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingState<T> {
    /// Parameters, in the layout of the architecture.
    pub parameters: Vec<T>,
    /// State vectors of the optimizer, in the layout of the parameters.
    pub slots: Vec<Vec<T>>,
    /// Number of updates, which is the step count of the optimizer. Batches of weight 0 count as
    /// steps but do not update the parameters.
    pub updates: u64,
    /// Loss before the last update; infinite before the first one.
    pub last_loss: f64,
    /// Number of completed steps.
    pub step: u64,
    /// Number of completed epochs.
    pub epoch: u64,
    /// Number of samples seen in the completed epochs.
    pub samples: u64,
    /// State of the solver, unless it is the optimizer or has not begun.
    pub solver: Option<SolverState<T>>,
    /// State of the learning rate schedule.
    pub schedule: schedule::ScheduleState,
    /// State of the random number generator that shuffles the samples.
    pub random: RandomState,
    /// Order of the training rows in the current epoch.
    pub order: Vec<u32>,
    /// Position in `order`: the number of rows processed in the current epoch.
    pub place: usize,
    /// Sum of the batch losses in the current epoch, multiplied by the number of rows if they are
    /// means.
    pub running_loss: f64,
    /// State of early stopping.
    pub stopping: StoppingState,
    /// Best epoch on the validation set.
    pub best: Option<Best<T>>,
    /// Parameters at the start of the last epoch whose first loss was finite.
    pub finite: Vec<T>,
}

/// Best epoch so far on the validation set.
#[derive(Clone, Debug, PartialEq)]
pub struct Best<T> {
    /// Epoch, counted from 1.
    pub epoch: u64,
    /// Parameters after the epoch.
    pub parameters: Vec<T>,
}

/// Maximum number of steps, epochs and samples of a state: no training run is that long, and none
/// of them can overflow.
const MAX_COUNT: u64 = 1 << 53;

impl<T> TrainingState<T> {
    /// Checks that this state can replace `current`, the state of a training run on `n` samples.
    pub(super) fn check(&self, current: &TrainingState<T>, n: usize) -> Result<(), Error> {
        let n_parameters = current.parameters.len();
        let lengths = [
            ("number of parameters", n_parameters, self.parameters.len()),
            ("length of the last finite parameters", n_parameters, self.finite.len()),
            ("number of optimizer state vectors", current.slots.len(), self.slots.len()),
            ("number of training rows", current.order.len(), self.order.len()),
        ];
        let slots =
            self.slots.iter().map(|slot| ("length of an optimizer state vector", n_parameters, slot.len()));
        let best = self
            .best
            .iter()
            .map(|best| ("length of the best parameters", n_parameters, best.parameters.len()));
        for (what, expected, got) in lengths.into_iter().chain(slots).chain(best) {
            if expected != got {
                return Err(Error::StateMismatch { what, expected, got });
            }
        }
        let waits = [self.schedule.wait, self.stopping.wait];
        let counters = [&[self.updates, self.step, self.epoch, self.samples][..], &waits].concat();
        if let Some(&count) = counters.iter().find(|&&count| count > MAX_COUNT) {
            let (expected, got) = (MAX_COUNT as usize, count as usize);
            return Err(Error::StateMismatch { what: "maximum of its counters", expected, got });
        }
        if let Some(&row) = self.order.iter().find(|&&row| row as usize >= n) {
            return Err(Error::StateMismatch {
                what: "upper bound (exclusive) of the row indices",
                expected: n,
                got: row as usize,
            });
        }
        if self.place >= self.order.len() {
            let (expected, got) = (self.order.len() - 1, self.place);
            return Err(Error::StateMismatch { what: "maximum position in the epoch", expected, got });
        }
        Ok(())
    }
}
