//! Adam: the mean of the gradient divided by the root of the mean of its square, both over the last steps.
//!
//! At step t, with `m` and `v` 0 at first:
//! `m ← beta1·m + (1 - beta1)·g`, `v ← beta2·v + (1 - beta2)·g²`, and with what corrects for the start at 0,
//! `m̂ = m/(1 - beta1^t)`, `v̂ = v/(1 - beta2^t)`, the step is `p ← p - rate·m̂/(√v̂ + epsilon)`.
//!
//! This is the form of the paper and of PyTorch, with epsilon *outside* the correction. With epsilon *inside* it,
//! `p ← p - rate·√(1 - beta2^t)/(1 - beta1^t) · m/(√v + epsilon)`, as scikit-learn has it: epsilon weighs more in the
//! first steps.
//!
//! From D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.

use std::sync::Arc;

use super::super::power::power;
use super::{Optimizer, OptimizerStep, Rule, Slots, flush};
use crate::kernel::Scalar;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Arc<dyn Rule>> = Entry {
    name: "adam",
    aliases: &[],
    summary: "p ← p - rate·m̂/(√v̂ + epsilon), m̂ and v̂ the means of g and g² over the last steps",
    options: &[BETA1, BETA2, EPSILON, EPSILON_FORM],
    make: |options| Arc::new(Adam::new(options)),
};

pub(super) const BETA1: OptionSpec = OptionSpec {
    name: "beta1",
    kind: OptionKind::Number(0.9, NumberRange::BELOW_ONE),
    summary: "how much of the mean of g lasts to the next step",
};

pub(super) const BETA2: OptionSpec = OptionSpec {
    name: "beta2",
    kind: OptionKind::Number(0.999, NumberRange::BELOW_ONE),
    summary: "how much of the mean of g² lasts to the next step",
};

pub(super) const EPSILON: OptionSpec = OptionSpec {
    name: "epsilon",
    kind: OptionKind::Number(1e-8, NumberRange::POSITIVE),
    summary: "what keeps the divisor from 0",
};

pub(super) const EPSILON_FORM: OptionSpec = OptionSpec {
    name: "epsilon_form",
    kind: OptionKind::Choice(&["outside", "inside"]),
    summary: "whether epsilon is added to √v̂ (PyTorch) or to √v, inside the bias correction (scikit-learn)",
};

impl Optimizer {
    /// Adam with beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8.
    pub fn adam() -> Optimizer {
        Optimizer::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
pub(super) struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    inside: bool,
}

impl Adam {
    pub(super) fn new(options: &Options) -> Adam {
        Adam {
            beta1: options.number("beta1"),
            beta2: options.number("beta2"),
            epsilon: options.number("epsilon"),
            inside: options.text("epsilon_form") == "inside",
        }
    }
}

impl OptimizerStep for Adam {
    fn n_slots(&self) -> usize {
        2
    }

    #[inline(always)]
    fn step<T: Scalar>(&self, rate: f64, step: u64, p: &mut [T], g: &[T], [m, v, ..]: Slots<'_, T>) {
        // With r = √(1 - beta2^t), m̂/(√v̂ + epsilon) = r/(1 - beta1^t) · m/(√v + r·epsilon): one loop for both forms.
        let r = (1.0 - power(self.beta2, step)).sqrt();
        let epsilon = if self.inside { self.epsilon } else { r * self.epsilon };
        let rate = rate * r / (1.0 - power(self.beta1, step));
        let [beta1, rest1, beta2, rest2] =
            [self.beta1, 1.0 - self.beta1, self.beta2, 1.0 - self.beta2].map(T::from_f64);
        let [rate, epsilon] = [rate, epsilon].map(T::from_f64);
        for (((p, &g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            *m = flush(beta1 * *m + rest1 * g);
            *v = flush(beta2 * *v + rest2 * (g * g));
            *p -= rate * *m / (v.sqrt() + epsilon);
        }
    }
}
