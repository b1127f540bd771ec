//! The sigmoid linear unit, also called swish (Elfwing, Uchibe and Doya 2017; Ramachandran, Zoph
//! and Le 2017).

use std::sync::Arc;

use super::function::{Elementwise, gate};
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "silu",
    aliases: &["swish"],
    summary: "z/(1 + e^-z)",
    options: &[],
    make: |_| Arc::new(Silu),
};

impl Activation {
    /// Creates the `silu` activation: z/(1 + e^-z).
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::silu().values(&[0.0, 100.0], &mut a);
    /// assert_eq!(a, [0.0, 100.0]);
    /// ```
    pub fn silu() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Silu;

impl Elementwise for Silu {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        z / (L::splat(1.0) + math::exp(-z))
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, a: L) -> L {
        // f'(z) = σ + a·(1 - σ), where σ = σ(z) = a/z.
        let sigma = gate(a, z);
        a.mul_add(L::splat(1.0) - sigma, sigma)
    }

    fn formula(&self) -> Formula {
        Formula::Z / (1.0 + (-Formula::Z).exp())
    }
}
