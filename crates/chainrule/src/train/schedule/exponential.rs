//! Exponential schedule: the learning rate is multiplied by a constant factor at every tick.

use std::sync::Arc;

use super::super::power::power;
use super::rule::BY_EPOCH;
use super::{Schedule, ScheduleRule, ScheduleState};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn ScheduleRule>> = Entry {
    name: "exponential",
    aliases: &[],
    summary: "factor^now: decay by a constant factor every epoch",
    options: &[
        OptionSpec {
            name: "factor",
            kind: OptionKind::Number(0.95, NumberRange::POSITIVE),
            summary: "multiplier of the learning rate at each tick of the clock",
        },
        BY_EPOCH,
    ],
    make: |options| Arc::new(Exponential { factor: options.number("factor") }),
};

impl Schedule {
    /// Returns the schedule that multiplies the learning rate by `factor` every epoch.
    ///
    /// # Panics
    /// Panics if `factor` is not a number above 0.
    pub fn exponential(factor: f64) -> Schedule {
        Schedule::of(ENTRY.name, &[("factor", factor.into())])
    }
}

#[derive(Debug)]
struct Exponential {
    factor: f64,
}

impl ScheduleRule for Exponential {
    fn factor(&self, now: u64, _total: u64, _state: &ScheduleState) -> f64 {
        power(self.factor, now)
    }
}
