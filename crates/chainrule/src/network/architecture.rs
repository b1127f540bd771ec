//! The shape of a network: its layers, and where each layer's parameters lie in the one flat vector.

use std::ops::Range;

use super::initializer::Initializer;
use super::layer::{Layer, Learning};
use crate::Error;
use crate::random::RandomState;

/// The layers of a network and the layout of its parameters, checked.
///
/// All parameters lie in one vector, layer after layer, `W` (n_in, n_out) row-major and then `b` (n_out). Gradients
/// and the optimizer's state have the same layout.
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

/// A layer's weights or bias within the flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The layer, counted from 0.
    pub layer: usize,
    /// Weights or bias.
    pub part: Part,
    /// Where in the flat vector.
    pub range: Range<usize>,
    /// Columns of the weights, entries of the bias: the layer's units.
    pub n_out: usize,
    /// Whether training updates it.
    pub learning: Learning,
}

/// Which of a layer's two kinds of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The matrix W. Penalties act on weights.
    Weights,
    /// The vector b.
    Bias,
}

impl Architecture {
    /// The architecture of `layers` behind `n_inputs` inputs; the last layer gives the outputs.
    ///
    /// # Errors
    /// No layer, no inputs, a layer of no units, softmax in a hidden layer, dropout outside 0 to below 1 or in the
    /// last layer, or given starting values of the wrong number.
    pub fn new(n_inputs: usize, layers: Vec<Layer>) -> Result<Architecture, Error> {
        let setting = |setting: String, value: String, allowed: &str| {
            Err(Error::Setting { setting, value, allowed: allowed.to_owned() })
        };
        if n_inputs == 0 {
            return setting("the number of inputs".into(), "0".into(), "at least 1");
        }
        if layers.is_empty() {
            return setting("the number of layers".into(), "0".into(), "at least 1, the output layer");
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
                    format!("the dropout of layer \"{name}\""),
                    value,
                    "a number from 0 to below 1",
                );
            }
            if last && layer.dropout > 0.0 {
                let value = layer.dropout.to_string();
                return setting(
                    "the dropout of the output layer".into(),
                    value,
                    "0: outputs are never dropped",
                );
            }
            let weights =
                (Part::Weights, n_in * layer.n_units, Some(layer.weights), &layer.weight_initializer);
            let bias = (Part::Bias, layer.n_units, layer.bias, &layer.bias_initializer);
            for (part, length, learning, initializer) in [weights, bias] {
                let Some(learning) = learning else { continue };
                initializer.check(length)?;
                let range = start..start + length;
                start = range.end;
                blocks.push(Block { layer: l, part, range, n_out: layer.n_units, learning });
            }
            n_in = layer.n_units;
        }
        Ok(Architecture { n_inputs, layers, blocks, n_parameters: start })
    }

    /// The number of inputs.
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// The number of outputs: the last layer's units.
    pub fn n_outputs(&self) -> usize {
        self.output().n_units
    }

    /// The layers, the output layer last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The last layer.
    pub fn output(&self) -> &Layer {
        self.layers.last().expect("an architecture has a layer")
    }

    /// The length of the flat vector.
    pub fn n_parameters(&self) -> usize {
        self.n_parameters
    }

    /// How many inputs layer `l` has.
    pub fn n_in(&self, l: usize) -> usize {
        if l == 0 { self.n_inputs } else { self.layers[l - 1].n_units }
    }

    /// Every layer's weights and bias in the order of the flat vector.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The blocks that training updates.
    pub fn trainable(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| block.learning == Learning::Trainable)
    }

    /// The block of layer `l`'s weights or bias; none where the layer has no bias.
    pub fn block(&self, l: usize, part: Part) -> Option<&Block> {
        self.blocks.iter().find(|block| block.layer == l && block.part == part)
    }

    /// Layer `l`'s weights (n_in, n_out) within a vector of this layout.
    pub fn weights<'v, T>(&self, l: usize, vector: &'v [T]) -> &'v [T] {
        &vector[self.block(l, Part::Weights).expect("every layer has weights").range.clone()]
    }

    /// Layer `l`'s bias (n_out) within a vector of this layout; none where the layer has none.
    pub fn bias<'v, T>(&self, l: usize, vector: &'v [T]) -> Option<&'v [T]> {
        self.block(l, Part::Bias).map(|block| &vector[block.range.clone()])
    }

    /// The name of layer `l`: `hidden` (or `hidden1`, `hidden2`, ... where there are several), and `output`.
    pub fn layer_name(&self, l: usize) -> String {
        layer_name(l, self.layers.len())
    }

    /// The name of one parameter: `hidden.W[0][1]`, from input 0 to unit 1; `output.b[0]`.
    ///
    /// # Panics
    /// When `index` is not below [`Architecture::n_parameters`].
    pub fn parameter_name(&self, index: usize) -> String {
        let block =
            self.blocks.iter().find(|block| block.range.contains(&index)).expect("a parameter's index");
        let (layer, place) = (self.layer_name(block.layer), index - block.range.start);
        match block.part {
            Part::Weights => format!("{layer}.W[{}][{}]", place / block.n_out, place % block.n_out),
            Part::Bias => format!("{layer}.b[{place}]"),
        }
    }

    /// The index of the parameter called `name`, the inverse of [`Architecture::parameter_name`].
    pub fn parameter_index(&self, name: &str) -> Option<usize> {
        (0..self.n_parameters).find(|&index| self.parameter_name(index) == name)
    }

    /// Starting values, drawn in f64 layer after layer, each layer's weights before its bias.
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

    /// The layers as one line: `2 -> 20 tanh -> 1 logistic`.
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
