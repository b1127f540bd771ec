//! Training: the loop, its settings and state, optimizers, schedules, stopping, history, observers.

pub mod clip;
mod history;
mod observer;
pub mod optimizer;
pub mod penalty;
mod power;
mod restarts;
pub mod schedule;
mod settings;
mod stopping;
mod sum;
mod training;
mod units;

pub use clip::Clip;
pub use history::{Epoch, History, Warning};
pub use observer::{Cancel, Observer, Recorder};
pub use penalty::Penalty;
pub use restarts::{Restarts, best_of};
pub use settings::{Batch, Settings, Shuffle, Watch};
pub use stopping::{Monitor, Progress, Stopping};
pub use training::{Best, Ending, State, Step, Training};
