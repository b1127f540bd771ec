//! Permutation importance of the columns of a table.

use chainrule::metrics::{Metric, MetricInput, OutputKind};
use chainrule::random::RandomState;
use chainrule_table::Table;

use crate::evaluate::targets;
use crate::{Error, Model};

/// Permutation importance of all columns, in decreasing order.
#[derive(Clone, Debug, PartialEq)]
pub struct PermutationImportance {
    /// Measure of the prediction error.
    pub measure: ImportanceMeasure,
    /// Importance of each column.
    pub columns: Vec<Importance>,
}

/// Permutation importance of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// Name of the column.
    pub column: String,
    /// Mean and standard deviation, over several permutations of the column, of the increase in the
    /// measure.
    pub increase: (f64, f64),
}

/// Measure of the prediction error whose increase is the importance of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportanceMeasure {
    /// Log loss, if the outputs are probabilities; with several labels, its mean over the labels.
    LogLoss,
    /// Root mean squared error in the units of the target.
    Rmse,
    /// Root mean squared error of several targets, each divided by its standard deviation over the
    /// evaluated rows, because the targets may have different units; the mean over the targets.
    StandardisedRmse,
}

impl ImportanceMeasure {
    /// Returns the measure for the outputs of a model.
    pub fn of(model: &Model) -> ImportanceMeasure {
        match (model.task(), model.target().n_outputs()) {
            (OutputKind::Binary | OutputKind::Categorical, _) => ImportanceMeasure::LogLoss,
            (OutputKind::Real, 1) => ImportanceMeasure::Rmse,
            (OutputKind::Real, _) => ImportanceMeasure::StandardisedRmse,
        }
    }

    /// Returns the name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            ImportanceMeasure::LogLoss => "log_loss",
            ImportanceMeasure::Rmse => "rmse",
            ImportanceMeasure::StandardisedRmse => "standardised_rmse",
        }
    }

    /// Returns the name for use in text, for example after "increase in".
    pub fn describe(self) -> &'static str {
        match self {
            ImportanceMeasure::LogLoss => "log loss",
            ImportanceMeasure::Rmse => "RMSE",
            ImportanceMeasure::StandardisedRmse => "RMSE of standardised targets",
        }
    }

    fn metric(self) -> Metric {
        let name = if self == ImportanceMeasure::LogLoss { "log_loss" } else { "rmse" };
        Metric::new(name, &[]).expect("the metric is registered")
    }
}

/// Number of permutations per column.
const N_PERMUTATIONS: usize = 5;
/// Maximum number of rows on which permutation importance is computed.
const MAX_ROWS: usize = 5000;

/// Computes the permutation importance (Breiman 2001) of each column on the rows `rows` of a table.
///
/// The importance is the increase in the [measure](ImportanceMeasure) of the prediction error when
/// the cells of the column are permuted. `weight` gives the sample weight of each row of the table;
/// rows of weight 0 are left out. If there are more than 5000 other rows, 5000 evenly spaced ones
/// are used. The result has no columns if no row has a positive weight.
///
/// # Errors
/// Returns the errors of [`evaluate`](crate::evaluate).
///
/// # Panics
/// Panics if a row is out of range, or if there is not one weight per row of the table.
pub fn importance(
    model: &Model,
    table: &Table,
    rows: &[usize],
    weight: Option<&[f64]>,
    seed: u32,
) -> Result<PermutationImportance, Error> {
    let measure = ImportanceMeasure::of(model);
    let mut columns = Vec::new();
    let mut random = RandomState::new(seed);
    let has_weight = |i: &usize| weight.is_none_or(|weight| weight[*i] > 0.0);
    let rows: Vec<usize> = rows.iter().copied().filter(has_weight).collect();
    if rows.is_empty() {
        return Ok(PermutationImportance { measure, columns });
    }
    let n = rows.len().min(MAX_ROWS);
    let rows: Vec<usize> = (0..n).map(|i| rows[i * rows.len() / n]).collect();
    let weight: Option<Vec<f64>> = weight.map(|weight| rows.iter().map(|i| weight[*i]).collect());
    let table = table.subset(&rows);
    let (task, n_outputs, metric) = (model.task(), model.target().n_outputs(), measure.metric());
    let mut t = targets(model, &table)?;
    let divisors = match measure {
        ImportanceMeasure::StandardisedRmse => deviations(&t, n_outputs, weight.as_deref()),
        ImportanceMeasure::LogLoss | ImportanceMeasure::Rmse => vec![1.0; n_outputs],
    };
    divide(&mut t, &divisors);
    let error = |mut y: Vec<f64>| {
        divide(&mut y, &divisors);
        metric.value(&MetricInput { task, y: &y, t: &t, weight: weight.as_deref(), n_outputs })
    };
    let original = error(model.predict(&table)?.y);
    for (column, _) in model.formats() {
        let mut increases = Vec::with_capacity(N_PERMUTATIONS);
        for _ in 0..N_PERMUTATIONS {
            let mut permuted = table.clone();
            let order = random.permutation(n);
            let cells = permuted
                .columns
                .iter_mut()
                .find(|c| c.name == column)
                .expect("predict checked that the column exists");
            cells.values = cells.values.subset(&order);
            increases.push(error(model.predict(&permuted)?.y) - original);
        }
        let mean = increases.iter().sum::<f64>() / N_PERMUTATIONS as f64;
        let variance = increases.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / N_PERMUTATIONS as f64;
        columns.push(Importance { column: column.to_owned(), increase: (mean, variance.sqrt()) });
    }
    columns.sort_by(|a, b| b.increase.0.total_cmp(&a.increase.0));
    Ok(PermutationImportance { measure, columns })
}

/// Divides each column of `values` (n, n_columns) by its divisor.
fn divide(values: &mut [f64], divisors: &[f64]) {
    for row in values.chunks_exact_mut(divisors.len()) {
        row.iter_mut().zip(divisors).for_each(|(v, by)| *v /= by);
    }
}

/// Returns the weighted standard deviation of each column of `t` (n, n_columns), or 1 if it is 0.
fn deviations(t: &[f64], n_columns: usize, weight: Option<&[f64]>) -> Vec<f64> {
    let w = |i: usize| weight.map_or(1.0, |weight| weight[i]);
    let deviation = |k: usize| {
        let column = || t.iter().skip(k).step_by(n_columns).enumerate();
        let total: f64 = column().map(|(i, _)| w(i)).sum();
        let mean = column().map(|(i, t)| w(i) * t).sum::<f64>() / total;
        let variance = column().map(|(i, t)| w(i) * (t - mean).powi(2)).sum::<f64>() / total;
        if variance > 0.0 { variance.sqrt() } else { 1.0 }
    };
    (0..n_columns).map(deviation).collect()
}
