//! An activation with its options.

use std::fmt;
use std::sync::Arc;

use super::formula::Formula;
use super::function::ActivationFunction;
use super::softmax;
use crate::kernel::{Scalar, dense, sample, slices};
use crate::registry::Options;

/// Name of the user-defined activations, which are not in the registry.
pub(super) const CUSTOM: &str = "custom";

/// An activation, selected by name and options.
///
/// All activations except softmax are elementwise. Softmax couples the units of a layer and is only
/// allowed in the output layer.
///
/// ```
/// use chainrule::network::activation::Activation;
///
/// let f = Activation::new("leaky_relu", &[("slope", 0.3.into())])?;
/// assert_eq!(f.to_string(), "leaky_relu(slope = 0.3)");
/// let z = [-1.0, 2.0];
/// let mut a = [0.0; 2];
/// f.values(&z, &mut a);
/// assert_eq!(a, [-0.3, 2.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Activation {
    pub(super) options: Options,
    pub(super) kind: ActivationKind,
}

#[derive(Clone, Debug)]
pub(super) enum ActivationKind {
    Elementwise(Arc<dyn ActivationFunction>),
    Softmax,
}

/// Compares the name and the options; a custom activation is equal only to its own clones.
impl PartialEq for Activation {
    fn eq(&self, other: &Self) -> bool {
        let same_closures = match (&self.kind, &other.kind) {
            (ActivationKind::Elementwise(a), ActivationKind::Elementwise(b)) => {
                self.name() != CUSTOM || Arc::ptr_eq(a, b)
            }
            _ => true,
        };
        self.options == other.options && same_closures
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl Activation {
    /// Returns the registry name, such as `leaky_relu`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// Returns the name and the values of all options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether the activation is softmax, which couples the units of a layer and is only allowed in
    /// the output layer.
    pub fn is_softmax(&self) -> bool {
        matches!(self.kind, ActivationKind::Softmax)
    }

    /// Returns the points at which the function or one of its first two derivatives is
    /// discontinuous.
    ///
    /// A central difference across such a point is not a valid check of the derivative.
    pub fn kinks(&self) -> Vec<f64> {
        match &self.kind {
            ActivationKind::Elementwise(function) => function.kinks(),
            ActivationKind::Softmax => Vec::new(),
        }
    }

    /// Returns the function as an expression in z; `None` for softmax and for custom activations.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// assert_eq!(Activation::leaky_relu(0.1).formula().unwrap().to_string(), "z > 0 ? z : slope·z");
    /// ```
    pub fn formula(&self) -> Option<Formula> {
        match &self.kind {
            ActivationKind::Elementwise(function) => function.formula(),
            ActivationKind::Softmax => None,
        }
    }

    /// Computes `a = f(z)`; `a` is overwritten. For softmax, `z` contains one sample.
    ///
    /// # Panics
    /// Panics if the lengths differ.
    pub fn values<T: Scalar>(&self, z: &[T], a: &mut [T]) {
        self.apply(z.len(), z, a);
    }

    /// Computes the derivative `slope = f'(z)`, given `a = f(z)`; `slope` is overwritten.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut slope = [0.0];
    /// Activation::tanh().slopes(&[f64::NAN], &[0.5], &mut slope);
    /// assert_eq!(slope, [0.75]); // 1 - a², computed from a alone
    /// ```
    ///
    /// # Panics
    /// Panics if the lengths differ, and for softmax, whose derivative is not elementwise.
    pub fn slopes<T: Scalar>(&self, z: &[T], a: &[T], slope: &mut [T]) {
        assert!(
            z.len() == a.len() && z.len() == slope.len(),
            "z, a and slope must have the same length, but z has {} and slope {}",
            z.len(),
            slope.len()
        );
        match &self.kind {
            ActivationKind::Elementwise(function) => {
                // A separate kernel for each activation would increase the compile time.
                slope.fill(T::ONE);
                T::loops(&**function).backward(z, a, slope);
            }
            ActivationKind::Softmax => {
                panic!("softmax couples the units of a layer and has no elementwise derivative")
            }
        }
    }

    /// Whether [`slopes`](Activation::slopes) and [`backward`](Activation::backward) use z; if not,
    /// `a = f(z)` can be passed instead.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    ///
    /// let (relu, a) = (Activation::relu(), [0.0, 2.0]); // of z = [-1, 2]
    /// assert!(!relu.needs_z());
    /// let mut slope = [0.0; 2];
    /// relu.slopes(&a, &a, &mut slope);
    /// assert_eq!(slope, [0.0, 1.0]);
    /// ```
    pub fn needs_z(&self) -> bool {
        match &self.kind {
            ActivationKind::Elementwise(function) => function.needs_z(),
            ActivationKind::Softmax => false,
        }
    }

    /// Computes `z = x·W + b` and `a = f(z)` of a hidden layer for a tile, with the arguments of
    /// [`dense::forward`]; `z` is overwritten unless it is empty, and `a` is overwritten.
    pub(crate) fn after_dense<T: Scalar>(
        &self,
        n: usize,
        x: &[T],
        w: &[T],
        b: Option<&[T]>,
        z: &mut [T],
        a: &mut [T],
    ) {
        let loops = T::loops(&**self.hidden());
        if z.is_empty() {
            loops.after_dense(n, x, w, b, a);
        } else {
            dense::forward(n, x, w, b, z);
            loops.values(z, a);
        }
    }

    /// Computes `dz = (dz_next·Wᵀ ∘ mask) ∘ f'(z)` of a hidden layer for a tile, with the arguments of
    /// [`dense::input_gradient`] and an empty mask without dropout, given `a = f(z)`; `dz` is
    /// overwritten.
    pub(crate) fn before_dense<T: Scalar>(
        &self,
        n: usize,
        w: &[T],
        dz_next: &[T],
        mask: &[T],
        [z, a]: [&[T]; 2],
        dz: &mut [T],
    ) {
        let loops = T::loops(&**self.hidden());
        if mask.is_empty() {
            loops.before_dense(n, w, dz_next, z, a, dz);
        } else {
            dense::input_gradient(n, w, dz_next, dz);
            slices::multiply(mask, dz);
            loops.backward(z, a, dz);
        }
    }

    /// Returns the activation of a hidden layer.
    fn hidden(&self) -> &Arc<dyn ActivationFunction> {
        match &self.kind {
            ActivationKind::Elementwise(function) => function,
            ActivationKind::Softmax => unreachable!("softmax is only allowed in the output layer"),
        }
    }

    /// Computes `a = f(z)` for a tile of n samples; `a` is overwritten.
    ///
    /// Unit j of sample s is at index `j·n + s`.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    ///
    /// let z = [0.0, 800.0, 0.0, -800.0]; // two units of two samples
    /// let mut a = [0.0; 4];
    /// Activation::softmax().apply(2, &z, &mut a);
    /// assert_eq!(a, [0.5, 1.0, 0.5, 0.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if the lengths differ or are not a multiple of `n_units`.
    pub fn apply<T: Scalar>(&self, n_units: usize, z: &[T], a: &mut [T]) {
        check_tile(n_units, [z.len(), a.len(), a.len()]);
        match &self.kind {
            ActivationKind::Elementwise(function) => T::loops(&**function).values(z, a),
            ActivationKind::Softmax => softmax::apply(n_units, z, a),
        }
    }

    /// Computes `a = f(x·W + b)` for one sample; `z` and `a` are overwritten.
    ///
    /// `x` is (n_in). `z` and `a` have the length of one row of `rows`; their elements beyond
    /// `n_units` are unspecified.
    pub(crate) fn after_product<T: Scalar>(
        &self,
        n_units: usize,
        x: &[T],
        rows: &[T],
        z: &mut [T],
        a: &mut [T],
    ) {
        match &self.kind {
            ActivationKind::Elementwise(function) => T::loops(&**function).after_product(x, rows, a),
            ActivationKind::Softmax => {
                sample::forward(x, rows, z);
                softmax::apply(n_units, &z[..n_units], &mut a[..n_units]);
            }
        }
    }

    /// Computes `dz = (∂a/∂z)ᵀ·da`, given `a = f(z)`; `da` is overwritten with `dz`.
    ///
    /// The layout is that of [`apply`](Activation::apply). For an elementwise activation,
    /// `dz = da ∘ f'(z)`; for softmax, `dz_k = a_k·(da_k - Σ_j a_j·da_j)` over the units of each
    /// sample.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    ///
    /// let (z, a, mut da) = ([-1.0, 2.0], [0.0, 2.0], [5.0, 5.0]);
    /// Activation::relu().backward(1, &z, &a, &mut da);
    /// assert_eq!(da, [0.0, 5.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if the lengths differ or are not a multiple of `n_units`.
    pub fn backward<T: Scalar>(&self, n_units: usize, z: &[T], a: &[T], da: &mut [T]) {
        check_tile(n_units, [z.len(), a.len(), da.len()]);
        match &self.kind {
            ActivationKind::Elementwise(function) => T::loops(&**function).backward(z, a, da),
            ActivationKind::Softmax => softmax::backward(n_units, a, da),
        }
    }

    /// Computes the maximum of `|f'(z)|` for z from -10 to 10, the reference for saturated units.
    ///
    /// Each call evaluates f' on a grid with step 1/128. For softmax, with
    /// `∂a_k/∂z_k = a_k·(1 - a_k)`, the maximum is 1/4.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// assert_eq!(Activation::logistic().greatest_slope(), 0.25);
    /// ```
    pub fn greatest_slope(&self) -> f64 {
        if self.is_softmax() {
            return 0.25;
        }
        let z: Vec<f64> = (-1280..=1280).map(|k| f64::from(k) / 128.0).collect();
        let (mut a, mut slope) = (vec![0.0; z.len()], vec![0.0; z.len()]);
        self.values(&z, &mut a);
        self.slopes(&z, &a, &mut slope);
        slope.iter().fold(0.0, |max, slope| slope.abs().max(max))
    }
}

/// Panics if the lengths of z, a and da differ or are not a multiple of `n_units`.
fn check_tile(n_units: usize, lengths: [usize; 3]) {
    let [z, a, da] = lengths;
    assert!(z == a && z == da, "z, a and da must have the same length, not {z}, {a} and {da}");
    assert!(
        z == 0 || n_units > 0 && z % n_units == 0,
        "the length {z} is not a multiple of the {n_units} units"
    );
}
