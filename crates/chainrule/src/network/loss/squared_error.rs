//! The squared error, `Σ_k (y_k - t_k)²`, summed over the outputs without a factor 1/2.

use std::sync::Arc;

use super::per_sample::{Curvature, PerSample};
use super::{Domain, Link, Loss, LossFunction};
use crate::kernel::Lanes;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn LossFunction>> = Entry {
    name: "squared_error",
    aliases: &["mse", "mean_squared_error"],
    summary: "Σ (y - t)², without a factor 1/2; link identity",
    options: &[],
    make: |_| Arc::new(SquaredError),
};

impl Loss {
    /// Creates the squared error, which is minimised by the mean.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// assert_eq!(Loss::squared_error().value_on_outputs(&[3.0], &[1.0]), (4.0, vec![4.0]));
    /// // scikit-learn has a factor 1/2:
    /// assert_eq!(Loss::squared_error().scaled(0.5).value_on_outputs(&[3.0], &[1.0]), (2.0, vec![2.0]));
    /// ```
    pub fn squared_error() -> Loss {
        Loss::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct SquaredError;

impl PerSample for SquaredError {
    #[inline(always)]
    fn on_outputs<L: Lanes>(&self, y: &[L], t: &[L], dy: &mut [L]) -> L {
        let mut loss = L::splat(0.0);
        for ((dy, &y), &t) in dy.iter_mut().zip(y).zip(t) {
            let e = y - t;
            loss += e * e;
            *dy = e + e;
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

    fn curvature(&self) -> Option<Curvature> {
        Some(Curvature::Constant(2.0))
    }

    fn domain(&self) -> Domain {
        Domain::FINITE
    }

    fn formula(&self) -> [&'static str; 2] {
        ["Σ (y - t)²", r"\sum_k (y_k - t_k)^2"]
    }
}
