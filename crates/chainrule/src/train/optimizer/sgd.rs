//! Stochastic gradient descent with optional momentum.
//!
//! With the gradient `g`, the momentum `m` and the velocity `v`, which is initially 0:
//!
//! | `velocity` | `kind` | update |
//! |---|---|---|
//! | `without_rate`, as in PyTorch | `classical` | `v ← m·v + g`, `p ← p - rate·v` |
//! | | `nesterov` | `v ← m·v + g`, `p ← p - rate·(g + m·v)` |
//! | `with_rate`, as in scikit-learn | `classical` | `v ← m·v - rate·g`, `p ← p + v` |
//! | | `nesterov` | `v ← m·v - rate·g`, `p ← p + m·v - rate·g` |
//!
//! At a constant learning rate, the two velocities differ only by the factor `-rate`. When the
//! learning rate is reduced, the steps of `without_rate` shrink immediately, while the velocity of
//! `with_rate` still contains the larger previous steps.
//!
//! From B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964;
//! Nesterov's form as in I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of
//! initialization and momentum in deep learning", ICML 2013.

use std::sync::Arc;

use super::rule::{OptimizerStep, flush};
use super::{Optimizer, Rule, Slots, UpdateStep};
use crate::kernel::Scalar;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Arc<dyn Rule>> = Entry {
    name: "sgd",
    aliases: &[],
    summary: "p ← p - rate·g, or with momentum v ← momentum·v + g, p ← p - rate·v",
    options: &[
        OptionSpec {
            name: "momentum",
            kind: OptionKind::Number(0.0, NumberRange::BELOW_ONE),
            summary: "momentum: decay rate of the velocity, 0 for none",
        },
        OptionSpec {
            name: "kind",
            kind: OptionKind::Choice(&["classical", "nesterov"]),
            summary: "classical momentum, or Nesterov momentum with look-ahead",
        },
        OptionSpec {
            name: "velocity",
            kind: OptionKind::Choice(&["without_rate", "with_rate"]),
            summary: "whether the rate multiplies the velocity (PyTorch) or is part of it (scikit-learn)",
        },
    ],
    make: |options| Arc::new(Sgd::new(options)),
};

impl Optimizer {
    /// Returns gradient descent without momentum: `p ← p - rate·g`.
    pub fn sgd() -> Optimizer {
        Optimizer::of(ENTRY.name, &[])
    }

    /// Returns gradient descent with classical momentum: `v ← momentum·v + g`, `p ← p - rate·v`.
    ///
    /// # Panics
    /// Panics if the momentum is not in [0, 1).
    pub fn sgd_with_momentum(momentum: f64) -> Optimizer {
        Optimizer::of(ENTRY.name, &[("momentum", momentum.into())])
    }
}

#[derive(Debug)]
struct Sgd {
    momentum: f64,
    nesterov: bool,
    with_rate: bool,
}

impl Sgd {
    fn new(options: &Options) -> Sgd {
        Sgd {
            momentum: options.number("momentum"),
            nesterov: options.text("kind") == "nesterov",
            with_rate: options.text("velocity") == "with_rate",
        }
    }
}

impl OptimizerStep for Sgd {
    fn n_slots(&self) -> usize {
        usize::from(self.momentum > 0.0)
    }

    #[inline(always)]
    fn step<T: Scalar>(&self, at: UpdateStep, p: &mut [T], g: &[T], [v, ..]: Slots<'_, T>) {
        let rate = at.rate;
        let m = self.momentum;
        if m == 0.0 {
            let rate = T::from_f64(rate);
            for (p, &g) in p.iter_mut().zip(g) {
                *p -= rate * g;
            }
            return;
        }
        // All four forms are v ← m·v + a·g, p ← p + b·v + c·g.
        let (a, b, c) = match (self.with_rate, self.nesterov) {
            (false, false) => (1.0, -rate, 0.0),
            (false, true) => (1.0, -rate * m, -rate),
            (true, false) => (-rate, 1.0, 0.0),
            (true, true) => (-rate, m, -rate),
        };
        let [m, a, b, c] = [m, a, b, c].map(T::from_f64);
        for ((p, &g), v) in p.iter_mut().zip(g).zip(v) {
            *v = flush(m * *v + a * g);
            *p += b * *v + c * g;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::UpdateStep;
    use super::Optimizer;

    #[test]
    fn zero_momentum_is_plain_gradient_descent_in_every_form() {
        for kind in ["classical", "nesterov"] {
            for velocity in ["without_rate", "with_rate"] {
                let optimizer = Optimizer::of("sgd", &[("kind", kind.into()), ("velocity", velocity.into())]);
                let mut p = [1.0, -2.0];
                optimizer.update(UpdateStep::new(0.5, 1), 0..2, &mut p, &[1.0, 0.25], &mut []);
                assert_eq!(p, [0.5, -2.125], "{optimizer}");
            }
        }
    }
}
