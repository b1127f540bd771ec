//! One cycle: the rate rises from a fraction of the base rate to all of it, then falls to almost nothing.
//!
//! Of n ticks, the rise along half a cosine takes the first `peak·n - 1`, from `1/start_divisor` to 1; the fall along
//! half a cosine takes the rest, so that the last tick has `1/(start_divisor·end_divisor)`. PyTorch's `OneCycleLR`,
//! where the base rate is its `max_lr`.
//!
//! From L. N. Smith, N. Topin, "Super-convergence: very fast training of neural networks using large learning rates",
//! 2018.

use std::sync::Arc;

use super::{BY_STEP, Curve, OVER, Schedule, ScheduleState, half_cosine, length, progress};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Curve>> = Entry {
    name: "one_cycle",
    aliases: &[],
    summary: "a rise to the base rate, then a fall to almost nothing, each along half a cosine",
    options: &[
        OptionSpec {
            name: "peak",
            kind: OptionKind::Number(0.3, NumberRange::UNIT),
            summary: "the part of the training in which the rate rises",
        },
        OptionSpec {
            name: "start_divisor",
            kind: OptionKind::Number(25.0, NumberRange::POSITIVE),
            summary: "what divides the base rate at the start",
        },
        OptionSpec {
            name: "end_divisor",
            kind: OptionKind::Number(1e4, NumberRange::POSITIVE),
            summary: "what divides the rate of the start at the end",
        },
        OVER,
        BY_STEP,
    ],
    make: |options| {
        let start = 1.0 / options.number("start_divisor");
        let end = start / options.number("end_divisor");
        Arc::new(OneCycle { peak: options.number("peak"), start, end, over: options.number("over") as u64 })
    },
};

impl Schedule {
    /// From 1/25 of the base rate up to all of it in 0.3 of the training, then down to 1/250000.
    pub fn one_cycle() -> Schedule {
        Schedule::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct OneCycle {
    peak: f64,
    start: f64,
    end: f64,
    over: u64,
}

impl Curve for OneCycle {
    fn factor(&self, now: u64, total: u64, _state: &ScheduleState) -> f64 {
        let n = length(self.over, total) as f64;
        let (now, rise) = (now as f64, (self.peak * n - 1.0).max(0.0));
        if now <= rise {
            half_cosine(self.start, 1.0, progress(now, rise))
        } else {
            half_cosine(1.0, self.end, progress(now - rise, n - 1.0 - rise))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, ScheduleState};

    #[test]
    fn a_peak_at_either_edge_has_one_flank() {
        let at = |peak: f64, now: u64| {
            let schedule = Schedule::of("one_cycle", &[("peak", peak.into())]);
            schedule.factor(now, 11, &ScheduleState::default())
        };
        assert_eq!((at(0.0, 0), at(1.0, 10)), (1.0, 1.0));
        assert!((at(1.0, 0) - 1.0 / 25.0).abs() < 1e-15);
        for now in 0..10 {
            assert!(at(0.0, now) > at(0.0, now + 1) && at(1.0, now) < at(1.0, now + 1));
        }
    }
}
