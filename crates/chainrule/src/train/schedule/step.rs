//! The step schedule: the rate is multiplied by a factor at regular times.

use std::sync::Arc;

use super::super::power::power;
use super::{BY_EPOCH, Curve, Schedule, ScheduleState};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Curve>> = Entry {
    name: "step",
    aliases: &[],
    summary: "factor^⌊now/every⌋: a sudden fall every few epochs",
    options: &[
        OptionSpec {
            name: "factor",
            kind: OptionKind::Number(0.1, NumberRange::POSITIVE),
            summary: "what multiplies the rate at each fall",
        },
        OptionSpec {
            name: "every",
            kind: OptionKind::Number(30.0, NumberRange::COUNT),
            summary: "ticks of the clock from one fall to the next",
        },
        BY_EPOCH,
    ],
    make: |options| {
        Arc::new(Step { factor: options.number("factor"), every: options.number("every") as u64 })
    },
};

impl Schedule {
    /// The rate times `factor` every `every` epochs.
    ///
    /// # Panics
    /// When `factor` is not above 0, or `every` is 0.
    pub fn step(factor: f64, every: u64) -> Schedule {
        Schedule::of(ENTRY.name, &[("factor", factor.into()), ("every", (every as f64).into())])
    }
}

#[derive(Debug)]
struct Step {
    factor: f64,
    every: u64,
}

impl Curve for Step {
    fn factor(&self, now: u64, _total: u64, _state: &ScheduleState) -> f64 {
        power(self.factor, now / self.every)
    }
}
