//! Permutation importance of the columns of a table.
//!
//! Permuting a column changes the pre-activations of the first layer by `(x' - x)·W`, over the few
//! inputs of the column only. The time for all columns is therefore linear in their number.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

use chainrule::metrics::{Metric, MetricInput, OutputKind};
use chainrule::network::{Architecture, Part};
use chainrule::random::RandomState;
use chainrule_table::{Encoders, Input, Table};

use crate::evaluate::targets;
use crate::{Error, Member, Model};

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
/// `progress` is called with the number of columns done and the total. If it returns
/// [`ControlFlow::Break`], the result contains the columns done so far.
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
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
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
    for (name, _) in model.formats() {
        table.column(name)?;
    }
    let members: Vec<EncodedMember> =
        model.members.iter().map(|member| EncodedMember::new(model, member, &table)).collect();
    let predict = |column: &str, order: &[usize]| {
        let mut mean = vec![0.0; n * n_outputs];
        for member in &members {
            let y = member.predict(column, order);
            mean.iter_mut().zip(y).for_each(|(mean, y)| *mean += y / members.len() as f64);
        }
        mean
    };
    let unchanged: Vec<usize> = (0..n).collect();
    let names: Vec<&str> = model.formats().into_iter().map(|(name, _)| name).collect();
    let original = names.first().map_or(0.0, |name| error(predict(name, &unchanged)));
    for (done, column) in names.iter().enumerate() {
        if progress(done, names.len()).is_break() {
            break;
        }
        let mut increase = || error(predict(column, &random.permutation(n))) - original;
        let increases: Vec<f64> = (0..N_PERMUTATIONS).map(|_| increase()).collect();
        let mean = increases.iter().sum::<f64>() / N_PERMUTATIONS as f64;
        let variance = increases.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / N_PERMUTATIONS as f64;
        columns.push(Importance { column: (*column).to_owned(), increase: (mean, variance.sqrt()) });
    }
    columns.sort_by(|a, b| b.increase.0.total_cmp(&a.increase.0));
    Ok(PermutationImportance { measure, columns })
}

/// A member of a model with the encoded rows of a table, and their pre-activations in the first
/// layer.
struct EncodedMember<'m> {
    model: &'m Model,
    member: &'m Member,
    /// Inputs (n, n_inputs), row-major.
    x: Vec<f64>,
    /// Weights (n_inputs, n_units) of the first layer, row-major.
    w: &'m [f64],
    /// Pre-activations (n, n_units) of the first layer, row-major.
    z: Vec<f64>,
    /// Inputs of each column.
    inputs: HashMap<&'m str, Range<usize>>,
    /// The other layers, if there are any.
    rest: Option<Member>,
}

impl<'m> EncodedMember<'m> {
    fn new(model: &'m Model, member: &'m Member, table: &Table) -> EncodedMember<'m> {
        let (architecture, x) = (&member.architecture, member.encoders.encode(table).0);
        let (first, others) = architecture.layers().split_first().expect("a network has layers");
        let block = |part| architecture.block(0, part).map(|block| &member.parameters[block.range.clone()]);
        let w = block(Part::Weights).expect("a layer has weights");
        let (n_units, n_inputs) = (first.n_units, architecture.n_inputs());
        let mut z = Vec::with_capacity(x.len() / n_inputs * n_units);
        for x in x.chunks_exact(n_inputs) {
            let mut row = block(Part::Bias).map_or(vec![0.0; n_units], <[f64]>::to_vec);
            for (x, w) in x.iter().zip(w.chunks_exact(n_units)) {
                row.iter_mut().zip(w).for_each(|(z, w)| *z += x * w);
            }
            z.extend(row);
        }
        let mut next = 0;
        let range = |input: &'m Input| {
            let first = next;
            next += input.width();
            (input.column.as_str(), first..next)
        };
        let inputs = member.encoders.inputs.iter().map(range).collect();
        let n_first = w.len() + block(Part::Bias).map_or(0, <[f64]>::len);
        let rest = (!others.is_empty()).then(|| Member {
            encoders: Encoders { inputs: Vec::new(), ..member.encoders.clone() },
            architecture: Architecture::new(n_units, others.to_vec()).expect("part of a valid network"),
            parameters: member.parameters[n_first..].to_vec(),
        });
        EncodedMember { model, member, x, w, z, inputs, rest }
    }

    /// Predicts all rows with the cells of a column in another order.
    fn predict(&self, column: &str, order: &[usize]) -> Vec<f64> {
        let architecture = &self.member.architecture;
        let (n_inputs, first) = (architecture.n_inputs(), &architecture.layers()[0]);
        let inputs = self.inputs[column].clone();
        let mut z = self.z.clone();
        for (i, z) in z.chunks_exact_mut(first.n_units).enumerate() {
            for j in inputs.clone() {
                let change = self.x[order[i] * n_inputs + j] - self.x[i * n_inputs + j];
                if change != 0.0 {
                    let w = &self.w[j * first.n_units..][..first.n_units];
                    z.iter_mut().zip(w).for_each(|(z, w)| *z += change * w);
                }
            }
        }
        let mut a = vec![0.0; z.len()];
        for (z, a) in z.chunks_exact(first.n_units).zip(a.chunks_exact_mut(first.n_units)) {
            first.activation.values(z, a);
        }
        let mut y = match &self.rest {
            Some(rest) => self.model.outputs(rest, &a),
            None => a,
        };
        self.member.encoders.target.decode(&mut y);
        y
    }
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
