//! The sigmoid linear unit, also called swish (Elfwing, Uchibe and Doya 2017; Ramachandran, Zoph and Le 2017).

use std::sync::Arc;

use super::{Activation, Elementwise, Formula, Function};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn Function>> =
    Entry { name: "silu", summary: "z/(1 + e^-z)", options: &[], make: |_| Arc::new(Silu) };

impl Activation {
    /// `silu`: z/(1 + e^-z).
    pub fn silu() -> Activation {
        Activation::of(ENTRY.name, &[])
    }
}

/// Below this `|z|`, f(z)/z is f'(0) to the last bit.
const TINY: f64 = 1e-18;

#[derive(Debug)]
struct Silu;

impl Elementwise for Silu {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        z / (L::splat(1.0) + math::exp(-z))
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, a: L) -> L {
        // f' = σ + a·(1 - σ), where σ = a/z, but 1/2 where z is too near 0 to divide.
        let share = L::select(z.abs().lt(L::splat(TINY)), L::splat(0.5), a / z);
        a.mul_add(L::splat(1.0) - share, share)
    }

    fn formula(&self) -> Formula {
        Formula::Z / (1.0 + (-Formula::Z).exp())
    }
}
