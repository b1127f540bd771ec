//! The quantile loss, also called pinball loss: `max(q e, (q - 1) e)` with `e = t - y`, summed over
//! targets and quantile levels q.
//!
//! It is minimised by the q-quantile, so that outputs at the levels 0.05 and 0.95 bound a
//! prediction interval. From R. Koenker and G. Bassett, Regression quantiles, 1978.

use std::sync::Arc;

use super::per_sample::PerSample;
use super::{Domain, Link, Loss, LossFunction};
use crate::kernel::Lanes;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn LossFunction>> = Entry {
    name: "quantile",
    aliases: &[],
    summary: "Σ max(q e, (q - 1) e) with e = t - y, one output per target and quantile level q; link identity",
    options: &[OptionSpec {
        name: "levels",
        kind: OptionKind::List(&[0.5], NumberRange::INSIDE_UNIT),
        summary: "quantile levels q, one output per level",
    }],
    make: |options| Arc::new(Quantile { levels: options.list("levels").to_vec() }),
};

impl Loss {
    /// Creates the quantile loss for the given levels.
    ///
    /// Output `target·n_levels + level` is the quantile of the target at the level. The quantiles
    /// of a target may cross. At `y = t` the derivative is defined as 0.
    ///
    /// # Panics
    /// Panics if `levels` is empty or a level is not strictly between 0 and 1.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// let loss = Loss::quantile(&[0.25, 0.75]);
    /// assert_eq!(loss.n_outputs(1), 2);
    /// // y - t = 4 has the loss 3 at level 0.25, and y - t = -4 has the loss 3 at level 0.75.
    /// assert_eq!(loss.value_on_outputs(&[14.0, 6.0], &[10.0]), (3.0 + 3.0, vec![0.75, -0.75]));
    /// ```
    pub fn quantile(levels: &[f64]) -> Loss {
        Loss::from_registry(ENTRY.name, &[("levels", levels.to_vec().into())])
    }
}

#[derive(Debug)]
struct Quantile {
    levels: Vec<f64>,
}

impl PerSample for Quantile {
    #[inline(always)]
    fn on_outputs<L: Lanes>(&self, y: &[L], t: &[L], dy: &mut [L]) -> L {
        let (zero, n_levels) = (L::splat(0.0), self.levels.len());
        let mut loss = zero;
        for ((dy, y), &t) in dy.chunks_exact_mut(n_levels).zip(y.chunks_exact(n_levels)).zip(t) {
            for ((dy, &y), &level) in dy.iter_mut().zip(y).zip(&self.levels) {
                let (q, one_minus_q) = (L::splat(level), L::splat(1.0 - level));
                let e = y - t;
                // (1 - q)·e for e > 0, else -q·e.
                loss += e.abs() * L::select(e.lt(zero), q, one_minus_q);
                // If e is neither above nor below 0, it is 0 or NaN, which is also the derivative.
                *dy = L::select(zero.lt(e), one_minus_q, L::select(e.lt(zero), -q, e));
            }
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

    fn n_outputs(&self, n_targets: usize) -> usize {
        n_targets * self.levels.len()
    }

    fn formula(&self) -> [&'static str; 2] {
        [
            "Σ max(q e, (q - 1) e), e = t - y",
            r"\sum_{k,q} \max(q\,e_{kq}, (q - 1)\,e_{kq}), \quad e_{kq} = t_k - y_{kq}",
        ]
    }
}
