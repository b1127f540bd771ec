//! How well a model predicts: metrics beside a naive guess, and which columns it needs.

use chainrule::metrics::{Metric, MetricInput, OutputKind};
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

/// The metrics of a model of one network on rows that its encoders have encoded: inputs x (n, n_inputs) and targets t
/// (n, n_outputs), row-major.
///
/// # Panics
/// When the lengths do not fit each other and the network.
pub fn evaluate_encoded(model: &Model, x: &[f64], t: &[f64]) -> Vec<(&'static str, f64)> {
    let target = model.target();
    let mut y = model.outputs(&model.members[0], x);
    target.decode(&mut y);
    measure(model.task(), &y, &decoded(target, t), target.n_outputs())
}

/// What the metrics would be for guessing the same for every row of the encoded targets `t`: the shares of the classes, or the
/// mean, of the targets `from`.
///
/// # Panics
/// When the lengths are no multiples of the number of outputs.
pub fn naive(model: &Model, from: &[f64], t: &[f64]) -> Vec<(&'static str, f64)> {
    let (target, n_outputs) = (model.target(), model.target().n_outputs());
    let mut guess = vec![0.0; n_outputs];
    from.chunks_exact(n_outputs).for_each(|row| guess.iter_mut().zip(row).for_each(|(sum, t)| *sum += t));
    guess.iter_mut().for_each(|sum| *sum /= (from.len() / n_outputs) as f64);
    target.decode(&mut guess);
    let y: Vec<f64> = guess.iter().copied().cycle().take(t.len()).collect();
    measure(model.task(), &y, &decoded(target, t), n_outputs)
}

/// How often each column is mixed up, and of how many rows at most.
const MIXINGS: usize = 5;
const MIXED_ROWS: usize = 5000;

/// How much the first metric (accuracy, R²) loses when a column's cells are mixed up among the rows `rows` of a table, for each
/// column, the most needed first (Breiman 2001, permutation importance). Of many rows some are taken, evenly spread.
///
/// # Errors
/// As [`evaluate`].
pub fn importance(model: &Model, table: &Table, rows: &[usize], seed: u32) -> Result<Vec<Importance>, Error> {
    let mut random = RandomState::new(seed);
    let n = rows.len().min(MIXED_ROWS);
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
