//! The quantile loss, `max(q e, (q - 1) e)` with `e = t - y`, summed over targets and levels q.
//!
//! Its best constant prediction is the q-quantile, so that outputs at the levels 0.05 and 0.95 bound a prediction
//! interval. Also called the pinball loss; from R. Koenker and G. Bassett, Regression quantiles, 1978.

use std::sync::Arc;

use super::{Domain, Function, Link, Loss, PerSample};
use crate::kernel::Lanes;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Function>> = Entry {
    name: "quantile",
    aliases: &[],
    summary: "Σ max(q e, (q - 1) e), e = t - y, one output for each target and level q; link identity",
    options: &[OptionSpec {
        name: "levels",
        kind: OptionKind::List(&[0.5], NumberRange::INSIDE_UNIT),
        summary: "the quantiles q wanted, one output for each of them",
    }],
    make: |options| Arc::new(Quantile { levels: options.list("levels").to_vec() }),
};

impl Loss {
    /// The quantile loss at `levels`: output `target·n_levels + level` is that level's quantile of that target.
    ///
    /// At `y = t` the derivative is taken as 0. Nothing keeps the quantiles of a target from crossing.
    ///
    /// # Panics
    /// When `levels` is empty, or one of them is not between 0 and 1.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// let loss = Loss::quantile(&[0.25, 0.75]);
    /// assert_eq!(loss.n_outputs(1), 2);
    /// // Being 4 too high costs 3 at the level 0.25; being 4 too low costs 3 at the level 0.75.
    /// assert_eq!(loss.value_on_outputs(&[14.0, 6.0], &[10.0]), (3.0 + 3.0, vec![0.75, -0.75]));
    /// ```
    pub fn quantile(levels: &[f64]) -> Loss {
        Loss::of(ENTRY.name, &[("levels", levels.to_vec().into())])
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
                let (low, high) = (L::splat(level), L::splat(1.0 - level));
                let e = y - t;
                loss += e.abs() * L::select(e.lt(zero), low, high);
                // Neither below nor above 0, e is 0 or NaN, and either is its own derivative.
                *dy = L::select(zero.lt(e), high, L::select(e.lt(zero), -low, e));
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
