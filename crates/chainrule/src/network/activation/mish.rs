//! Mish, z times the hyperbolic tangent of its softplus (Misra 2019).

use std::sync::Arc;

use super::{Activation, Elementwise, Formula, Function};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn Function>> = Entry {
    name: "mish",
    aliases: &[],
    summary: "z·tanh(ln(1 + e^z))",
    options: &[],
    make: |_| Arc::new(Mish),
};

impl Activation {
    /// `mish`: z·tanh(ln(1 + e^z)).
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::mish().values(&[0.0, 100.0], &mut a);
    /// assert_eq!(a, [0.0, 100.0]);
    /// ```
    pub fn mish() -> Activation {
        Activation::of(ENTRY.name, &[])
    }
}

/// `w = e^z` and `n = w·(w + 2)`.
#[inline(always)]
fn w_and_n<L: Lanes>(z: L) -> (L, L) {
    let w = math::exp(z);
    (w, w * (w + L::splat(2.0)))
}

/// z, but no more than what makes the function equal to its z, and its slope to 1, to the last bit.
#[inline(always)]
fn held<L: Lanes>(z: L) -> L {
    math::at_most(z, L::splat(22.0))
}

#[derive(Debug)]
struct Mish;

impl Elementwise for Mish {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        // tanh(ln(1 + w)) = ((1 + w)² - 1)/((1 + w)² + 1) = n/(n + 2).
        let (_, n) = w_and_n(held(z));
        z * (n / (n + L::splat(2.0)))
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, _a: L) -> L {
        // With τ = n/(n + 2) and d = 1/(n + 2): f' = τ + z·(1 - τ²)·σ(z) = τ + 4·z·w·(1 + w)·d².
        let z = held(z);
        let (w, n) = w_and_n(z);
        let d = L::splat(1.0) / (n + L::splat(2.0));
        d * (n + z * (w * (L::splat(1.0) + w) * d * L::splat(4.0)))
    }

    fn formula(&self) -> Formula {
        Formula::Z * Formula::softplus().tanh()
    }
}
