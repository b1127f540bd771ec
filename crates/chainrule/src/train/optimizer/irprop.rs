//! iRprop+: a step size for each parameter, which depends on the sign of its derivative only.
//!
//! Each parameter has a step size `s`, initially the learning rate. With its derivative `g` and the
//! previous one `g'`, the update is
//!
//! | `g·g'` | step size | update |
//! |---|---|---|
//! | above 0 | `s ← min(increase·s, max)` | `p ← p - s·sign(g)` |
//! | below 0 | `s ← max(decrease·s, min)` | the previous update is undone if the loss has increased; in the next step `g'` is 0 |
//! | 0 | unchanged | `p ← p - s·sign(g)` |
//!
//! It is a method for full batches, since the sign of the derivative of a mini-batch is random near
//! a minimum. Only the initial step sizes depend on the learning rate; 0.1 is usual.
//!
//! From C. Igel, M. Hüsken, "Empirical evaluation of the improved Rprop learning algorithms",
//! Neurocomputing 50, 2003; without the condition on the loss, M. Riedmiller, H. Braun, "A direct
//! adaptive method for faster backpropagation learning: the RPROP algorithm", 1993.

use std::sync::Arc;

use super::rule::OptimizerStep;
use super::{Optimizer, Rule, Slots, UpdateStep};
use crate::kernel::Scalar;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Arc<dyn Rule>> = Entry {
    name: "irprop+",
    aliases: &["irprop_plus"],
    summary: "p ← p - s·sign(g), with a step size s for each parameter that grows while the sign of g remains",
    options: &[
        OptionSpec {
            name: "increase",
            kind: OptionKind::Number(1.2, NumberRange::ABOVE_ONE),
            summary: "factor of the step size if the sign of the derivative remains",
        },
        OptionSpec {
            name: "decrease",
            kind: OptionKind::Number(0.5, NumberRange::INSIDE_UNIT),
            summary: "factor of the step size if the sign of the derivative changes",
        },
        OptionSpec {
            name: "min",
            kind: OptionKind::Number(1e-6, NumberRange::POSITIVE),
            summary: "smallest step size",
        },
        OptionSpec {
            name: "max",
            kind: OptionKind::Number(50.0, NumberRange::POSITIVE),
            summary: "largest step size",
        },
    ],
    make: |options| Arc::new(Irprop::new(options)),
};

impl Optimizer {
    /// Returns iRprop+ with the factors 1.2 and 0.5.
    pub fn irprop_plus() -> Optimizer {
        Optimizer::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Irprop {
    increase: f64,
    decrease: f64,
    min: f64,
    max: f64,
}

impl Irprop {
    fn new(options: &Options) -> Irprop {
        Irprop {
            increase: options.number("increase"),
            decrease: options.number("decrease"),
            min: options.number("min"),
            max: options.number("max"),
        }
    }
}

impl OptimizerStep for Irprop {
    fn n_slots(&self) -> usize {
        3
    }

    /// The slots are the step sizes, 0 before the first update, the signs of the previous derivatives,
    /// and the previous updates.
    #[inline(always)]
    fn step<T: Scalar>(
        &self,
        at: UpdateStep,
        p: &mut [T],
        g: &[T],
        [size, last_g, last_update]: Slots<'_, T>,
    ) {
        let [increase, decrease, min, max] =
            [self.increase, self.decrease, self.min, self.max].map(T::from_f64);
        let start = T::from_f64(at.rate);
        let slots = size.iter_mut().zip(last_g).zip(last_update);
        for ((p, &g), ((size, last_g), last_update)) in p.iter_mut().zip(g).zip(slots) {
            if *size == T::ZERO {
                *size = start;
            }
            let sign = if g == T::ZERO { T::ZERO } else { T::ONE.copysign(g) };
            let agreement = sign * *last_g;
            if agreement < T::ZERO {
                *size = smaller(max, larger(min, decrease * *size));
                if at.loss_increased {
                    *p -= *last_update;
                }
                (*last_update, *last_g) = (T::ZERO, T::ZERO);
                continue;
            }
            if agreement > T::ZERO {
                *size = larger(min, smaller(max, increase * *size));
            }
            *last_update = -sign * *size;
            *p += *last_update;
            *last_g = sign;
        }
    }
}

fn larger<T: Scalar>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

fn smaller<T: Scalar>(a: T, b: T) -> T {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Performs an update with a single parameter, for which the derivative is `g`.
    fn update(p: &mut [f64; 1], slots: &mut [Vec<f64>], number: u64, g: f64, loss_increased: bool) {
        let at = UpdateStep { loss_increased, ..UpdateStep::new(0.1, number) };
        Optimizer::irprop_plus().update(at, 0..1, p, &[g], slots);
    }

    #[test]
    fn steps_grow_and_are_undone_only_if_the_loss_has_increased() {
        for (loss_increased, after_change) in [(false, 1.0 - 0.1 - 0.12), (true, 1.0 - 0.1)] {
            let (mut p, mut slots) = ([1.0], Optimizer::irprop_plus().slots(1));
            update(&mut p, &mut slots, 1, 3.0, false);
            update(&mut p, &mut slots, 2, 0.5, false);
            assert_eq!(p, [1.0 - 0.1 - 0.12]);
            update(&mut p, &mut slots, 3, -2.0, loss_increased);
            assert!((p[0] - after_change).abs() < 1e-15);
            // The step size was halved, and does not grow in the step after a change of sign.
            update(&mut p, &mut slots, 4, -1.0, false);
            assert!((p[0] - after_change - 0.06).abs() < 1e-15);
        }
    }

    #[test]
    fn a_derivative_of_zero_changes_nothing() {
        let (mut p, mut slots) = ([1.0], Optimizer::irprop_plus().slots(1));
        update(&mut p, &mut slots, 1, 0.0, false);
        assert_eq!(p, [1.0]);
    }
}
