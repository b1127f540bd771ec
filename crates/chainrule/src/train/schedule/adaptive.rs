//! Adaptive: the learning rate is reduced each time early stopping would end training.
//!
//! When the patience of early stopping is exceeded, the learning rate is divided by `divisor`, the
//! count of epochs without an improvement is reset to 0, and training continues. It ends when the
//! patience is exceeded at a learning rate of at most `min_rate`. Early stopping alone determines
//! what is monitored and what counts as an improvement.
//!
//! This is scikit-learn's `learning_rate="adaptive"`. Unlike `reduce_on_plateau`, it has no count
//! and no best loss of its own.

use std::sync::Arc;

use super::{Schedule, ScheduleRule, ScheduleState};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Arc<dyn ScheduleRule>> = Entry {
    name: "adaptive",
    aliases: &[],
    summary: "division by divisor each time the patience of early stopping is exceeded, down to min_rate",
    options: &[
        OptionSpec {
            name: "divisor",
            kind: OptionKind::Number(5.0, ABOVE_1),
            summary: "divisor of the learning rate at each reduction",
        },
        OptionSpec {
            name: "min_rate",
            kind: OptionKind::Number(1e-6, NumberRange::NON_NEGATIVE),
            summary: "learning rate at or below which training ends instead",
        },
    ],
    make: |options| Arc::new(Adaptive::new(options)),
};

const ABOVE_1: NumberRange = NumberRange { text: "a number above 1", test: |v| v.is_finite() && v > 1.0 };

impl Schedule {
    /// Returns the schedule that divides the learning rate by 5 each time the patience of early
    /// stopping is exceeded, until it is at most 1e-6.
    pub fn adaptive() -> Schedule {
        Schedule::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Adaptive {
    divisor: f64,
    min_rate: f64,
}

impl Adaptive {
    fn new(options: &Options) -> Adaptive {
        Adaptive { divisor: options.number("divisor"), min_rate: options.number("min_rate") }
    }

    /// Returns the learning rate after the reductions of the state.
    ///
    /// The base rate is divided step by step, like the factor, since the product of both may differ
    /// in the last bit, which matters if it is compared with a `min_rate` that it reaches exactly.
    fn learning_rate(&self, base: f64, state: &ScheduleState) -> f64 {
        let (mut rate, mut factor) = (base, 1.0);
        while factor > state.factor.max(f64::MIN_POSITIVE) {
            factor /= self.divisor;
            rate /= self.divisor;
        }
        rate
    }
}

impl ScheduleRule for Adaptive {
    fn factor(&self, _now: u64, _total: u64, state: &ScheduleState) -> f64 {
        state.factor
    }

    fn follows_loss(&self) -> bool {
        true
    }

    fn needs_stopping(&self) -> bool {
        true
    }

    fn reduce(&self, state: &mut ScheduleState, base_rate: f64) -> bool {
        let is_reducible = self.learning_rate(base_rate, state) > self.min_rate;
        if is_reducible {
            state.factor /= self.divisor;
        }
        is_reducible
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, ScheduleState};

    /// Returns the learning rates after each reduction, until training ends.
    fn rates(base: f64, options: &[(&str, f64)]) -> Vec<f64> {
        let options: Vec<_> = options.iter().map(|(key, v)| (*key, (*v).into())).collect();
        let (schedule, mut state) = (Schedule::of("adaptive", &options), ScheduleState::default());
        let mut rates = Vec::new();
        while schedule.reduce(&mut state, base) {
            rates.push(base * schedule.factor(0, 0, &state));
        }
        rates
    }

    #[test]
    fn the_rate_is_divided_until_it_is_at_most_the_minimum() {
        assert_eq!(rates(1.0, &[("divisor", 4.0), ("min_rate", 0.05)]), [0.25, 0.0625, 0.015625]);
        assert_eq!(rates(1.0, &[("divisor", 4.0), ("min_rate", 0.0625)]), [0.25, 0.0625]);
        assert_eq!(rates(1e-6, &[]), [0.0; 0]);
        assert_eq!(rates(1.1e-6, &[]).len(), 1);
    }

    #[test]
    fn the_minimum_is_compared_with_the_rate_divided_step_by_step() {
        // Starting from 5^k·1e-6, scikit-learn's repeated division reaches 1e-6 or a neighbour of
        // it, depending on k.
        for k in 1..=9 {
            let base = 5_f64.powi(k) * 1e-6;
            let (mut rate, mut n_reductions) = (base, 0);
            while rate > 1e-6 {
                rate /= 5.0;
                n_reductions += 1;
            }
            assert_eq!(rates(base, &[]).len(), n_reductions, "from {base}");
        }
    }
}
