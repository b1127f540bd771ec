//! Reduction on a plateau: the rate falls when the loss has not improved for a while.
//!
//! After each epoch the loss is compared with the best so far. When more than `patience` epochs in a row have brought no
//! improvement, the factor is multiplied by `factor` (but not below `min_factor`) and the count starts anew. What counts
//! as an improvement is a matter of convention:
//!
//! | `improvement` | is an improvement | the best is then |
//! |---|---|---|
//! | `relative`, PyTorch's default | `loss < best - tol·abs(best)` | the last improvement |
//! | `absolute`, as PyTorch's `abs` | `loss < best - tol` | the last improvement |
//! | `lowest`, as scikit-learn's `adaptive` | `loss <= best - tol` | the lowest loss, improvement or not |
//!
//! Its clock is the epoch: there is one loss in each.

use std::sync::Arc;

use super::{Curve, Schedule, ScheduleState};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Arc<dyn Curve>> = Entry {
    name: "reduce_on_plateau",
    aliases: &[],
    summary: "a fall by factor when the loss has not improved for more than patience epochs",
    options: &[
        OptionSpec {
            name: "factor",
            kind: OptionKind::Number(0.1, NumberRange::INSIDE_UNIT),
            summary: "what multiplies the rate at each fall",
        },
        OptionSpec {
            name: "patience",
            kind: OptionKind::Number(10.0, NumberRange::WHOLE),
            summary: "how many epochs without improvement are borne",
        },
        OptionSpec {
            name: "tol",
            kind: OptionKind::Number(1e-4, NumberRange::NON_NEGATIVE),
            summary: "by how much the loss must fall to have improved",
        },
        OptionSpec {
            name: "improvement",
            kind: OptionKind::Choice(&["relative", "absolute", "lowest"]),
            summary: "whether tol is a part of the best loss, or a loss; lowest as scikit-learn counts",
        },
        OptionSpec {
            name: "min_factor",
            kind: OptionKind::Number(0.0, NumberRange::UNIT),
            summary: "the factor on the base rate below which it never falls",
        },
    ],
    make: |options| Arc::new(ReduceOnPlateau::new(options)),
};

impl Schedule {
    /// A tenth of the rate after more than 10 epochs in which the loss has not fallen by a ten-thousandth.
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

    /// Whether `loss` is an improvement on `best`; a NaN never is.
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

impl Curve for ReduceOnPlateau {
    fn factor(&self, _now: u64, _total: u64, state: &ScheduleState) -> f64 {
        state.factor
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
        let after = |&loss: &f64| {
            schedule.observe(&mut state, loss);
            schedule.factor(0, 0, &state)
        };
        losses.iter().map(after).collect()
    }

    #[test]
    fn the_state_can_be_stored_and_restored() {
        let schedule = Schedule::of("reduce_on_plateau", &[("factor", 0.5.into()), ("patience", 1.0.into())]);
        let losses = [1.0, 1.0, 1.0, 0.9, 0.95, 0.95, 0.95, 0.8];
        let mut state = ScheduleState::default();
        losses[..5].iter().for_each(|&loss| schedule.observe(&mut state, loss));
        assert_eq!(state, ScheduleState { factor: 0.5, best: 0.9, wait: 1 });
        assert_eq!(factors(&schedule, &losses), [1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
    }

    #[test]
    fn a_negative_loss_improves_by_falling() {
        // Poisson's loss is below 0 where counts are large.
        let schedule = Schedule::of("reduce_on_plateau", &[("tol", 0.1.into()), ("patience", 0.0.into())]);
        assert_eq!(factors(&schedule, &[-10.0, -9.5, -12.0, -13.0]), [1.0, 0.1, 0.1, 0.1 * 0.1]);
    }

    #[test]
    fn a_nan_is_no_improvement_and_is_forgotten() {
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
