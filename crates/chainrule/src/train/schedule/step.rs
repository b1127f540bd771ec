//! Step schedule: the learning rate is multiplied by a factor at regular intervals.

use std::sync::Arc;

use super::super::power::power;
use super::rule::BY_EPOCH;
use super::{Schedule, ScheduleRule, ScheduleState};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn ScheduleRule>> = Entry {
    name: "step",
    aliases: &[],
    summary: "factor^⌊now/every⌋: step decay every few epochs",
    options: &[
        OptionSpec {
            name: "factor",
            kind: OptionKind::Number(0.1, NumberRange::POSITIVE),
            summary: "multiplier of the learning rate at each reduction",
        },
        OptionSpec {
            name: "every",
            kind: OptionKind::Number(30.0, NumberRange::COUNT),
            summary: "number of ticks of the clock between reductions",
        },
        BY_EPOCH,
    ],
    make: |options| {
        Arc::new(StepDecay { factor: options.number("factor"), every: options.number("every") as u64 })
    },
};

impl Schedule {
    /// Returns the schedule that multiplies the learning rate by `factor` every `every` epochs.
    ///
    /// # Panics
    /// Panics if `factor` is not a number above 0, or `every` is 0.
    pub fn step(factor: f64, every: u64) -> Schedule {
        Schedule::of(ENTRY.name, &[("factor", factor.into()), ("every", (every as f64).into())])
    }
}

#[derive(Debug)]
struct StepDecay {
    factor: f64,
    every: u64,
}

impl ScheduleRule for StepDecay {
    fn factor(&self, now: u64, _total: u64, _state: &ScheduleState) -> f64 {
        power(self.factor, now / self.every)
    }
}
