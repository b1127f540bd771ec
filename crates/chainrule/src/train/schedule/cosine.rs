//! The cosine schedule: the rate falls along half a cosine, after a straight rise if wanted.
//!
//! With a warm-up of w ticks out of n, tick k (from 0) has the factor `(k + 1)/(w + 1)` while k < w, so that the first
//! step is not lost at rate 0; then `end + (1 - end)·(1 + cos(π·(k - w)/(n - w)))/2`, and `end` when all are done.
//!
//! From I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, without restarts.

use std::sync::Arc;

use super::{BY_STEP, Curve, OVER, Schedule, ScheduleState, half_cosine, length, progress};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Curve>> = Entry {
    name: "cosine",
    aliases: &[],
    summary: "end + (1 - end)·(1 + cos(π·now/over))/2: slowly, fast, slowly down to end",
    options: &[
        OptionSpec {
            name: "end",
            kind: OptionKind::Number(0.0, NumberRange::NON_NEGATIVE),
            summary: "the factor at the end",
        },
        OptionSpec {
            name: "warmup",
            kind: OptionKind::Number(0.0, NumberRange::WHOLE),
            summary: "ticks of the clock in which the rate first rises, in a straight line",
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
    /// Along half a cosine from the base rate down to 0, over the whole training.
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

impl Curve for Cosine {
    fn factor(&self, now: u64, total: u64, _state: &ScheduleState) -> f64 {
        if now < self.warmup {
            return (now + 1) as f64 / (self.warmup as f64 + 1.0);
        }
        let fall = length(self.over, total).saturating_sub(self.warmup);
        half_cosine(1.0, self.end, progress((now - self.warmup) as f64, fall as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, ScheduleState};

    #[test]
    fn warms_up_to_the_base_rate_then_falls() {
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
