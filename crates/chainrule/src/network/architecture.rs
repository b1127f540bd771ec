//! The architecture of a network: its layers and the layout of their parameters in one flat vector.

use std::ops::Range;

use super::initializer::Initializer;
use super::layer::{BlockFactors, Layer, Learning};
use crate::Error;
use crate::random::RandomState;

/// The validated layers of a network and the layout of its parameters.
///
/// All parameters are in one flat vector: layer by layer, first `W` (n_in, n_out) in row-major
/// order, then `b` (n_out). Gradients and the state of the optimizer have the same layout.
///
/// ```
/// use chainrule::network::{Architecture, Layer, activation::Activation};
///
/// let layers = vec![Layer::new(3, Activation::tanh()), Layer::new(1, Activation::logistic())];
/// let architecture = Architecture::new(2, layers)?;
/// assert_eq!(architecture.n_parameters(), 2 * 3 + 3 + 3 + 1);
/// assert_eq!(architecture.parameter_name(1), "hidden.W[0][1]");
/// assert_eq!(architecture.parameter_index("output.b[0]"), Some(12));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    n_inputs: usize,
    layers: Vec<Layer>,
    blocks: Vec<Block>,
    n_parameters: usize,
}

/// The weights or the bias of a layer within the flat vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Index of the layer, from 0.
    pub layer: usize,
    /// Weights or bias.
    pub part: Part,
    /// Range within the flat vector.
    pub range: Range<usize>,
    /// Number of units of the layer: the columns of W, or the entries of b.
    pub n_out: usize,
    /// Whether the block is trainable.
    pub learning: Learning,
    /// Factors of the learning rate and of penalties.
    pub factors: BlockFactors,
}

/// The two kinds of parameters of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The matrix W; penalties apply to weights.
    Weights,
    /// The vector b.
    Bias,
}

impl Architecture {
    /// Creates the architecture of a network with `n_inputs` inputs; the last layer is the output
    /// layer.
    ///
    /// # Errors
    /// Returns [`Error::Setting`] if there are no inputs or no layers, if a layer has no units, or
    /// if a dropout rate is negative, is 1 or more, or is nonzero in the last layer. Returns
    /// [`Error::HiddenSoftmax`] if a hidden layer has the softmax activation, and
    /// [`Error::ValueCount`] or [`Error::ValueShape`] if initial values have the wrong length or shape.
    pub fn new(n_inputs: usize, layers: Vec<Layer>) -> Result<Architecture, Error> {
        let setting = |setting: String, value: String, allowed: &str| {
            Err(Error::Setting { setting, value, allowed: allowed.to_owned() })
        };
        if n_inputs == 0 {
            return setting("the number of inputs".into(), "0".into(), "at least 1");
        }
        if layers.is_empty() {
            return setting("the number of layers".into(), "0".into(), "at least 1 (the output layer)");
        }
        let (mut blocks, mut start, mut n_in) = (Vec::new(), 0, n_inputs);
        for (l, layer) in layers.iter().enumerate() {
            let name = layer_name(l, layers.len());
            let last = l + 1 == layers.len();
            if layer.n_units == 0 {
                return setting(format!("the number of units of layer \"{name}\""), "0".into(), "at least 1");
            }
            if layer.activation.is_softmax() && !last {
                return Err(Error::HiddenSoftmax { layer: name });
            }
            if !(0.0..1.0).contains(&layer.dropout) {
                let value = layer.dropout.to_string();
                return setting(
                    format!("the dropout rate of layer \"{name}\""),
                    value,
                    "at least 0 and less than 1",
                );
            }
            if last && layer.dropout > 0.0 {
                let value = layer.dropout.to_string();
                return setting(
                    "the dropout rate of the output layer".into(),
                    value,
                    "0, because dropout does not apply to outputs",
                );
            }
            let weights = (Part::Weights, n_in, Some(layer.weights));
            let bias = (Part::Bias, 1, layer.bias);
            for (part, n_rows, learning) in [weights, bias] {
                let Some(learning) = learning else { continue };
                let (initializer, factors) = match part {
                    Part::Weights => (&layer.weight_initializer, layer.weight_factors),
                    Part::Bias => (&layer.bias_initializer, layer.bias_factors),
                };
                initializer.check(n_rows, layer.n_units)?;
                for (factor, of) in [(factors.rate, "learning rate"), (factors.decay, "penalty")] {
                    if !(factor.is_finite() && factor >= 0.0) {
                        return setting(
                            format!("a factor of the {of} of layer \"{name}\""),
                            factor.to_string(),
                            "a number of at least 0",
                        );
                    }
                }
                let range = start..start + n_rows * layer.n_units;
                start = range.end;
                blocks.push(Block { layer: l, part, range, n_out: layer.n_units, learning, factors });
            }
            n_in = layer.n_units;
        }
        Ok(Architecture { n_inputs, layers, blocks, n_parameters: start })
    }

    /// Returns the architecture with other dropout rates, one for each layer.
    ///
    /// # Errors
    /// Returns [`Error::Setting`] if the number of rates is not that of the layers, or a rate is out
    /// of range; see [`Architecture::new`].
    pub fn with_dropout(&self, rates: &[f64]) -> Result<Architecture, Error> {
        if rates.len() != self.layers.len() {
            return Err(Error::Setting {
                setting: "the number of dropout rates".to_owned(),
                value: rates.len().to_string(),
                allowed: format!("{}, one for each layer", self.layers.len()),
            });
        }
        let layers = self.layers.iter().zip(rates).map(|(layer, rate)| layer.clone().dropout(*rate));
        Architecture::new(self.n_inputs, layers.collect())
    }

    /// Returns the number of inputs.
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Returns the number of outputs, which is the number of units of the last layer.
    pub fn n_outputs(&self) -> usize {
        self.output().n_units
    }

    /// Returns the layers; the last one is the output layer.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Returns the output layer.
    pub fn output(&self) -> &Layer {
        self.layers.last().expect("an architecture has at least one layer")
    }

    /// Returns the number of parameters, which is the length of the flat vector.
    pub fn n_parameters(&self) -> usize {
        self.n_parameters
    }

    /// Returns the number of inputs of layer `l`.
    pub fn n_in(&self, l: usize) -> usize {
        if l == 0 { self.n_inputs } else { self.layers[l - 1].n_units }
    }

    /// Returns the weights and biases of all layers, in the order of the flat vector.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Returns the blocks that training updates.
    pub fn trainable(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| block.learning == Learning::Trainable)
    }

    /// Returns the block of the weights or the bias of layer `l`; `None` if the layer has no bias.
    pub fn block(&self, l: usize, part: Part) -> Option<&Block> {
        self.blocks.iter().find(|block| block.layer == l && block.part == part)
    }

    /// Returns the weights and the bias of layer `l` within a vector of this layout; empty slices for
    /// parts that are frozen or missing.
    pub(crate) fn trainable_parts<'v, T>(&self, l: usize, vector: &'v mut [T]) -> [&'v mut [T]; 2] {
        let [weights, bias] = [Part::Weights, Part::Bias].map(|part| {
            let block = self.block(l, part).filter(|block| block.learning == Learning::Trainable);
            block.map_or(0..0, |block| block.range.clone())
        });
        // The bias follows the weights.
        let (up_to_weights, rest) = vector.split_at_mut(bias.start.max(weights.end));
        [&mut up_to_weights[weights], &mut rest[..bias.len()]]
    }

    /// Returns the weights (n_in, n_out) of layer `l` within a vector of this layout.
    pub fn weights<'v, T>(&self, l: usize, vector: &'v [T]) -> &'v [T] {
        &vector[self.block(l, Part::Weights).expect("every layer has weights").range.clone()]
    }

    /// Returns the bias (n_out) of layer `l` within a vector of this layout, if the layer has one.
    pub fn bias<'v, T>(&self, l: usize, vector: &'v [T]) -> Option<&'v [T]> {
        self.block(l, Part::Bias).map(|block| &vector[block.range.clone()])
    }

    /// Returns the name of layer `l`: `hidden` (`hidden1`, `hidden2`, ... if there are several) or
    /// `output`.
    pub fn layer_name(&self, l: usize) -> String {
        layer_name(l, self.layers.len())
    }

    /// Returns the name of a parameter, such as `hidden.W[0][1]` (from input 0 to unit 1) or
    /// `output.b[0]`.
    ///
    /// # Panics
    /// Panics if `index` is not less than [`Architecture::n_parameters`].
    pub fn parameter_name(&self, index: usize) -> String {
        let block = self.blocks.iter().find(|block| block.range.contains(&index));
        let block = block.expect("the index must be less than the number of parameters");
        let (layer, offset) = (self.layer_name(block.layer), index - block.range.start);
        match block.part {
            Part::Weights => format!("{layer}.W[{}][{}]", offset / block.n_out, offset % block.n_out),
            Part::Bias => format!("{layer}.b[{offset}]"),
        }
    }

    /// Returns the index of the parameter `name`, the inverse of [`Architecture::parameter_name`].
    pub fn parameter_index(&self, name: &str) -> Option<usize> {
        (0..self.n_parameters).find(|&index| self.parameter_name(index) == name)
    }

    /// Draws initial parameters in f64, layer by layer, the weights before the bias.
    pub fn draw(&self, random: &mut RandomState) -> Vec<f64> {
        let mut parameters = vec![0.0; self.n_parameters];
        for block in &self.blocks {
            let layer = &self.layers[block.layer];
            let initializer: &Initializer = match block.part {
                Part::Weights => &layer.weight_initializer,
                Part::Bias => &layer.bias_initializer,
            };
            let n_in = self.n_in(block.layer);
            initializer.fill(n_in, block.n_out, random, &mut parameters[block.range.clone()]);
        }
        parameters
    }

    /// Returns the layers as one line, such as `2 -> 20 tanh -> 1 logistic`.
    pub fn describe(&self) -> String {
        let step = |layer: &Layer| format!(" -> {} {}", layer.n_units, layer.activation.options().short());
        self.n_inputs.to_string() + &self.layers.iter().map(step).collect::<String>()
    }
}

fn layer_name(l: usize, n_layers: usize) -> String {
    match (l + 1 == n_layers, n_layers) {
        (true, _) => "output".to_owned(),
        (false, 2) => "hidden".to_owned(),
        (false, _) => format!("hidden{}", l + 1),
    }
}
