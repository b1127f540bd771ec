//! How well a model predicts: metrics beside a naive guess, and which columns it needs.

use chainrule::metrics::{Metric, Predictions as Outputs, Task};
use chainrule::random::RandomState;
use chainrule_table::{Table, Target};

use crate::{Error, Model};

/// How well a model predicts the rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Every metric that suits the task, by name; NaN where one is not defined for these rows.
    pub metrics: Vec<(&'static str, f64)>,
    /// How many rows there are.
    pub n_rows: usize,
    /// For each column the cells of which the training had none like.
    pub unseen: Vec<(String, u64)>,
}

/// How much a model needs a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The column.
    pub column: String,
    /// By how much the first metric gets worse when the column's cells are mixed up: the mean and the standard deviation over
    /// several mixings.
    pub loss: (f64, f64),
}

/// Evaluates a model on a table that has its targets.
///
/// Numbers are compared in the table's own units.
///
/// # Errors
/// A column that is not there, a target that is missing or none that the model knows.
pub fn evaluate(model: &Model, table: &Table) -> Result<Evaluation, Error> {
    let t = targets(model, table)?;
    let predictions = model.predict(table)?;
    let metrics = measure(model.task(), &predictions.y, &t, predictions.n_outputs);
    Ok(Evaluation { metrics, n_rows: table.n_rows(), unseen: predictions.unseen })
}

/// What the metrics would be for guessing the same for every row: the shares of the classes, or the mean, of the rows `from`.
///
/// # Errors
/// As [`evaluate`].
pub fn naive(model: &Model, from: &Table, table: &Table) -> Result<Vec<(&'static str, f64)>, Error> {
    let (known, t) = (targets(model, from)?, targets(model, table)?);
    let n_outputs = model.target().n_outputs();
    let mean = |k: usize| known.iter().skip(k).step_by(n_outputs).sum::<f64>() / from.n_rows() as f64;
    let guess: Vec<f64> = (0..n_outputs).map(mean).collect();
    let y: Vec<f64> = (0..table.n_rows()).flat_map(|_| guess.iter().copied()).collect();
    Ok(measure(model.task(), &y, &t, n_outputs))
}

/// How often each column is mixed up, and of how many rows at most.
const MIXINGS: usize = 5;
const MIXED_ROWS: usize = 5000;

/// How much the first metric (accuracy, R²) loses when a column's cells are mixed up among the rows, for each column, the most
/// needed first (Breiman 2001, permutation importance).
///
/// # Errors
/// As [`evaluate`].
pub fn importance(model: &Model, table: &Table, seed: u32) -> Result<Vec<Importance>, Error> {
    let mut random = RandomState::new(seed);
    let n = table.n_rows().min(MIXED_ROWS);
    let rows: Vec<usize> = (0..n).map(|i| i * table.n_rows() / n.max(1)).collect();
    let table = table.subset(&rows);
    let t = targets(model, &table)?;
    let n_outputs = model.target().n_outputs();
    let Some(metric) = Metric::all(model.task()).next() else { return Ok(Vec::new()) };
    let sign = if metric.higher_is_better() { 1.0 } else { -1.0 };
    let score = |y: &[f64]| {
        let task = model.task();
        sign * metric.value(&Outputs { task, y, t: &t, weight: None, n_outputs })
    };
    let whole = score(&model.predict(&table)?.y);
    let mut all = Vec::new();
    for (column, _) in model.wanted() {
        let mut losses = Vec::with_capacity(MIXINGS);
        for _ in 0..MIXINGS {
            let mut mixed = table.clone();
            let order = random.permutation(n);
            let cells = mixed.columns.iter_mut().find(|c| c.name == column).expect("a column that is wanted");
            cells.values = cells.values.subset(&order);
            losses.push(whole - score(&model.predict(&mixed)?.y));
        }
        let mean = losses.iter().sum::<f64>() / MIXINGS as f64;
        let variance = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / MIXINGS as f64;
        all.push(Importance { column: column.to_owned(), loss: (mean, variance.sqrt()) });
    }
    all.sort_by(|a, b| b.loss.0.total_cmp(&a.loss.0));
    Ok(all)
}

/// The targets in the table's own units.
fn targets(model: &Model, table: &Table) -> Result<Vec<f64>, Error> {
    let target: &Target = model.target();
    let mut t = target.encode(table)?;
    target.decode(&mut t);
    Ok(t)
}

fn measure(task: Task, y: &[f64], t: &[f64], n_outputs: usize) -> Vec<(&'static str, f64)> {
    let outputs = Outputs { task, y, t, weight: None, n_outputs };
    Metric::all(task).map(|metric| (metric.name(), metric.value(&outputs))).collect()
}
