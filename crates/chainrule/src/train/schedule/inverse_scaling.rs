//! Inverse scaling: the rate falls as a power of the time, `1/(1 + now)^power`, fast at first and never to 0.
//!
//! scikit-learn's `invscaling`: the time is counted in samples seen, looked at once an epoch, and so the second epoch of
//! n samples already has the factor `1/(1 + n)^power`.

use std::sync::Arc;

use super::{BY_SAMPLES, Curve, Schedule, ScheduleState};
use crate::kernel::math::{exp, ln};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Curve>> = Entry {
    name: "inverse_scaling",
    aliases: &["invscaling"],
    summary: "1/(1 + now)^power, as scikit-learn's invscaling",
    options: &[
        OptionSpec {
            name: "power",
            kind: OptionKind::Number(0.5, NumberRange::NON_NEGATIVE),
            summary: "how fast the rate falls",
        },
        BY_SAMPLES,
    ],
    make: |options| Arc::new(InverseScaling { power: options.number("power") }),
};

impl Schedule {
    /// `1/√(1 + now)`, with `now` the samples seen before the epoch.
    pub fn inverse_scaling() -> Schedule {
        Schedule::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct InverseScaling {
    power: f64,
}

impl Curve for InverseScaling {
    fn factor(&self, now: u64, _total: u64, _state: &ScheduleState) -> f64 {
        exp(-self.power * ln(1.0 + now as f64))
    }
}
