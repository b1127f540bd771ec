//! Reduce on plateau: the learning rate is reduced when the loss stops improving.
//!
//! After each epoch, the loss is compared with the best loss so far. After more than `patience`
//! consecutive epochs without an improvement, the current factor is multiplied by `factor` (with
//! the lower bound `min_factor`), and the count is reset to 0. The definition of an improvement can
//! be chosen:
//!
//! | `improvement` | condition | best loss |
//! |---|---|---|
//! | `relative`, PyTorch's default | `loss < best - tol·abs(best)` | the last improvement |
//! | `absolute`, PyTorch's `abs` | `loss < best - tol` | the last improvement |
//! | `lowest`, scikit-learn's `adaptive` | `loss <= best - tol` | the lowest loss so far |
//!
//! Its clock counts epochs, since there is one loss per epoch.

use std::sync::Arc;

use super::{Schedule, ScheduleRule, ScheduleState};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Arc<dyn ScheduleRule>> = Entry {
    name: "reduce_on_plateau",
    aliases: &[],
    summary: "reduction by factor after more than patience epochs without an improvement of the loss",
    options: &[
        OptionSpec {
            name: "factor",
            kind: OptionKind::Number(0.1, NumberRange::INSIDE_UNIT),
            summary: "multiplier of the learning rate at each reduction",
        },
        OptionSpec {
            name: "patience",
            kind: OptionKind::Number(10.0, NumberRange::WHOLE),
            summary: "number of epochs without improvement to tolerate",
        },
        OptionSpec {
            name: "tol",
            kind: OptionKind::Number(1e-4, NumberRange::NON_NEGATIVE),
            summary: "minimum decrease of the loss that counts as an improvement",
        },
        OptionSpec {
            name: "improvement",
            kind: OptionKind::Choice(&["relative", "absolute", "lowest"]),
            summary: "whether tol is relative to the best loss or absolute; lowest as in scikit-learn",
        },
        OptionSpec {
            name: "min_factor",
            kind: OptionKind::Number(0.0, NumberRange::UNIT),
            summary: "lower bound of the factor",
        },
    ],
    make: |options| Arc::new(ReduceOnPlateau::new(options)),
};

impl Schedule {
    /// Returns the schedule that divides the learning rate by 10 after more than 10 epochs in which
    /// the loss has not decreased by more than 0.01 %.
    pub fn reduce_on_plateau() -> Schedule {
        Schedule::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct ReduceOnPlateau {
    factor: f64,
    patience: u64,
    tol: f64,
    improvement: Improvement,
    min_factor: f64,
}

#[derive(Debug)]
enum Improvement {
    Relative,
    Absolute,
    Lowest,
}

impl ReduceOnPlateau {
    fn new(options: &Options) -> ReduceOnPlateau {
        ReduceOnPlateau {
            factor: options.number("factor"),
            patience: options.number("patience") as u64,
            tol: options.number("tol"),
            improvement: match options.text("improvement") {
                "absolute" => Improvement::Absolute,
                "lowest" => Improvement::Lowest,
                _ => Improvement::Relative,
            },
            min_factor: options.number("min_factor"),
        }
    }

    /// Returns whether `loss` is an improvement on `best`; NaN never is.
    fn improves(&self, loss: f64, best: f64) -> bool {
        if best == f64::INFINITY {
            return loss < best;
        }
        match self.improvement {
            Improvement::Relative => loss < best - self.tol * best.abs(),
            Improvement::Absolute => loss < best - self.tol,
            Improvement::Lowest => loss <= best - self.tol,
        }
    }
}

impl ScheduleRule for ReduceOnPlateau {
    fn factor(&self, _now: u64, _total: u64, state: &ScheduleState) -> f64 {
        state.factor
    }

    fn follows_loss(&self) -> bool {
        true
    }

    fn observe(&self, state: &mut ScheduleState, loss: f64) {
        let improved = self.improves(loss, state.best);
        if improved || matches!(self.improvement, Improvement::Lowest) && loss < state.best {
            state.best = loss;
        }
        state.wait = if improved { 0 } else { state.wait + 1 };
        if state.wait > self.patience {
            state.factor = (state.factor * self.factor).max(self.min_factor);
            state.wait = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, ScheduleState};

    fn factors(schedule: &Schedule, losses: &[f64]) -> Vec<f64> {
        let mut state = ScheduleState::default();
        let observe = |&loss: &f64| {
            schedule.observe(&mut state, loss);
            schedule.factor(0, 0, &state)
        };
        losses.iter().map(observe).collect()
    }

    #[test]
    fn the_state_contains_factor_best_loss_and_wait() {
        let schedule = Schedule::of("reduce_on_plateau", &[("factor", 0.5.into()), ("patience", 1.0.into())]);
        let losses = [1.0, 1.0, 1.0, 0.9, 0.95, 0.95, 0.95, 0.8];
        let mut state = ScheduleState::default();
        losses[..5].iter().for_each(|&loss| schedule.observe(&mut state, loss));
        assert_eq!(state, ScheduleState { factor: 0.5, best: 0.9, wait: 1 });
        assert_eq!(factors(&schedule, &losses), [1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
    }

    #[test]
    fn relative_improvement_of_a_negative_loss_is_a_decrease() {
        // The Poisson loss is negative for large counts.
        let schedule = Schedule::of("reduce_on_plateau", &[("tol", 0.1.into()), ("patience", 0.0.into())]);
        assert_eq!(factors(&schedule, &[-10.0, -9.5, -12.0, -13.0]), [1.0, 0.1, 0.1, 0.1 * 0.1]);
    }

    #[test]
    fn nan_is_not_an_improvement_and_does_not_become_the_best_loss() {
        for improvement in ["relative", "absolute", "lowest"] {
            let given = [("patience", 1.0.into()), ("improvement", improvement.into()), ("tol", 2.0.into())];
            let schedule = Schedule::of("reduce_on_plateau", &given);
            let nan = f64::NAN;
            assert_eq!(
                factors(&schedule, &[nan, 5.0, nan, nan, -9.0]),
                [1.0, 1.0, 1.0, 0.1, 0.1],
                "{improvement}"
            );
        }
    }
}
