//! Activations: the function from the pre-activation of a unit to its activation, `a = f(z)`.
//!
//! Each activation has a file of its own, with the function `f` and its derivative `f'`, generic
//! over [`Lanes`]; the kinks, where `f` or a derivative is discontinuous; and the formula as an
//! expression, from which text, LaTeX and exports are generated and which a test compares with `f`.
//! To add an activation, write its file and add its entry to [`REGISTRY`].

mod custom;
mod elu;
mod exp;
mod formula;
mod gelu;
mod identity;
mod leaky_relu;
mod logistic;
mod mish;
mod rbf;
mod relu;
mod selu;
mod silu;
mod sine;
mod softmax;
mod softplus;
mod softsign;
mod tanh;

use std::fmt;
use std::sync::Arc;

pub use formula::{Call, Formula, Join};

use fearless_simd::{Simd, dispatch};

use crate::Error;
use crate::kernel::level::level;
use crate::kernel::vector::Vector;
use crate::kernel::{Lanes, Scalar, sample};
use crate::registry::{self, Entry, OptionValue, Options};

/// All elementwise activations, in display order.
pub static REGISTRY: &[Entry<Arc<dyn ActivationFunction>>] = &[
    identity::ENTRY,
    logistic::ENTRY,
    tanh::ENTRY,
    relu::ENTRY,
    leaky_relu::ENTRY,
    elu::ENTRY,
    selu::ENTRY,
    gelu::ENTRY,
    silu::ENTRY,
    mish::ENTRY,
    softplus::ENTRY,
    softsign::ENTRY,
    rbf::ENTRY,
    sine::ENTRY,
    exp::ENTRY,
];

/// An elementwise activation, on one number or on a SIMD vector of numbers.
///
/// NaN propagates, so that a diverged training run is detected. Value and derivative are finite at
/// every finite z, unless the function itself overflows (`exp`).
pub(crate) trait Elementwise: fmt::Debug + Send + Sync + 'static {
    /// Computes `f(z)`.
    fn value<L: Lanes>(&self, z: L) -> L;
    /// Computes the derivative `f'(z)`, from z, from `a = f(z)`, or from both.
    fn slope<L: Lanes>(&self, z: L, a: L) -> L;
    /// Whether the derivative depends on z. If not, it can be computed from a alone, and z is not
    /// stored; `slope` then receives a for both arguments.
    fn needs_z(&self) -> bool {
        true
    }
    /// Points at which `f` or one of its first two derivatives is discontinuous.
    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }
    /// The function `f` as an expression in z.
    fn formula(&self) -> Formula;
}

/// The loops of an activation over slices, in one precision.
#[doc(hidden)]
pub trait ActivationLoops<T> {
    /// Computes `a = f(z)`; `a` is overwritten.
    fn values(&self, z: &[T], a: &mut [T]);
    /// Computes `a ← f(a)` in place.
    fn values_in_place(&self, a: &mut [T]);
    /// Computes `a = f(x·W + b)` for one sample, with `rows` as in [`sample::forward`]; `a` is
    /// overwritten.
    fn after_product(&self, x: &[T], rows: &[T], a: &mut [T]);
    /// Computes `dz = da ∘ f'(z)`, given `a = f(z)`; `da` is overwritten with `dz`.
    fn backward(&self, z: &[T], a: &[T], da: &mut [T]);
}

/// An elementwise activation in both precisions, with its properties.
#[doc(hidden)]
pub trait ActivationFunction: ActivationLoops<f32> + ActivationLoops<f64> + fmt::Debug + Send + Sync {
    /// Whether the derivative depends on z; if not, it can be computed from a alone.
    fn needs_z(&self) -> bool;
    /// Points at which the function or one of its first two derivatives is discontinuous.
    fn kinks(&self) -> Vec<f64>;
    /// The function as an expression in z; `None` for a custom activation.
    fn formula(&self) -> Option<Formula>;
}

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
    options: Options,
    kind: ActivationKind,
}

#[derive(Clone, Debug)]
enum ActivationKind {
    Elementwise(Arc<dyn ActivationFunction>),
    Softmax,
}

/// Compares the name and the options; a custom activation is equal only to its own clones.
impl PartialEq for Activation {
    fn eq(&self, other: &Self) -> bool {
        let same_closures = match (&self.kind, &other.kind) {
            (ActivationKind::Elementwise(a), ActivationKind::Elementwise(b)) => {
                self.name() != custom::NAME || Arc::ptr_eq(a, b)
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

impl<F: Elementwise, T: Scalar> ActivationLoops<T> for F {
    fn values(&self, z: &[T], a: &mut [T]) {
        dispatch!(level(), simd => map::<T, _>(simd, [z, z], a, #[inline(always)] |[z, _], _| self.value(z)));
    }

    fn values_in_place(&self, a: &mut [T]) {
        dispatch!(level(), simd => map_in_place::<T, _>(simd, a, #[inline(always)] |z| self.value(z)));
    }

    fn after_product(&self, x: &[T], rows: &[T], a: &mut [T]) {
        // One dispatch for both steps, because the call overhead is noticeable in a small layer.
        dispatch!(level(), simd => {
            sample::product::<T, _>(simd, x, rows, a);
            map_in_place::<T, _>(simd, a, #[inline(always)] |z| self.value(z));
        });
    }

    fn backward(&self, z: &[T], a: &[T], da: &mut [T]) {
        dispatch!(level(), simd => map::<T, _>(simd, [z, a], da, #[inline(always)] |[z, a], da| da * self.slope(z, a)));
    }
}

/// Computes `y ← f(x, y)` one SIMD vector at a time. The remainder is padded to a whole vector, so
/// that the bits of a result do not depend on its index.
#[inline(always)]
fn map<T: Scalar, S: Simd>(
    _: S,
    x: [&[T]; 2],
    y: &mut [T],
    f: impl Fn([T::Vector<S>; 2], T::Vector<S>) -> T::Vector<S>,
) {
    let [mut x0, mut x1] = x.map(
        #[inline(always)]
        |x| x.chunks_exact(T::WIDTH),
    );
    let mut y = y.chunks_exact_mut(T::WIDTH);
    for ((x0, x1), y) in (&mut x0).zip(&mut x1).zip(&mut y) {
        let x = [T::Vector::<S>::load(x0), T::Vector::<S>::load(x1)];
        f(x, T::Vector::<S>::load(y)).store(y);
    }
    let y = y.into_remainder();
    if !y.is_empty() {
        let x = [T::Vector::<S>::load_some(x0.remainder()), T::Vector::<S>::load_some(x1.remainder())];
        f(x, T::Vector::<S>::load_some(y)).store_some(y);
    }
}

/// Computes `y ← f(y)` in the same way as [`map`].
#[inline(always)]
fn map_in_place<T: Scalar, S: Simd>(_: S, y: &mut [T], f: impl Fn(T::Vector<S>) -> T::Vector<S>) {
    let mut y = y.chunks_exact_mut(T::WIDTH);
    for y in &mut y {
        f(T::Vector::<S>::load(y)).store(y);
    }
    let y = y.into_remainder();
    if !y.is_empty() {
        f(T::Vector::<S>::load_some(y)).store_some(y);
    }
}

impl<F: Elementwise> ActivationFunction for F {
    fn needs_z(&self) -> bool {
        Elementwise::needs_z(self)
    }

    fn kinks(&self) -> Vec<f64> {
        Elementwise::kinks(self)
    }

    fn formula(&self) -> Option<Formula> {
        Some(Elementwise::formula(self))
    }
}

impl Activation {
    /// Creates the activation called `name`, which is a name in [`REGISTRY`] or `softmax`; omitted
    /// options have their default values.
    ///
    /// # Errors
    /// Returns [`Error::UnknownName`] or [`Error::UnknownOption`], with the nearest match, if the
    /// name or an option does not exist, and [`Error::OptionRange`] if a value is out of range.
    pub fn new(name: &str, options: &[(&str, OptionValue)]) -> Result<Activation, Error> {
        if name == softmax::ENTRY.name {
            let (options, kind) = registry::choose("activation", &[softmax::ENTRY], name, options)?;
            return Ok(Activation { options, kind });
        }
        let (options, function) =
            registry::choose("activation", REGISTRY, name, options).map_err(with_softmax)?;
        Ok(Activation { options, kind: ActivationKind::Elementwise(function) })
    }

    /// Returns all activations that [`new`](Activation::new) accepts, with name and summary, in
    /// display order.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// assert!(Activation::names().any(|(name, summary)| name == "relu" && summary == "max(z, 0)"));
    /// assert_eq!(Activation::names().last().unwrap().0, "softmax");
    /// ```
    pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
        let elementwise = REGISTRY.iter().map(|entry| (entry.name, entry.summary));
        elementwise.chain([(softmax::ENTRY.name, softmax::ENTRY.summary)])
    }

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
                T::activation(&**function).backward(z, a, slope);
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

    /// Computes `a ← f(a)` in place, for a hidden layer.
    pub(crate) fn apply_in_place<T: Scalar>(&self, a: &mut [T]) {
        match &self.kind {
            ActivationKind::Elementwise(function) => T::activation(&**function).values_in_place(a),
            ActivationKind::Softmax => {
                unreachable!("softmax is only allowed in the output layer, whose z is stored")
            }
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
            ActivationKind::Elementwise(function) => T::activation(&**function).values(z, a),
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
            ActivationKind::Elementwise(function) => T::activation(&**function).after_product(x, rows, a),
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
            ActivationKind::Elementwise(function) => T::activation(&**function).backward(z, a, da),
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

    /// Creates a registered activation; used by the constructor of each activation.
    ///
    /// # Panics
    /// Panics if an option is out of range.
    fn from_registry(name: &str, options: &[(&str, OptionValue)]) -> Activation {
        Activation::new(name, options).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Returns the gate `g(z) = a/z` of an activation `a = z·g(z)` with `g(0) = 1/2`; near 0, where the
/// quotient is inaccurate or undefined, returns 1/2.
#[inline(always)]
fn gate<L: Lanes>(a: L, z: L) -> L {
    L::select(z.abs().lt(L::splat(1e-18)), L::splat(0.5), a / z)
}

/// Adds softmax to the choices listed in an [`Error::UnknownName`].
fn with_softmax(error: Error) -> Error {
    let names = || Activation::names().map(|(name, _)| name);
    match error {
        Error::UnknownName { what, name, .. } => {
            let nearest = registry::nearest(&name, names());
            Error::UnknownName { what, name, nearest, choices: names().collect() }
        }
        other => other,
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
