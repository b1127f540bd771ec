//! The logistic function, also called the sigmoid.

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "logistic",
    aliases: &["sigmoid"],
    summary: "1/(1 + e^-z), from 0 to 1",
    options: &[],
    make: |_| Arc::new(Logistic),
};

impl Activation {
    /// Creates the `logistic` activation: 1/(1 + e^-z), from 0 to 1.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::logistic().values(&[0.0, 100.0], &mut a);
    /// assert_eq!(a, [0.5, 1.0]);
    /// ```
    pub fn logistic() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Logistic;

impl Elementwise for Logistic {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        math::logistic(z)
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, _z: L, a: L) -> L {
        // f'(z) = σ(z)·(1 - σ(z)) = a·(1 - a).
        a * (L::splat(1.0) - a)
    }

    fn needs_z(&self) -> bool {
        false
    }

    fn formula(&self) -> Formula {
        1.0 / (1.0 + (-Formula::Z).exp())
    }
}
