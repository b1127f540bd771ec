//! The Gaussian error linear unit, z times the normal distribution's share below z (Hendrycks and Gimpel 2016).

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};
use std::sync::Arc;

use super::{Activation, Elementwise, Formula, Function, half_or_quotient};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn Function>> = Entry {
    name: "gelu",
    aliases: &[],
    summary: "z·Φ(z) = z·(1 + erf(z/√2))/2, exact",
    options: &[],
    make: |_| Arc::new(Gelu),
};

impl Activation {
    /// `gelu`: z·Φ(z) = z·(1 + erf(z/√2))/2, exact.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::gelu().values(&[0.0, 100.0], &mut a);
    /// assert_eq!(a, [0.0, 100.0]);
    /// ```
    pub fn gelu() -> Activation {
        Activation::of(ENTRY.name, &[])
    }
}

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
        // f' = Φ(z) + z·φ(z), where Φ(z) = a/z.
        let share = half_or_quotient(a, z);
        let density = math::exp(z * z * L::splat(-0.5)) * L::splat(FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * 0.5);
        share + z * density
    }

    fn formula(&self) -> Formula {
        Formula::Z * (1.0 + (Formula::Z / SQRT_2).erf()) / 2.0
    }
}
