//! The loop over all epochs of a training run, with an observer.

use super::observer::Observer;
use super::solver::SolverEnding;
use super::training::Training;
use crate::Error;
use crate::kernel::Scalar;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All epochs are completed.
    Completed,
    /// Early stopping ended the run.
    Stopped,
    /// The solver converged: the gradient or the decrease of the loss is below its tolerance.
    Converged,
    /// The solver found no step that decreases the loss: the decrease is below the rounding errors,
    /// or the loss is not differentiable at these parameters.
    NoDecrease,
    /// The solver exceeded its maximum number of evaluations.
    MaxEvaluations,
    /// An observer ended the run.
    Cancelled,
}

impl Ending {
    /// Returns the name in machine-readable output, such as `stopped early`.
    pub fn name(self) -> &'static str {
        match self {
            Ending::Completed => "completed",
            Ending::Stopped => "stopped early",
            Ending::Converged => "converged",
            Ending::NoDecrease => "no decrease",
            Ending::MaxEvaluations => "maximum of evaluations",
            Ending::Cancelled => "cancelled",
        }
    }

    /// Returns the ending in words that a number of epochs can follow, such as `stopped early after`.
    pub fn describe(self) -> &'static str {
        match self {
            Ending::Completed => "trained for",
            Ending::Stopped => "stopped early after",
            Ending::Converged => "converged after",
            Ending::NoDecrease => "ended, since no step decreases the loss further, after",
            Ending::MaxEvaluations => "reached the maximum number of evaluations after",
            Ending::Cancelled => "cancelled after",
        }
    }
}

impl<T: Scalar> Training<T> {
    /// Trains until all epochs are completed, or early stopping, the solver or the observer ends the
    /// run.
    ///
    /// # Errors
    /// Returns [`Error::Diverged`] if the loss or a parameter becomes infinite or NaN. The
    /// parameters are then reset to those at the start of the last epoch that started with a finite
    /// loss, and the history contains the completed epochs.
    pub fn run(&mut self, mut observer: impl Observer<T>) -> Result<Ending, Error> {
        observer.started(self);
        // Also checked before the first step, since a restored state may be that of a finished run.
        while !self.is_over() {
            let step = self.step()?;
            let mut cancelled = observer.stepped(self, &step).is_break();
            if step.ends_epoch {
                let epoch = self.history.epochs.last().expect("the last step ended an epoch");
                cancelled |= observer.finished_epoch(self, epoch).is_break();
            }
            if cancelled {
                return Ok(Ending::Cancelled);
            }
        }
        let ending = match self.solver_ending() {
            _ if self.patience_exceeded() => Ending::Stopped,
            _ if self.state.epoch >= self.settings.epochs => Ending::Completed,
            Some(SolverEnding::Converged) => Ending::Converged,
            Some(SolverEnding::NoDecrease) => Ending::NoDecrease,
            Some(SolverEnding::MaxEvaluations) => Ending::MaxEvaluations,
            None => Ending::Completed,
        };
        if self.settings.stopping.is_some() {
            self.restore_best();
        }
        Ok(ending)
    }
}
