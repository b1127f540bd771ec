//! The scaled exponential linear unit, which preserves mean 0 and variance 1 from layer to layer
//! (Klambauer et al. 2017).

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "selu",
    aliases: &[],
    summary: "lambda·elu(z) with alpha = 1.6733 and lambda = 1.0507",
    options: &[],
    make: |_| Arc::new(Selu),
};

impl Activation {
    /// Creates the `selu` activation: lambda·elu(z) with alpha = 1.6733 and lambda = 1.0507.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::selu().values(&[0.0, 1.0], &mut a);
    /// assert_eq!(a, [0.0, 1.0507009873554805]);
    /// ```
    pub fn selu() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

// Constants of the fixed point at mean 0 and variance 1, from the appendix of the paper.
const ALPHA: f64 = 1.673_263_242_354_377_2;
const LAMBDA: f64 = 1.050_700_987_355_480_5;

#[derive(Debug)]
struct Selu;

impl Elementwise for Selu {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        L::select(L::splat(0.0).lt(z), z * L::splat(LAMBDA), math::exp_m1(z) * L::splat(LAMBDA * ALPHA))
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, a: L) -> L {
        // f'(z) = lambda for z > 0, else lambda·alpha·e^z = a + lambda·alpha.
        L::select(L::splat(0.0).lt(z), L::splat(LAMBDA), a + L::splat(LAMBDA * ALPHA))
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn needs_z(&self) -> bool {
        false
    }

    fn formula(&self) -> Formula {
        let (lambda, alpha) = (Formula::parameter("lambda", LAMBDA), Formula::parameter("alpha", ALPHA));
        Formula::choice(lambda.clone() * Formula::Z, lambda * alpha * (Formula::Z.exp() - 1.0))
    }
}
