//! The linear schedule: the rate falls in a straight line, and stays at its end.
//!
//! With `when = after`, the rate is lowered after each tick: of n ticks, the first has the factor 1, tick k (from 0)
//! has `1 - (1 - end)·k/n`, and `end` is reached when all are done. With `when = before`, it is lowered before
//! each: tick k has `1 - (1 - end)·(k + 1)/n`, so that the last has `end`.

use std::sync::Arc;

use super::{BY_STEP, Curve, OVER, Schedule, ScheduleState, length, progress};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Curve>> = Entry {
    name: "linear",
    aliases: &[],
    summary: "1 - (1 - end)·now/over: in a straight line down to end",
    options: &[
        OptionSpec {
            name: "end",
            kind: OptionKind::Number(0.0, NumberRange::NON_NEGATIVE),
            summary: "the factor at the end",
        },
        OptionSpec {
            name: "when",
            kind: OptionKind::Choice(&["after", "before"]),
            summary: "whether the rate is lowered after each tick (the first has the base rate) or before",
        },
        OVER,
        BY_STEP,
    ],
    make: |options| {
        Arc::new(Linear {
            end: options.number("end"),
            lead: u64::from(options.text("when") == "before"),
            over: options.number("over") as u64,
        })
    },
};

impl Schedule {
    /// In a straight line from the base rate down to 0, over the whole training.
    pub fn linear() -> Schedule {
        Schedule::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Linear {
    end: f64,
    /// How many ticks the curve is ahead of the clock.
    lead: u64,
    over: u64,
}

impl Curve for Linear {
    fn factor(&self, now: u64, total: u64, _state: &ScheduleState) -> f64 {
        let done = progress(now.saturating_add(self.lead) as f64, length(self.over, total) as f64);
        1.0 - (1.0 - self.end) * done
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, ScheduleState};

    #[test]
    fn after_starts_at_one_and_before_ends_at_the_end() {
        let factors = |when: &str, end: f64, over: f64| {
            let given = [("when", when.into()), ("end", end.into()), ("over", over.into())];
            let schedule = Schedule::of("linear", &given);
            (0..6).map(|now| schedule.factor(now, 4, &ScheduleState::default())).collect::<Vec<_>>()
        };
        assert_eq!(factors("after", 0.0, 0.0), [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
        assert_eq!(factors("before", 0.0, 0.0), [0.75, 0.5, 0.25, 0.0, 0.0, 0.0]);
        assert_eq!(factors("after", 0.5, 2.0), [1.0, 0.75, 0.5, 0.5, 0.5, 0.5]);
        assert_eq!(factors("before", 0.5, 2.0), [0.75, 0.5, 0.5, 0.5, 0.5, 0.5]);
    }
}
