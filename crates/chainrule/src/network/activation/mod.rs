//! Activations: what a unit makes of its pre-activation, `a = f(z)`.
//!
//! One file an activation. A file holds the value and the slope, written once over [`Lanes`]; the kinks, where the
//! function or its slope is not smooth; and the formula as an expression, from which text, LaTeX and exports are
//! made and which a test holds to the value. To add one: write the file, add its line to [`REGISTRY`].

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

/// All activations that act on each unit alone, in the order in which lists show them.
pub static REGISTRY: &[Entry<Arc<dyn Function>>] = &[
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

/// What an activation's file implements: the function on one number or a vector of them.
///
/// The value at a NaN is a NaN, so that a training that has gone wrong is seen. Value and slope are finite at every
/// finite z, unless the function itself grows too large (`exp`).
pub(crate) trait Elementwise: fmt::Debug + Send + Sync + 'static {
    /// `f(z)`.
    fn value<L: Lanes>(&self, z: L) -> L;
    /// `f'(z)`, with `a = f(z)` at hand where that is cheaper.
    fn slope<L: Lanes>(&self, z: L, a: L) -> L;
    /// Whether the slope needs z; where it does not, z is not kept, and the slope is given a in its place.
    fn needs_z(&self) -> bool {
        true
    }
    /// Where `f` or one of its first two derivatives jumps.
    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }
    /// `f` as an expression in z.
    fn formula(&self) -> Formula;
}

/// An activation's loops over slices, in one precision.
#[doc(hidden)]
pub trait Loops<T> {
    /// `a = f(z)`; `a` is overwritten.
    fn values(&self, z: &[T], a: &mut [T]);
    /// `a = f(a)` in place.
    fn values_in_place(&self, a: &mut [T]);
    /// `a = f(x·W + b)` for one sample, as [`sample::forward`] has it; `a` is overwritten.
    fn after_product(&self, x: &[T], rows: &[T], a: &mut [T]);
    /// `slope = f'(z)`, given `a = f(z)`; `slope` is overwritten.
    fn slopes(&self, z: &[T], a: &[T], slope: &mut [T]);
    /// `dz = da·f'(z)` in place of `da`, given `a = f(z)`.
    fn backward(&self, z: &[T], a: &[T], da: &mut [T]);
}

/// An activation in both precisions, with what describes it.
#[doc(hidden)]
pub trait Function: Loops<f32> + Loops<f64> + fmt::Debug + Send + Sync {
    /// Whether the slope needs z, or a may stand in its place.
    fn needs_z(&self) -> bool;
    /// Where the function or one of its first two derivatives jumps.
    fn kinks(&self) -> Vec<f64>;
    /// The function as an expression; none for a custom one.
    fn formula(&self) -> Option<Formula>;
}

/// An activation, chosen by name with its options.
///
/// All but softmax act on each unit alone. Softmax couples the units of a layer and is for outputs only.
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
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Elementwise(Arc<dyn Function>),
    Softmax,
}

/// Same name, same options; a custom activation equals only its own clones.
impl PartialEq for Activation {
    fn eq(&self, other: &Self) -> bool {
        let same_closures = match (&self.kind, &other.kind) {
            (Kind::Elementwise(a), Kind::Elementwise(b)) => self.name() != custom::NAME || Arc::ptr_eq(a, b),
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

impl<F: Elementwise, T: Scalar> Loops<T> for F {
    fn values(&self, z: &[T], a: &mut [T]) {
        dispatch!(level(), simd => map::<T, _>(simd, [z, z], a, #[inline(always)] |[z, _], _| self.value(z)));
    }

    fn values_in_place(&self, a: &mut [T]) {
        dispatch!(level(), simd => map_in_place::<T, _>(simd, a, #[inline(always)] |z| self.value(z)));
    }

    fn after_product(&self, x: &[T], rows: &[T], a: &mut [T]) {
        // Both in one function of the level: in a small layer the calls between them would show.
        dispatch!(level(), simd => {
            sample::product::<T, _>(simd, x, rows, a);
            map_in_place::<T, _>(simd, a, #[inline(always)] |z| self.value(z));
        });
    }

    fn slopes(&self, z: &[T], a: &[T], slope: &mut [T]) {
        dispatch!(level(), simd => map::<T, _>(simd, [z, a], slope, #[inline(always)] |[z, a], _| self.slope(z, a)));
    }

    fn backward(&self, z: &[T], a: &[T], da: &mut [T]) {
        dispatch!(level(), simd => map::<T, _>(simd, [z, a], da, #[inline(always)] |[z, a], da| da * self.slope(z, a)));
    }
}

/// `y = f(x, y)` vector by vector; what is left at the end is filled up to a whole one, so that no number's bits depend
/// on its place.
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

/// `y = f(y)` as [`map`] does it.
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

impl<F: Elementwise> Function for F {
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
    /// The activation called `name` with the options `given`; `softmax` too.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Activation, Error> {
        if name == softmax::ENTRY.name {
            let (options, kind) = registry::choose("activation", &[softmax::ENTRY], name, given)?;
            return Ok(Activation { options, kind });
        }
        let (options, function) =
            registry::choose("activation", REGISTRY, name, given).map_err(with_softmax)?;
        Ok(Activation { options, kind: Kind::Elementwise(function) })
    }

    /// Every name that [`new`](Activation::new) accepts, with its summary, in the order of lists.
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

    /// The name: `leaky_relu`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// The name with every option's value.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether it couples the units of a layer and so is for outputs only.
    pub fn is_softmax(&self) -> bool {
        matches!(self.kind, Kind::Softmax)
    }

    /// Where the function or one of its first two derivatives jumps: a central difference across it proves nothing.
    pub fn kinks(&self) -> Vec<f64> {
        match &self.kind {
            Kind::Elementwise(function) => function.kinks(),
            Kind::Softmax => Vec::new(),
        }
    }

    /// The function as an expression in z; none for softmax and for a custom one.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// assert_eq!(Activation::leaky_relu(0.1).formula().unwrap().to_string(), "z > 0 ? z : slope·z");
    /// ```
    pub fn formula(&self) -> Option<Formula> {
        match &self.kind {
            Kind::Elementwise(function) => function.formula(),
            Kind::Softmax => None,
        }
    }

    /// `a = f(z)`, where softmax takes all of z for the units of one sample. `a` is overwritten.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn values<T: Scalar>(&self, z: &[T], a: &mut [T]) {
        self.apply(z.len(), z, a);
    }

    /// `slope = f'(z)`, given `a = f(z)`. `slope` is overwritten.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    /// let mut slope = [0.0];
    /// Activation::tanh().slopes(&[f64::NAN], &[0.5], &mut slope);
    /// assert_eq!(slope, [0.75]); // 1 - a²: tanh needs a alone
    /// ```
    ///
    /// # Panics
    /// For softmax, whose units have no slope of their own, and when the lengths differ.
    pub fn slopes<T: Scalar>(&self, z: &[T], a: &[T], slope: &mut [T]) {
        assert!(z.len() == a.len() && z.len() == slope.len(), "slopes of {} z into {}", z.len(), slope.len());
        match &self.kind {
            Kind::Elementwise(function) => T::activation(&**function).slopes(z, a, slope),
            Kind::Softmax => panic!("softmax couples the units of a layer: no unit has a slope of its own"),
        }
    }

    /// Whether [`slopes`](Activation::slopes) and [`backward`](Activation::backward) need z; else `a = f(z)` may stand in
    /// its place.
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
            Kind::Elementwise(function) => function.needs_z(),
            Kind::Softmax => false,
        }
    }

    /// `a = f(a)`, for a hidden layer.
    pub(crate) fn apply_in_place<T: Scalar>(&self, a: &mut [T]) {
        match &self.kind {
            Kind::Elementwise(function) => T::activation(&**function).values_in_place(a),
            Kind::Softmax => unreachable!("softmax is for outputs, whose z is kept"),
        }
    }

    /// `a = f(z)` for a tile of samples: unit j of sample s lies at `j·n + s`, for n samples. `a` is overwritten.
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
    /// When the lengths differ or are no multiple of `n_units`.
    pub fn apply<T: Scalar>(&self, n_units: usize, z: &[T], a: &mut [T]) {
        check_tile(n_units, [z.len(), a.len(), a.len()]);
        match &self.kind {
            Kind::Elementwise(function) => T::activation(&**function).values(z, a),
            Kind::Softmax => softmax::apply(n_units, z, a),
        }
    }

    /// `a = f(x·W + b)` for one sample; `z` and `a` are overwritten.
    ///
    /// `x` is (n_in); `z` and `a` are as long as one of `rows`, and what they hold beyond `n_units` has no meaning.
    pub(crate) fn after_product<T: Scalar>(
        &self,
        n_units: usize,
        x: &[T],
        rows: &[T],
        z: &mut [T],
        a: &mut [T],
    ) {
        match &self.kind {
            Kind::Elementwise(function) => T::activation(&**function).after_product(x, rows, a),
            Kind::Softmax => {
                sample::forward(x, rows, z);
                softmax::apply(n_units, &z[..n_units], &mut a[..n_units]);
            }
        }
    }

    /// `dz = (∂a/∂z)ᵀ·da` in place of `da`, given `a = f(z)`, for a tile as in [`apply`](Activation::apply).
    ///
    /// Elementwise that is `da·f'(z)`; for softmax `a_k·(da_k - Σ_j a_j·da_j)` over the units of each sample.
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
    /// When the lengths differ or are no multiple of `n_units`.
    pub fn backward<T: Scalar>(&self, n_units: usize, z: &[T], a: &[T], da: &mut [T]) {
        check_tile(n_units, [z.len(), a.len(), da.len()]);
        match &self.kind {
            Kind::Elementwise(function) => T::activation(&**function).backward(z, a, da),
            Kind::Softmax => softmax::backward(n_units, a, da),
        }
    }

    /// The largest `|f'(z)|` for z from -10 to 10, against which a unit's slope is called saturated.
    ///
    /// Found on a grid of steps of 1/128 each time it is called; 1/4 for softmax, whose `∂a_k/∂z_k = a_k·(1 - a_k)`.
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
        slope.iter().fold(0.0, |greatest, slope| slope.abs().max(greatest))
    }

    /// The activation called `name`, asked for by its own file.
    ///
    /// # Panics
    /// When an option is out of its range, or the registry lacks the name.
    fn of(name: &str, given: &[(&str, OptionValue)]) -> Activation {
        Activation::new(name, given).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// `a/z`, but 1/2 where z is too near 0 to divide: the share of z that an `a = z·share` with share 1/2 at 0 passes on.
#[inline(always)]
fn half_or_quotient<L: Lanes>(a: L, z: L) -> L {
    L::select(z.abs().lt(L::splat(1e-18)), L::splat(0.5), a / z)
}

/// An unknown name's error, softmax among its choices.
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

fn check_tile(n_units: usize, lengths: [usize; 3]) {
    let [z, a, da] = lengths;
    assert!(z == a && z == da, "a tile's z, a and da have lengths {z}, {a} and {da}");
    assert!(z == 0 || n_units > 0 && z % n_units == 0, "a tile of {z} numbers has no {n_units} units");
}
