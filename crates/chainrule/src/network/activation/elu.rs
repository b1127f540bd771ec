//! The exponential linear unit, which saturates smoothly at -alpha for negative z (Clevert,
//! Unterthiner and Hochreiter 2015).

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "elu",
    aliases: &[],
    summary: "z if z > 0, else alpha·(e^z - 1)",
    options: &[OptionSpec {
        name: "alpha",
        kind: OptionKind::Number(1.0, NumberRange::POSITIVE),
        summary: "the limit for z -> -∞ is -alpha",
    }],
    make: |options| Arc::new(Elu { alpha: options.number("alpha") }),
};

impl Activation {
    /// Creates the `elu` activation: z if z > 0, else alpha·(e^z - 1). The default alpha in the
    /// registry is 1.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::elu(1.0).values(&[-100.0, 2.0], &mut a);
    /// assert_eq!(a, [-1.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if alpha is not finite or not above 0.
    pub fn elu(alpha: f64) -> Activation {
        Activation::from_registry(ENTRY.name, &[("alpha", alpha.into())])
    }
}

#[derive(Debug)]
struct Elu {
    alpha: f64,
}

impl Elementwise for Elu {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        L::select(L::splat(0.0).lt(z), z, math::exp_m1(z) * L::splat(self.alpha))
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, a: L) -> L {
        // f'(z) = 1 for z > 0, else alpha·e^z = a + alpha.
        L::select(L::splat(0.0).lt(z), L::splat(1.0), a + L::splat(self.alpha))
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn needs_z(&self) -> bool {
        false
    }

    fn formula(&self) -> Formula {
        Formula::choice(Formula::Z, Formula::parameter("alpha", self.alpha) * (Formula::Z.exp() - 1.0))
    }
}
