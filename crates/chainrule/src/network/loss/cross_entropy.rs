//! The cross-entropy, `-Σ_k t_k ln y_k`, of one distribution over mutually exclusive classes.
//!
//! With the softmax link, this is the negative log-likelihood of a categorical variable, and its
//! derivative with respect to the logits is `y - t`. Label smoothing (Szegedy et al., Rethinking
//! the Inception architecture, 2016) replaces t by `t' = t·(1 - s) + s/k` for k classes.

use std::sync::Arc;

use super::per_sample::{Curvature, PerSample, term_or_zero};
use super::{Domain, Link, Loss, LossFunction};
use crate::kernel::{Lanes, math};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn LossFunction>> = Entry {
    name: "cross_entropy",
    aliases: &["categorical_cross_entropy"],
    summary: "-Σ t ln y, outputs are one distribution over the classes; link softmax",
    options: &[OptionSpec {
        name: "label_smoothing",
        kind: OptionKind::Number(0.0, NumberRange::BELOW_ONE),
        summary: "smoothing factor s: with k classes, targets become t' = t·(1 - s) + s/k",
    }],
    make: |options| Arc::new(CrossEntropy { label_smoothing: options.number("label_smoothing") }),
};

impl Loss {
    /// Creates the cross-entropy of one distribution over the classes.
    ///
    /// Targets are one-hot or class probabilities.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// let (loss, dz) = Loss::cross_entropy().value_on_link(&[0.0, 0.0], &[1.0, 0.0]);
    /// assert!((loss - 2f64.ln()).abs() < 1e-15);
    /// assert_eq!(dz, [-0.5, 0.5]);
    /// ```
    pub fn cross_entropy() -> Loss {
        Loss::from_registry(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct CrossEntropy {
    label_smoothing: f64,
}

impl CrossEntropy {
    /// Returns the smoothed targets `t'`.
    #[inline(always)]
    fn smoothed<L: Lanes>(&self, t: &[L]) -> impl Iterator<Item = L> {
        let one_minus_s = L::splat(1.0 - self.label_smoothing);
        let s_over_k = L::splat(self.label_smoothing / t.len() as f64);
        t.iter().map(move |&t| t * one_minus_s + s_over_k)
    }
}

impl PerSample for CrossEntropy {
    #[inline(always)]
    fn on_outputs<L: Lanes>(&self, y: &[L], t: &[L], dy: &mut [L]) -> L {
        let mut loss = L::splat(0.0);
        for ((dy, &y), t) in dy.iter_mut().zip(y).zip(self.smoothed(t)) {
            loss = loss - term_or_zero(t, y, t * math::ln(y));
            *dy = -term_or_zero(t, y, t / y);
        }
        loss
    }

    /// Computes `Σ_k t'_k·((m - z_k) + ln S)`, where m is the largest z and `S = Σ_j e^(z_j - m)`.
    /// All terms are at least 0.
    ///
    /// S is represented as `1 + rest`, where 1 is the term of the largest z, so that the loss of a
    /// confident correct prediction is accurate even below the machine epsilon.
    #[inline(always)]
    fn on_link<L: Lanes>(&self, z: &[L], t: &[L], dz: &mut [L]) -> L {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let largest = z.iter().fold(z[0], |m, &z| L::select(m.lt(z), z, m));
        // `at_max` sums the terms that are 1, and `below_max` the smaller terms.
        let (mut at_max, mut below_max) = (zero, zero);
        for (e, &z) in dz.iter_mut().zip(z) {
            *e = math::exp(z - largest);
            let is_below_max = e.lt(one);
            below_max += L::select(is_below_max, *e, zero);
            at_max += L::select(is_below_max, zero, *e);
        }
        let rest = below_max + (at_max - one);
        let (inverse_sum, ln_sum) = (one / (one + rest), math::ln_1p(rest));
        let mut loss = zero;
        for ((dz, &z), t) in dz.iter_mut().zip(z).zip(self.smoothed(t)) {
            loss += t * ((largest - z) + ln_sum);
            *dz = dz.mul_add(inverse_sum, -t);
        }
        loss
    }

    fn link(&self) -> Link {
        Link::Softmax
    }

    #[inline(always)]
    fn minimum<L: Lanes>(&self, t: &[L]) -> L {
        self.smoothed(t).fold(L::splat(0.0), |minimum, t| minimum - term_or_zero(t, t, t * math::ln(t)))
    }

    fn curvature(&self) -> Option<Curvature> {
        Some(Curvature::Categorical)
    }

    fn domain(&self) -> Domain {
        Domain { text: "class probabilities from 0 to 1 that sum to 1", fault }
    }

    fn formula(&self) -> [&'static str; 2] {
        if self.label_smoothing == 0.0 {
            ["-Σ t ln y", r"-\sum_k t_k \ln y_k"]
        } else {
            ["-Σ t' ln y, t' = t (1 - s) + s/k", r"-\sum_k t'_k \ln y_k, \quad t'_k = t_k (1 - s) + s/k"]
        }
    }
}

/// Tolerance on the sum of the targets of a sample, which allows for values such as 1/3 in f32.
const TOLERANCE: f64 = 1e-6;

/// Returns the index of the first target outside 0..=1. If the targets do not sum to 1, returns the
/// index at which the sum exceeds 1, or the last index.
fn fault(t: &[f64]) -> Option<usize> {
    if let Some(k) = (Domain::UNIT.fault)(t) {
        return Some(k);
    }
    let mut sum = 0.0;
    for (k, t) in t.iter().enumerate() {
        sum += t;
        if sum > 1.0 + TOLERANCE {
            return Some(k);
        }
    }
    (sum < 1.0 - TOLERANCE).then(|| t.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_must_be_a_distribution() {
        let third = f64::from(1.0f32 / 3.0);
        for valid in [&[0.0, 1.0, 0.0][..], &[third, third, third], &[1.0]] {
            assert_eq!(fault(valid), None, "{valid:?}");
        }
        let invalid: [(&[f64], usize); 5] = [
            (&[0.0, 0.0, 0.0], 2),
            (&[1.0, 1.0, 0.0], 1),
            (&[1.0, -0.5, 0.5], 1),
            (&[f64::NAN, 1.0], 0),
            (&[0.5, 0.499], 1),
        ];
        for (t, index) in invalid {
            assert_eq!(fault(t), Some(index), "{t:?}");
        }
    }

    /// The loss at a logit margin of 40 is e^-40, not 0. Equal logits have equal probabilities.
    #[test]
    fn the_loss_of_a_confident_prediction_is_not_rounded_to_zero() {
        let mut dz = [0.0f32; 2];
        let confident =
            PerSample::on_link(&CrossEntropy { label_smoothing: 0.0 }, &[40.0, 0.0], &[1.0, 0.0], &mut dz);
        assert!((confident / (-40f32).exp() - 1.0).abs() < 1e-5, "{confident}");
        let tied =
            PerSample::on_link(&CrossEntropy { label_smoothing: 0.0 }, &[7.0, 7.0], &[1.0, 0.0], &mut dz);
        assert!((tied - 2f32.ln()).abs() < 1e-6);
        assert_eq!(dz, [-0.5, 0.5]);
    }
}
