//! The hyperbolic tangent, a rescaled logistic function from -1 to 1 with derivative 1 at 0.

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "tanh",
    aliases: &[],
    summary: "(e^z - e^-z)/(e^z + e^-z), from -1 to 1",
    options: &[],
    make: |_| Arc::new(Tanh),
};

impl Activation {
    /// Creates the `tanh` activation: (e^z - e^-z)/(e^z + e^-z), from -1 to 1.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::tanh().values(&[0.0, 100.0], &mut a);
    /// assert_eq!(a, [0.0, 1.0]);
    /// ```
    pub fn tanh() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Tanh;

impl Elementwise for Tanh {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        math::tanh(z)
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, _z: L, a: L) -> L {
        // f'(z) = 1 - tanh² z = 1 - a².
        L::splat(1.0) - a * a
    }

    fn needs_z(&self) -> bool {
        false
    }

    fn formula(&self) -> Formula {
        Formula::Z.tanh()
    }
}
