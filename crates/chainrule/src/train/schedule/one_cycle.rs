//! One-cycle schedule: the learning rate increases from a fraction of the base rate to the base
//! rate, then decreases to almost 0.
//!
//! Of n ticks, the first `peak·n - 1` are a cosine warm-up from `1/start_divisor` to 1, and the
//! rest are cosine annealing, so that the last tick has the factor `1/(start_divisor·end_divisor)`.
//! This is PyTorch's `OneCycleLR`, whose `max_lr` is the base rate.
//!
//! From L. N. Smith, N. Topin, "Super-convergence: very fast training of neural networks using
//! large learning rates", 2018.

use std::sync::Arc;

use super::rule::{BY_STEP, OVER, half_cosine, length, progress};
use super::{Schedule, ScheduleRule, ScheduleState};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn ScheduleRule>> = Entry {
    name: "one_cycle",
    aliases: &[],
    summary: "cosine warm-up to the base rate, then cosine annealing to almost 0",
    options: &[
        OptionSpec {
            name: "peak",
            kind: OptionKind::Number(0.3, NumberRange::UNIT),
            summary: "fraction of the schedule during which the learning rate increases",
        },
        OptionSpec {
            name: "start_divisor",
            kind: OptionKind::Number(25.0, NumberRange::POSITIVE),
            summary: "base rate divided by the initial rate",
        },
        OptionSpec {
            name: "end_divisor",
            kind: OptionKind::Number(1e4, NumberRange::POSITIVE),
            summary: "initial rate divided by the final rate",
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
    /// Returns the schedule that increases the learning rate from 1/25 of the base rate to the base
    /// rate in the first 30 % of the training run, then decreases it to 1/250000 of the base rate.
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

impl ScheduleRule for OneCycle {
    fn factor(&self, now: u64, total: u64, _state: &ScheduleState) -> f64 {
        let n = length(self.over, total) as f64;
        let (now, warmup) = (now as f64, (self.peak * n - 1.0).max(0.0));
        if now <= warmup {
            half_cosine(self.start, 1.0, progress(now, warmup))
        } else {
            half_cosine(1.0, self.end, progress(now - warmup, n - 1.0 - warmup))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, ScheduleState};

    #[test]
    fn a_peak_at_the_start_or_the_end_leaves_one_phase() {
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
