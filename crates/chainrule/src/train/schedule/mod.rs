//! Learning rate schedules.
//!
//! Each schedule is implemented in its own file, which contains its options and the factor of the
//! base learning rate as a function of time. To add a schedule, write its file and add its entry to
//! [`REGISTRY`].

mod adaptive;
mod constant;
mod cosine;
mod exponential;
mod inverse_scaling;
mod linear;
mod one_cycle;
mod reduce_on_plateau;
mod rule;
mod step;

use std::sync::Arc;

pub use rule::{Clock, Schedule, ScheduleRule, ScheduleState};

use crate::registry::{Entry, Registered};

/// All schedules, in display order.
pub static REGISTRY: &[Entry<Arc<dyn ScheduleRule>>] = &[
    constant::ENTRY,
    linear::ENTRY,
    step::ENTRY,
    exponential::ENTRY,
    inverse_scaling::ENTRY,
    cosine::ENTRY,
    one_cycle::ENTRY,
    reduce_on_plateau::ENTRY,
    adaptive::ENTRY,
];

impl Registered for Arc<dyn ScheduleRule> {
    const WHAT: &'static str = "schedule";

    fn entries() -> &'static [Entry<Self>] {
        REGISTRY
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, REGISTRY, Schedule, ScheduleState};

    #[test]
    fn every_factor_is_a_number_from_0_to_1() {
        for entry in REGISTRY {
            let schedule = Schedule::of(entry.name, &[]);
            for total in [0, 1, 2, 3, 10, 1000] {
                for now in (0..=total + 2).chain([u64::MAX]) {
                    let factor = schedule.factor(now, total, &ScheduleState::default());
                    assert!((0.0..=1.0).contains(&factor), "{schedule} at {now} of {total}: {factor}");
                }
            }
        }
    }

    #[test]
    fn every_schedule_has_its_documented_clock() {
        let clocks: Vec<_> =
            REGISTRY.iter().map(|entry| (entry.name, Schedule::of(entry.name, &[]).clock())).collect();
        for (name, clock) in clocks {
            let expected = match name {
                "linear" | "cosine" | "one_cycle" => Clock::Step,
                "inverse_scaling" => Clock::Samples,
                _ => Clock::Epoch,
            };
            assert_eq!(clock, expected, "{name}");
        }
        for (word, clock) in [("epoch", Clock::Epoch), ("step", Clock::Step), ("samples", Clock::Samples)] {
            assert_eq!(Schedule::of("linear", &[("clock", word.into())]).clock(), clock);
        }
    }

    #[test]
    fn only_two_schedules_have_state() {
        for entry in REGISTRY {
            let (mut state, schedule) = (ScheduleState::default(), Schedule::of(entry.name, &[]));
            schedule.observe(&mut state, 0.5);
            let is_observer = state != ScheduleState::default();
            assert_eq!(is_observer, entry.name == "reduce_on_plateau", "{}", entry.name);

            let mut state = ScheduleState::default();
            let reduces = schedule.reduce(&mut state, 0.5);
            assert_eq!(reduces, entry.name == "adaptive", "{}", entry.name);
            assert_eq!(state != ScheduleState::default(), reduces, "{}", entry.name);
            assert_eq!(schedule.needs_stopping(), reduces, "{}", entry.name);
        }
    }

    #[test]
    fn schedules_are_compared_by_name_and_options() {
        assert_eq!(Schedule::new("step", &[("every", 30.0.into())]), Ok(Schedule::step(0.1, 30)));
        assert_ne!(Schedule::step(0.1, 30), Schedule::step(0.1, 31));
        assert_ne!(Schedule::cosine(), Schedule::one_cycle());
    }
}
