//! The trait that every schedule implements, the schedule with its options, and shared options.

use std::fmt;
use std::sync::Arc;

use crate::kernel::math;
use crate::registry::{Chosen, NumberRange, OptionKind, OptionSpec, OptionValue};

/// Implementation of a schedule.
pub trait ScheduleRule: fmt::Debug + Send + Sync {
    /// Returns the factor of the base rate at the time `now` of `total`, both in ticks of the
    /// schedule's clock.
    fn factor(&self, now: u64, total: u64, state: &ScheduleState) -> f64;
    /// Updates the state with the loss of an epoch; does nothing by default.
    fn observe(&self, _state: &mut ScheduleState, _loss: f64) {}
    /// Returns whether the factor depends on the losses, by default not.
    fn follows_loss(&self) -> bool {
        false
    }
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
pub type Schedule = Chosen<Arc<dyn ScheduleRule>>;

impl Schedule {
    /// Returns the unit of time, epochs if the schedule does not have a `clock` option.
    pub fn clock(&self) -> Clock {
        match self.options().iter().find(|(key, _)| *key == CLOCK) {
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
        self.made.factor(now, total, state)
    }

    /// Returns whether the factor depends on the losses and not only on time.
    pub fn follows_loss(&self) -> bool {
        self.made.follows_loss()
    }

    /// Returns whether the learning rate depends on early stopping, which must then be set.
    ///
    /// Only `adaptive` does.
    pub fn needs_stopping(&self) -> bool {
        self.made.needs_stopping()
    }

    /// Reduces the learning rate when the patience of early stopping is exceeded, and returns
    /// whether training continues. `base_rate` is the learning rate before any reduction.
    ///
    /// Only `adaptive` changes the state.
    pub fn reduce(&self, state: &mut ScheduleState, base_rate: f64) -> bool {
        self.made.reduce(state, base_rate)
    }

    /// Updates the state with the loss of a completed epoch, on the validation set if there is one.
    ///
    /// Only `reduce_on_plateau` changes the state.
    pub fn observe(&self, state: &mut ScheduleState, loss: f64) {
        self.made.observe(state, loss);
    }
}

const CLOCK: &str = "clock";

/// Returns the `clock` option, with the first of `words` as its default.
const fn clock(words: &'static [&'static str; 3]) -> OptionSpec {
    OptionSpec { name: CLOCK, kind: OptionKind::Choice(words), summary: "unit of time" }
}

pub(super) const BY_EPOCH: OptionSpec = clock(&["epoch", "step", "samples"]);

pub(super) const BY_STEP: OptionSpec = clock(&["step", "epoch", "samples"]);

pub(super) const BY_SAMPLES: OptionSpec = clock(&["samples", "epoch", "step"]);

/// The option for the duration of a schedule, resolved by [`length`].
pub(super) const OVER: OptionSpec = OptionSpec {
    name: "over",
    kind: OptionKind::Number(0.0, NumberRange::WHOLE),
    summary: "duration in ticks of the clock; 0 for the whole training run",
};

/// Returns the duration of a schedule in ticks: `over`, or `total` if `over` is 0.
pub(super) fn length(over: u64, total: u64) -> u64 {
    if over == 0 { total } else { over }
}

/// Returns the completed fraction after `done` of `length` ticks, from 0 to 1; 1 if `length` is 0.
pub(super) fn progress(done: f64, length: f64) -> f64 {
    if done < length { done / length } else { 1.0 }
}

/// Interpolates from `start` (progress 0) to `end` (progress 1) along half a cosine period.
pub(super) fn half_cosine(start: f64, end: f64, progress: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + math::cos(std::f64::consts::PI * progress))
}
