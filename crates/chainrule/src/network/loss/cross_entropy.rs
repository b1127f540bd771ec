//! The cross-entropy, `-Σ_k t_k ln y_k`: the outputs are one distribution over exclusive classes.
//!
//! Behind the softmax link this is the negative log-likelihood of a categorical variable, and its derivative by the
//! logits is `y - t`. Label smoothing (Szegedy et al., Rethinking the Inception architecture, 2016) replaces t by
//! `t' = t·(1 - s) + s/k`, k classes.

use std::sync::Arc;

use super::{Domain, Function, Link, Loss, PerSample, share};
use crate::kernel::{Lanes, math};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Function>> = Entry {
    name: "cross_entropy",
    aliases: &["categorical_cross_entropy"],
    summary: "-Σ t ln y, the outputs one distribution over the classes; link softmax",
    options: &[OptionSpec {
        name: "label_smoothing",
        kind: OptionKind::Number(0.0, NumberRange::BELOW_ONE),
        summary: "the share s of each target that is spread over all k classes: t' = t·(1 - s) + s/k",
    }],
    make: |options| Arc::new(CrossEntropy { label_smoothing: options.number("label_smoothing") }),
};

impl Loss {
    /// The cross-entropy of one distribution over several classes, its targets one-hot or themselves probabilities.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// let (loss, dz) = Loss::cross_entropy().value_on_link(&[0.0, 0.0], &[1.0, 0.0]);
    /// assert!((loss - 2f64.ln()).abs() < 1e-15);
    /// assert_eq!(dz, [-0.5, 0.5]);
    /// ```
    pub fn cross_entropy() -> Loss {
        Loss::of(ENTRY.name, &[])
    }
}

#[derive(Debug)]
struct CrossEntropy {
    label_smoothing: f64,
}

impl CrossEntropy {
    /// Every `t'`, target by target.
    #[inline(always)]
    fn smoothed<L: Lanes>(&self, t: &[L]) -> impl Iterator<Item = L> {
        let keep = L::splat(1.0 - self.label_smoothing);
        let spread = L::splat(self.label_smoothing / t.len() as f64);
        t.iter().map(move |&t| t * keep + spread)
    }
}

impl PerSample for CrossEntropy {
    #[inline(always)]
    fn on_outputs<L: Lanes>(&self, y: &[L], t: &[L], dy: &mut [L]) -> L {
        let mut loss = L::splat(0.0);
        for ((dy, &y), t) in dy.iter_mut().zip(y).zip(self.smoothed(t)) {
            loss = loss - share(t, y, t * math::ln(y));
            *dy = -share(t, y, t / y);
        }
        loss
    }

    /// `Σ_k t'_k·((m - z_k) + ln S)` with m the largest z and `S = Σ_j e^(z_j - m)`: all terms are at least 0.
    ///
    /// S is kept as 1 + rest, the 1 being the largest z's own, so that the loss of a sure and right prediction
    /// keeps its digits below the precision's epsilon.
    #[inline(always)]
    fn on_link<L: Lanes>(&self, z: &[L], t: &[L], dz: &mut [L]) -> L {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let largest = z.iter().fold(z[0], |m, &z| L::select(m.lt(z), z, m));
        let (mut tops, mut below) = (zero, zero);
        for (e, &z) in dz.iter_mut().zip(z) {
            *e = math::exp(z - largest);
            let is_below = e.lt(one);
            below += L::select(is_below, *e, zero);
            tops += L::select(is_below, zero, *e);
        }
        let rest = below + (tops - one);
        let (share, ln_sum) = (one / (one + rest), math::ln_1p(rest));
        let mut loss = zero;
        for ((dz, &z), t) in dz.iter_mut().zip(z).zip(self.smoothed(t)) {
            loss += t * ((largest - z) + ln_sum);
            *dz = dz.mul_add(share, -t);
        }
        loss
    }

    fn link(&self) -> Link {
        Link::Softmax
    }

    #[inline(always)]
    fn least<L: Lanes>(&self, t: &[L]) -> L {
        self.smoothed(t).fold(L::splat(0.0), |least, t| least - share(t, t, t * math::ln(t)))
    }

    fn domain(&self) -> Domain {
        Domain { text: "class probabilities, each from 0 to 1 and together 1", fault }
    }

    fn formula(&self) -> [&'static str; 2] {
        if self.label_smoothing == 0.0 {
            ["-Σ t ln y", r"-\sum_k t_k \ln y_k"]
        } else {
            ["-Σ t' ln y, t' = t (1 - s) + s/k", r"-\sum_k t'_k \ln y_k, \quad t'_k = t_k (1 - s) + s/k"]
        }
    }
}

/// How far the sum of a sample's targets may be from 1: the rounding of thirds and the like written in f32.
const TOLERANCE: f64 = 1e-6;

/// The first target outside 0..=1; else, when they do not sum to 1, the one that exceeds it or the last.
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
        for good in [&[0.0, 1.0, 0.0][..], &[third, third, third], &[1.0]] {
            assert_eq!(fault(good), None, "{good:?}");
        }
        let cases: [(&[f64], usize); 5] = [
            (&[0.0, 0.0, 0.0], 2),
            (&[1.0, 1.0, 0.0], 1),
            (&[1.0, -0.5, 0.5], 1),
            (&[f64::NAN, 1.0], 0),
            (&[0.5, 0.499], 1),
        ];
        for (bad, at) in cases {
            assert_eq!(fault(bad), Some(at), "{bad:?}");
        }
    }

    /// Of two equal largest logits each takes half, and the loss of the surest is e^-40, not 0.
    #[test]
    fn the_sum_keeps_its_small_part() {
        let mut dz = [0.0f32; 2];
        let sure =
            PerSample::on_link(&CrossEntropy { label_smoothing: 0.0 }, &[40.0, 0.0], &[1.0, 0.0], &mut dz);
        assert!((sure / (-40f32).exp() - 1.0).abs() < 1e-5, "{sure}");
        let tied =
            PerSample::on_link(&CrossEntropy { label_smoothing: 0.0 }, &[7.0, 7.0], &[1.0, 0.0], &mut dz);
        assert!((tied - 2f32.ln()).abs() < 1e-6);
        assert_eq!(dz, [-0.5, 0.5]);
    }
}
