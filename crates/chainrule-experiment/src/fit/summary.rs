//! Summaries of a fit for machine-readable output.

use std::path::PathBuf;

use chainrule_model::{Importance, Metrics};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::assess::{Comparison, ReferencePredictor, Scores, Spread};
use super::fitted::Fitted;
use super::open::PreparedFit;
use crate::columns::{InputSummary, TargetSummary};
use crate::evaluation::{ClassSummary, class_summaries, is_empty, metric_values};
use crate::named::{Named, path_as_text};
use crate::outcome::Outcome;
use crate::table::{Remark, TableSamples};

/// Summary of a fit before training.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanSummary {
    /// Table and columns.
    #[serde(flatten)]
    pub table: TableSummary,
    /// Layers of the network.
    pub network: String,
    /// Number of parameters of the network.
    pub n_parameters: usize,
    /// What was assumed about the table, converted or left out.
    pub remarks: Vec<Remark>,
}

/// Summary of the result of a fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FitSummary {
    /// Table and columns.
    #[serde(flatten)]
    pub table: TableSummary,
    /// What was assumed about the table, converted or left out.
    pub remarks: Vec<Remark>,
    /// Layers of the network, or of each of several.
    pub network: String,
    /// Number of parameters of a network.
    pub n_parameters: usize,
    /// Training of each network.
    pub trainings: Vec<TrainingSummary>,
    /// Duration of training in seconds.
    pub seconds: f64,
    /// Metrics by set of rows (`train`, `validation`, `test`, `folds`) or predictor
    /// (`linear_model`, `baseline`).
    pub metrics: Named<Named<MetricValue>>,
    /// The same for each of several targets.
    pub target_metrics: Named<Named<Named<MetricValue>>>,
    /// Scores of each class on the test rows or else the validation rows, in classification.
    #[serde(skip_serializing_if = "is_empty")]
    pub classes: Named<ClassSummary>,
    /// Whether the linear model is better than the network on the held-out rows, if it was compared.
    pub linear_model_is_better: Option<bool>,
    /// Permutation importance of the columns, in decreasing order.
    pub permutation_importance: Vec<ImportanceSummary>,
    /// Measure of the error whose increase is the importance.
    pub permutation_importance_measure: Option<&'static str>,
    /// Warnings about the table and about training.
    pub warnings: Vec<String>,
}

/// How a table is read and split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableSummary {
    /// Path of the table.
    #[serde(serialize_with = "path_as_text")]
    pub table: PathBuf,
    /// Numbers of rows.
    pub rows: RowCounts,
    /// Target.
    pub target: TargetSummary,
    /// Input columns with their encodings.
    pub inputs: Vec<InputSummary>,
    /// Columns that are not used.
    pub ignored: Vec<IgnoredColumn>,
}

/// Numbers of rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// All usable rows.
    pub total: usize,
    /// Training rows.
    pub train: usize,
    /// Validation rows.
    pub validation: usize,
}

/// A column that is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IgnoredColumn {
    /// Name of the column.
    pub column: String,
    /// Reason, as a phrase that can follow the name of the column.
    pub reason: &'static str,
}

/// Training of a network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainingSummary {
    /// Number of epochs.
    pub epochs: usize,
    /// Epoch with the lowest validation loss.
    pub best_epoch: Option<u64>,
    /// Validation loss after that epoch.
    pub validation_loss: Option<f64>,
    /// `completed`, `stopped early`, `cancelled` or `diverged`.
    pub ending: &'static str,
}

/// Value of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum MetricValue {
    /// Value on a set of rows; NaN, or null in JSON, if the metric is undefined.
    Single(f64),
    /// Value over the folds.
    Folds {
        /// Mean over the folds.
        mean: f64,
        /// Standard deviation over the folds.
        std: f64,
    },
}

/// Permutation importance of a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportanceSummary {
    /// Name of the column.
    pub column: String,
    /// Mean increase of the error over several permutations.
    pub mean: f64,
    /// Standard deviation over the permutations.
    pub std: f64,
}

impl PreparedFit {
    /// Summarises how the table is read, encoded and split, and the network.
    pub fn summary(&self) -> PlanSummary {
        PlanSummary {
            table: TableSummary::new(self.from_table()),
            network: self.network.architecture.describe(),
            n_parameters: self.network.architecture.n_parameters(),
            remarks: self.remarks.clone(),
        }
    }
}

impl Serialize for Fitted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.summary().serialize(serializer)
    }
}

impl Fitted {
    /// Summarises the result for machine-readable output.
    pub fn summary(&self) -> FitSummary {
        let Fitted { model, outcomes, importance, .. } = self;
        let architecture = &model.members[0].architecture;
        let columns = importance.iter().flat_map(|importance| &importance.columns);
        let columns = columns.map(|Importance { column, increase: (mean, std) }| ImportanceSummary {
            column: column.clone(),
            mean: *mean,
            std: *std,
        });
        let comparison = match &self.scores {
            Scores::Single { comparison, .. } => *comparison,
            Scores::Folds { .. } => None,
        };
        let (metrics, target_metrics) = metrics(&self.scores);
        FitSummary {
            table: TableSummary::new(outcomes[0].samples.of_fit()),
            remarks: self.remarks.clone(),
            network: architecture.describe(),
            n_parameters: architecture.n_parameters(),
            trainings: outcomes.iter().map(TrainingSummary::new).collect(),
            seconds: model.trained.seconds,
            metrics,
            target_metrics,
            classes: class_summaries(self.scores.confusion().as_ref().map(|(_, confusion)| confusion)),
            linear_model_is_better: comparison.map(|better| better == Comparison::Linear),
            permutation_importance: columns.collect(),
            permutation_importance_measure: importance.as_ref().map(|found| found.measure.name()),
            warnings: self.warnings(),
        }
    }
}

impl TableSummary {
    fn new(from: &TableSamples) -> TableSummary {
        let ignored = from.ignored.iter();
        TableSummary {
            table: from.table.path.clone(),
            rows: RowCounts {
                total: from.table.n_rows(),
                train: from.rows[0].len(),
                validation: from.rows[1].len(),
            },
            target: TargetSummary::new(&from.encoders.target),
            inputs: InputSummary::all(&from.encoders),
            ignored: ignored
                .map(|(column, reason)| IgnoredColumn { column: column.clone(), reason: reason.reason() })
                .collect(),
        }
    }
}

impl TrainingSummary {
    fn new(outcome: &Outcome) -> TrainingSummary {
        let best = outcome.best_epoch();
        TrainingSummary {
            epochs: outcome.history.epochs.len(),
            best_epoch: best.map(|(epoch, _)| epoch),
            validation_loss: best.map(|(_, loss)| loss),
            ending: outcome.ending_name(),
        }
    }
}

impl Serialize for Remark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut remark = serializer.serialize_struct("Remark", 2)?;
        remark.serialize_field("kind", self.kind())?;
        remark.serialize_field("text", &self.text)?;
        remark.end()
    }
}

/// Returns the metrics by set of rows or predictor, and those of each of several targets.
fn metrics(scores: &Scores) -> (Named<Named<MetricValue>>, Named<Named<Named<MetricValue>>>) {
    let (mut all, mut targets) = (Named::default(), Named::default());
    let single = |values: &[(&str, f64)]| -> Named<MetricValue> {
        metric_values(values).0.into_iter().map(|(name, v)| (name, MetricValue::Single(v))).collect()
    };
    let folds = |spreads: &[Spread]| -> Named<MetricValue> {
        let value = |spread: &Spread| MetricValue::Folds { mean: spread.mean, std: spread.deviation };
        spreads.iter().map(|spread| (spread.metric.to_owned(), value(spread))).collect()
    };
    let mut add = |name: &str, metrics: &Metrics| {
        all.0.push((name.to_owned(), single(&metrics.values)));
        if !metrics.targets.is_empty() {
            let each = metrics.targets.iter().map(|(column, values)| (column.clone(), single(values)));
            targets.0.push((name.to_owned(), each.collect()));
        }
    };
    match scores {
        Scores::Single { sets, others, .. } => {
            sets.iter().for_each(|(name, metrics)| add(name, metrics));
            others.iter().for_each(|(predictor, metrics)| add(predictor.name(), metrics));
        }
        Scores::Folds { metrics, test, .. } => {
            test.iter().for_each(|test| add("test", test));
            all.0.push(("folds".to_owned(), folds(&metrics.values)));
            if !metrics.targets.is_empty() {
                let each = metrics.targets.iter().map(|(column, spreads)| (column.clone(), folds(spreads)));
                targets.0.push(("folds".to_owned(), each.collect()));
            }
        }
    }
    (all, targets)
}

impl ReferencePredictor {
    /// Returns the name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            ReferencePredictor::LinearModel => "linear_model",
            ReferencePredictor::Baseline => "baseline",
        }
    }
}
