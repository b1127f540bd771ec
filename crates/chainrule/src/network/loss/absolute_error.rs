//! The absolute error, `Σ_k |y_k - t_k|`, which is robust to outliers.

use std::sync::Arc;

use super::per_sample::PerSample;
use super::{Domain, Link, Loss, LossFunction};
use crate::kernel::Lanes;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn LossFunction>> = Entry {
    name: "absolute_error",
    aliases: &["mae", "mean_absolute_error"],
    summary: "Σ |y - t|; link identity",
    options: &[],
    make: |_| Arc::new(AbsoluteError),
};

impl Loss {
    /// Creates the absolute error, which is minimised by the median. At `y = t` the derivative is
    /// defined as 0.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// assert_eq!(Loss::absolute_error().value_on_outputs(&[3.0, 2.0], &[1.0, 2.0]), (2.0, vec![1.0, 0.0]));
    /// ```
    pub fn absolute_error() -> Loss {
        Loss::from_registry(ENTRY.name, &[])
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
            // If e is neither above nor below 0, it is 0 or NaN, which is also the derivative.
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
