//! Specification of one dense layer, `a = f(a_prev·W + b)`.

use super::activation::Activation;
use super::initializer::Initializer;

/// Specification of a dense layer.
///
/// ```
/// use chainrule::network::{Initializer, Layer, activation::Activation};
///
/// let layer = Layer::new(20, Activation::tanh())
///     .weight_init(Initializer::normal(0.0, 0.1))
///     .dropout(0.2)
///     .without_bias();
/// assert_eq!(layer.n_units, 20);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Number of units, at least 1.
    pub n_units: usize,
    /// Activation f of the units; softmax only in the last layer.
    pub activation: Activation,
    /// Whether the weights are trainable.
    pub weights: Learning,
    /// Whether the bias is trainable; `None` for a layer without bias.
    pub bias: Option<Learning>,
    /// Dropout rate: the fraction of the activations set to 0 in each training step, at least 0 and
    /// less than 1. The other activations are divided by `1 - dropout`. Must be 0 in the last
    /// layer.
    pub dropout: f64,
    /// Factors of the learning rate and of penalties for the weights.
    pub weight_factors: BlockFactors,
    /// Factors of the learning rate and of penalties for the bias.
    pub bias_factors: BlockFactors,
    /// Initializer of the weights.
    pub weight_initializer: Initializer,
    /// Initializer of the bias.
    pub bias_initializer: Initializer,
}

/// Whether training updates the weights or the bias of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learning {
    /// Updated by training.
    Trainable,
    /// Fixed at the initial values.
    Frozen,
}

/// Factors of training settings for the weights or the bias of a layer, 1 by default.
///
/// The weights W of a layer are trained with the learning rate `rate·η` and, if η is the learning
/// rate and λ the strength of a penalty or of weight decay, with the strength `decay·λ`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockFactors {
    /// Factor of the learning rate, finite and at least 0.
    pub rate: f64,
    /// Factor of penalties and weight decay, finite and at least 0.
    pub decay: f64,
}

impl Default for BlockFactors {
    fn default() -> BlockFactors {
        BlockFactors { rate: 1.0, decay: 1.0 }
    }
}

impl Layer {
    /// Creates a layer with trainable weights and bias.
    ///
    /// The default initializers are Glorot uniform for the weights and zeros for the bias; the
    /// default dropout rate is 0.
    pub fn new(n_units: usize, activation: Activation) -> Layer {
        Layer {
            n_units,
            activation,
            weights: Learning::Trainable,
            bias: Some(Learning::Trainable),
            dropout: 0.0,
            weight_factors: BlockFactors::default(),
            bias_factors: BlockFactors::default(),
            weight_initializer: Initializer::glorot_uniform(),
            bias_initializer: Initializer::zeros(),
        }
    }

    /// Sets the initializer of the weights.
    pub fn weight_init(self, initializer: Initializer) -> Layer {
        Layer { weight_initializer: initializer, ..self }
    }

    /// Sets the initializer of the bias.
    pub fn bias_init(self, initializer: Initializer) -> Layer {
        Layer { bias_initializer: initializer, ..self }
    }

    /// Freezes the weights at their initial values.
    pub fn frozen_weights(self) -> Layer {
        Layer { weights: Learning::Frozen, ..self }
    }

    /// Freezes the bias at its initial values.
    pub fn frozen_bias(self) -> Layer {
        Layer { bias: Some(Learning::Frozen), ..self }
    }

    /// Removes the bias.
    pub fn without_bias(self) -> Layer {
        Layer { bias: None, ..self }
    }

    /// Sets the dropout rate.
    pub fn dropout(self, rate: f64) -> Layer {
        Layer { dropout: rate, ..self }
    }

    /// Sets the factors of the learning rate and of penalties for the weights.
    pub fn weight_factors(self, factors: BlockFactors) -> Layer {
        Layer { weight_factors: factors, ..self }
    }

    /// Sets the factors of the learning rate and of penalties for the bias.
    pub fn bias_factors(self, factors: BlockFactors) -> Layer {
        Layer { bias_factors: factors, ..self }
    }
}
