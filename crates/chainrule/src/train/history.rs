//! Training history: losses, metrics and warnings of each epoch.

use std::fmt;

/// Results of one completed epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Epoch {
    /// Epoch, counted from 1.
    pub epoch: u64,
    /// Training loss: the mean of the batch losses weighted by the number of rows, or their sum for
    /// [`Reduction::Sum`](crate::objective::Reduction::Sum). Each batch loss is computed before the
    /// update and includes the penalty.
    pub loss: f64,
    /// Loss on the validation set after the epoch, without penalty, if there is a validation set.
    pub validation_loss: Option<f64>,
    /// Values of the recorded metrics after the epoch.
    pub metrics: Vec<f64>,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Gradient norm of each layer in the last step: the Euclidean norm of the gradient with
    /// respect to its trainable parameters, before clipping.
    pub gradient_norm: Vec<f64>,
    /// Fraction of dead units in each hidden layer: units whose derivative is 0 at every tracked
    /// sample, so that the gradient cannot change their weights.
    pub dead: Vec<f64>,
    /// Fraction of saturated units in each hidden layer: units that are not dead, but whose
    /// derivative is less than a twentieth of the activation's maximum derivative at every tracked
    /// sample.
    pub saturated: Vec<f64>,
    /// Wall-clock time of the epoch in seconds; the only value that differs between identical runs.
    pub seconds: f64,
}

/// Warning about a problem during training.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// Dead units: the gradient with respect to their incoming weights is 0 at every tracked
    /// sample.
    DeadUnits {
        /// Epoch in which the units were found, counted from 1.
        epoch: u64,
        /// Name of the layer.
        layer: String,
        /// Number of dead units.
        dead: usize,
        /// Number of units in the layer.
        of: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::DeadUnits { epoch, layer, dead, of } => write!(
                f,
                "epoch {epoch}: {dead} of {of} units in layer \"{layer}\" are dead: their derivative is 0 \
                 at every tracked sample, so training cannot change them; try a lower learning rate, \
                 another seed, or leaky_relu"
            ),
        }
    }
}

/// Epochs and warnings of a training run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Completed epochs.
    pub epochs: Vec<Epoch>,
    /// Warnings during these epochs.
    pub warnings: Vec<Warning>,
}
