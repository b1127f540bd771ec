//! Losses: how far the outputs `y` of a sample are from its targets `t`.
//!
//! One file a loss. A file holds the loss of one sample and its derivative by each output, written once over
//! [`Lanes`]; the same on the last layer's `z` behind the link that the loss implies, as one stable function; the
//! kinks; the targets it accepts. To add one: write the file, add its line to [`REGISTRY`].

mod squared_error;

use std::fmt;
use std::sync::Arc;

use crate::kernel::{Lanes, Scalar};
use crate::Error;
use crate::registry::{self, Entry, Options, Value};

/// All losses, in the order in which lists show them.
pub static REGISTRY: &[Entry<Arc<dyn Function>>] = &[squared_error::ENTRY];

/// The function that turns the last layer's `z` into the outputs `y` which a loss expects, its inverse canonical link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// `y = z`.
    Identity,
    /// `y = 1/(1 + e^-z)`, a probability for each output.
    Logistic,
    /// `y_k = e^z_k / Σ_j e^z_j`, one distribution over the outputs.
    Softmax,
    /// `y = e^z`, a positive mean.
    Exp,
}

/// What a loss's file implements, for the outputs of one sample (or of several samples side by side on the lanes).
///
/// All slices have one entry an output. A NaN comes out as a NaN.
pub(crate) trait PerSample: fmt::Debug + Send + Sync + 'static {
    /// `l(y, t)`, and its derivative: `dy[k] = ∂l/∂y[k]` is overwritten.
    fn on_outputs<L: Lanes>(&self, y: &[L], t: &[L], dy: &mut [L]) -> L;
    /// `l(link(z), t)` as one stable function of z, and its derivative: `dz[k] = ∂l/∂z[k]` is overwritten.
    fn on_link<L: Lanes>(&self, z: &[L], t: &[L], dz: &mut [L]) -> L;
    /// The link.
    fn link(&self) -> Link;
    /// The loss of a perfect prediction, the part that depends on the targets alone (entropy, say); mostly 0.
    fn least<L: Lanes>(&self, _t: &[L]) -> L {
        L::splat(0.0)
    }
    /// Values of `y - t` at which the loss or one of its first two derivatives jumps.
    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }
    /// The targets accepted: a check of one sample's, and the rule in words to follow "must be".
    fn domain(&self) -> Domain;
    /// How many outputs there must be for a number of targets, when it is not the same number (quantile levels).
    fn n_outputs(&self, n_targets: usize) -> usize {
        n_targets
    }
    /// The loss as text and as LaTeX, in y_k and t_k.
    fn formula(&self) -> [&'static str; 2];
}

/// The targets that a loss accepts.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// The rule in words, to follow "must be": `a count of at least 0`.
    pub text: &'static str,
    /// The first of one sample's targets that breaks the rule, if any does.
    pub fault: fn(&[f64]) -> Option<usize>,
}

/// A loss's loops over a tile of samples, in one precision.
///
/// A tile holds `n` samples with each output's values side by side: output k of sample s lies at `k·n + s`.
#[doc(hidden)]
pub trait Loops<T> {
    /// For each sample s: `loss[s] = l(y, t)`, and `dy` is overwritten with its derivative by y.
    fn on_outputs(&self, y: &[T], t: &[T], loss: &mut [T], dy: &mut [T]);
    /// For each sample s: `loss[s] = l(link(z), t)`, and `dz` is overwritten with its derivative by z.
    fn on_link(&self, z: &[T], t: &[T], loss: &mut [T], dz: &mut [T]);
    /// For each sample s: `loss[s]` of a perfect prediction.
    fn least(&self, t: &[T], loss: &mut [T]);
}

/// A loss in both precisions, with what describes it.
#[doc(hidden)]
pub trait Function: Loops<f32> + Loops<f64> + fmt::Debug + Send + Sync {
    /// The link that the loss implies.
    fn link(&self) -> Link;
    /// Values of y - t at which the loss or one of its first two derivatives jumps.
    fn kinks(&self) -> Vec<f64>;
    /// The targets accepted.
    fn domain(&self) -> Domain;
    /// How many outputs there must be for a number of targets.
    fn n_outputs(&self, n_targets: usize) -> usize;
    /// The loss as text and as LaTeX.
    fn formula(&self) -> [&'static str; 2];
}

impl<F: PerSample, T: Scalar> Loops<T> for F {
    fn on_outputs(&self, y: &[T], t: &[T], loss: &mut [T], dy: &mut [T]) {
        each_sample(y, t, loss, dy, |y, t, dy| PerSample::on_outputs(self, y, t, dy));
    }

    fn on_link(&self, z: &[T], t: &[T], loss: &mut [T], dz: &mut [T]) {
        each_sample(z, t, loss, dz, |z, t, dz| PerSample::on_link(self, z, t, dz));
    }

    fn least(&self, t: &[T], loss: &mut [T]) {
        let n = loss.len();
        let mut column = vec![T::ZERO; t.len() / n];
        for (s, loss) in loss.iter_mut().enumerate() {
            for (k, t_k) in column.iter_mut().enumerate() {
                *t_k = t[k * n + s];
            }
            *loss = PerSample::least(self, &column);
        }
    }
}

impl<F: PerSample> Function for F {
    fn link(&self) -> Link {
        PerSample::link(self)
    }

    fn kinks(&self) -> Vec<f64> {
        PerSample::kinks(self)
    }

    fn domain(&self) -> Domain {
        PerSample::domain(self)
    }

    fn n_outputs(&self, n_targets: usize) -> usize {
        PerSample::n_outputs(self, n_targets)
    }

    fn formula(&self) -> [&'static str; 2] {
        PerSample::formula(self)
    }
}

/// Runs `f` on the outputs and targets of each sample of a tile. TODO no allocation
fn each_sample<T: Scalar>(y: &[T], t: &[T], loss: &mut [T], dy: &mut [T], f: impl Fn(&[T], &[T], &mut [T]) -> T) {
    let n = loss.len();
    let mut of_sample = vec![T::ZERO; y.len() / n * 2 + t.len() / n];
    let (y_s, rest) = of_sample.split_at_mut(y.len() / n);
    let (dy_s, t_s) = rest.split_at_mut(y.len() / n);
    for s in 0..n {
        for (k, y_k) in y_s.iter_mut().enumerate() {
            *y_k = y[k * n + s];
        }
        for (k, t_k) in t_s.iter_mut().enumerate() {
            *t_k = t[k * n + s];
        }
        loss[s] = f(y_s, t_s, dy_s);
        for (k, dy_k) in dy_s.iter().enumerate() {
            dy[k * n + s] = *dy_k;
        }
    }
}

impl Domain {
    /// Any finite number.
    pub const FINITE: Domain = Domain { text: "a finite number", fault: |t| t.iter().position(|t| !t.is_finite()) };
}

/// A loss, chosen by name with its options.
#[derive(Clone, Debug)]
pub struct Loss {
    options: Options,
    function: Arc<dyn Function>,
}

impl Loss {
    /// The loss called `name` with the options `given`.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, Value)]) -> Result<Loss, Error> {
        let (options, function) = registry::choose("loss", REGISTRY, name, given)?;
        Ok(Loss { options, function })
    }
}
