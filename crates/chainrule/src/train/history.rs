//! The history of a training: what each epoch was like.

use std::fmt;

/// One epoch, once it is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Epoch {
    /// The epoch, counted from 1.
    pub epoch: u64,
    /// The mean of its batches' losses weighted by their rows, each taken before its update, penalty included.
    pub loss: f64,
    /// The loss on the validation samples after the epoch, without penalty; none without validation.
    pub validation_loss: Option<f64>,
    /// The value of each metric asked for, after the epoch.
    pub metrics: Vec<f64>,
    /// The learning rate of its last step.
    pub learning_rate: f64,
    /// For each layer the Euclidean norm of the loss's gradient by its trainable parameters in the last step, before
    /// clipping.
    pub gradient_norm: Vec<f64>,
    /// For each hidden layer the share of units whose slope is 0 at every watched sample: nothing can move them.
    pub dead: Vec<f64>,
    /// For each hidden layer the share of units, not dead, whose slope is below a twentieth of the activation's
    /// greatest at every watched sample: they hardly move.
    pub saturated: Vec<f64>,
    /// Wall-clock seconds of the epoch. The only entry that differs from run to run.
    pub seconds: f64,
}

/// Something the history should not let pass unsaid.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// Units of a layer have died: at no watched sample can their inputs' weights be moved by the gradient.
    DeadUnits {
        /// The epoch in which it was seen, counted from 1.
        epoch: u64,
        /// The layer's name.
        layer: String,
        /// Dead units, and all units of the layer.
        dead: usize,
        /// All units of the layer.
        of: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::DeadUnits { epoch, layer, dead, of } => write!(
                f,
                "epoch {epoch}: {dead} of {of} units of layer \"{layer}\" are dead: their slope is 0 at every watched \
                 sample, so no step can move them. A lower learning rate, another start, or leaky_relu keeps units alive"
            ),
        }
    }
}

/// Every epoch of a training, and its warnings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The epochs so far.
    pub epochs: Vec<Epoch>,
    /// The warnings so far.
    pub warnings: Vec<Warning>,
}
