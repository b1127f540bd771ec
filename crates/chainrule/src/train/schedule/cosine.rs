//! Cosine schedule: cosine annealing after an optional linear warm-up.
//!
//! With a warm-up of w ticks out of n, tick k (counted from 0) has the factor `(k + 1)/(w + 1)` for
//! k < w, so that the learning rate of the first step is not 0, then
//! `end + (1 - end)·(1 + cos(π·(k - w)/(n - w)))/2`, and `end` after n ticks.
//!
//! From I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR
//! 2017, without restarts.

use std::sync::Arc;

use super::rule::{BY_STEP, OVER, half_cosine, length, progress};
use super::{Schedule, ScheduleRule, ScheduleState};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn ScheduleRule>> = Entry {
    name: "cosine",
    aliases: &[],
    summary: "end + (1 - end)·(1 + cos(π·now/over))/2: cosine annealing to end",
    options: &[
        OptionSpec {
            name: "end",
            kind: OptionKind::Number(0.0, NumberRange::NON_NEGATIVE),
            summary: "final factor",
        },
        OptionSpec {
            name: "warmup",
            kind: OptionKind::Number(0.0, NumberRange::WHOLE),
            summary: "duration of the linear warm-up in ticks of the clock",
        },
        OVER,
        BY_STEP,
    ],
    make: |options| {
        Arc::new(Cosine {
            end: options.number("end"),
            warmup: options.number("warmup") as u64,
            over: options.number("over") as u64,
        })
    },
};

impl Schedule {
    /// Returns cosine annealing from the base rate to 0 over the whole training run.
    pub fn cosine() -> Schedule {
        Schedule::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Cosine {
    end: f64,
    warmup: u64,
    over: u64,
}

impl ScheduleRule for Cosine {
    fn factor(&self, now: u64, total: u64, _state: &ScheduleState) -> f64 {
        if now < self.warmup {
            return (now + 1) as f64 / (self.warmup as f64 + 1.0);
        }
        let decay = length(self.over, total).saturating_sub(self.warmup);
        half_cosine(1.0, self.end, progress((now - self.warmup) as f64, decay as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, ScheduleState};

    #[test]
    fn the_warm_up_to_the_base_rate_is_followed_by_annealing() {
        let schedule = Schedule::of("cosine", &[("warmup", 3.0.into()), ("end", 0.2.into())]);
        let factors: Vec<f64> =
            (0..9).map(|now| schedule.factor(now, 7, &ScheduleState::default())).collect();
        // cos(π/4) = √½
        let half = 0.5_f64.sqrt();
        let expected = [0.25, 0.5, 0.75, 1.0, 0.6 + 0.4 * half, 0.6, 0.6 - 0.4 * half, 0.2, 0.2];
        for (factor, expected) in factors.iter().zip(expected) {
            assert!((factor - expected).abs() < 1e-15, "{factors:?}");
        }
    }
}
