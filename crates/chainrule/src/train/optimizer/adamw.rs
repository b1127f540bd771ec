//! AdamW: Adam with decoupled weight decay, which does not enter the moment estimates.
//!
//! Before each Adam step, the penalised parameters decay by `p ← p·(1 - rate·weight_decay)`.
//! An L2 penalty in the loss would be divided by √v̂ along with the rest of the gradient, so that
//! weights with large gradients would hardly decay.
//!
//! From I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.

use std::sync::Arc;

use super::adam::{Adam, BETA1, BETA2, EPSILON, EPSILON_FORM};
use super::rule::OptimizerStep;
use super::{Optimizer, Rule, Slots, UpdateStep};
use crate::kernel::Scalar;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Rule>> = Entry {
    name: "adamw",
    aliases: &[],
    summary: "p ← p·(1 - rate·weight_decay) for the weights, then an Adam step",
    options: &[
        BETA1,
        BETA2,
        EPSILON,
        EPSILON_FORM,
        OptionSpec {
            name: "weight_decay",
            kind: OptionKind::Number(0.01, NumberRange::NON_NEGATIVE),
            summary: "decoupled weight decay, multiplied by the learning rate",
        },
    ],
    make: |options| {
        Arc::new(AdamW { adam: Adam::new(options), weight_decay: options.number("weight_decay") })
    },
};

impl Optimizer {
    /// Returns AdamW with beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 and weight_decay = 0.01.
    pub fn adamw() -> Optimizer {
        Optimizer::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct AdamW {
    adam: Adam,
    weight_decay: f64,
}

impl OptimizerStep for AdamW {
    fn n_slots(&self) -> usize {
        OptimizerStep::n_slots(&self.adam)
    }

    #[inline(always)]
    fn step<T: Scalar>(&self, at: UpdateStep, p: &mut [T], g: &[T], slots: Slots<'_, T>) {
        self.adam.step(at, p, g, slots);
    }

    fn decay(&self) -> f64 {
        self.weight_decay
    }
}
