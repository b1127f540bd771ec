//! Inverse scaling: power-law decay of the learning rate, `1/(1 + now)^power`, fast at first and
//! never reaching 0.
//!
//! As in scikit-learn's `invscaling`, time is measured in samples seen and updated once per epoch,
//! so that with n samples the second epoch already has the factor `1/(1 + n)^power`.

use std::sync::Arc;

use super::rule::BY_SAMPLES;
use super::{Schedule, ScheduleRule, ScheduleState};
use crate::kernel::math::{exp, ln};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn ScheduleRule>> = Entry {
    name: "inverse_scaling",
    aliases: &["invscaling"],
    summary: "1/(1 + now)^power, as invscaling in scikit-learn",
    options: &[
        OptionSpec {
            name: "power",
            kind: OptionKind::Number(0.5, NumberRange::NON_NEGATIVE),
            summary: "exponent of the decay",
        },
        BY_SAMPLES,
    ],
    make: |options| Arc::new(InverseScaling { power: options.number("power") }),
};

impl Schedule {
    /// Returns inverse scaling by `1/√(1 + now)`, where `now` is the number of samples seen before
    /// the epoch.
    pub fn inverse_scaling() -> Schedule {
        Schedule::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct InverseScaling {
    power: f64,
}

impl ScheduleRule for InverseScaling {
    fn factor(&self, now: u64, _total: u64, _state: &ScheduleState) -> f64 {
        exp(-self.power * ln(1.0 + now as f64))
    }
}
