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
mod step;

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::registry::{self, Entry, NumberRange, OptionKind, OptionSpec, OptionValue, Options};

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

/// Implementation of a schedule.
pub trait ScheduleRule: fmt::Debug + Send + Sync {
    /// Returns the factor of the base rate at the time `now` of `total`, both in ticks of the
    /// schedule's clock.
    fn factor(&self, now: u64, total: u64, state: &ScheduleState) -> f64;
    /// Updates the state with the loss of an epoch; does nothing by default.
    fn observe(&self, _state: &mut ScheduleState, _loss: f64) {}
    /// Whether the schedule depends on early stopping, which must then be set; false by default.
    fn needs_stopping(&self) -> bool {
        false
    }
    /// Reduces the learning rate when the patience of early stopping is exceeded, and returns
    /// whether it did; if not, as by this default implementation, training ends.
    fn reduce(&self, _state: &mut ScheduleState, _base_rate: f64) -> bool {
        false
    }
}

/// Unit of time of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Completed epochs: the learning rate changes between epochs.
    Epoch,
    /// Completed steps: the learning rate changes with every step.
    Step,
    /// Samples seen in the completed epochs, as in scikit-learn: the learning rate changes between
    /// epochs.
    Samples,
}

/// State of a schedule, used only by `reduce_on_plateau` and `adaptive`.
///
/// The fields are public so that checkpoints can store them. The default is the state before the
/// first epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleState {
    /// Current factor, initially 1.
    pub factor: f64,
    /// Best loss so far, initially infinite.
    pub best: f64,
    /// Number of epochs without improvement since the last improvement or reduction.
    pub wait: u64,
}

impl Default for ScheduleState {
    fn default() -> Self {
        ScheduleState { factor: 1.0, best: f64::INFINITY, wait: 0 }
    }
}

/// A learning rate schedule with its options: the learning rate of a step is the base rate times
/// the schedule's factor.
///
/// ```
/// use chainrule::train::schedule::{Clock, Schedule, ScheduleState};
///
/// let schedule = Schedule::new("step", &[("factor", 0.5.into()), ("every", 10.0.into())])?;
/// assert_eq!(schedule.to_string(), "step(factor = 0.5, every = 10, clock = epoch)");
/// assert_eq!(schedule.clock(), Clock::Epoch);
/// let factor = |epoch| schedule.factor(epoch, 100, &ScheduleState::default());
/// assert_eq!([factor(0), factor(9), factor(10), factor(20)], [1.0, 1.0, 0.5, 0.25]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schedule {
    options: Options,
    rule: Arc<dyn ScheduleRule>,
}

/// Schedules are equal if their names and options are equal.
impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl Schedule {
    /// Creates the schedule called `name` with the options `given`.
    ///
    /// # Errors
    /// Returns [`Error::UnknownName`] or [`Error::UnknownOption`], with the most similar name, if
    /// the name or an option is unknown, and [`Error::OptionRange`] if a value is out of range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Schedule, Error> {
        let (options, rule) = registry::choose("schedule", REGISTRY, name, given)?;
        Ok(Schedule { options, rule })
    }

    /// Returns the name: `cosine`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// Returns the name and the values of all options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the unit of time, epochs if the schedule does not have a `clock` option.
    pub fn clock(&self) -> Clock {
        match self.options.iter().find(|(key, _)| *key == CLOCK) {
            Some((_, OptionValue::Text(word))) if word == "step" => Clock::Step,
            Some((_, OptionValue::Text(word))) if word == "samples" => Clock::Samples,
            _ => Clock::Epoch,
        }
    }

    /// Returns the factor of the base rate for the next step.
    ///
    /// `now` is the number of completed ticks of the [`clock`](Schedule::clock), 0 for the first
    /// step, and `total` the number of ticks of the whole training run. `state` is the state after
    /// the losses so far; see [`observe`](Schedule::observe).
    pub fn factor(&self, now: u64, total: u64, state: &ScheduleState) -> f64 {
        self.rule.factor(now, total, state)
    }

    /// Updates the state with the loss of a completed epoch, on the validation set if there is one.
    ///
    /// Only `reduce_on_plateau` changes the state.
    pub fn observe(&self, state: &mut ScheduleState, loss: f64) {
        self.rule.observe(state, loss);
    }

    /// Returns whether the learning rate depends on early stopping, which must then be set.
    ///
    /// Only `adaptive` does.
    pub fn needs_stopping(&self) -> bool {
        self.rule.needs_stopping()
    }

    /// Reduces the learning rate when the patience of early stopping is exceeded, and returns
    /// whether training continues. `base_rate` is the learning rate before any reduction.
    ///
    /// Only `adaptive` changes the state.
    pub fn reduce(&self, state: &mut ScheduleState, base_rate: f64) -> bool {
        self.rule.reduce(state, base_rate)
    }

    /// Creates the schedule called `name`; panics if the options `given` are invalid.
    fn of(name: &str, given: &[(&str, OptionValue)]) -> Schedule {
        Schedule::new(name, given).unwrap_or_else(|error| panic!("{error}"))
    }
}

const CLOCK: &str = "clock";

/// Returns the `clock` option, with the first of `words` as its default.
const fn clock(words: &'static [&'static str; 3]) -> OptionSpec {
    OptionSpec { name: CLOCK, kind: OptionKind::Choice(words), summary: "unit of time" }
}

const BY_EPOCH: OptionSpec = clock(&["epoch", "step", "samples"]);
const BY_STEP: OptionSpec = clock(&["step", "epoch", "samples"]);
const BY_SAMPLES: OptionSpec = clock(&["samples", "epoch", "step"]);

/// The option for the duration of a schedule, resolved by [`length`].
const OVER: OptionSpec = OptionSpec {
    name: "over",
    kind: OptionKind::Number(0.0, NumberRange::WHOLE),
    summary: "duration in ticks of the clock; 0 for the whole training run",
};

/// Returns the duration of a schedule in ticks: `over`, or `total` if `over` is 0.
fn length(over: u64, total: u64) -> u64 {
    if over == 0 { total } else { over }
}

/// Returns the completed fraction after `done` of `length` ticks, from 0 to 1; 1 if `length` is 0.
fn progress(done: f64, length: f64) -> f64 {
    if done < length { done / length } else { 1.0 }
}

/// Interpolates from `start` (progress 0) to `end` (progress 1) along half a cosine period.
fn half_cosine(start: f64, end: f64, progress: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + crate::kernel::math::cos(std::f64::consts::PI * progress))
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
