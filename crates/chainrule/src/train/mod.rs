//! Training: the loop, its settings and state, optimizers, schedules, early stopping, history and
//! observers.

mod any;
mod batch;
mod change;
pub mod clip;
mod epoch;
mod history;
mod many;
mod named;
mod observer;
pub mod optimizer;
pub mod penalty;
mod power;
mod restarts;
mod run;
pub mod schedule;
mod setting;
mod settings;
pub mod solver;
mod solver_check;
mod solver_step;
mod split;
mod state;
mod state_values;
mod step;
mod stopping;

mod training;
mod units;

pub use any::AnyTraining;
pub use batch::{Batch, Shuffle};
pub use clip::Clip;
pub use history::{Epoch, History, Warning};
pub use many::{fit_many, side_by_side};

pub use observer::{Cancel, Observer, Recorder};
pub use penalty::Penalty;
pub use restarts::{BestRun, Restarts, best_of};
pub use run::Ending;
pub use setting::{Flag, Setting, SettingKind, SettingValue};
pub use settings::{SETTINGS, Settings, UnitTracking};
pub use split::ValidationSplit;
pub use state::{Best, TrainingState};
pub use state_values::{NamedState, StateValues};
pub use step::Step;
pub use stopping::{Monitor, Stopping, StoppingState};
pub use training::Training;

use crate::Error;
use crate::registry::NumberRange;

/// Checks that the value `v` of the setting `key` of `of` is in the allowed range.
fn check(of: &'static str, key: &'static str, v: f64, allowed: NumberRange) -> Result<(), Error> {
    if (allowed.test)(v) {
        Ok(())
    } else {
        Err(Error::OptionRange { of, key, value: v.to_string(), allowed: allowed.text.to_owned() })
    }
}
