//! The exponential schedule: the rate is multiplied by the same factor at every tick.

use std::sync::Arc;

use super::super::power::power;
use super::{BY_EPOCH, Curve, Schedule, ScheduleState};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Curve>> = Entry {
    name: "exponential",
    aliases: &[],
    summary: "factor^now: the same fall every epoch",
    options: &[
        OptionSpec {
            name: "factor",
            kind: OptionKind::Number(0.95, NumberRange::POSITIVE),
            summary: "what multiplies the rate at each tick of the clock",
        },
        BY_EPOCH,
    ],
    make: |options| Arc::new(Exponential { factor: options.number("factor") }),
};

impl Schedule {
    /// The rate times `factor` every epoch.
    ///
    /// # Panics
    /// When `factor` is not above 0.
    pub fn exponential(factor: f64) -> Schedule {
        Schedule::of(ENTRY.name, &[("factor", factor.into())])
    }
}

#[derive(Debug)]
struct Exponential {
    factor: f64,
}

impl Curve for Exponential {
    fn factor(&self, now: u64, _total: u64, _state: &ScheduleState) -> f64 {
        power(self.factor, now)
    }
}
