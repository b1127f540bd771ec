//! The rectified linear unit: what is negative becomes 0 (Nair and Hinton 2010).

use std::sync::Arc;

use super::{Activation, Elementwise, Formula, Function};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn Function>> =
    Entry { name: "relu", aliases: &[], summary: "max(z, 0)", options: &[], make: |_| Arc::new(Relu) };

impl Activation {
    /// `relu`: max(z, 0).
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::relu().values(&[-1.0, 2.0], &mut a);
    /// assert_eq!(a, [0.0, 2.0]);
    /// ```
    pub fn relu() -> Activation {
        Activation::of(ENTRY.name, &[])
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
        // Where z is not positive, a is the slope already: 0, or a NaN.
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
