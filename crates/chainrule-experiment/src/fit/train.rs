//! The training stage of a fit: the networks are trained and joined into a model.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule_model::Model;

use super::assess::assess;
use super::fitted::Fitted;
use super::open::PreparedFit;
use super::progress::FitProgress;
use crate::Error;
use crate::checkpoints::Checkpoints;
use crate::experiment::Experiment;
use crate::model::ensemble;
use crate::outcome::Outcome;
use crate::run::{Job, run_all};
use crate::table::Remark;
use crate::table_source::TargetedTable;

/// A fit whose networks have been trained.
#[derive(Clone, Debug)]
pub struct TrainedFit {
    /// Experiment with one network, or one for each fold.
    pub experiment: Experiment,
    /// Result of each network.
    pub outcomes: Vec<Outcome>,
    /// What was assumed about the table, converted or left out.
    pub remarks: Vec<Remark>,
    /// Whether training was cancelled.
    pub is_cancelled: bool,
    /// Model of each network, without metrics.
    models: Vec<Model>,
    test: Option<TargetedTable>,
}

impl PreparedFit {
    /// Trains the networks and records the parameters after each of `epochs`; see [`run_all`].
    ///
    /// The test table is read before training.
    ///
    /// # Errors
    /// Returns an error if the test table cannot be used, and the errors of
    /// [`Variant::prepare`](crate::Variant::prepare) and [`run_all`].
    pub fn train(
        self,
        epochs: &BTreeSet<u64>,
        checkpoints: Option<&mut Checkpoints>,
        progress: &mut dyn FitProgress,
        cancel: &AtomicBool,
    ) -> Result<TrainedFit, Error> {
        let test = self.test_table(progress)?;
        let PreparedFit { opened, network, mut remarks } = self;
        let experiment = opened.experiment;
        let (mut jobs, mut first) = (Vec::new(), Some(network));
        for variant in &experiment.variants {
            let prepared = first.take().map_or_else(|| variant.prepare(), Ok)?;
            // Each fold can have remarks of its own.
            for remark in &prepared.samples.of_fit().remarks {
                if !remarks.contains(remark) {
                    progress.remark(remark);
                    remarks.push(remark.clone());
                }
            }
            jobs.push(Job { variant, prepared, epochs: epochs.clone() });
        }
        let outcomes = run_all(&experiment.name, jobs, progress, cancel, checkpoints)?;
        let model = |outcome: &Outcome| {
            let variant = experiment.variant(&outcome.variant).expect("a variant of this experiment");
            outcome.model(variant).expect("the samples come from a table")
        };
        let models = outcomes.iter().map(model).collect();
        let is_cancelled = cancel.load(Ordering::Relaxed);
        Ok(TrainedFit { experiment, outcomes, remarks, is_cancelled, models, test })
    }

    /// Reads the columns of the test table that the training uses, with the types that they have
    /// there.
    fn test_table(&self, progress: &mut dyn FitProgress) -> Result<Option<TargetedTable>, Error> {
        let Some(test) = &self.opened.test else { return Ok(None) };
        let (from, variant) = (self.from_table(), &self.opened.experiment.variants[0]);
        let columns = [from.encoders.formats(), from.encoders.target_formats()].concat();
        let targets = from.encoders.target.columns();
        let weight = from.weight.as_ref().map(|column| column.name.as_str());
        TargetedTable::read(test, &variant.data.read_options(), columns, targets, weight, progress).map(Some)
    }
}

impl TrainedFit {
    /// Returns the model, without metrics. The assessment takes longer than training for a wide
    /// table, so the model can be saved before.
    pub fn model(&self) -> Model {
        ensemble(self.models.clone())
    }

    /// Computes the metrics of the model, those of a linear model and of a baseline, and the
    /// permutation importance of the columns.
    ///
    /// If `cancel` is set, only the metrics of the model and the baseline are computed; if it is
    /// set during the computation of the importance, that of some columns is missing.
    ///
    /// # Errors
    /// Returns an error if a target of the test table did not occur in training.
    pub fn assess(self, progress: &mut dyn FitProgress, cancel: &AtomicBool) -> Result<Fitted, Error> {
        let TrainedFit { experiment, outcomes, remarks, models, test, is_cancelled } = self;
        let (model, scores, importance) = assess(models, &outcomes, test.as_ref(), progress, cancel)?;
        Ok(Fitted { model, experiment, outcomes, scores, importance, remarks, is_cancelled })
    }
}
