//! The absolute error, `Σ_k |y_k - t_k|`: outliers pull no harder than any other sample.

use std::sync::Arc;

use super::{Domain, Function, Link, Loss, PerSample};
use crate::kernel::Lanes;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn Function>> = Entry {
    name: "absolute_error",
    aliases: &["mae", "mean_absolute_error"],
    summary: "Σ |y - t|; link identity",
    options: &[],
    make: |_| Arc::new(AbsoluteError),
};

impl Loss {
    /// The absolute error, whose best constant prediction is the median. At `y = t` the derivative is taken as 0.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// assert_eq!(Loss::absolute_error().value_on_outputs(&[3.0, 2.0], &[1.0, 2.0]), (2.0, vec![1.0, 0.0]));
    /// ```
    pub fn absolute_error() -> Loss {
        Loss::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct AbsoluteError;

impl PerSample for AbsoluteError {
    #[inline(always)]
    fn on_outputs<L: Lanes>(&self, y: &[L], t: &[L], dy: &mut [L]) -> L {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let mut loss = zero;
        for ((dy, &y), &t) in dy.iter_mut().zip(y).zip(t) {
            let e = y - t;
            loss += e.abs();
            // Neither below nor above 0, e is 0 or NaN, and either is its own derivative.
            *dy = L::select(zero.lt(e), one, L::select(e.lt(zero), -one, e));
        }
        loss
    }

    #[inline(always)]
    fn on_link<L: Lanes>(&self, z: &[L], t: &[L], dz: &mut [L]) -> L {
        self.on_outputs(z, t, dz)
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn domain(&self) -> Domain {
        Domain::FINITE
    }

    fn formula(&self) -> [&'static str; 2] {
        ["Σ |y - t|", r"\sum_k |y_k - t_k|"]
    }
}
