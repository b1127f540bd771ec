//! Constant schedule: the base learning rate throughout training.

use std::sync::Arc;

use super::{Schedule, ScheduleRule, ScheduleState};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ScheduleRule>> = Entry {
    name: "constant",
    aliases: &[],
    summary: "the base learning rate throughout training",
    options: &[],
    make: |_| Arc::new(ConstantSchedule),
};

impl Schedule {
    /// Returns the constant schedule, with the base rate throughout training.
    pub fn constant() -> Schedule {
        Schedule::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct ConstantSchedule;

impl ScheduleRule for ConstantSchedule {
    fn factor(&self, _now: u64, _total: u64, _state: &ScheduleState) -> f64 {
        1.0
    }
}
