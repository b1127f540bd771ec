//! Summaries of outcomes: what a training run has achieved.

use chainrule::metrics::{MetricInput, OutputKind, misclassified};
use serde::Serialize;

use crate::named::Named;
use crate::outcome::Outcome;

/// Summary of an outcome.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutcomeSummary {
    /// Name of the variant; empty if the experiment has a single network.
    pub variant: String,
    /// Layers of the network.
    pub network: String,
    /// Number of parameters of the network.
    pub n_parameters: usize,
    /// Number of training samples.
    pub n_samples: usize,
    /// Number of epochs.
    pub epochs: usize,
    /// `completed`, `stopped early`, `cancelled` or `diverged`.
    pub ending: &'static str,
    /// Loss of the first epoch.
    pub first_loss: Option<f64>,
    /// Final loss over all training samples.
    pub final_loss: f64,
    /// Final loss over the validation samples, if there are any.
    pub validation_loss: Option<f64>,
    /// Number of misclassified training samples, if the outputs are probabilities and the targets 0
    /// or 1.
    pub misclassified: Option<usize>,
    /// Metrics of the last epoch.
    pub metrics: Named<f64>,
    /// Duration of all epochs in seconds.
    pub seconds: f64,
    /// Warnings about training.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// Returns the epoch with the lowest validation loss, and that loss.
    pub fn best_epoch(&self) -> Option<(u64, f64)> {
        let epochs = self.history.epochs.iter();
        let losses = epochs.filter_map(|epoch| Some((epoch.epoch, epoch.validation_loss?)));
        losses.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Returns how training ended in machine-readable output: the name of the ending, or `diverged`.
    pub fn ending_name(&self) -> &'static str {
        self.ending.as_ref().map_or("diverged", |ending| ending.name())
    }

    /// Returns the number of misclassified training samples, if the outputs are probabilities and
    /// the targets 0 or 1.
    pub fn misclassified(&self) -> Option<usize> {
        let task = OutputKind::of(&self.architecture.output().activation);
        let data = &self.samples.dataset;
        if task == OutputKind::Real || data.t().iter().any(|t| *t != 0.0 && *t != 1.0) {
            return None;
        }
        let (y, n_outputs) = (self.network().predict(data.x()), self.architecture.n_outputs());
        Some(misclassified(&MetricInput { task, y: &y, t: data.t(), weight: None, n_outputs }))
    }

    /// Summarises the outcome.
    pub fn summary(&self) -> OutcomeSummary {
        let epochs = &self.history.epochs;
        let last = epochs.last().map_or(&[][..], |epoch| &epoch.metrics);
        let metrics = self.metric_names.iter().zip(last);
        let (final_loss, validation_loss) = self.final_loss;
        OutcomeSummary {
            variant: self.variant.clone(),
            network: self.architecture.describe(),
            n_parameters: self.architecture.n_parameters(),
            n_samples: self.samples.dataset.n_samples(),
            epochs: epochs.len(),
            ending: self.ending_name(),
            first_loss: epochs.first().map(|epoch| epoch.loss),
            final_loss,
            validation_loss,
            misclassified: self.misclassified(),
            metrics: metrics.map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            seconds: epochs.iter().map(|epoch| epoch.seconds).sum(),
            warnings: self.history.warnings.iter().map(ToString::to_string).collect(),
        }
    }
}
