//! The Poisson loss, `Σ_k (y_k - t_k ln y_k)`, whose outputs are expected counts.
//!
//! This is the negative log-likelihood of Poisson variables without the term `ln t!`, which does
//! not depend on the outputs. With the exp link, it is `e^z - t z`, with derivative `y - t` with
//! respect to z.

use std::sync::Arc;

use super::per_sample::{Curvature, PerSample, term_or_zero};
use super::{Domain, Link, Loss, LossFunction};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn LossFunction>> = Entry {
    name: "poisson",
    aliases: &[],
    summary: "Σ (y - t ln y), for counts; link exp",
    options: &[],
    make: |_| Arc::new(Poisson),
};

impl Loss {
    /// Creates the Poisson loss for counts; [`as_deviance`](Loss::as_deviance) gives half the
    /// deviance.
    ///
    /// The loss is infinite if `e^z` overflows.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// assert_eq!(Loss::poisson().value_on_link(&[0.0], &[3.0]), (1.0, vec![-2.0]));
    /// let half_deviance = Loss::poisson().as_deviance();
    /// assert!(half_deviance.value_on_outputs(&[3.0], &[3.0]).0.abs() < 1e-15);
    /// ```
    pub fn poisson() -> Loss {
        Loss::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct Poisson;

impl PerSample for Poisson {
    #[inline(always)]
    fn on_outputs<L: Lanes>(&self, y: &[L], t: &[L], dy: &mut [L]) -> L {
        let mut loss = L::splat(0.0);
        for ((dy, &y), &t) in dy.iter_mut().zip(y).zip(t) {
            loss += y - term_or_zero(t, t, t * math::ln(y));
            *dy = L::splat(1.0) - term_or_zero(t, y, t / y);
        }
        loss
    }

    #[inline(always)]
    fn on_link<L: Lanes>(&self, z: &[L], t: &[L], dz: &mut [L]) -> L {
        let mut loss = L::splat(0.0);
        for ((dz, &z), &t) in dz.iter_mut().zip(z).zip(t) {
            let y = math::exp(z);
            loss += y - t * z;
            *dz = y - t;
        }
        loss
    }

    fn link(&self) -> Link {
        Link::Exp
    }

    #[inline(always)]
    fn minimum<L: Lanes>(&self, t: &[L]) -> L {
        t.iter().fold(L::splat(0.0), |minimum, &t| minimum + (t - term_or_zero(t, t, t * math::ln(t))))
    }

    fn curvature(&self) -> Option<Curvature> {
        Some(Curvature::Variance(|y| y))
    }

    fn domain(&self) -> Domain {
        Domain {
            text: "a count of at least 0",
            fault: |t| t.iter().position(|t| !(t.is_finite() && *t >= 0.0)),
        }
    }

    fn formula(&self) -> [&'static str; 2] {
        ["Σ (y - t ln y)", r"\sum_k \left(y_k - t_k \ln y_k\right)"]
    }
}
