//! The result of training a network.

use std::sync::Arc;

use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Network};
use chainrule::objective::Reduction;
use chainrule::train::{Ending, History};
use chainrule::{Dataset, Error as EngineError};
use chainrule_model::Precision;

use crate::data::Samples;

/// A part of the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowSet {
    /// The rows that are held out for validation.
    Validation,
    /// The rows that the network is trained on.
    Training,
    /// Both.
    All,
}

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

    /// Returns whether rows of its table are held out for validation.
    pub fn has_held_out(&self) -> bool {
        self.samples.from_table.as_ref().is_some_and(|from| from.validation.is_some())
    }

    /// Returns the outcome with the samples of other rows of its table, in the order of the table.
    /// Without held-out rows, the samples are the same.
    pub fn with_rows(&self, rows: RowSet) -> Outcome {
        let outcome = self.clone();
        let from = outcome.samples.from_table.as_ref();
        let Some((from, validation)) = from.and_then(|from| Some((from, from.validation.clone()?))) else {
            return outcome;
        };
        let dataset = match rows {
            RowSet::Training => from.training.clone(),
            RowSet::Validation => validation,
            RowSet::All => Arc::new(merged([(&from.rows[0], &from.training), (&from.rows[1], &validation)])),
        };
        Outcome { samples: outcome.samples.with_dataset(dataset), ..outcome }
    }

    /// Returns the trained network, in f64.
    pub fn network(&self) -> Network<f64> {
        Network::new(self.architecture.clone(), self.parameters.clone())
            .expect("trained parameters are finite and fit the architecture")
    }
}

/// Returns the samples of both parts in the order of their row numbers.
fn merged(parts: [(&Vec<usize>, &Arc<Dataset<f64>>); 2]) -> Dataset<f64> {
    let mut order: Vec<(usize, &Dataset<f64>, usize)> = Vec::new();
    for (rows, samples) in parts {
        order.extend(rows.iter().enumerate().map(|(i, row)| (*row, &**samples, i)));
    }
    order.sort_unstable_by_key(|(row, ..)| *row);
    let (first, mut x, mut t) = (parts[0].1, Vec::new(), Vec::new());
    for (_, samples, i) in &order {
        let (own_x, own_t) = samples.sample(*i);
        x.extend_from_slice(own_x);
        t.extend_from_slice(own_t);
    }
    let all = Dataset::new(x, first.n_inputs(), t, first.n_targets()).expect("both parts are valid");
    if first.weights().is_none() {
        return all;
    }
    let weight = |(_, samples, i): &(usize, &Dataset<f64>, usize)| samples.weights().map_or(1.0, |w| w[*i]);
    all.with_weights(order.iter().map(weight).collect()).expect("both parts are valid")
}
