//! A network: an architecture and its parameters.

use super::architecture::Architecture;
use crate::Error;
use crate::kernel::Scalar;
use crate::random::RandomState;

/// A multilayer perceptron: an [`Architecture`] and its parameters.
///
/// ```
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation};
///
/// // Logistic regression with given weights: y = 1/(1 + e^-(1·x₁ + 2·x₂ + 0)).
/// let architecture = Architecture::new(2, vec![Layer::new(1, Activation::logistic())])?;
/// let network = Network::new(architecture, vec![1.0, 2.0, 0.0])?;
/// assert_eq!(network.predict(&[2.0, -1.0]), [0.5]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Network<T> {
    architecture: Architecture,
    parameters: Vec<T>,
}

impl<T: Scalar> Network<T> {
    /// Creates a network from parameters in the layout described in [`Architecture`].
    ///
    /// # Errors
    /// Returns [`Error::ParameterCount`] if the number of parameters is wrong, and
    /// [`Error::ParameterNotFinite`], with the name of the parameter, if one is infinite or NaN.
    pub fn new(architecture: Architecture, parameters: Vec<T>) -> Result<Network<T>, Error> {
        if parameters.len() != architecture.n_parameters() {
            return Err(Error::ParameterCount {
                expected: architecture.n_parameters(),
                got: parameters.len(),
            });
        }
        if let Some(index) = parameters.iter().position(|p| !p.is_finite()) {
            let (name, value) = (architecture.parameter_name(index), parameters[index].to_f64());
            return Err(Error::ParameterNotFinite { name, value });
        }
        Ok(Network { architecture, parameters })
    }

    /// Creates a network with initial parameters, drawn from `random` in f64 and rounded to `T`.
    pub fn initialize(architecture: Architecture, random: &mut RandomState) -> Network<T> {
        let parameters = architecture.draw(random).into_iter().map(T::from_f64).collect();
        Network { architecture, parameters }
    }

    /// Returns the architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Returns the flat parameter vector.
    pub fn parameters(&self) -> &[T] {
        &self.parameters
    }

    /// Returns the flat parameter vector, mutably.
    pub fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    /// Splits the network into its architecture and its parameters.
    pub fn into_parts(self) -> (Architecture, Vec<T>) {
        (self.architecture, self.parameters)
    }

    /// Converts the parameters to the precision `U`.
    pub fn cast<U: Scalar>(&self) -> Network<U> {
        let parameters = self.parameters.iter().map(|p| U::from_f64(p.to_f64())).collect();
        Network { architecture: self.architecture.clone(), parameters }
    }
}
