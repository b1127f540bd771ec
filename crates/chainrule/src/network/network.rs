//! A network: an architecture and its parameters.

use super::architecture::Architecture;
use super::layer::Layer;
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

    /// Returns the equivalent single-layer network if all hidden layers are linear.
    ///
    /// For two layers, `(x·W₁ + b₁)·W₂ + b₂ = x·(W₁·W₂) + (b₁·W₂ + b₂)`. The products are computed
    /// in f64. Returns `None` if a hidden layer has an activation other than the identity.
    pub fn collapse(&self) -> Option<Network<T>> {
        let (last, hidden) = self.architecture.layers().split_last()?;
        if hidden.iter().any(|layer| layer.activation.name() != "identity") {
            return None;
        }
        let n_inputs = self.architecture.n_inputs();
        // Rows of [W; b], starting from the identity map: W = I, b = 0.
        let mut rows: Vec<Vec<f64>> =
            (0..=n_inputs).map(|i| (0..n_inputs).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
        for (l, layer) in self.architecture.layers().iter().enumerate() {
            let w = self.architecture.weights(l, &self.parameters);
            let product = |row: &Vec<f64>, j: usize| -> f64 {
                row.iter().enumerate().map(|(i, a)| a * w[i * layer.n_units + j].to_f64()).sum()
            };
            for row in &mut rows {
                *row = (0..layer.n_units).map(|j| product(row, j)).collect();
            }
            if let Some(b) = self.architecture.bias(l, &self.parameters) {
                rows[n_inputs].iter_mut().zip(b).for_each(|(sum, b)| *sum += b.to_f64());
            }
        }
        let single = Layer { bias: Some(super::Learning::Trainable), ..last.clone() };
        let architecture = Architecture::new(n_inputs, vec![single]).ok()?;
        let parameters = rows.concat().into_iter().map(T::from_f64).collect();
        Some(Network { architecture, parameters })
    }
}
