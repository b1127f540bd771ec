//! The sine, for implicit neural representations of signals and surfaces (Sitzmann et al. 2020).

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> =
    Entry { name: "sine", aliases: &[], summary: "sin z", options: &[], make: |_| Arc::new(Sine) };

impl Activation {
    /// Creates the `sine` activation: sin z.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::sine().values(&[0.0, std::f64::consts::FRAC_PI_2], &mut a);
    /// assert_eq!(a, [0.0, 1.0]);
    /// ```
    pub fn sine() -> Activation {
        Activation::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Sine;

impl Elementwise for Sine {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        math::sin(z)
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, _a: L) -> L {
        math::cos(z)
    }

    fn formula(&self) -> Formula {
        Formula::Z.sin()
    }
}
