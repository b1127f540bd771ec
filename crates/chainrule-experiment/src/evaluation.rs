//! Evaluation of a model on a table.

use chainrule_model::{Evaluation, Metrics, Model, evaluate};
use chainrule_table::ReadOptions;
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
) -> Result<Evaluation, Error> {
    let columns = [model.formats(), model.target_formats()].concat();
    let targets = model.target().columns();
    let TargetedTable { table, weight } =
        TargetedTable::read(table, options, columns, targets, weight, progress)?;
    Ok(evaluate(model, &table, weight.as_deref())?)
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
    /// Number of cells in each column whose values did not occur in training.
    pub unseen: Named<u64>,
}

impl EvaluationSummary {
    /// Summarises an evaluation.
    pub fn new(evaluation: &Evaluation) -> EvaluationSummary {
        let Metrics { values, targets } = &evaluation.metrics;
        EvaluationSummary {
            rows: evaluation.n_rows,
            metrics: metric_values(values),
            target_metrics: targets.iter().map(|(name, own)| (name.clone(), metric_values(own))).collect(),
            unseen: Named(evaluation.unseen.clone()),
        }
    }
}

/// Returns the values of metrics by name.
pub(crate) fn metric_values(metrics: &[(&str, f64)]) -> Named<f64> {
    metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}
