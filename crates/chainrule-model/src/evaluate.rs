//! Weighted metrics of a model and of the majority-class or mean baseline.

use std::ops::Range;

use chainrule::metrics::{ConfusionMatrix, Metric, MetricInput, OutputKind, confusion_matrix};
use chainrule_table::{Problem, Table, Target, Values};

use crate::{Error, Model};

/// Metrics of a model on the rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Metrics of the task.
    pub metrics: Metrics,
    /// Number of rows, including those of weight 0.
    pub n_rows: usize,
    /// Number of cells in each column whose category did not occur in training, or that are missing
    /// although the column had no missing values in training.
    pub unseen: Vec<(String, u64)>,
}

/// Values of the metrics of a task on some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    /// Name and value of every metric, the mean over the targets if there are several; NaN if a
    /// metric is undefined for these rows.
    pub values: Vec<(&'static str, f64)>,
    /// The same for each target column, if there are several.
    pub targets: Vec<(String, Vec<(&'static str, f64)>)>,
    /// Confusion matrix with the names of the classes, if the outputs are their probabilities.
    pub confusion: Option<ConfusionMatrix>,
}

impl Metrics {
    /// Returns the metric by which models of a task are compared, with its value: R² for numbers,
    /// log loss for probabilities, because accuracy does not change with every prediction.
    ///
    /// # Panics
    /// Panics if these are not the metrics of `task`.
    pub fn for_comparison(&self, task: OutputKind) -> (Metric, f64) {
        let name = if task == OutputKind::Real { "r2" } else { "log_loss" };
        let value = self.values.iter().find(|(known, _)| *known == name).expect("a metric of the task").1;
        (Metric::new(name, &[]).expect("the metric is registered"), value)
    }
}

/// Encoded rows: inputs x (n, n_inputs) and targets t (n, n_outputs), row-major, and the weight of
/// each row, if there are weights.
#[derive(Clone, Copy, Debug)]
pub struct EncodedRows<'r> {
    /// Encoded inputs.
    pub x: &'r [f64],
    /// Encoded targets.
    pub t: &'r [f64],
    /// Sample weights; all weights are equal if none are given.
    pub weight: Option<&'r [f64]>,
}

/// Evaluates a model on a table that contains its target columns.
///
/// Regression targets are compared in the units of the table. `weight` gives the sample weight of
/// each row; rows of weight 0 have no influence on the metrics.
///
/// # Errors
/// Returns [`Error::Table`] if a column does not exist, a target is missing or a target value did
/// not occur in training.
///
/// # Panics
/// Panics if there is not one weight per row.
pub fn evaluate(model: &Model, table: &Table, weight: Option<&[f64]>) -> Result<Evaluation, Error> {
    let t = targets(model, table)?;
    let predictions = model.predict(table)?;
    let metrics = measure(model, &predictions.y, &t, weight);
    Ok(Evaluation { metrics, n_rows: table.n_rows(), unseen: predictions.unseen })
}

/// Computes the metrics of the first network of a model on encoded rows.
///
/// # Panics
/// Panics if the lengths are inconsistent with each other or with the network.
pub fn evaluate_encoded(model: &Model, rows: EncodedRows<'_>) -> Metrics {
    let target = model.target();
    let mut y = model.outputs(&model.members[0], rows.x);
    target.decode(&mut y);
    measure(model, &y, &decoded(target, rows.t), rows.weight)
}

/// Computes the metrics of a constant baseline on encoded rows.
///
/// The baseline predicts the weighted mean of the encoded targets of the `training` rows for every
/// row: the class frequencies in classification, so the predicted class is the majority class,
/// and the mean in regression. The inputs are ignored.
///
/// # Panics
/// Panics if the lengths are inconsistent with each other or with the number of outputs.
pub fn baseline(model: &Model, training: EncodedRows<'_>, rows: EncodedRows<'_>) -> Metrics {
    let (target, n_outputs) = (model.target(), model.target().n_outputs());
    let (mut mean, mut total) = (vec![0.0; n_outputs], 0.0);
    for (i, row) in training.t.chunks_exact(n_outputs).enumerate() {
        let w = training.weight.map_or(1.0, |weight| weight[i]);
        total += w;
        mean.iter_mut().zip(row).for_each(|(sum, t)| *sum += w * t);
    }
    mean.iter_mut().for_each(|sum| *sum /= total);
    target.decode(&mut mean);
    let y: Vec<f64> = mean.iter().copied().cycle().take(rows.t.len()).collect();
    measure(model, &y, &decoded(target, rows.t), rows.weight)
}

/// Returns the column `name` of a table as sample weights.
///
/// # Errors
/// Returns [`Error::Table`] if the column does not exist or does not contain numbers, or if a weight
/// is negative or missing, with its position.
pub fn sample_weights(table: &Table, name: &str) -> Result<Vec<f64>, Error> {
    let column = table.column(name)?;
    let Values::Numbers(values) = &column.values else {
        let problem = Problem::WrongKind { kind: "number", found: column.values.describe() };
        return Err(chainrule_table::Error::new(&table.path, problem).column(name).into());
    };
    match values.iter().position(|w| w.is_nan() || *w < 0.0) {
        Some(row) => Err(table.wrong(row, name, Problem::Weight { got: values[row] }).into()),
        None => Ok(values.clone()),
    }
}

/// Returns the targets of a table in its own units.
pub(crate) fn targets(model: &Model, table: &Table) -> Result<Vec<f64>, Error> {
    let target = model.target();
    Ok(decoded(target, &target.encode(table)?))
}

fn decoded(target: &Target, t: &[f64]) -> Vec<f64> {
    let mut t = t.to_vec();
    target.decode(&mut t);
    t
}

/// Computes all metrics of outputs y and targets t (n, n_outputs) over the rows of positive weight.
fn measure(model: &Model, y: &[f64], t: &[f64], weight: Option<&[f64]>) -> Metrics {
    let (task, n_outputs) = (model.task(), model.target().n_outputs());
    let has_weight = |i: &usize| weight.is_none_or(|weight| weight[*i] > 0.0);
    let rows: Vec<usize> = (0..t.len() / n_outputs).filter(has_weight).collect();
    let weight: Option<Vec<f64>> = weight.map(|weight| rows.iter().map(|i| weight[*i]).collect());
    let pick = |values: &[f64], outputs: Range<usize>| -> Vec<f64> {
        rows.iter().flat_map(|i| &values[i * n_outputs..][outputs.clone()]).copied().collect()
    };
    let metrics = |outputs: Range<usize>| {
        let (y, t) = (pick(y, outputs.clone()), pick(t, outputs.clone()));
        all_metrics(&MetricInput { task, y: &y, t: &t, weight: weight.as_deref(), n_outputs: outputs.len() })
    };
    let confusion = match model.target() {
        // Other outputs are not probabilities of exclusive classes.
        Target::Classes { classes, .. }
            if [(OutputKind::Binary, 1), (OutputKind::Categorical, classes.len())]
                .contains(&(task, n_outputs)) =>
        {
            let (y, t) = (pick(y, 0..n_outputs), pick(t, 0..n_outputs));
            let predictions = MetricInput { task, y: &y, t: &t, weight: weight.as_deref(), n_outputs };
            Some(confusion_matrix(&predictions).with_labels(classes))
        }
        Target::Classes { .. } | Target::Labels { .. } | Target::Numbers { .. } => None,
    };
    let columns = match model.target() {
        Target::Labels { columns, .. } | Target::Numbers { columns, .. } if columns.len() > 1 => &columns[..],
        _ => &[],
    };
    Metrics {
        values: metrics(0..n_outputs),
        targets: columns.iter().enumerate().map(|(k, column)| (column.clone(), metrics(k..k + 1))).collect(),
        confusion,
    }
}

fn all_metrics(outputs: &MetricInput) -> Vec<(&'static str, f64)> {
    Metric::all(outputs.task).map(|metric| (metric.name(), metric.value(outputs))).collect()
}
