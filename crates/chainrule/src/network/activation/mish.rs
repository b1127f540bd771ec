//! Mish, `z·tanh(softplus(z))` (Misra 2019).

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "mish",
    aliases: &[],
    summary: "z·tanh(ln(1 + e^z))",
    options: &[],
    make: |_| Arc::new(Mish),
};

impl Activation {
    /// Creates the `mish` activation: z·tanh(ln(1 + e^z)).
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::mish().values(&[0.0, 100.0], &mut a);
    /// assert_eq!(a, [0.0, 100.0]);
    /// ```
    pub fn mish() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

/// Returns `w = e^z` and `n = w·(w + 2)`.
#[inline(always)]
fn w_and_n<L: Lanes>(z: L) -> (L, L) {
    let w = math::exp(z);
    (w, w * (w + L::splat(2.0)))
}

/// Returns `min(z, 22)`, which prevents overflow of n. For z >= 22 the function is z and its
/// derivative 1, to the last bit.
#[inline(always)]
fn bounded<L: Lanes>(z: L) -> L {
    math::at_most(z, L::splat(22.0))
}

#[derive(Debug)]
struct Mish;

impl Elementwise for Mish {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        // tanh(ln(1 + w)) = ((1 + w)² - 1)/((1 + w)² + 1) = n/(n + 2).
        let (_, n) = w_and_n(bounded(z));
        z * (n / (n + L::splat(2.0)))
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, _a: L) -> L {
        // With τ = n/(n + 2) and d = 1/(n + 2): f' = τ + z·(1 - τ²)·σ(z) = τ + 4·z·w·(1 + w)·d².
        let z = bounded(z);
        let (w, n) = w_and_n(z);
        let d = L::splat(1.0) / (n + L::splat(2.0));
        d * (n + z * (w * (L::splat(1.0) + w) * d * L::splat(4.0)))
    }

    fn formula(&self) -> Formula {
        Formula::Z * Formula::softplus().tanh()
    }
}
