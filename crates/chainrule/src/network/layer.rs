//! One dense layer, as it is specified: `a = f(a_prev·W + b)`.

use super::activation::Activation;
use super::initializer::Initializer;

/// One dense layer: how many units, which activation, which of its parts learn, how it starts.
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
    /// The number of units, at least 1.
    pub n_units: usize,
    /// The activation f of every unit; softmax in the last layer only.
    pub activation: Activation,
    /// Whether the weights are trained.
    pub weights: Learning,
    /// Whether the bias is trained; none: the layer has no bias.
    pub bias: Option<Learning>,
    /// The share of this layer's activations set to 0 in each training step, from 0 to below 1; those kept are
    /// divided by `1 - dropout`. Not for the last layer.
    pub dropout: f64,
    /// Where the weights start.
    pub weight_initializer: Initializer,
    /// Where the bias starts.
    pub bias_initializer: Initializer,
}

/// Whether a part of a layer learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learning {
    /// Updated by training.
    Trainable,
    /// Left as it is.
    Frozen,
}

impl Layer {
    /// A layer of `n_units` units whose weights (Glorot uniform at first) and bias (zero at first) are trained.
    pub fn new(n_units: usize, activation: Activation) -> Layer {
        Layer {
            n_units,
            activation,
            weights: Learning::Trainable,
            bias: Some(Learning::Trainable),
            dropout: 0.0,
            weight_initializer: Initializer::glorot_uniform(),
            bias_initializer: Initializer::zeros(),
        }
    }

    /// The same layer, its weights started by `initializer`.
    pub fn weight_init(self, initializer: Initializer) -> Layer {
        Layer { weight_initializer: initializer, ..self }
    }

    /// The same layer, its bias started by `initializer`.
    pub fn bias_init(self, initializer: Initializer) -> Layer {
        Layer { bias_initializer: initializer, ..self }
    }

    /// The same layer, its weights left as they start.
    pub fn frozen_weights(self) -> Layer {
        Layer { weights: Learning::Frozen, ..self }
    }

    /// The same layer, its bias left as it starts.
    pub fn frozen_bias(self) -> Layer {
        Layer { bias: Some(Learning::Frozen), ..self }
    }

    /// The same layer without bias.
    pub fn without_bias(self) -> Layer {
        Layer { bias: None, ..self }
    }

    /// The same layer with `share` of its activations dropped in each training step.
    pub fn dropout(self, share: f64) -> Layer {
        Layer { dropout: share, ..self }
    }
}
