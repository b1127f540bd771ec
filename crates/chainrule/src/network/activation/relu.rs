//! The rectified linear unit, `max(z, 0)` (Nair and Hinton 2010).

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> =
    Entry { name: "relu", aliases: &[], summary: "max(z, 0)", options: &[], make: |_| Arc::new(Relu) };

impl Activation {
    /// Creates the `relu` activation: max(z, 0).
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::relu().values(&[-1.0, 2.0], &mut a);
    /// assert_eq!(a, [0.0, 2.0]);
    /// ```
    pub fn relu() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Relu;

impl Elementwise for Relu {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        math::at_least(z, L::splat(0.0))
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, a: L) -> L {
        // f'(z) = 1 for z > 0, else 0. For z <= 0, a is 0 as well; for NaN, a is NaN.
        L::select(L::splat(0.0).lt(z), L::splat(1.0), a)
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn needs_z(&self) -> bool {
        false
    }

    fn formula(&self) -> Formula {
        Formula::Z.max(0.0)
    }
}
