//! Softsign, a sigmoidal function from -1 to 1 that saturates slowly (Bergstra et al. 2009).

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::Lanes;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "softsign",
    aliases: &[],
    summary: "z/(1 + |z|)",
    options: &[],
    make: |_| Arc::new(Softsign),
};

impl Activation {
    /// Creates the `softsign` activation: z/(1 + |z|).
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::softsign().values(&[1.0, -3.0], &mut a);
    /// assert_eq!(a, [0.5, -0.75]);
    /// ```
    pub fn softsign() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Softsign;

impl Elementwise for Softsign {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        z / (L::splat(1.0) + z.abs())
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, _a: L) -> L {
        // f'(z) = 1/(1 + |z|)².
        let root = L::splat(1.0) / (L::splat(1.0) + z.abs());
        root * root
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn formula(&self) -> Formula {
        Formula::Z / (1.0 + Formula::Z.abs())
    }
}
