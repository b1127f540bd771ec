//! The trait that every loss implements, with its link and the targets that it accepts.

use std::fmt;

use crate::kernel::Lanes;
use crate::network::activation::Activation;

/// The loss of one sample, or of several samples on the SIMD lanes.
///
/// Slices of outputs and derivatives have one element per output. NaN propagates.
pub(crate) trait PerSample: fmt::Debug + Send + Sync + 'static {
    /// Computes `l(y, t)` and its derivative `dy[k] = ∂l/∂y[k]`; `dy` is overwritten.
    fn on_outputs<L: Lanes>(&self, y: &[L], t: &[L], dy: &mut [L]) -> L;
    /// Computes `l(link(z), t)` as one numerically stable function of z and its derivative
    /// `dz[k] = ∂l/∂z[k]`; `dz` is overwritten.
    fn on_link<L: Lanes>(&self, z: &[L], t: &[L], dz: &mut [L]) -> L;
    /// Returns the link of the loss.
    fn link(&self) -> Link;
    /// Computes `min_y l(y, t)`, the loss of a perfect prediction: the entropy of the targets for a
    /// cross-entropy, and 0 for most losses.
    fn minimum<L: Lanes>(&self, _t: &[L]) -> L {
        L::splat(0.0)
    }
    /// Returns the values of `y - t` at which the loss or one of its first two derivatives is
    /// discontinuous.
    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }
    /// Returns the Hessian of the loss with respect to the outputs or pre-activations, if it is
    /// known, does not vanish and is continuous.
    fn curvature(&self) -> Option<Curvature> {
        None
    }
    /// Returns the set of accepted targets.
    fn domain(&self) -> Domain;
    /// Returns the number of outputs required for `n_targets` targets, by default the same number.
    fn n_outputs(&self, n_targets: usize) -> usize {
        n_targets
    }
    /// Returns the formula as text and as LaTeX, in `y_k` and `t_k`.
    fn formula(&self) -> [&'static str; 2];
}

/// Hessian of the loss of a sample with respect to the outputs or the last pre-activations. It is
/// positive semidefinite.
#[derive(Clone, Copy, Debug)]
pub enum Curvature {
    /// `∂²l/∂y_j∂y_k = c` for j = k and 0 otherwise, for the outputs y of any activation.
    Constant(f64),
    /// `∂²l/∂z_j∂z_k = v(y_k)` for j = k and 0 otherwise, where y is the link of z and v the
    /// variance function of the distribution.
    Variance(fn(f64) -> f64),
    /// `∂²l/∂z_j∂z_k = y_k·(δ_jk - y_j)`, where y is the softmax of z.
    Categorical,
}

/// The inverse canonical link of a loss: the function from the last layer's `z` to the outputs `y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// `y = z`.
    Identity,
    /// `y = 1/(1 + e^-z)`, a separate probability per output.
    Logistic,
    /// `y_k = e^z_k / Σ_j e^z_j`, one distribution over the outputs.
    Softmax,
    /// `y = e^z`, a positive mean.
    Exp,
}

impl Link {
    /// Returns the name of the output activation that computes the link.
    pub(super) fn name(self) -> &'static str {
        match self {
            Link::Identity => "identity",
            Link::Logistic => "logistic",
            Link::Softmax => "softmax",
            Link::Exp => "exp",
        }
    }

    /// Creates the output activation that computes the link.
    pub fn activation(self) -> Activation {
        Activation::new(self.name(), &[]).expect("every link is a registered activation")
    }
}

/// The set of targets that a loss accepts.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// Description that follows "must be" in an error, such as `a count of at least 0`.
    pub text: &'static str,
    /// Function that returns the index of the first invalid target of a sample, if any.
    pub fault: fn(&[f64]) -> Option<usize>,
}

impl Domain {
    /// Any finite number.
    pub const FINITE: Domain =
        Domain { text: "a finite number", fault: |t| t.iter().position(|t| !t.is_finite()) };
    /// Any number from 0 to 1, both included.
    pub const UNIT: Domain =
        Domain { text: "a number from 0 to 1", fault: |t| t.iter().position(|t| !(0.0..=1.0).contains(t)) };
}

/// Returns `term`, the product of t and a function of y, or 0 if t is 0.
///
/// The result for t = 0 is the limit, `0·ln 0 = 0`. A NaN in t or y propagates in both cases.
#[inline(always)]
pub(super) fn term_or_zero<L: Lanes>(t: L, y: L, term: L) -> L {
    L::select(L::splat(0.0).lt(t), term, t * y)
}
