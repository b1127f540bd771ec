//! Losses: how far the outputs `y` of a sample are from its targets `t`.
//!
//! One file a loss. A file holds the loss of one sample and its derivative by each output, written once over
//! [`Lanes`]; the same on the last layer's `z` behind the link that the loss implies, as one stable function; the
//! kinks; the targets it accepts. To add one: write the file, add its line to [`REGISTRY`].

mod absolute_error;
mod binary_cross_entropy;
mod cross_entropy;
mod huber;
mod poisson;
mod quantile;
mod squared_error;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use super::activation::Activation;
use fearless_simd::{Simd, dispatch};

use crate::Error;
use crate::kernel::level::level;
use crate::kernel::vector::Vector;
use crate::kernel::{Lanes, Scalar};
use crate::registry::{self, Entry, OptionValue, Options};

/// All losses, in the order in which lists show them.
pub static REGISTRY: &[Entry<Arc<dyn Function>>] = &[
    binary_cross_entropy::ENTRY,
    cross_entropy::ENTRY,
    squared_error::ENTRY,
    absolute_error::ENTRY,
    huber::ENTRY,
    quantile::ENTRY,
    poisson::ENTRY,
];

/// A loss, chosen by name with its options.
///
/// The loss of a sample is the sum over its outputs; weighting samples and averaging over them is the caller's.
/// It acts either on the outputs `y`, whatever activation they come from, or on the last layer's pre-activations
/// `z` with its own [`Link`] behind them, which is one stable function.
///
/// ```
/// use chainrule::network::loss::{Link, Loss};
///
/// let loss = Loss::new("huber", &[("delta", 0.5.into())])?;
/// assert_eq!(loss, Loss::huber(0.5));
/// assert_eq!(loss.to_string(), "huber(delta = 0.5)");
/// assert_eq!(loss.link(), Link::Identity);
///
/// let refused = Loss::new("cross_entropie", &[]).unwrap_err();
/// assert!(refused.to_string().contains("did you mean \"cross_entropy\"?"));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Loss {
    options: Options,
    function: Arc<dyn Function>,
    scale: f64,
    as_deviance: bool,
}

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

/// The targets that a loss accepts.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// The rule in words, to follow "must be": `a count of at least 0`.
    pub text: &'static str,
    /// The first of one sample's targets that breaks the rule, if any does.
    pub fault: fn(&[f64]) -> Option<usize>,
}

impl Domain {
    /// Any finite number.
    pub const FINITE: Domain =
        Domain { text: "a finite number", fault: |t| t.iter().position(|t| !t.is_finite()) };
    /// From zero to one, both included.
    pub const UNIT: Domain =
        Domain { text: "a number from 0 to 1", fault: |t| t.iter().position(|t| !(0.0..=1.0).contains(t)) };
}

impl Link {
    /// The name of the output activation that does what the link does.
    fn name(self) -> &'static str {
        match self {
            Link::Identity => "identity",
            Link::Logistic => "logistic",
            Link::Softmax => "softmax",
            Link::Exp => "exp",
        }
    }

    /// The output activation that does what the link does.
    ///
    /// # Panics
    /// Never, as long as the activations' registry has the four names.
    pub fn activation(self) -> Activation {
        Activation::new(self.name(), &[]).expect("every link is an activation")
    }
}

impl Loss {
    /// The loss called `name` with the options `given`.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Loss, Error> {
        let (options, function) = registry::choose("loss", REGISTRY, name, given)?;
        let empty =
            options.iter().find(|(_, value)| matches!(value, OptionValue::List(list) if list.is_empty()));
        if let Some((key, value)) = empty {
            let allowed = "a list of at least one number".to_owned();
            return Err(Error::OptionRange { of: options.name(), key, value: value.to_string(), allowed });
        }
        Ok(Loss { options, function, scale: 1.0, as_deviance: false })
    }

    /// This loss times `factor`, value and derivative: a half makes scikit-learn's of the squared error.
    ///
    /// # Panics
    /// When `factor` is not above 0 and finite.
    pub fn scaled(self, factor: f64) -> Loss {
        assert!(
            factor.is_finite() && factor > 0.0,
            "a loss cannot be scaled by {factor}, only by a number above 0"
        );
        Loss { scale: self.scale * factor, ..self }
    }

    /// This loss less that of a perfect prediction, `l(y, t) - l(t, t)`; the derivative by y is the same.
    ///
    /// Poisson's becomes half the deviance, and a cross-entropy the divergence of y from t, of 0 at best even where
    /// targets are neither 0 nor 1. Where a perfect prediction costs nothing, nothing changes.
    pub fn as_deviance(self) -> Loss {
        Loss { as_deviance: true, ..self }
    }

    /// The name: `huber`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// The name with every option's value.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether the loss's link does what this output activation does, so that the two are one stable function of z.
    pub fn implies(&self, output: &Activation) -> bool {
        output.name() == self.link().name()
    }

    /// The link that the loss implies, and [`on_link`](Loss::on_link) contains.
    pub fn link(&self) -> Link {
        self.function.link()
    }

    /// Values of `y - t` at which the loss or one of its first two derivatives jumps.
    pub fn kinks(&self) -> Vec<f64> {
        self.function.kinks()
    }

    /// The targets accepted.
    pub fn domain(&self) -> Domain {
        self.function.domain()
    }

    /// How many outputs there must be for a number of targets; only quantile levels make it another number.
    pub fn n_outputs(&self, n_targets: usize) -> usize {
        self.function.n_outputs(n_targets)
    }

    /// The loss of one sample as text and as LaTeX, in `y_k` and `t_k`, without scale.
    pub fn formula(&self) -> [&'static str; 2] {
        self.function.formula()
    }

    /// How many numbers of scratch [`on_outputs`](Loss::on_outputs) and [`on_link`](Loss::on_link) need.
    pub fn scratch_len(n_outputs: usize, n_targets: usize) -> usize {
        2 * n_outputs + n_targets
    }

    /// For each sample s of a tile, `loss[s] = l(y, t)` and `dy = ∂l/∂y`.
    ///
    /// A tile of n samples, `n = loss.len()`, has each output's values side by side: output k of sample s is at
    /// `k·n + s` in `y` and `dy`, and target k likewise in `t`. `loss` and `dy` are overwritten. `scratch` has
    /// [`scratch_len`](Loss::scratch_len) numbers, whose values mean nothing before or after.
    ///
    /// The cross-entropies want probabilities and Poisson positive outputs: outside of those the loss is NaN or
    /// infinite, at 0 and 1 themselves finite only where the target agrees.
    ///
    /// # Panics
    /// When the lengths do not fit each other.
    pub fn on_outputs<T: Scalar>(&self, y: &[T], t: &[T], loss: &mut [T], dy: &mut [T], scratch: &mut [T]) {
        self.check(y, t, loss, dy);
        T::loss(&*self.function).on_outputs(y, t, loss, dy, scratch);
        self.report(t, loss, dy, scratch);
    }

    /// For each sample s of a tile, `loss[s] = l(link(z), t)` and `dz = ∂l/∂z`.
    ///
    /// Layout and lengths are those of [`on_outputs`](Loss::on_outputs), with z in the place of y.
    ///
    /// # Panics
    /// When the lengths do not fit each other.
    ///
    /// ```
    /// use chainrule::network::loss::Loss;
    ///
    /// let loss = Loss::binary_cross_entropy();
    /// let mut scratch = [0.0f32; 3];
    /// assert_eq!(scratch.len(), Loss::scratch_len(1, 1));
    /// let (z, t) = ([0.0, -100.0], [1.0, 1.0]);
    /// let (mut value, mut dz) = ([0.0; 2], [0.0; 2]);
    /// loss.on_link(&z, &t, &mut value, &mut dz, &mut scratch);
    /// assert!((value[0] - 2f32.ln()).abs() < 1e-6);
    /// assert_eq!((value[1], dz), (100.0, [-0.5, -1.0]));
    /// ```
    pub fn on_link<T: Scalar>(&self, z: &[T], t: &[T], loss: &mut [T], dz: &mut [T], scratch: &mut [T]) {
        self.check(z, t, loss, dz);
        T::loss(&*self.function).on_link(z, t, loss, dz, scratch);
        self.report(t, loss, dz, scratch);
    }

    /// `l(y, t)` of one sample and its derivative by y.
    ///
    /// # Panics
    /// When there are not [`n_outputs`](Loss::n_outputs) of `y`.
    pub fn value_on_outputs(&self, y: &[f64], t: &[f64]) -> (f64, Vec<f64>) {
        let (mut loss, mut dy) = ([0.0], vec![0.0; y.len()]);
        self.on_outputs(y, t, &mut loss, &mut dy, &mut vec![0.0; Loss::scratch_len(y.len(), t.len())]);
        (loss[0], dy)
    }

    /// `l(link(z), t)` of one sample and its derivative by z.
    ///
    /// # Panics
    /// When there are not [`n_outputs`](Loss::n_outputs) of `z`.
    pub fn value_on_link(&self, z: &[f64], t: &[f64]) -> (f64, Vec<f64>) {
        let (mut loss, mut dz) = ([0.0], vec![0.0; z.len()]);
        self.on_link(z, t, &mut loss, &mut dz, &mut vec![0.0; Loss::scratch_len(z.len(), t.len())]);
        (loss[0], dz)
    }

    /// The loss called `name`, for the constructors of its file.
    fn of(name: &str, given: &[(&str, OptionValue)]) -> Loss {
        Loss::new(name, given).unwrap_or_else(|error| panic!("{error}"))
    }

    fn check<T>(&self, y: &[T], t: &[T], loss: &[T], dy: &[T]) {
        let n = loss.len();
        assert_eq!(dy.len(), y.len(), "one derivative an output");
        assert_eq!(y.len(), self.n_outputs(t.len() / n) * n, "outputs for the targets of {n} samples");
        assert_eq!(t.len() % n, 0, "targets for each of {n} samples");
    }

    /// Turns the bare loss into the one that is reported: above a perfect prediction's, then scaled.
    fn report<T: Scalar>(&self, t: &[T], loss: &mut [T], dy: &mut [T], scratch: &mut [T]) {
        if self.as_deviance {
            T::loss(&*self.function).subtract_least(t, loss, scratch);
        }
        if self.scale != 1.0 {
            let scale = T::from_f64(self.scale);
            loss.iter_mut().chain(dy).for_each(|v| *v *= scale);
        }
    }
}

/// Same name, same options, same scale, reported alike.
impl PartialEq for Loss {
    fn eq(&self, other: &Self) -> bool {
        (&self.options, self.scale, self.as_deviance) == (&other.options, other.scale, other.as_deviance)
    }
}

/// As an experiment would say it, then what has been done to it: `poisson, above perfect, times 2`.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)?;
        if self.as_deviance {
            f.write_str(", above perfect")?;
        }
        if self.scale == 1.0 { Ok(()) } else { write!(f, ", times {}", self.scale) }
    }
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
    /// The loss as text and as LaTeX, in `y_k` and `t_k`.
    fn formula(&self) -> [&'static str; 2];
}

/// A loss's loops over a tile of samples, in one precision.
///
/// A tile holds `n = loss.len()` samples with each output's values side by side: output k of sample s lies at
/// `k·n + s`. `scratch` has [`Loss::scratch_len`] numbers.
#[doc(hidden)]
pub trait Loops<T> {
    /// For each sample s: `loss[s] = l(y, t)`, and `dy` is overwritten with its derivative by y.
    fn on_outputs(&self, y: &[T], t: &[T], loss: &mut [T], dy: &mut [T], scratch: &mut [T]);
    /// For each sample s: `loss[s] = l(link(z), t)`, and `dz` is overwritten with its derivative by z.
    fn on_link(&self, z: &[T], t: &[T], loss: &mut [T], dz: &mut [T], scratch: &mut [T]);
    /// For each sample s: takes the loss of a perfect prediction off `loss[s]`.
    fn subtract_least(&self, t: &[T], loss: &mut [T], scratch: &mut [T]);
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
    fn on_outputs(&self, y: &[T], t: &[T], loss: &mut [T], dy: &mut [T], scratch: &mut [T]) {
        if in_vectors::<T>(y, t, loss) {
            dispatch!(level(), simd => each_vector::<T, _>(simd, y, t, loss, dy,
                #[inline(always)] |y, t, dy| PerSample::on_outputs(self, y, t, dy)));
            return;
        }
        each_sample(y, t, loss, dy, scratch, |y, t, dy| PerSample::on_outputs(self, y, t, dy));
    }

    fn on_link(&self, z: &[T], t: &[T], loss: &mut [T], dz: &mut [T], scratch: &mut [T]) {
        if in_vectors::<T>(z, t, loss) {
            dispatch!(level(), simd => each_vector::<T, _>(simd, z, t, loss, dz,
                #[inline(always)] |z, t, dz| PerSample::on_link(self, z, t, dz)));
            return;
        }
        each_sample(z, t, loss, dz, scratch, |z, t, dz| PerSample::on_link(self, z, t, dz));
    }

    fn subtract_least(&self, t: &[T], loss: &mut [T], scratch: &mut [T]) {
        let n = loss.len();
        let t_s = &mut scratch[..t.len() / n];
        for (s, loss) in loss.iter_mut().enumerate() {
            gather(t, n, s, t_s);
            *loss -= PerSample::least(self, t_s);
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

/// Runs `f` on the outputs and targets of each sample of a tile, with its numbers brought together in `scratch`.
fn each_sample<T: Scalar>(
    y: &[T],
    t: &[T],
    loss: &mut [T],
    dy: &mut [T],
    scratch: &mut [T],
    f: impl Fn(&[T], &[T], &mut [T]) -> T,
) {
    let n = loss.len();
    let (n_outputs, n_targets) = (y.len() / n, t.len() / n);
    let (y_s, rest) = scratch.split_at_mut(n_outputs);
    let (dy_s, rest) = rest.split_at_mut(n_outputs);
    let t_s = &mut rest[..n_targets];
    for (s, loss) in loss.iter_mut().enumerate() {
        gather(y, n, s, y_s);
        gather(t, n, s, t_s);
        *loss = f(y_s, t_s, dy_s);
        for (k, dy_k) in dy_s.iter().enumerate() {
            dy[k * n + s] = *dy_k;
        }
    }
}

/// The outputs, and the targets, that a vector kernel takes at most: they lie on the stack.
const MAX_OUTPUTS: usize = 32;

/// Whether there are few enough outputs for the vector kernel. The kernel is chosen by that alone, so that a sample's bits
/// do not depend on the tile that it is in.
fn in_vectors<T: Scalar>(y: &[T], t: &[T], loss: &[T]) -> bool {
    y.len().max(t.len()) <= MAX_OUTPUTS * loss.len()
}

/// Runs `f` on the outputs and targets of a whole vector of samples at a time.
#[inline(always)]
fn each_vector<T: Scalar, S: Simd>(
    _: S,
    y: &[T],
    t: &[T],
    loss: &mut [T],
    dy: &mut [T],
    f: impl Fn(&[T::Vector<S>], &[T::Vector<S>], &mut [T::Vector<S>]) -> T::Vector<S>,
) {
    let n = loss.len();
    let (n_outputs, n_targets) = (y.len() / n, t.len() / n);
    let zero = T::Vector::<S>::splat(0.0);
    let (mut y_s, mut t_s, mut dy_s) = ([zero; MAX_OUTPUTS], [zero; MAX_OUTPUTS], [zero; MAX_OUTPUTS]);
    let (y_s, t_s, dy_s) = (&mut y_s[..n_outputs], &mut t_s[..n_targets], &mut dy_s[..n_outputs]);
    for (v, loss) in loss.chunks_mut(T::WIDTH).enumerate() {
        let s = v * T::WIDTH;
        for (k, y_s) in y_s.iter_mut().enumerate() {
            *y_s = T::Vector::<S>::load_some(&y[k * n + s..][..loss.len()]);
        }
        for (k, t_s) in t_s.iter_mut().enumerate() {
            *t_s = T::Vector::<S>::load_some(&t[k * n + s..][..loss.len()]);
        }
        f(y_s, t_s, dy_s).store_some(loss);
        for (k, dy_s) in dy_s.iter().enumerate() {
            dy_s.store_some(&mut dy[k * n + s..][..loss.len()]);
        }
    }
}

/// Overwrites `of_sample` with sample s's column of a tile of n samples.
fn gather<T: Copy>(tile: &[T], n: usize, s: usize, of_sample: &mut [T]) {
    for (k, v) in of_sample.iter_mut().enumerate() {
        *v = tile[k * n + s];
    }
}

/// `product`, a target's share t times something of y, but 0 where t is 0 whatever that something is.
///
/// So `0·ln 0` is 0, the limit, and a NaN in y or t comes through all the same.
#[inline(always)]
fn share<L: Lanes>(t: L, y: L, product: L) -> L {
    L::select(L::splat(0.0).lt(t), product, t * y)
}
