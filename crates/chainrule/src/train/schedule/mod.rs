//! Schedules: how the learning rate changes during a training.
//!
//! One file a schedule. To add one: write the file, add its line to [`REGISTRY`].

mod constant;

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::registry::{self, Entry, Options, Value};

/// All schedules, in the order in which lists show them.
pub static REGISTRY: &[Entry<Arc<dyn Curve>>] = &[constant::ENTRY];

/// What a schedule's file implements.
pub trait Curve: fmt::Debug + Send + Sync {
    /// The factor on the base rate at `now` (steps done, epochs done or samples seen, whichever is the schedule's
    /// clock) of `total` in the whole training.
    fn factor(&self, now: f64, total: f64, state: &State) -> f64;
}

/// What a schedule remembers: reduce_on_plateau alone needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The factor so far.
    pub factor: f64,
    /// The best loss seen.
    pub best: f64,
    /// Epochs since the best, or since the last reduction.
    pub wait: u64,
}

/// A schedule, chosen by name with its options.
#[derive(Clone, Debug)]
pub struct Schedule {
    options: Options,
    curve: Arc<dyn Curve>,
}

impl Schedule {
    /// The schedule called `name` with the options `given`.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, Value)]) -> Result<Schedule, Error> {
        let (options, curve) = registry::choose("schedule", REGISTRY, name, given)?;
        Ok(Schedule { options, curve })
    }
}
