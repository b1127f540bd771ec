//! Activations: what a unit makes of its pre-activation, `a = f(z)`.
//!
//! One file an activation. A file holds the value and the slope, written once over [`Lanes`]; the kinks, where the
//! function or its slope is not smooth; and the formula as an expression, from which text, LaTeX and exports are
//! made and which a test holds to the value. To add one: write the file, add its line to [`REGISTRY`].

mod custom;
mod formula;
mod tanh;

use std::fmt;
use std::sync::Arc;

pub use formula::Formula;

use crate::Error;
use crate::kernel::{Lanes, Scalar};
use crate::registry::{self, Entry, Options, Value};

/// All activations that act on each unit alone, in the order in which lists show them.
pub static REGISTRY: &[Entry<Arc<dyn Function>>] = &[tanh::ENTRY];

/// What an activation's file implements: the function on one number or a vector of them.
///
/// A NaN comes out as a NaN, so that a training that has gone wrong is seen.
pub(crate) trait Elementwise: fmt::Debug + Send + Sync + 'static {
    /// `f(z)`.
    fn value<L: Lanes>(&self, z: L) -> L;
    /// `f'(z)`, with `a = f(z)` at hand where that is cheaper.
    fn slope<L: Lanes>(&self, z: L, a: L) -> L;
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
    /// `slope = f'(z)`, given `a = f(z)`; `slope` is overwritten.
    fn slopes(&self, z: &[T], a: &[T], slope: &mut [T]);
    /// `dz = da·f'(z)` in place of `da`, given `a = f(z)`.
    fn pull_back(&self, z: &[T], a: &[T], da: &mut [T]);
}

/// An activation in both precisions, with what describes it.
#[doc(hidden)]
pub trait Function: Loops<f32> + Loops<f64> + fmt::Debug + Send + Sync {
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
        for (a, &z) in a.iter_mut().zip(z) {
            *a = self.value(z);
        }
    }

    fn slopes(&self, z: &[T], a: &[T], slope: &mut [T]) {
        for ((slope, &z), &a) in slope.iter_mut().zip(z).zip(a) {
            *slope = self.slope(z, a);
        }
    }

    fn pull_back(&self, z: &[T], a: &[T], da: &mut [T]) {
        for ((da, &z), &a) in da.iter_mut().zip(z).zip(a) {
            *da = *da * self.slope(z, a);
        }
    }
}

impl<F: Elementwise> Function for F {
    fn kinks(&self) -> Vec<f64> {
        Elementwise::kinks(self)
    }

    fn formula(&self) -> Option<Formula> {
        Some(Elementwise::formula(self))
    }
}

impl Activation {
    /// The activation called `name` with the options `given`.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, Value)]) -> Result<Activation, Error> {
        let (options, function) = registry::choose("activation", REGISTRY, name, given)?;
        Ok(Activation { options, kind: Kind::Elementwise(function) })
    }

    /// The name: `leaky_relu`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// The name with every option's value.
    pub fn options(&self) -> &Options {
        &self.options
    }
}
