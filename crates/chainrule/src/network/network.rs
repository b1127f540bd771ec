//! A network: an architecture with parameters.

use super::architecture::Architecture;
use super::layer::Layer;
use super::predictor::Predictor;
use crate::Error;
use crate::kernel::Scalar;
use crate::random::RandomState;

/// A multilayer perceptron: an [`Architecture`] with the parameters that fill it.
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
    /// The network with these parameters, laid out as [`Architecture`] says.
    ///
    /// # Errors
    /// A wrong number of parameters, or one that is infinite or NaN, by name.
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

    /// The network as its initializers start it, drawn from `random` in f64 and rounded.
    pub fn initialize(architecture: Architecture, random: &mut RandomState) -> Network<T> {
        let parameters = architecture.draw(random).into_iter().map(T::from_f64).collect();
        Network { architecture, parameters }
    }

    /// The shape.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// All parameters, one flat vector.
    pub fn parameters(&self) -> &[T] {
        &self.parameters
    }

    /// All parameters, to be changed in place.
    pub fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    /// The architecture and the parameters.
    pub fn into_parts(self) -> (Architecture, Vec<T>) {
        (self.architecture, self.parameters)
    }

    /// The outputs y (n, n_outputs) row-major for inputs x (n, n_inputs) row-major.
    ///
    /// Makes a [`Predictor`] for this once.
    ///
    /// # Panics
    /// When the length of `x` is no multiple of the number of inputs.
    pub fn predict(&self, x: &[T]) -> Vec<T> {
        let (n_in, n_out) = (self.architecture.n_inputs(), self.architecture.n_outputs());
        let mut y = vec![T::ZERO; x.len() / n_in * n_out];
        self.predictor().predict(x, &mut y);
        y
    }

    /// This network with all the room that predicting takes, for whoever predicts again and again.
    pub fn predictor(&self) -> Predictor<'_, T> {
        Predictor::new(self)
    }

    /// The same network in the other precision.
    pub fn cast<U: Scalar>(&self) -> Network<U> {
        let parameters = self.parameters.iter().map(|p| U::from_f64(p.to_f64())).collect();
        Network { architecture: self.architecture.clone(), parameters }
    }

    /// The one layer that this network equals when no layer but the last is curved: with identity activations,
    /// `(x·W₁ + b₁)·W₂ + b₂ = x·(W₁·W₂) + (b₁·W₂ + b₂)`. None when a hidden layer has another activation.
    ///
    /// The products are formed in f64.
    pub fn collapse(&self) -> Option<Network<T>> {
        let (last, hidden) = self.architecture.layers().split_last()?;
        if hidden.iter().any(|layer| layer.activation.name() != "identity") {
            return None;
        }
        let n_inputs = self.architecture.n_inputs();
        // Rows of [W; b], beginning with the identity map.
        let mut rows: Vec<Vec<f64>> =
            (0..=n_inputs).map(|i| (0..n_inputs).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
        for (l, layer) in self.architecture.layers().iter().enumerate() {
            let w = self.architecture.weights(l, &self.parameters);
            let through = |row: &Vec<f64>, j: usize| -> f64 {
                row.iter().enumerate().map(|(i, a)| a * w[i * layer.n_units + j].to_f64()).sum()
            };
            for row in &mut rows {
                *row = (0..layer.n_units).map(|j| through(row, j)).collect();
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
