//! The binary cross-entropy, `-Σ_k (t_k ln y_k + (1 - t_k) ln(1 - y_k))`, with a separate
//! probability per output.
//!
//! With the logistic link, this is the negative log-likelihood of Bernoulli variables, and its
//! derivative with respect to the logits is `y - t`.

use std::sync::Arc;

use super::per_sample::{Curvature, PerSample, term_or_zero};
use super::{Domain, Link, Loss, LossFunction};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn LossFunction>> = Entry {
    name: "binary_cross_entropy",
    aliases: &["bce"],
    summary: "-Σ (t ln y + (1 - t) ln(1 - y)), each output a separate probability; link logistic",
    options: &[],
    make: |_| Arc::new(BinaryCrossEntropy),
};

impl Loss {
    /// Creates the binary cross-entropy, for binary (one output) or multilabel classification.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// // A logit of 1000 for a sample of class 0: the loss is the logit, with no overflow.
    /// assert_eq!(Loss::binary_cross_entropy().value_on_link(&[1000.0], &[0.0]), (1000.0, vec![1.0]));
    /// ```
    pub fn binary_cross_entropy() -> Loss {
        Loss::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct BinaryCrossEntropy;

impl PerSample for BinaryCrossEntropy {
    #[inline(always)]
    fn on_outputs<L: Lanes>(&self, y: &[L], t: &[L], dy: &mut [L]) -> L {
        let mut loss = L::splat(0.0);
        for ((dy, &y), &t) in dy.iter_mut().zip(y).zip(t) {
            let (not_y, not_t) = (L::splat(1.0) - y, L::splat(1.0) - t);
            // ln_1p(-y) is accurate for a small y, whose digits are lost in 1 - y.
            loss =
                loss - term_or_zero(t, y, t * math::ln(y)) - term_or_zero(not_t, y, not_t * math::ln_1p(-y));
            *dy = term_or_zero(not_t, y, not_t / not_y) - term_or_zero(t, y, t / y);
        }
        loss
    }

    /// Computes `|z|·c + ln(1 + e^-|z|)` with `c = t` for z < 0, else `c = 1 - t`. Both terms are
    /// at least 0, so there is no cancellation.
    #[inline(always)]
    fn on_link<L: Lanes>(&self, z: &[L], t: &[L], dz: &mut [L]) -> L {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let mut loss = zero;
        for ((dz, &z), &t) in dz.iter_mut().zip(z).zip(t) {
            let (z_abs, is_negative) = (z.abs(), z.lt(zero));
            let e = math::exp_of_negative(-z_abs);
            loss = math::add_ln_1p(z_abs.mul_add(L::select(is_negative, t, one - t), loss), e);
            // y = e^-|z|/(1 + e^-|z|) for z < 0, else 1/(1 + e^-|z|).
            *dz = L::select(is_negative, e, one) / (one + e) - t;
        }
        loss
    }

    fn link(&self) -> Link {
        Link::Logistic
    }

    #[inline(always)]
    fn minimum<L: Lanes>(&self, t: &[L]) -> L {
        t.iter().fold(L::splat(0.0), |minimum, &t| {
            let not_t = L::splat(1.0) - t;
            minimum - term_or_zero(t, t, t * math::ln(t)) - term_or_zero(not_t, t, not_t * math::ln_1p(-t))
        })
    }

    fn curvature(&self) -> Option<Curvature> {
        Some(Curvature::Variance(|y| y * (1.0 - y)))
    }

    fn domain(&self) -> Domain {
        Domain::UNIT
    }

    fn formula(&self) -> [&'static str; 2] {
        ["-Σ (t ln y + (1 - t) ln(1 - y))", r"-\sum_k \left(t_k \ln y_k + (1 - t_k) \ln(1 - y_k)\right)"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In f64, 1 - 1e-20 is 1, whose logarithm is 0.
    #[test]
    fn the_loss_of_a_small_probability_is_not_rounded_to_zero() {
        let loss = Loss::binary_cross_entropy();
        assert!((loss.value_on_outputs(&[1e-20], &[0.0]).0 / 1e-20 - 1.0).abs() < 1e-15);
        assert!((loss.value_on_link(&[-50.0], &[0.0]).0 / (-50f64).exp() - 1.0).abs() < 1e-14);
    }
}
