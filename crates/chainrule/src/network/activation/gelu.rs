//! The Gaussian error linear unit, z times the normal distribution's share below z (Hendrycks and Gimpel 2016).

use std::sync::Arc;

use super::{Activation, Elementwise, Formula, Function};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

pub(super) const ENTRY: Entry<Arc<dyn Function>> = Entry {
    name: "gelu",
    summary: "z·Φ(z) = z·(1 + erf(z/√2))/2, exact",
    options: &[],
    make: |_| Arc::new(Gelu),
};

impl Activation {
    /// `gelu`: z·Φ(z) = z·(1 + erf(z/√2))/2, exact.
    pub fn gelu() -> Activation {
        Activation::of(ENTRY.name, &[])
    }
}

/// Below this `|z|`, f(z)/z is f'(0) to the last bit.
const TINY: f64 = 1e-18;

#[derive(Debug)]
struct Gelu;

impl Elementwise for Gelu {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        let half = z * L::splat(0.5);
        half.mul_add(math::erf(z * L::splat(FRAC_1_SQRT_2)), half)
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, a: L) -> L {
        // f' = Φ(z) + z·φ(z), where Φ(z) = a/z, but 1/2 where z is too near 0 to divide.
        let share = L::select(z.abs().lt(L::splat(TINY)), L::splat(0.5), a / z);
        let density = math::exp(z * z * L::splat(-0.5)) * L::splat(FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * 0.5);
        share + z * density
    }

    fn formula(&self) -> Formula {
        Formula::Z * (1.0 + (Formula::Z / std::f64::consts::SQRT_2).erf()) / 2.0
    }
}
