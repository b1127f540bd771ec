//! Early stopping, which ends training when a monitored value no longer improves.

use super::history::Epoch;
use crate::Error;
use crate::metrics::Metric;

/// Early stopping settings.
///
/// An epoch that improves on the best value so far by at least `tol` resets a counter to 0; any
/// other epoch increments it. Training ends when the counter exceeds `patience` (the rule of
/// scikit-learn, which stops at `count > n_iter_no_change`). With a validation set, the parameters
/// of the best epoch are restored at the end.
///
/// With the schedule `adaptive`, the learning rate is reduced instead, and the counter is reset to
/// 0, until the rate is low enough to end training.
#[derive(Clone, Debug, PartialEq)]
pub struct Stopping {
    /// Monitored value.
    pub monitor: Monitor,
    /// Maximum number of consecutive epochs without an improvement; training stops when it is
    /// exceeded.
    pub patience: u64,
    /// Minimum improvement, at least 0.
    pub tol: f64,
}

/// Value monitored by early stopping.
#[derive(Clone, Debug, PartialEq)]
pub enum Monitor {
    /// Training loss.
    Loss,
    /// Validation loss.
    ValidationLoss,
    /// One of the recorded metrics, by name; the metric determines whether higher values are
    /// better.
    Metric(&'static str),
}

/// State of early stopping, part of the training state.
#[derive(Clone, Debug, PartialEq)]
pub struct StoppingState {
    /// Best value so far, as a cost (metrics for which higher is better are negated).
    pub best: f64,
    /// Number of epochs since the last improvement by at least the tolerance, or since a reduction
    /// of the learning rate by the schedule `adaptive`.
    pub wait: u64,
}

impl Default for StoppingState {
    fn default() -> StoppingState {
        StoppingState { best: f64::INFINITY, wait: 0 }
    }
}

impl Default for Stopping {
    fn default() -> Stopping {
        Stopping::on_validation_loss(10)
    }
}

impl Stopping {
    /// Monitors the validation loss, and stops after more than `patience` epochs without an
    /// improvement of at least 1e-4.
    pub fn on_validation_loss(patience: u64) -> Stopping {
        Stopping { monitor: Monitor::ValidationLoss, patience, tol: 1e-4 }
    }

    /// Checks that the settings are valid.
    ///
    /// # Errors
    /// Returns [`Error::Setting`] if the tolerance is negative or not finite, or the monitored
    /// metric is not recorded.
    pub(super) fn check(&self, metrics: &[Metric]) -> Result<(), Error> {
        if !self.tol.is_finite() || self.tol < 0.0 {
            let (setting, allowed) = ("stopping.tol".to_owned(), "a number of at least 0".to_owned());
            return Err(Error::Setting { setting, value: self.tol.to_string(), allowed });
        }
        match self.monitor {
            Monitor::Metric(name) if metrics.iter().all(|metric| metric.name() != name) => {
                Err(Error::Setting {
                    setting: "stopping.monitor".to_owned(),
                    value: name.to_owned(),
                    allowed: "loss, validation_loss or one of the recorded metrics".to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Returns the monitored value of an epoch as a cost.
    pub(super) fn cost(&self, epoch: &Epoch, metrics: &[Metric]) -> f64 {
        match self.monitor {
            Monitor::Loss => epoch.loss,
            Monitor::ValidationLoss => epoch.validation_loss.unwrap_or(f64::NAN),
            Monitor::Metric(name) => {
                let metric = metrics
                    .iter()
                    .position(|metric| metric.name() == name)
                    .expect("checked by Stopping::check");
                let value = epoch.metrics[metric];
                if metrics[metric].higher_is_better() { -value } else { value }
            }
        }
    }

    /// Updates the state with the cost of an epoch. Returns whether it is the best so far, and
    /// whether training should end.
    pub(super) fn observe(&self, state: &mut StoppingState, cost: f64) -> (bool, bool) {
        // Both comparisons are false for NaN, which is thus not an improvement.
        let improved = cost <= state.best - self.tol || state.best.is_infinite() && cost.is_finite();
        state.wait = if improved { 0 } else { state.wait + 1 };
        let is_best = cost < state.best;
        if is_best {
            state.best = cost;
        }
        (is_best, state.wait > self.patience)
    }
}
