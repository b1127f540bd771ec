//! The exponential, the inverse link of a Poisson regression, whose output is a positive mean.

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "exp",
    aliases: &[],
    summary: "e^z, always positive",
    options: &[],
    make: |_| Arc::new(Exp),
};

impl Activation {
    /// Creates the `exp` activation: e^z, always positive.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::exp().values(&[0.0, 1.0], &mut a);
    /// assert_eq!(a, [1.0, std::f64::consts::E]);
    /// ```
    pub fn exp() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Exp;

impl Elementwise for Exp {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        math::exp(z)
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, _z: L, a: L) -> L {
        // f'(z) = e^z = a.
        a
    }

    fn needs_z(&self) -> bool {
        false
    }

    fn formula(&self) -> Formula {
        Formula::Z.exp()
    }
}
