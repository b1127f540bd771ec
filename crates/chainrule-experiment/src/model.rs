//! Models as results and as origins of experiments: the model of an outcome, the average of several
//! models, and a model opened as the experiment that trained it.

use std::path::Path;
use std::sync::Arc;

use chainrule::network::Network;
use chainrule::train::History;
use chainrule_model::{Member, Model, Score, Trained, TrainedEpoch};
use chainrule_table::Table;

use crate::Error;
use crate::builtin::BaseFolder;
use crate::experiment::{Experiment, Variant};
use crate::outcome::Outcome;
use crate::table::FittedTable;
use crate::text_file::parent;
use crate::tree::Tree;

/// A model, opened as the experiment that trained it.
#[derive(Clone, Debug)]
pub struct OpenedModel {
    /// Experiment with one variant, whose initial network is that of the model.
    pub experiment: Experiment,
    /// Training history, as far as the model file records it.
    pub history: History,
}

/// The rows of a table that are the samples of an opened model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelRows {
    /// All rows, in the order of the table.
    All,
    /// The training rows and the validation rows of the training, if the table is unchanged; all
    /// rows of any other table.
    AsTrained,
}

impl Experiment {
    /// Opens a model as the experiment that trained it, with the first of its networks. The samples
    /// are those of `data`, or else of the table that it was trained on, encoded by the model's
    /// encoders.
    ///
    /// If no rows are held out, early stopping monitors the training loss.
    ///
    /// # Errors
    /// Returns an error if the model's settings are missing or invalid.
    pub fn of_model(
        model: &Model,
        path: &Path,
        data: Option<&Path>,
        rows: ModelRows,
    ) -> Result<OpenedModel, Error> {
        let member = &model.members[0];
        let tree = Tree::parse(&model.trained.settings, path, &mut Vec::new())?;
        let mut variant = Variant::read(String::new(), tree, path, BaseFolder::Disk(parent(path)))?;
        let fitted = FittedTable {
            encoders: member.encoders.clone(),
            fingerprint: (data.is_none() && rows == ModelRows::AsTrained)
                .then(|| model.trained.fingerprint.clone()),
        };
        let table = data.unwrap_or(&model.trained.data).to_owned();
        variant.data = variant.data.encoded_by(fitted, table);
        let network = Network::new(member.architecture.clone(), member.parameters.clone());
        variant.given = Some(network.expect("checked when the model was read"));
        let epoch = |epoch: &TrainedEpoch| chainrule::train::Epoch {
            epoch: epoch.epoch,
            loss: epoch.loss,
            validation_loss: epoch.validation_loss,
            metrics: Vec::new(),
            learning_rate: 0.0,
            gradient_norm: Vec::new(),
            dead: Vec::new(),
            saturated: Vec::new(),
            seconds: 0.0,
        };
        let epochs = if model.members.len() == 1 { &model.trained.history[..] } else { &[] };
        let history = History { epochs: epochs.iter().map(epoch).collect(), warnings: Vec::new() };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let experiment = Experiment {
            name,
            title: String::new(),
            document: None,
            variants: vec![variant],
            claims: Vec::new(),
            figures: Vec::new(),
            notes: Vec::new(),
        };
        Ok(OpenedModel { experiment, history })
    }
}

impl OpenedModel {
    /// Replaces the samples by those of a table in memory.
    pub fn on_table(mut self, table: &Arc<Table>) -> OpenedModel {
        let variants = self.experiment.variants.into_iter();
        let replaced = variants
            .map(|variant| Variant { data: variant.data.clone().with_table(table.clone()), ..variant });
        self.experiment.variants = replaced.collect();
        self
    }
}

impl Outcome {
    /// Returns the trained model, if the samples come from a table.
    pub fn model(&self, variant: &Variant) -> Option<Model> {
        let from = self.samples.from_table.as_ref()?;
        let member = Member {
            encoders: from.encoders.clone(),
            architecture: self.architecture.clone(),
            parameters: self.parameters.clone(),
        };
        let epoch = |epoch: &chainrule::train::Epoch| TrainedEpoch {
            epoch: epoch.epoch,
            loss: epoch.loss,
            validation_loss: epoch.validation_loss,
        };
        let trained = Trained {
            settings: variant.settings(),
            data: from.table.path.clone(),
            fingerprint: self.samples.fingerprint().to_owned(),
            date: chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            seconds: self.seconds,
            ending: match &self.ending {
                Ok(ending) => ending.name().to_owned(),
                Err(error) => error.to_string(),
            },
            rows: [from.rows[0].len(), from.rows[1].len()],
            scores: Vec::new(),
            history: self.history.epochs.iter().map(epoch).collect(),
        };
        Some(Model { members: vec![member], loss: self.loss.clone(), precision: self.precision, trained })
    }
}

/// Combines the models of several folds into one that averages their predictions.
///
/// # Panics
/// Panics if `models` is empty.
pub fn ensemble(models: Vec<Model>) -> Model {
    let mut models = models.into_iter();
    let mut first = models.next().expect("there is at least one model");
    for model in models {
        first.members.extend(model.members);
        first.trained.history.extend(model.trained.history);
        first.trained.seconds += model.trained.seconds;
    }
    first
}

/// Returns the scores of a part of the rows (`validation`) from the values of metrics; values that
/// are not finite are left out.
pub fn scores(part: &str, metrics: &[(&str, f64)]) -> Vec<Score> {
    let score = |(metric, value): &(&str, f64)| Score {
        part: part.to_owned(),
        metric: (*metric).to_owned(),
        value: *value,
    };
    metrics.iter().filter(|(_, value)| value.is_finite()).map(score).collect()
}
