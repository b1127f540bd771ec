//! `adamw`: Adam with a weight decay that the running means do not see.
//!
//! Before each step `p ← p·(1 - rate·weight_decay)` on what is penalised, then Adam's step. An L2 penalty in the loss
//! would be divided by √v̂ with the rest of the gradient, so that weights with large gradients would hardly decay.
//!
//! From I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.

use std::sync::Arc;

use super::adam::{Adam, BETA1, BETA2, EPSILON, EPSILON_FORM};
use super::{Optimizer, OptimizerStep, Rule, Slots};
use crate::kernel::Scalar;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Rule>> = Entry {
    name: "adamw",
    aliases: &[],
    summary: "p ← p·(1 - rate·weight_decay) on the weights, then the step of adam",
    options: &[
        BETA1,
        BETA2,
        EPSILON,
        EPSILON_FORM,
        OptionSpec {
            name: "weight_decay",
            kind: OptionKind::Number(0.01, NumberRange::NON_NEGATIVE),
            summary: "how much of a weight decays in a step, in units of the rate",
        },
    ],
    make: |options| {
        Arc::new(AdamW { adam: Adam::new(options), weight_decay: options.number("weight_decay") })
    },
};

impl Optimizer {
    /// Adam with beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, after a decay of 0.01·rate.
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
    fn step<T: Scalar>(&self, rate: f64, step: u64, p: &mut [T], g: &[T], slots: Slots<'_, T>) {
        self.adam.step(rate, step, p, g, slots);
    }

    fn decay(&self) -> f64 {
        self.weight_decay
    }
}
