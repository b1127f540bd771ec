//! Early stopping: end a training that no longer gets better.

use super::history::Epoch;
use crate::Error;
use crate::metrics::Metric;

/// When a training ends early, and on what evidence.
///
/// Each epoch that does not beat the best value so far by more than `tol` adds one to a count, each that does sets it
/// back to 0; the training ends when the count exceeds `patience` (scikit-learn's rule, which stops at
/// `count > n_iter_no_change`). With validation samples, the parameters of the best epoch are put back at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Stopping {
    /// What must get better.
    pub monitor: Monitor,
    /// The epochs that may pass without getting better.
    pub patience: u64,
    /// The least improvement that counts, at least 0.
    pub tol: f64,
}

/// What early stopping looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Monitor {
    /// The training loss.
    Loss,
    /// The loss on the validation samples.
    ValidationLoss,
    /// One of the recorded metrics, by name; whether more is better is the metric's own affair.
    Metric(&'static str),
}

/// How far early stopping has come: part of a training's state.
#[derive(Clone, Debug, PartialEq)]
pub struct StoppingState {
    /// The best value so far, as a cost (a metric that should rise is negated).
    pub best: f64,
    /// Epochs since it last improved by more than the tolerance.
    pub wait: u64,
}

impl Default for StoppingState {
    fn default() -> StoppingState {
        StoppingState { best: f64::INFINITY, wait: 0 }
    }
}

impl Stopping {
    /// Stopping on the validation loss after more than `patience` epochs without an improvement of 1e-4.
    pub fn on_validation_loss(patience: u64) -> Stopping {
        Stopping { monitor: Monitor::ValidationLoss, patience, tol: 1e-4 }
    }

    /// # Errors
    /// A negative tolerance, or a metric that is not recorded.
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
                    allowed: "loss, validation_loss or one of the metrics that the training records"
                        .to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    /// The monitored value of an epoch as a cost, and whether it came from validation samples.
    pub(super) fn cost(&self, epoch: &Epoch, metrics: &[Metric]) -> f64 {
        match self.monitor {
            Monitor::Loss => epoch.loss,
            Monitor::ValidationLoss => epoch.validation_loss.unwrap_or(f64::NAN),
            Monitor::Metric(name) => {
                let metric = metrics.iter().position(|metric| metric.name() == name).expect("checked");
                let value = epoch.metrics[metric];
                if metrics[metric].higher_is_better() { -value } else { value }
            }
        }
    }

    /// Takes in an epoch's cost; whether it is a new best, and whether the training should end.
    pub(super) fn observe(&self, progress: &mut StoppingState, cost: f64) -> (bool, bool) {
        // Written so that a NaN counts as no improvement.
        let improved = cost <= progress.best - self.tol || progress.best.is_infinite() && cost.is_finite();
        progress.wait = if improved { 0 } else { progress.wait + 1 };
        let best = cost < progress.best;
        if best {
            progress.best = cost;
        }
        (best, progress.wait > self.patience)
    }
}
