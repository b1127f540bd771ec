//! Schedules: how the learning rate changes during a training.
//!
//! One file a schedule. A file holds the factor on the base rate as a function of the time, and the options. To add
//! one: write the file, add its line to [`REGISTRY`].

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

/// All schedules, in the order in which lists show them.
pub static REGISTRY: &[Entry<Arc<dyn Curve>>] = &[
    constant::ENTRY,
    linear::ENTRY,
    step::ENTRY,
    exponential::ENTRY,
    inverse_scaling::ENTRY,
    cosine::ENTRY,
    one_cycle::ENTRY,
    reduce_on_plateau::ENTRY,
];

/// What a schedule's file implements.
pub trait Curve: fmt::Debug + Send + Sync {
    /// The factor on the base rate at the time `now` of `total`, both in ticks of the schedule's clock.
    fn factor(&self, now: u64, total: u64, state: &ScheduleState) -> f64;
    /// Takes notice of the loss of an epoch; most schedules do not.
    fn observe(&self, _state: &mut ScheduleState, _loss: f64) {}
}

/// What a schedule counts its time in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Epochs done: the rate changes between epochs.
    Epoch,
    /// Steps done: the rate changes with every step.
    Step,
    /// Samples seen in the epochs done, as scikit-learn counts: the rate changes between epochs.
    Samples,
}

/// What a schedule remembers of the losses: `reduce_on_plateau` alone needs it.
///
/// Its numbers are public, so that a checkpoint can hold them. The default is the state before the first epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleState {
    /// The factor so far, 1 at first.
    pub factor: f64,
    /// The best loss so far, infinite at first.
    pub best: f64,
    /// How many epochs have brought no improvement since the last that did, or since the last reduction.
    pub wait: u64,
}

impl Default for ScheduleState {
    fn default() -> Self {
        ScheduleState { factor: 1.0, best: f64::INFINITY, wait: 0 }
    }
}

/// A schedule, chosen by name with its options: the learning rate of a step is the base rate times its factor.
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
    curve: Arc<dyn Curve>,
}

/// Same name, same options.
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
    /// The schedule called `name` with the options `given`.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Schedule, Error> {
        let (options, curve) = registry::choose("schedule", REGISTRY, name, given)?;
        Ok(Schedule { options, curve })
    }

    /// The name: `cosine`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// The name with every option's value.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What it counts its time in; epochs where it has no option for it.
    pub fn clock(&self) -> Clock {
        match self.options.iter().find(|(key, _)| *key == CLOCK) {
            Some((_, OptionValue::Text(word))) if word == "step" => Clock::Step,
            Some((_, OptionValue::Text(word))) if word == "samples" => Clock::Samples,
            _ => Clock::Epoch,
        }
    }

    /// The factor on the base rate for the step to come.
    ///
    /// `now` is how many ticks of the [`clock`](Schedule::clock) are done, 0 for the first step, and `total` how many
    /// the whole training has. The state is what [`observe`](Schedule::observe) has made of the losses so far.
    pub fn factor(&self, now: u64, total: u64, state: &ScheduleState) -> f64 {
        self.curve.factor(now, total, state)
    }

    /// Takes notice of the loss of the epoch that has just ended, on the validation samples where there are some.
    ///
    /// Only `reduce_on_plateau` changes the state.
    pub fn observe(&self, state: &mut ScheduleState, loss: f64) {
        self.curve.observe(state, loss);
    }

    /// The schedule called `name`, whose file vouches for the options `given`.
    fn of(name: &str, given: &[(&str, OptionValue)]) -> Schedule {
        Schedule::new(name, given).unwrap_or_else(|error| panic!("{error}"))
    }
}

const CLOCK: &str = "clock";

/// The option that chooses the clock, the first of `words` by default.
const fn clock(words: &'static [&'static str; 3]) -> OptionSpec {
    OptionSpec { name: CLOCK, kind: OptionKind::Choice(words), summary: "what the time is counted in" }
}

const BY_EPOCH: OptionSpec = clock(&["epoch", "step", "samples"]);
const BY_STEP: OptionSpec = clock(&["step", "epoch", "samples"]);
const BY_SAMPLES: OptionSpec = clock(&["samples", "epoch", "step"]);

/// The option for how long a schedule lasts; what it means is in [`length`].
const OVER: OptionSpec = OptionSpec {
    name: "over",
    kind: OptionKind::Number(0.0, NumberRange::WHOLE),
    summary: "how many ticks of the clock it lasts; 0 for the whole training",
};

/// How many ticks a schedule lasts, in a training of `total`: `over`, or all of them where that is 0.
fn length(over: u64, total: u64) -> u64 {
    if over == 0 { total } else { over }
}

/// How far a stretch of `length` ticks is done after `done` of them: from 0 to 1, and 1 where there is no stretch.
fn progress(done: f64, length: f64) -> f64 {
    if done < length { done / length } else { 1.0 }
}

/// From `start` (progress 0) to `end` (progress 1) along half a cosine, flat at both ends.
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
    fn each_names_its_clock() {
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
    fn only_the_plateau_schedule_remembers() {
        for entry in REGISTRY {
            let mut state = ScheduleState::default();
            Schedule::of(entry.name, &[]).observe(&mut state, 0.5);
            assert_eq!(
                state != ScheduleState::default(),
                entry.name == "reduce_on_plateau",
                "{}",
                entry.name
            );
        }
    }

    #[test]
    fn equal_by_name_and_options() {
        assert_eq!(Schedule::new("step", &[("every", 30.0.into())]), Ok(Schedule::step(0.1, 30)));
        assert_ne!(Schedule::step(0.1, 30), Schedule::step(0.1, 31));
        assert_ne!(Schedule::cosine(), Schedule::one_cycle());
    }
}
