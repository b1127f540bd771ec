//! The result of training a network.

use chainrule::Error as EngineError;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Network};
use chainrule::objective::Reduction;
use chainrule::train::{Ending, History};
use chainrule_model::Precision;

use crate::data::Samples;

/// Result of training a network.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Name of the variant; empty if the experiment has a single network.
    pub variant: String,
    /// Training samples.
    pub samples: Samples,
    /// Architecture.
    pub architecture: Architecture,
    /// Loss function.
    pub loss: Loss,
    /// Reduction of the loss over the samples.
    pub reduction: Reduction,
    /// Precision of training.
    pub precision: Precision,
    /// Final parameters, converted to f64 without loss.
    pub parameters: Vec<f64>,
    /// Parameters after some epochs; epoch 0 is the initialisation.
    pub(crate) snapshots: Vec<(u64, Vec<f64>)>,
    /// Named parameters with their indices.
    pub names: Vec<(String, usize)>,
    /// Record of every epoch, and warnings.
    pub history: History,
    /// How training ended, or the error with which it diverged.
    pub ending: Result<Ending, EngineError>,
    /// Final loss for each seed, if there are several restarts.
    pub restarts: Vec<(u32, f64)>,
    /// Final loss over all training samples, and over the validation samples, if there are any.
    pub final_loss: (f64, Option<f64>),
    /// Names of the metrics in the history.
    pub metric_names: Vec<&'static str>,
    /// Duration of training in seconds, including the epochs before it was resumed.
    pub seconds: f64,
}

impl Outcome {
    /// Returns the parameters after `epoch`, or the final ones if it is `None` or training ended
    /// before.
    pub(crate) fn parameters_after(&self, epoch: Option<u64>) -> &[f64] {
        let snapshot = epoch.and_then(|epoch| self.snapshots.iter().find(|(known, _)| *known == epoch));
        snapshot.map_or(&self.parameters, |(_, parameters)| parameters)
    }

    /// Returns the parameters after the recorded epochs, in order; epoch 0 is the initialisation.
    pub fn trajectory(&self) -> &[(u64, Vec<f64>)] {
        &self.snapshots
    }

    /// Returns the outcome with the held-out samples instead of the training samples, if there are
    /// any.
    pub fn held_out(&self) -> Option<Outcome> {
        let dataset = self.samples.from_table.as_ref()?.validation.clone()?;
        let outcome = self.clone();
        Some(Outcome { samples: outcome.samples.with_dataset(dataset), ..outcome })
    }

    /// Returns the trained network, in f64.
    pub fn network(&self) -> Network<f64> {
        Network::new(self.architecture.clone(), self.parameters.clone())
            .expect("trained parameters are finite and fit the architecture")
    }
}
