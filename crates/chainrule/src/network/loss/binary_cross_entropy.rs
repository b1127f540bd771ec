//! The binary cross-entropy, `Σ_k -t_k ln y_k - (1 - t_k) ln(1 - y_k)`: each output is a probability of its own.
//!
//! Behind the logistic link this is the negative log-likelihood of Bernoulli variables, and its derivative by the
//! logits is `y - t`.

use std::sync::Arc;

use super::{Domain, Function, Link, Loss, PerSample, share};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn Function>> = Entry {
    name: "binary_cross_entropy",
    aliases: &["bce"],
    summary: "-Σ t ln y + (1 - t) ln(1 - y), each output a probability of its own; link logistic",
    options: &[],
    make: |_| Arc::new(BinaryCrossEntropy),
};

impl Loss {
    /// The binary cross-entropy: for two classes with one output, or for several labels, each yes or no.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// // A logit of 1000 for a sample of class 0: the loss is the logit, with no overflow.
    /// assert_eq!(Loss::binary_cross_entropy().value_on_link(&[1000.0], &[0.0]), (1000.0, vec![1.0]));
    /// ```
    pub fn binary_cross_entropy() -> Loss {
        Loss::of(ENTRY.name, &[])
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
            // ln(1 - y) through ln_1p, which keeps the digits of a small y that 1 - y drops.
            loss = loss - share(t, y, t * math::ln(y)) - share(not_t, y, not_t * math::ln_1p(-y));
            *dy = share(not_t, y, not_t / not_y) - share(t, y, t / y);
        }
        loss
    }

    /// `|z|·(1 - t where z > 0, t where z < 0) + ln(1 + e^-|z|)`: both terms are at least 0, so nothing cancels.
    #[inline(always)]
    fn on_link<L: Lanes>(&self, z: &[L], t: &[L], dz: &mut [L]) -> L {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let mut loss = zero;
        for ((dz, &z), &t) in dz.iter_mut().zip(z).zip(t) {
            let (size, is_negative) = (z.abs(), z.lt(zero));
            let e = math::exp_of_negative(-size);
            loss = math::add_ln_1p(size.mul_add(L::select(is_negative, t, one - t), loss), e);
            *dz = L::select(is_negative, e, one) / (one + e) - t;
        }
        loss
    }

    fn link(&self) -> Link {
        Link::Logistic
    }

    #[inline(always)]
    fn least<L: Lanes>(&self, t: &[L]) -> L {
        t.iter().fold(L::splat(0.0), |least, &t| {
            let not_t = L::splat(1.0) - t;
            least - share(t, t, t * math::ln(t)) - share(not_t, t, not_t * math::ln_1p(-t))
        })
    }

    fn domain(&self) -> Domain {
        Domain::UNIT
    }

    fn formula(&self) -> [&'static str; 2] {
        ["-Σ t ln y + (1 - t) ln(1 - y)", r"-\sum_k t_k \ln y_k + (1 - t_k) \ln(1 - y_k)"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 - 1e-20 is 1, and its logarithm would be 0.
    #[test]
    fn a_small_probability_keeps_its_loss() {
        let loss = Loss::binary_cross_entropy();
        assert!((loss.value_on_outputs(&[1e-20], &[0.0]).0 / 1e-20 - 1.0).abs() < 1e-15);
        assert!((loss.value_on_link(&[-50.0], &[0.0]).0 / (-50f64).exp() - 1.0).abs() < 1e-14);
    }
}
