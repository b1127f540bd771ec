//! AdaGrad: gradients divided by the square root of the sum of all squared gradients so far, so
//! that the steps shrink.
//!
//! `s ← s + g²`, `p ← p - rate·g/(√s + epsilon)`, with `s` initially 0, as in PyTorch.
//!
//! From J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and
//! stochastic optimization", JMLR 12, 2011.

use std::sync::Arc;

use super::rule::OptimizerStep;
use super::{Optimizer, Rule, Slots, UpdateStep};
use crate::kernel::Scalar;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Rule>> = Entry {
    name: "adagrad",
    aliases: &[],
    summary: "s ← s + g², p ← p - rate·g/(√s + epsilon)",
    options: &[OptionSpec {
        name: "epsilon",
        kind: OptionKind::Number(1e-10, NumberRange::POSITIVE),
        summary: "constant added to the denominator for numerical stability",
    }],
    make: |options| Arc::new(AdaGrad { epsilon: options.number("epsilon") }),
};

impl Optimizer {
    /// Returns AdaGrad: `s ← s + g²`, `p ← p - rate·g/(√s + 1e-10)`.
    pub fn adagrad() -> Optimizer {
        Optimizer::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct AdaGrad {
    epsilon: f64,
}

impl OptimizerStep for AdaGrad {
    fn n_slots(&self) -> usize {
        1
    }

    #[inline(always)]
    fn step<T: Scalar>(&self, at: UpdateStep, p: &mut [T], g: &[T], [s, ..]: Slots<'_, T>) {
        let rate = at.rate;
        let (rate, epsilon) = (T::from_f64(rate), T::from_f64(self.epsilon));
        for ((p, &g), s) in p.iter_mut().zip(g).zip(s) {
            *s += g * g;
            *p -= rate * g / (s.sqrt() + epsilon);
        }
    }
}
