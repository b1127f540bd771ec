//! The Gaussian radial basis function, a localised response with its maximum at `z = 0`.

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> =
    Entry { name: "rbf", aliases: &[], summary: "e^(-z²)", options: &[], make: |_| Arc::new(Rbf) };

impl Activation {
    /// Creates the `rbf` activation: e^(-z²).
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::rbf().values(&[0.0, 100.0], &mut a);
    /// assert_eq!(a, [1.0, 0.0]);
    /// ```
    pub fn rbf() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Rbf;

impl Elementwise for Rbf {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        math::exp(-(z * z))
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, a: L) -> L {
        // f'(z) = -2·z·e^(-z²) = -2·z·a.
        z * a * L::splat(-2.0)
    }

    fn formula(&self) -> Formula {
        (-Formula::Z.square()).exp()
    }
}
