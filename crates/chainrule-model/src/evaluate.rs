//! Metrics of a model and of the majority-class or mean baseline, and permutation importance.

use chainrule::metrics::{Metric, MetricInput, OutputKind};
use chainrule::random::RandomState;
use chainrule_table::{Table, Target};

use crate::{Error, Model};

/// Metrics of a model on the rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Name and value of every metric of the task; NaN if a metric is undefined for these rows.
    pub metrics: Vec<(&'static str, f64)>,
    /// Number of rows.
    pub n_rows: usize,
    /// Number of cells in each column whose category did not occur in training, or that are missing
    /// although the column had no missing values in training.
    pub unseen: Vec<(String, u64)>,
}

/// Permutation importance of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// Name of the column.
    pub column: String,
    /// Mean and standard deviation, over several permutations of the column, of the decrease in the
    /// first metric (the increase if lower is better).
    pub loss: (f64, f64),
}

/// Evaluates a model on a table that contains its target columns.
///
/// Regression targets are compared in the units of the table.
///
/// # Errors
/// Returns [`Error::Table`] if a column does not exist, a target is missing or a target value did
/// not occur in training.
pub fn evaluate(model: &Model, table: &Table) -> Result<Evaluation, Error> {
    let t = targets(model, table)?;
    let predictions = model.predict(table)?;
    let metrics = measure(model.task(), &predictions.y, &t, predictions.n_outputs);
    Ok(Evaluation { metrics, n_rows: table.n_rows(), unseen: predictions.unseen })
}

/// Computes the metrics of the first network of a model on encoded inputs x (n, n_inputs) and
/// encoded targets t (n, n_outputs), both row-major.
///
/// # Panics
/// Panics if the lengths are inconsistent with each other or with the network.
pub fn evaluate_encoded(model: &Model, x: &[f64], t: &[f64]) -> Vec<(&'static str, f64)> {
    let target = model.target();
    let mut y = model.outputs(&model.members[0], x);
    target.decode(&mut y);
    measure(model.task(), &y, &decoded(target, t), target.n_outputs())
}

/// Computes the metrics of a constant baseline on encoded targets `t` (n, n_outputs), row-major.
///
/// The baseline predicts the mean of the encoded training targets `t_train` for every row: the
/// class frequencies in classification, so that the predicted class is the majority class, and the
/// mean in regression.
///
/// # Panics
/// Panics if a length is not a multiple of the number of outputs.
pub fn baseline(model: &Model, t_train: &[f64], t: &[f64]) -> Vec<(&'static str, f64)> {
    let (target, n_outputs) = (model.target(), model.target().n_outputs());
    let mut mean = vec![0.0; n_outputs];
    t_train.chunks_exact(n_outputs).for_each(|row| mean.iter_mut().zip(row).for_each(|(sum, t)| *sum += t));
    mean.iter_mut().for_each(|sum| *sum /= (t_train.len() / n_outputs) as f64);
    target.decode(&mut mean);
    let y: Vec<f64> = mean.iter().copied().cycle().take(t.len()).collect();
    measure(model.task(), &y, &decoded(target, t), n_outputs)
}

/// Number of permutations per column.
const N_PERMUTATIONS: usize = 5;
/// Maximum number of rows on which permutation importance is computed.
const MAX_ROWS: usize = 5000;

/// Computes the permutation importance (Breiman 2001) of each column on the rows `rows` of a table.
///
/// The importance is the decrease in the first metric (accuracy, R²) when the cells of the column
/// are permuted. The result is sorted by decreasing importance. If there are more than 5000 rows,
/// 5000 evenly spaced ones are used.
///
/// # Errors
/// The same as those of [`evaluate`].
pub fn importance(model: &Model, table: &Table, rows: &[usize], seed: u32) -> Result<Vec<Importance>, Error> {
    let mut random = RandomState::new(seed);
    let n = rows.len().min(MAX_ROWS);
    let rows: Vec<usize> = (0..n).map(|i| rows[i * rows.len() / n]).collect();
    let table = table.subset(&rows);
    let t = targets(model, &table)?;
    let n_outputs = model.target().n_outputs();
    let Some(metric) = Metric::all(model.task()).next() else { return Ok(Vec::new()) };
    let sign = if metric.higher_is_better() { 1.0 } else { -1.0 };
    let score = |y: &[f64]| {
        let task = model.task();
        sign * metric.value(&MetricInput { task, y, t: &t, weight: None, n_outputs })
    };
    let original_score = score(&model.predict(&table)?.y);
    let mut all = Vec::new();
    for (column, _) in model.formats() {
        let mut losses = Vec::with_capacity(N_PERMUTATIONS);
        for _ in 0..N_PERMUTATIONS {
            let mut permuted = table.clone();
            let order = random.permutation(n);
            let cells = permuted
                .columns
                .iter_mut()
                .find(|c| c.name == column)
                .expect("predict checked that the column exists");
            cells.values = cells.values.subset(&order);
            losses.push(original_score - score(&model.predict(&permuted)?.y));
        }
        let mean = losses.iter().sum::<f64>() / N_PERMUTATIONS as f64;
        let variance = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / N_PERMUTATIONS as f64;
        all.push(Importance { column: column.to_owned(), loss: (mean, variance.sqrt()) });
    }
    all.sort_by(|a, b| b.loss.0.total_cmp(&a.loss.0));
    Ok(all)
}

/// Returns the targets of a table in its own units.
fn targets(model: &Model, table: &Table) -> Result<Vec<f64>, Error> {
    let target = model.target();
    Ok(decoded(target, &target.encode(table)?))
}

fn decoded(target: &Target, t: &[f64]) -> Vec<f64> {
    let mut t = t.to_vec();
    target.decode(&mut t);
    t
}

fn measure(task: OutputKind, y: &[f64], t: &[f64], n_outputs: usize) -> Vec<(&'static str, f64)> {
    let outputs = MetricInput { task, y, t, weight: None, n_outputs };
    Metric::all(task).map(|metric| (metric.name(), metric.value(&outputs))).collect()
}
