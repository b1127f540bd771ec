//! The Huber loss, `Σ_k (e²/2 if |e| <= δ, else δ(|e| - δ/2))` with `e = y_k - t_k`.
//!
//! It is quadratic for small errors and linear for large ones. From P. J. Huber, Robust estimation
//! of a location parameter, 1964.

use std::sync::Arc;

use super::per_sample::PerSample;
use super::{Domain, Link, Loss, LossFunction};
use crate::kernel::Lanes;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn LossFunction>> = Entry {
    name: "huber",
    aliases: &[],
    summary: "Σ e²/2 if |e| <= δ, else δ(|e| - δ/2), with e = y - t; link identity",
    options: &[OptionSpec {
        name: "delta",
        kind: OptionKind::Number(1.0, NumberRange::POSITIVE),
        summary: "absolute error δ above which the loss is linear",
    }],
    make: |options| Arc::new(Huber { delta: options.number("delta") }),
};

impl Loss {
    /// Creates the Huber loss, which is linear for absolute errors above `delta`.
    ///
    /// # Panics
    /// Panics if `delta` is not finite or not above 0.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// assert_eq!(Loss::huber(1.0).value_on_outputs(&[0.5, -3.0], &[0.0, 0.0]), (0.125 + 2.5, vec![0.5, -1.0]));
    /// ```
    pub fn huber(delta: f64) -> Loss {
        Loss::from_registry(ENTRY.name, &[("delta", delta.into())])
    }
}

#[derive(Debug)]
struct Huber {
    delta: f64,
}

impl PerSample for Huber {
    #[inline(always)]
    fn on_outputs<L: Lanes>(&self, y: &[L], t: &[L], dy: &mut [L]) -> L {
        let (half, delta) = (L::splat(0.5), L::splat(self.delta));
        let mut loss = L::splat(0.0);
        for ((dy, &y), &t) in dy.iter_mut().zip(y).zip(t) {
            let e = y - t;
            // A NaN compares as false and propagates through the quadratic branch.
            let is_linear = delta.lt(e.abs());
            loss += L::select(is_linear, delta * (e.abs() - half * delta), half * e * e);
            *dy = L::select(is_linear, delta.copysign(e), e);
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
        vec![-self.delta, self.delta]
    }

    fn domain(&self) -> Domain {
        Domain::FINITE
    }

    fn formula(&self) -> [&'static str; 2] {
        [
            "Σ e²/2 if |e| <= δ, else δ (|e| - δ/2), e = y - t",
            r"\sum_k \begin{cases} e_k^2/2 & |e_k| \le \delta \\ \delta (|e_k| - \delta/2) & |e_k| > \delta \end{cases}, \quad e_k = y_k - t_k",
        ]
    }
}
