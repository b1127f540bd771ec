//! The leaky rectified linear unit: a small slope below 0, so that no unit dies (Maas, Hannun and Ng 2013).

use std::sync::Arc;

use super::{Activation, Elementwise, Formula, Function};
use crate::kernel::Lanes;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Function>> = Entry {
    name: "leaky_relu",
    aliases: &[],
    summary: "z where it is positive, slope·z elsewhere",
    options: &[OptionSpec {
        name: "slope",
        kind: OptionKind::Number(0.01, NumberRange::FINITE),
        summary: "the slope below 0",
    }],
    make: |options| Arc::new(LeakyRelu { slope: options.number("slope") }),
};

impl Activation {
    /// `leaky_relu`: z where it is positive, slope·z elsewhere. The registry's default slope is 0.01.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut a = [0.0; 2];
    /// Activation::leaky_relu(0.1).values(&[-1.0, 2.0], &mut a);
    /// assert_eq!(a, [-0.1, 2.0]);
    /// ```
    ///
    /// # Panics
    /// When the slope is not finite.
    pub fn leaky_relu(slope: f64) -> Activation {
        Activation::of(ENTRY.name, &[("slope", slope.into())])
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
        // Else a has the sign of z.
        self.slope < 0.0
    }

    fn formula(&self) -> Formula {
        Formula::choice(Formula::Z, Formula::parameter("slope", self.slope) * Formula::Z)
    }
}
