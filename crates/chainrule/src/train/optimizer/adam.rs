//! Adam: the first-moment estimate of the gradient divided by the square root of the second-moment
//! estimate.
//!
//! At step t, the moment estimates `m` and `v`, initially 0, are updated by
//! `m ← beta1·m + (1 - beta1)·g` and `v ← beta2·v + (1 - beta2)·g²`. With the bias-corrected
//! estimates `m̂ = m/(1 - beta1^t)` and `v̂ = v/(1 - beta2^t)`, the update is
//! `p ← p - rate·m̂/(√v̂ + epsilon)`.
//!
//! This is the form used in the paper and in PyTorch, with epsilon *outside* the bias correction.
//! With epsilon *inside* the correction, as in scikit-learn, the update is
//! `p ← p - rate·√(1 - beta2^t)/(1 - beta1^t) · m/(√v + epsilon)`, in which epsilon has a larger
//! effect in the first steps.
//!
//! From D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.

use std::sync::Arc;

use super::super::power::power;
use super::rule::{OptimizerStep, flush};
use super::{Optimizer, Rule, Slots, UpdateStep};
use crate::kernel::Scalar;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Arc<dyn Rule>> = Entry {
    name: "adam",
    aliases: &[],
    summary: "p ← p - rate·m̂/(√v̂ + epsilon), with bias-corrected first and second moments m̂ and v̂ of g",
    options: &[BETA1, BETA2, EPSILON, EPSILON_FORM],
    make: |options| Arc::new(Adam::new(options)),
};

pub(super) const BETA1: OptionSpec = OptionSpec {
    name: "beta1",
    kind: OptionKind::Number(0.9, NumberRange::BELOW_ONE),
    summary: "decay rate of the first-moment estimate",
};

pub(super) const BETA2: OptionSpec = OptionSpec {
    name: "beta2",
    kind: OptionKind::Number(0.999, NumberRange::BELOW_ONE),
    summary: "decay rate of the second-moment estimate",
};

pub(super) const EPSILON: OptionSpec = OptionSpec {
    name: "epsilon",
    kind: OptionKind::Number(1e-8, NumberRange::POSITIVE),
    summary: "constant added to the denominator for numerical stability",
};

pub(super) const EPSILON_FORM: OptionSpec = OptionSpec {
    name: "epsilon_form",
    kind: OptionKind::Choice(&["outside", "inside"]),
    summary: "whether epsilon is outside the bias correction (PyTorch) or inside it (scikit-learn)",
};

impl Optimizer {
    /// Returns Adam with beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8.
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
    fn step<T: Scalar>(&self, at: UpdateStep, p: &mut [T], g: &[T], [m, v, ..]: Slots<'_, T>) {
        // With r = √(1 - beta2^t), m̂/(√v̂ + epsilon) = r/(1 - beta1^t) · m/(√v + r·epsilon): one
        // loop for both forms.
        let r = (1.0 - power(self.beta2, at.number)).sqrt();
        let epsilon = if self.inside { self.epsilon } else { r * self.epsilon };
        let rate = at.rate * r / (1.0 - power(self.beta1, at.number));
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
