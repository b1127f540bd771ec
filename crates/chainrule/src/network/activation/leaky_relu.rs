//! The leaky rectified linear unit, whose small slope for negative z prevents dead units (Maas,
//! Hannun and Ng 2013).

use std::sync::Arc;

use super::function::Elementwise;
use super::{Activation, ActivationFunction, Formula};
use crate::kernel::Lanes;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn ActivationFunction>> = Entry {
    name: "leaky_relu",
    aliases: &[],
    summary: "z if z > 0, else slope·z",
    options: &[OptionSpec {
        name: "slope",
        kind: OptionKind::Number(0.01, NumberRange::FINITE),
        summary: "slope for negative z",
    }],
    make: |options| Arc::new(LeakyRelu { slope: options.number("slope") }),
};

impl Activation {
    /// Creates the `leaky_relu` activation: z if z > 0, else slope·z. The default slope in the
    /// registry is 0.01.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::leaky_relu(0.1).values(&[-1.0, 2.0], &mut a);
    /// assert_eq!(a, [-0.1, 2.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if the slope is not finite.
    pub fn leaky_relu(slope: f64) -> Activation {
        Activation::from_registry(ENTRY.name, &[("slope", slope.into())])
    }
}

#[derive(Debug)]
struct LeakyRelu {
    slope: f64,
}

impl Elementwise for LeakyRelu {
    #[inline(always)]
    fn value<L: Lanes>(&self, z: L) -> L {
        z * L::select(z.lt(L::splat(0.0)), L::splat(self.slope), L::splat(1.0))
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, z: L, _a: L) -> L {
        L::select(L::splat(0.0).lt(z), L::splat(1.0), L::splat(self.slope))
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn needs_z(&self) -> bool {
        // With a slope of at least 0, a > 0 exactly where z > 0.
        self.slope < 0.0
    }

    fn formula(&self) -> Formula {
        Formula::choice(Formula::Z, Formula::parameter("slope", self.slope) * Formula::Z)
    }
}
