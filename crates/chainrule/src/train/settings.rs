//! Training settings, which are validated before training starts.

use super::clip::Clip;
use super::optimizer::Optimizer;
use super::penalty::Penalty;
use super::schedule::Schedule;
use super::split::ValidationSplit;
use super::stopping::Stopping;
use crate::Error;
use crate::metrics::Metric;
use crate::objective::Reduction;

/// Training settings.
///
/// Training minimises `L(p) = loss over the batch + penalty(p)` by steps
/// `p ← p - update(∂L/∂p, rate)`.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `epochs` | 100 | number of passes over the training set, at least 1 |
/// | `batch` | full | batch size |
/// | `shuffle` | each epoch | whether the training set is shuffled before each epoch |
/// | `optimizer` | sgd | update rule |
/// | `learning_rate` | 0.01 | base learning rate, above 0 |
/// | `schedule` | constant | learning rate schedule |
/// | `reduction` | mean | whether the loss of a batch is the sum or the mean of its sample losses |
/// | `penalty` | none | L1 and L2 penalties and decoupled weight decay |
/// | `clip` | none | gradient clipping |
/// | `validation_fraction` | none | fraction of the samples held out for validation, in (0, 1) |
/// | `validation_split` | random | how the validation samples are selected |
/// | `stopping` | none | early stopping |
/// | `metrics` | none | metrics recorded after each epoch, on the validation set if there is one |
/// | `track_dead_units` | each epoch | whether dead and saturated units are counted |
/// | `seed` | 0 | seed of the dropout masks |
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
#[expect(missing_docs, reason = "documented in the table above")]
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
    pub validation_split: ValidationSplit,
    pub stopping: Option<Stopping>,
    pub metrics: Vec<Metric>,
    pub track_dead_units: UnitTracking,
    pub seed: u32,
}

/// Batch size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// All training samples, never shuffled, since their order would only change rounding errors.
    Full,
    /// Number of samples in a mini-batch, at least 1; the last batch of an epoch may be smaller.
    Size(usize),
}

/// When the training samples are shuffled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shuffle {
    /// Before each epoch, starting from the order of the previous epoch; full batches are not
    /// shuffled.
    EachEpoch,
    /// Never: the samples are used in the order of the data, or of the random permutation from
    /// which a validation set was split off.
    Never,
}

/// When dead and saturated units are counted. Counting takes a forward pass over up to 256 samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitTracking {
    /// At the end of each epoch.
    EachEpoch,
    /// Never; the history contains zeros.
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
            validation_split: ValidationSplit::Random,
            stopping: None,
            metrics: Vec::new(),
            track_dead_units: UnitTracking::EachEpoch,
            seed: 0,
        }
    }
}

impl Settings {
    /// Checks that all settings are in range.
    ///
    /// # Errors
    /// Returns [`Error::Setting`] or [`Error::OptionRange`] for the first setting that is out of
    /// range.
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
                self.validation_fraction.is_none_or(|fraction| fraction > 0.0 && fraction < 1.0),
                "a number between 0 and 1",
            ),
        ];
        for (setting, value, valid, allowed) in rules {
            if !valid {
                return Err(Error::Setting {
                    setting: setting.to_owned(),
                    value,
                    allowed: allowed.to_owned(),
                });
            }
        }
        if self.schedule.needs_stopping() && self.stopping.is_none() {
            return Err(Error::Setting {
                setting: "schedule".to_owned(),
                value: self.schedule.name().to_owned(),
                allowed:
                    "another schedule, since it depends on early stopping, which is not set (set stopping)"
                        .to_owned(),
            });
        }
        self.penalty.check()?;
        self.clip.map_or(Ok(()), |clip| clip.check())?;
        self.stopping.as_ref().map_or(Ok(()), |stopping| stopping.check(&self.metrics))
    }
}
