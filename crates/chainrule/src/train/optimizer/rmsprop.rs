//! RMSprop: gradients divided by the square root of a running mean of their squares.
//!
//! `s ← alpha·s + (1 - alpha)·g²`, `p ← p - rate·g/(√s + epsilon)`, as in PyTorch. `s` is initially
//! 0, so that the first steps are about `1/√(1 - alpha)` times the learning rate.
//!
//! From G. Hinton's lectures "Neural Networks for Machine Learning", lecture 6e, 2012.

use std::sync::Arc;

use super::rule::{OptimizerStep, flush};
use super::{Optimizer, Rule, Slots, UpdateStep};
use crate::kernel::Scalar;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Rule>> = Entry {
    name: "rmsprop",
    aliases: &[],
    summary: "s ← alpha·s + (1 - alpha)·g², p ← p - rate·g/(√s + epsilon)",
    options: &[
        OptionSpec {
            name: "alpha",
            kind: OptionKind::Number(0.99, NumberRange::BELOW_ONE),
            summary: "decay rate of the running mean of g²",
        },
        OptionSpec {
            name: "epsilon",
            kind: OptionKind::Number(1e-8, NumberRange::POSITIVE),
            summary: "constant added to the denominator for numerical stability",
        },
    ],
    make: |options| Arc::new(RmsProp { alpha: options.number("alpha"), epsilon: options.number("epsilon") }),
};

impl Optimizer {
    /// Returns RMSprop: `s ← 0.99·s + 0.01·g²`, `p ← p - rate·g/(√s + 1e-8)`.
    pub fn rmsprop() -> Optimizer {
        Optimizer::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct RmsProp {
    alpha: f64,
    epsilon: f64,
}

impl OptimizerStep for RmsProp {
    fn n_slots(&self) -> usize {
        1
    }

    #[inline(always)]
    fn step<T: Scalar>(&self, at: UpdateStep, p: &mut [T], g: &[T], [s, ..]: Slots<'_, T>) {
        let rate = at.rate;
        let [rate, alpha, rest, epsilon] =
            [rate, self.alpha, 1.0 - self.alpha, self.epsilon].map(T::from_f64);
        for ((p, &g), s) in p.iter_mut().zip(g).zip(s) {
            *s = flush(alpha * *s + rest * (g * g));
            *p -= rate * g / (s.sqrt() + epsilon);
        }
    }
}
