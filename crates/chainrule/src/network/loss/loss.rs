//! A loss with its options.

use std::fmt;
use std::sync::Arc;

use super::loops::LossFunction;
use super::per_sample::{Curvature, Domain, Link};
use crate::kernel::Scalar;
use crate::network::activation::Activation;
use crate::registry::Options;

/// A loss, selected by name and options.
///
/// The loss of a sample is the sum over its outputs; sample weights and the mean over samples are
/// the responsibility of the caller. A loss is evaluated either on the outputs `y` of any
/// activation, or on the last layer's pre-activations `z` with its own [`Link`], fused for
/// numerical stability.
///
/// ```
/// use chainrule::network::loss::{Link, Loss};
///
/// let loss = Loss::new("huber", &[("delta", 0.5.into())])?;
/// assert_eq!(loss, Loss::huber(0.5));
/// assert_eq!(loss.to_string(), "huber(delta = 0.5)");
/// assert_eq!(loss.link(), Link::Identity);
///
/// let error = Loss::new("cross_entropie", &[]).unwrap_err();
/// assert!(error.to_string().contains("did you mean \"cross_entropy\"?"));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Loss {
    pub(super) options: Options,
    pub(super) function: Arc<dyn LossFunction>,
    pub(super) scale: f64,
    pub(super) as_deviance: bool,
}

impl Loss {
    /// Multiplies the loss and its derivative by `factor`.
    ///
    /// A factor of 1/2 turns the squared error into that of scikit-learn.
    ///
    /// # Panics
    /// Panics if `factor` is not finite or not above 0.
    pub fn scaled(self, factor: f64) -> Loss {
        assert!(
            factor.is_finite() && factor > 0.0,
            "the scale factor of a loss must be finite and above 0, not {factor}"
        );
        Loss { scale: self.scale * factor, ..self }
    }

    /// Subtracts the minimum of the loss, that of a perfect prediction: `l(y, t) - min_y l(y, t)`.
    ///
    /// The derivative with respect to y is unchanged. The Poisson loss becomes half the deviance,
    /// and a cross-entropy becomes the Kullback-Leibler divergence `KL(t ‖ y)`, whose minimum is 0
    /// even for targets other than 0 and 1. Losses whose minimum is 0 are unchanged.
    pub fn as_deviance(self) -> Loss {
        Loss { as_deviance: true, ..self }
    }

    /// Returns the registry name, such as `huber`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// Returns the name and the values of all options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether `output` computes the link of the loss, so that loss and link can be fused.
    pub fn implies(&self, output: &Activation) -> bool {
        output.name() == self.link().name()
    }

    /// Returns the link of the loss, which [`on_link`](Loss::on_link) applies.
    pub fn link(&self) -> Link {
        self.function.link()
    }

    /// Returns the Hessian of the unscaled loss, for networks with this output activation, if the
    /// loss has one that is known, continuous and not 0: that of the squared error with respect to
    /// the outputs, or that of another loss with respect to the last pre-activations if `output` is
    /// its link.
    pub fn curvature(&self, output: &Activation) -> Option<Curvature> {
        let is_known = |curvature: &Curvature| match curvature {
            Curvature::Constant(_) => true,
            Curvature::Variance(_) | Curvature::Categorical => self.implies(output),
        };
        self.function.curvature().filter(is_known)
    }

    /// Returns the factor of the loss; see [`scaled`](Loss::scaled).
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Returns the values of `y - t` at which the loss or one of its first two derivatives is
    /// discontinuous.
    pub fn kinks(&self) -> Vec<f64> {
        self.function.kinks()
    }

    /// Returns the set of accepted targets.
    pub fn domain(&self) -> Domain {
        self.function.domain()
    }

    /// Returns the number of outputs required for `n_targets` targets.
    ///
    /// The two are equal, except that the quantile loss has one output per target and level.
    pub fn n_outputs(&self, n_targets: usize) -> usize {
        self.function.n_outputs(n_targets)
    }

    /// Returns the formula of the unscaled loss of a sample in `y_k` and `t_k`, as text and LaTeX.
    pub fn formula(&self) -> [&'static str; 2] {
        self.function.formula()
    }

    /// Returns the length of the scratch buffer of [`on_outputs`](Loss::on_outputs) and
    /// [`on_link`](Loss::on_link).
    pub fn scratch_len(n_outputs: usize, n_targets: usize) -> usize {
        2 * n_outputs + n_targets
    }

    /// Computes `loss[s] = l(y, t)` and `dy = ∂l/∂y` for each sample s of a tile.
    ///
    /// In a tile of n samples, `n = loss.len()`, output k of sample s is at index `k·n + s` in `y`
    /// and `dy`, and target k of sample s is at index `k·n + s` in `t`. `loss` and `dy` are
    /// overwritten. `scratch` is a buffer of length [`scratch_len`](Loss::scratch_len) with
    /// unspecified contents.
    ///
    /// Outputs must be probabilities for the cross-entropies and positive for the Poisson loss.
    /// Outside this range the loss is meaningless, and at its boundaries it may be infinite.
    ///
    /// # Panics
    /// Panics if the lengths are inconsistent.
    pub fn on_outputs<T: Scalar>(&self, y: &[T], t: &[T], loss: &mut [T], dy: &mut [T], scratch: &mut [T]) {
        self.check_lengths(y, t, loss, dy);
        T::loops(&*self.function).on_outputs(y, t, loss, dy, scratch);
        self.offset_and_scale(t, loss, dy, scratch);
    }

    /// Computes `loss[s] = l(link(z), t)` and `dz = ∂l/∂z` for each sample s of a tile.
    ///
    /// Layout and lengths are those of [`on_outputs`](Loss::on_outputs), with z instead of y.
    ///
    /// # Panics
    /// Panics if the lengths are inconsistent.
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
        self.check_lengths(z, t, loss, dz);
        T::loops(&*self.function).on_link(z, t, loss, dz, scratch);
        self.offset_and_scale(t, loss, dz, scratch);
    }

    /// Computes `l(y, t)` of one sample and its derivative `∂l/∂y`.
    ///
    /// # Panics
    /// Panics if `y` does not have [`n_outputs`](Loss::n_outputs) elements.
    pub fn value_on_outputs(&self, y: &[f64], t: &[f64]) -> (f64, Vec<f64>) {
        let (mut loss, mut dy) = ([0.0], vec![0.0; y.len()]);
        self.on_outputs(y, t, &mut loss, &mut dy, &mut vec![0.0; Loss::scratch_len(y.len(), t.len())]);
        (loss[0], dy)
    }

    /// Computes `l(link(z), t)` of one sample and its derivative `∂l/∂z`.
    ///
    /// # Panics
    /// Panics if `z` does not have [`n_outputs`](Loss::n_outputs) elements.
    pub fn value_on_link(&self, z: &[f64], t: &[f64]) -> (f64, Vec<f64>) {
        let (mut loss, mut dz) = ([0.0], vec![0.0; z.len()]);
        self.on_link(z, t, &mut loss, &mut dz, &mut vec![0.0; Loss::scratch_len(z.len(), t.len())]);
        (loss[0], dz)
    }

    /// Panics if the lengths are inconsistent.
    fn check_lengths<T>(&self, y: &[T], t: &[T], loss: &[T], dy: &[T]) {
        let n = loss.len();
        assert_eq!(dy.len(), y.len(), "the derivative must have one element per output");
        assert_eq!(
            y.len(),
            self.n_outputs(t.len() / n) * n,
            "the number of outputs does not match the targets of {n} samples"
        );
        assert_eq!(t.len() % n, 0, "the number of targets must be a multiple of {n} samples");
    }

    /// Subtracts the minimum if required, then scales the loss and its derivative.
    fn offset_and_scale<T: Scalar>(&self, t: &[T], loss: &mut [T], dy: &mut [T], scratch: &mut [T]) {
        if self.as_deviance {
            T::loops(&*self.function).subtract_minimum(t, loss, scratch);
        }
        if self.scale != 1.0 {
            let scale = T::from_f64(self.scale);
            loss.iter_mut().chain(dy).for_each(|v| *v *= scale);
        }
    }
}

/// Compares the name, the options, the scale and whether the minimum is subtracted.
impl PartialEq for Loss {
    fn eq(&self, other: &Self) -> bool {
        (&self.options, self.scale, self.as_deviance) == (&other.options, other.scale, other.as_deviance)
    }
}

/// Writes the name and options, then the modifications, such as
/// `poisson, minus its minimum, times 2`.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)?;
        if self.as_deviance {
            f.write_str(", minus its minimum")?;
        }
        if self.scale == 1.0 { Ok(()) } else { write!(f, ", times {}", self.scale) }
    }
}
