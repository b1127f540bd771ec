//! Activations: the function from the pre-activation of a unit to its activation, `a = f(z)`.
//!
//! Each activation has a file of its own, with the function `f` and its derivative `f'`, generic
//! over [`Lanes`](crate::Lanes); the kinks, where `f` or a derivative is discontinuous; and the formula as an
//! expression, from which text, LaTeX and exports are generated and which a test compares with `f`.
//! To add an activation, write its file and add its entry to [`REGISTRY`].

#[expect(clippy::module_inception, reason = "a file is named after the type that it defines")]
mod activation;
mod custom;
mod elu;
mod exp;
mod formula;
mod function;
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

use std::sync::Arc;

pub use activation::Activation;
use activation::ActivationKind;
pub use formula::{Call, Formula, Join};
pub use function::{ActivationFunction, ActivationLoops};

use crate::Error;
use crate::registry::{self, Entry, OptionValue};

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

impl Activation {
    /// Creates the activation called `name`, which is a name in [`REGISTRY`] or `softmax`; omitted
    /// options have their default values.
    ///
    /// # Errors
    /// Returns [`Error::UnknownName`] or [`Error::UnknownOption`], with the nearest match, if the
    /// name or an option does not exist, and [`Error::OptionRange`] if a value is out of range.
    pub fn new(name: &str, options: &[(&str, OptionValue)]) -> Result<Activation, Error> {
        if name == softmax::ENTRY.name {
            let (options, ()) = registry::choose("activation", &[softmax::ENTRY], name, options)?;
            return Ok(Activation { options, kind: ActivationKind::Softmax });
        }
        let (options, function) =
            registry::choose("activation", REGISTRY, name, options).map_err(with_softmax)?;
        Ok(Activation { options, kind: ActivationKind::Elementwise(function) })
    }

    /// Creates the `softmax` activation: `e^z_k / Σ_j e^z_j`, a distribution over units.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    ///
    /// let mut a = [0.0; 2];
    /// Activation::softmax().values(&[1000.0, 1000.0], &mut a);
    /// assert_eq!(a, [0.5, 0.5]);
    /// ```
    pub fn softmax() -> Activation {
        Activation::from_registry(softmax::ENTRY.name, &[])
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

    /// Creates a registered activation; used by the constructor of each activation.
    ///
    /// # Panics
    /// Panics if an option is out of range.
    fn from_registry(name: &str, options: &[(&str, OptionValue)]) -> Activation {
        Activation::new(name, options).unwrap_or_else(|error| panic!("{error}"))
    }
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
