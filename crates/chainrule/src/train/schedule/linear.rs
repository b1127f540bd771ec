//! Linear schedule: the learning rate decays linearly, and then stays constant.
//!
//! With `when = after`, the rate is lowered after each tick: of n ticks, the first has the factor
//! 1, tick k (counted from 0) has `1 - (1 - end)·k/n`, and `end` is reached after n ticks. With
//! `when = before`, the rate is lowered before each tick: tick k has `1 - (1 - end)·(k + 1)/n`, so
//! that the last tick has `end`.

use std::sync::Arc;

use super::rule::{BY_STEP, OVER, length, progress};
use super::{Schedule, ScheduleRule, ScheduleState};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn ScheduleRule>> = Entry {
    name: "linear",
    aliases: &[],
    summary: "1 - (1 - end)·now/over: linear decay to end",
    options: &[
        OptionSpec {
            name: "end",
            kind: OptionKind::Number(0.0, NumberRange::NON_NEGATIVE),
            summary: "final factor",
        },
        OptionSpec {
            name: "when",
            kind: OptionKind::Choice(&["after", "before"]),
            summary: "whether the rate decreases after each tick (the first has the base rate) or before it",
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
    /// Returns linear decay from the base rate to 0 over the whole training run.
    pub fn linear() -> Schedule {
        Schedule::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Linear {
    end: f64,
    /// Number of ticks by which the schedule is ahead of the clock.
    lead: u64,
    over: u64,
}

impl ScheduleRule for Linear {
    fn factor(&self, now: u64, total: u64, _state: &ScheduleState) -> f64 {
        let done = progress(now.saturating_add(self.lead) as f64, length(self.over, total) as f64);
        1.0 - (1.0 - self.end) * done
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, ScheduleState};

    #[test]
    fn the_first_tick_after_has_factor_one_and_the_last_tick_before_has_the_final_factor() {
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
