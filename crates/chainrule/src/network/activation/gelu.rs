//! The Gaussian error linear unit, `z·Φ(z)`, where Φ is the cumulative distribution function of the
//! standard normal distribution (Hendrycks and Gimpel 2016).

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};
use std::sync::Arc;

use super::function::{Elementwise, gate};
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "gelu",
    aliases: &[],
    summary: "z·Φ(z) = z·(1 + erf(z/√2))/2, exact (not the tanh approximation)",
    options: &[],
    make: |_| Arc::new(Gelu),
};

impl Activation {
    /// Creates the exact `gelu` activation, not the tanh approximation: z·Φ(z) = z·(1 + erf(z/√2))/2.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::gelu().values(&[0.0, 100.0], &mut a);
    /// assert_eq!(a, [0.0, 100.0]);
    /// ```
    pub fn gelu() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
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
        // f'(z) = Φ(z) + z·φ(z), where Φ(z) = a/z and φ(z) = e^(-z²/2)/√(2π).
        let phi_cdf = gate(a, z);
        let phi_pdf = math::exp(z * z * L::splat(-0.5)) * L::splat(FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * 0.5);
        phi_cdf + z * phi_pdf
    }

    fn formula(&self) -> Formula {
        Formula::Z * (1.0 + (Formula::Z / SQRT_2).erf()) / 2.0
    }
}
