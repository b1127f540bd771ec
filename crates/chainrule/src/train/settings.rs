//! The settings of a training: a page of them, checked before anything is trained.

use super::clip::Clip;
use super::optimizer::Optimizer;
use super::penalty::Penalty;
use super::schedule::Schedule;
use super::stopping::Stopping;
use crate::Error;
use crate::metrics::Metric;
use crate::objective::Reduction;

/// How a network is trained.
///
/// Training lowers `L(p) = loss over the batch + penalty(p)` by steps `p ← p - update(∂L/∂p, rate)`.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `epochs` | 100 | passes over the training samples, at least 1 |
/// | `batch` | full | samples of one step |
/// | `shuffle` | each epoch | whether mini-batches are drawn anew each epoch |
/// | `optimizer` | sgd | the update |
/// | `learning_rate` | 0.01 | the base rate, above 0 |
/// | `schedule` | constant | how the rate changes |
/// | `reduction` | mean | whether a batch's loss is the sum or the mean of its samples' |
/// | `penalty` | none | L1, L2 and decoupled decay of the weights |
/// | `clip` | none | a bound on the gradient |
/// | `validation_fraction` | none | the share of samples split off for validation, between 0 and 1 |
/// | `stopping` | none | early stopping |
/// | `metrics` | none | what each epoch records besides the loss, on the validation samples where there are any |
/// | `track_dead_units` | each epoch | whether dead and saturated units are counted |
/// | `seed` | 0 | the seed of dropout's masks |
///
/// ```
/// use chainrule::train::{Batch, Settings, optimizer::Optimizer};
///
/// let settings = Settings {
///     epochs: 20,
///     batch: Batch::Size(32),
///     optimizer: Optimizer::adam(),
///     learning_rate: 1e-3,
///     ..Settings::default()
/// };
/// assert!(settings.check().is_ok());
/// assert!(Settings { learning_rate: -1.0, ..settings }.check().is_err());
/// ```
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the table above says what each is")]
pub struct Settings {
    pub epochs: u64,
    pub batch: Batch,
    pub shuffle: Shuffle,
    pub optimizer: Optimizer,
    pub learning_rate: f64,
    pub schedule: Schedule,
    pub reduction: Reduction,
    pub penalty: Penalty,
    pub clip: Option<Clip>,
    pub validation_fraction: Option<f64>,
    pub stopping: Option<Stopping>,
    pub metrics: Vec<Metric>,
    pub track_dead_units: UnitTracking,
    pub seed: u32,
}

/// The samples of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// All training samples, in the data's order: shuffling would change nothing but rounding.
    Full,
    /// This many, at least 1; an epoch's last batch may be shorter and is trained too.
    Size(usize),
}

/// Whether the order of the samples changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shuffle {
    /// Each epoch permutes the previous epoch's order; full batches are left in order.
    EachEpoch,
    /// The data's order throughout.
    Never,
}

/// How often dead and saturated units are counted: it costs a forward pass over up to 256 samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitTracking {
    /// At the end of each epoch.
    EachEpoch,
    /// Not at all; the history says 0.
    Never,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            epochs: 100,
            batch: Batch::Full,
            shuffle: Shuffle::EachEpoch,
            optimizer: Optimizer::sgd(),
            learning_rate: 0.01,
            schedule: Schedule::constant(),
            reduction: Reduction::Mean,
            penalty: Penalty::default(),
            clip: None,
            validation_fraction: None,
            stopping: None,
            metrics: Vec::new(),
            track_dead_units: UnitTracking::EachEpoch,
            seed: 0,
        }
    }
}

impl Settings {
    /// Whether the settings can train at all.
    ///
    /// # Errors
    /// [`Error::Setting`] with the first setting that is out of its range.
    pub fn check(&self) -> Result<(), Error> {
        let finite_above_0 = |v: f64| v.is_finite() && v > 0.0;
        let rules = [
            ("epochs", self.epochs.to_string(), self.epochs > 0, "at least 1"),
            (
                "batch",
                format!("{:?}", self.batch),
                self.batch != Batch::Size(0),
                "\"full\" or a whole number of at least 1",
            ),
            (
                "learning_rate",
                self.learning_rate.to_string(),
                finite_above_0(self.learning_rate),
                "a number above 0",
            ),
            (
                "validation_fraction",
                format!("{:?}", self.validation_fraction.unwrap_or_default()),
                self.validation_fraction.is_none_or(|share| share > 0.0 && share < 1.0),
                "a number between 0 and 1",
            ),
        ];
        for (setting, value, holds, allowed) in rules {
            if !holds {
                return Err(Error::Setting {
                    setting: setting.to_owned(),
                    value,
                    allowed: allowed.to_owned(),
                });
            }
        }
        self.penalty.check()?;
        self.clip.map_or(Ok(()), |clip| clip.check())?;
        self.stopping.as_ref().map_or(Ok(()), |stopping| stopping.check(&self.metrics))
    }
}
