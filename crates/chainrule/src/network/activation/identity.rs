//! The identity, for linear layers and the outputs of a regression.

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::Lanes;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "identity",
    aliases: &["linear"],
    summary: "z",
    options: &[],
    make: |_| Arc::new(Identity),
};

impl Activation {
    /// Creates the `identity` activation: z.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::identity().values(&[-1.0, 2.0], &mut a);
    /// assert_eq!(a, [-1.0, 2.0]);
    /// ```
    pub fn identity() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Identity;

impl Elementwise for Identity {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        z
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, _z: L, _a: L) -> L {
        L::splat(1.0)
    }

    fn needs_z(&self) -> bool {
        false
    }

    fn formula(&self) -> Formula {
        Formula::Z
    }
}
