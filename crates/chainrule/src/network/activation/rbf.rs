//! The Gaussian bump, largest at 0: a unit that answers to a place rather than to a side.

use std::sync::Arc;

use super::{Activation, Elementwise, Formula, Function};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn Function>> =
    Entry { name: "rbf", aliases: &[], summary: "e^(-z²)", options: &[], make: |_| Arc::new(Rbf) };

impl Activation {
    /// `rbf`: e^(-z²).
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::rbf().values(&[0.0, 100.0], &mut a);
    /// assert_eq!(a, [1.0, 0.0]);
    /// ```
    pub fn rbf() -> Activation {
        Activation::of(ENTRY.name, &[])
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
        z * a * L::splat(-2.0)
    }

    fn formula(&self) -> Formula {
        (-Formula::Z.square()).exp()
    }
}
