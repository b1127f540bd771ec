//! The constant schedule: the base rate throughout.

use std::sync::Arc;

use super::{Curve, Schedule, ScheduleState};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn Curve>> = Entry {
    name: "constant",
    aliases: &[],
    summary: "the base rate throughout",
    options: &[],
    make: |_| Arc::new(Constant),
};

impl Schedule {
    /// The base rate throughout.
    pub fn constant() -> Schedule {
        Schedule::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Constant;

impl Curve for Constant {
    fn factor(&self, _now: u64, _total: u64, _state: &ScheduleState) -> f64 {
        1.0
    }
}
