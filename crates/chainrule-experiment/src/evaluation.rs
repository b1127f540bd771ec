//! Evaluation of a model on a table.

use std::sync::Arc;

use chainrule::metrics::{ClassScores, ConfusionMatrix};
use chainrule_model::{Evaluation, Metrics, Model, evaluate};
use chainrule_table::{ReadOptions, Table};
use serde::Serialize;

use crate::Error;
use crate::named::Named;
use crate::table_source::{TableProgress, TableSource, TargetedTable};

/// Evaluates a model on the rows of a table that have all targets, with the column `weight` of
/// sample weights, if one is given. A file is read with `options`.
///
/// # Errors
/// Returns an error if the table cannot be read or lacks a column, if no row has a target, or if a
/// target did not occur in training or a weight is invalid.
pub fn evaluate_model(
    model: &Model,
    table: &TableSource,
    options: &ReadOptions,
    weight: Option<&str>,
    progress: &mut dyn TableProgress,
) -> Result<Evaluated, Error> {
    let columns = [model.formats(), model.target_formats()].concat();
    let targets = model.target().columns();
    let TargetedTable { table, weight } =
        TargetedTable::read(table, options, columns, targets, weight, progress)?;
    Ok(Evaluated { evaluation: evaluate(model, &table, weight.as_deref())?, table })
}

/// A model's evaluation, with the table that it was evaluated on.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// Metrics.
    pub evaluation: Evaluation,
    /// The evaluated rows.
    pub table: Arc<Table>,
}

/// The values of an evaluation by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluationSummary {
    /// Number of rows.
    pub rows: usize,
    /// Metrics; NaN, or null in JSON, if a metric is undefined.
    pub metrics: Named<f64>,
    /// Metrics of each of several targets.
    pub target_metrics: Named<Named<f64>>,
    /// Scores of each class, in classification.
    #[serde(skip_serializing_if = "is_empty")]
    pub classes: Named<ClassSummary>,
    /// Number of cells in each column whose values did not occur in training.
    pub unseen: Named<u64>,
}

/// Scores of a class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassSummary {
    /// Fraction of the rows predicted as this class that belong to it; NaN, or null in JSON, if there
    /// are none.
    pub precision: f64,
    /// Fraction of the rows of this class that are predicted as it.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Number of rows of this class, or their total weight.
    pub support: f64,
}

impl EvaluationSummary {
    /// Summarises an evaluation.
    pub fn new(evaluation: &Evaluation) -> EvaluationSummary {
        let Metrics { values, targets, confusion } = &evaluation.metrics;
        EvaluationSummary {
            rows: evaluation.n_rows,
            metrics: metric_values(values),
            target_metrics: targets.iter().map(|(name, own)| (name.clone(), metric_values(own))).collect(),
            classes: class_summaries(confusion.as_ref()),
            unseen: Named(evaluation.unseen.clone()),
        }
    }
}

/// Returns the values of metrics by name.
pub(crate) fn metric_values(metrics: &[(&str, f64)]) -> Named<f64> {
    metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

/// Returns the scores of each class by name.
pub(crate) fn class_summaries(confusion: Option<&ConfusionMatrix>) -> Named<ClassSummary> {
    let scores = |confusion: &ConfusionMatrix| {
        let summary = |scores: ClassScores| {
            let ClassScores { precision, recall, f1, support } = scores;
            ClassSummary { precision, recall, f1, support }
        };
        let names = confusion.labels().iter().cloned();
        names.zip(confusion.class_scores().into_iter().map(summary)).collect::<Vec<_>>()
    };
    Named(confusion.map(scores).unwrap_or_default())
}

/// Returns whether there are no classes.
pub(crate) fn is_empty(classes: &Named<ClassSummary>) -> bool {
    classes.0.is_empty()
}
