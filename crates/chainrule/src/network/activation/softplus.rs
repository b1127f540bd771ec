//! Softplus, a smooth approximation of `max(z, 0)` whose derivative is the logistic function.

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "softplus",
    aliases: &[],
    summary: "ln(1 + e^z)",
    options: &[],
    make: |_| Arc::new(Softplus),
};

impl Activation {
    /// Creates the `softplus` activation: ln(1 + e^z).
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::softplus().values(&[0.0, 100.0], &mut a);
    /// assert_eq!(a, [std::f64::consts::LN_2, 100.0]);
    /// ```
    pub fn softplus() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Softplus;

impl Elementwise for Softplus {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        math::softplus(z)
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, _a: L) -> L {
        // f'(z) = e^z/(1 + e^z) = σ(z).
        math::logistic(z)
    }

    fn formula(&self) -> Formula {
        Formula::softplus()
    }
}
