//! Assessment of a fitted model: its metrics, those of a linear model and of a baseline, and
//! permutation importance.
//!
//! All of them use the column of sample weights, if there is one, but not the class weights.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule::metrics::ConfusionMatrix;
use chainrule::{Dataset, linear};
use chainrule_model::{
    EncodedRows, Member, Metrics, Model, PermutationImportance, Precision, baseline, evaluate,
    evaluate_encoded, importance, sample_weights,
};
use chainrule_table::Target;

use super::progress::{AssessmentStep, FitProgress};
use crate::Error;
use crate::model::{ensemble, scores};
use crate::number::format_number;
use crate::outcome::Outcome;
use crate::table::TableSamples;
use crate::table_source::TargetedTable;

/// The metrics of a model.
#[derive(Clone, Debug, PartialEq)]
pub enum Scores {
    /// Metrics of one network.
    Single {
        /// Its metrics on each set of rows: `train`, `validation` and `test`, as far as there are
        /// such rows.
        sets: Vec<(&'static str, Metrics)>,
        /// The metrics of other predictors on the last of these sets: of the linear model, unless
        /// training was cancelled or the model cannot be fitted, and of the baseline.
        others: Vec<(ReferencePredictor, Metrics)>,
        /// Comparison of the network with the linear model on held-out rows, if there are any.
        comparison: Option<Comparison>,
    },
    /// Metrics of cross-validation.
    Folds {
        /// Mean and standard deviation over the held-out rows of each fold.
        metrics: FoldMetrics,
        /// Metrics of each network on the held-out rows of its fold.
        each: Vec<Metrics>,
        /// The metrics of the averaged model on the test table.
        test: Option<Metrics>,
    },
}

/// A predictor that a network is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferencePredictor {
    /// The linear model at the optimum of the loss.
    LinearModel,
    /// The predictor that ignores the inputs: the majority class, or the mean.
    Baseline,
}

impl ReferencePredictor {
    /// Returns the name of the predictor for a target, as in the headers of tables.
    pub fn describe(self, target: &Target) -> &'static str {
        match (self, target) {
            (ReferencePredictor::LinearModel, _) => "linear model",
            (ReferencePredictor::Baseline, Target::Numbers { .. }) => "baseline: mean",
            (ReferencePredictor::Baseline, Target::Classes { .. } | Target::Labels { .. }) => {
                "baseline: majority class"
            }
        }
    }
}

impl Scores {
    /// Returns the confusion matrix on the test rows, or else on the validation rows, of all folds if
    /// there are several, with the name of these rows.
    pub fn confusion(&self) -> Option<(&'static str, ConfusionMatrix)> {
        match self {
            Scores::Single { sets, .. } => {
                let (name, metrics) = sets.last()?;
                Some((*name, metrics.confusion.clone()?))
            }
            Scores::Folds { test: Some(test), .. } => Some(("test", test.confusion.clone()?)),
            Scores::Folds { each, .. } => {
                let folds = each.iter().map(|fold| fold.confusion.clone()).collect::<Option<Vec<_>>>()?;
                Some(("validation", folds.into_iter().reduce(|sum, fold| sum.plus(&fold))?))
            }
        }
    }
}

/// Which of two models has the better metric, R² in regression, otherwise log loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The network; also if both metrics are equal as printed.
    Network,
    /// The linear model, although the network has hidden layers.
    Linear,
}

/// A metric over the folds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Name of the metric.
    pub metric: &'static str,
    /// Mean over the folds.
    pub mean: f64,
    /// Standard deviation over the folds.
    pub deviation: f64,
}

/// Metrics over the folds, as in [`Metrics`].
#[derive(Clone, Debug, PartialEq)]
pub struct FoldMetrics {
    /// Every metric, the mean over the targets if there are several.
    pub values: Vec<Spread>,
    /// The same for each target column, if there are several.
    pub targets: Vec<(String, Vec<Spread>)>,
}

/// Assesses the trained networks and joins them into one model.
///
/// After cancelled training, only the metrics of the model itself and the baseline are computed.
pub(super) fn assess(
    mut models: Vec<Model>,
    outcomes: &[Outcome],
    test: Option<&TargetedTable>,
    progress: &mut dyn FitProgress,
    cancel: &AtomicBool,
) -> Result<(Model, Scores, Option<PermutationImportance>), Error> {
    let cancelled = cancel.load(Ordering::Relaxed);
    let (model, scores) = if models.len() == 1 {
        let linear = |model: &Model| {
            if cancelled {
                return None;
            }
            progress.assessing(AssessmentStep::LinearModel);
            linear_model(model, &outcomes[0])
        };
        single(models.swap_remove(0), &outcomes[0], test, linear)?
    } else {
        folds(models, outcomes, test)?
    };
    let importance = if cancelled {
        None
    } else {
        Some(column_importance(&model, outcomes[0].samples.of_fit(), test, progress, cancel)?)
    };
    Ok((model, scores, importance))
}

/// Returns the sample weights of the training rows and of the held-out rows.
fn split_weights(from: &TableSamples) -> Result<[Option<Vec<f64>>; 2], Error> {
    let Some(all) = weights(from)? else { return Ok([None, None]) };
    Ok([0, 1].map(|part| Some(from.rows[part].iter().map(|i| all[*i]).collect())))
}

/// Returns the sample weights of all rows.
fn weights(from: &TableSamples) -> Result<Option<Vec<f64>>, Error> {
    let weights = |column: &chainrule_table::Column| sample_weights(&from.table, &column.name);
    Ok(from.weight.as_ref().map(weights).transpose()?)
}

fn encoded<'r>(samples: &'r Dataset<f64>, weight: Option<&'r [f64]>) -> EncodedRows<'r> {
    EncodedRows { x: samples.x(), t: samples.t(), weight }
}

/// Assesses a single network. `linear` fits the linear model.
fn single(
    mut model: Model,
    outcome: &Outcome,
    test: Option<&TargetedTable>,
    linear: impl FnOnce(&Model) -> Option<Model>,
) -> Result<(Model, Scores), Error> {
    let from = outcome.samples.of_fit();
    let weights = split_weights(from)?;
    let training = encoded(&outcome.samples.dataset, weights[0].as_deref());
    let mut rows = vec![("train", training)];
    rows.extend(
        from.validation.as_ref().map(|samples| ("validation", encoded(samples, weights[1].as_deref()))),
    );
    let encode = |test: &TargetedTable| {
        Ok::<_, Error>((from.encoders.encode(&test.table).0, from.encoders.target.encode(&test.table)?))
    };
    let encoded_test = test.map(encode).transpose()?;
    if let (Some(test), Some((x, t))) = (test, &encoded_test) {
        rows.push(("test", EncodedRows { x, t, weight: test.weight.as_deref() }));
    }
    let sets: Vec<(&str, Metrics)> =
        rows.iter().map(|(name, rows)| (*name, evaluate_encoded(&model, *rows))).collect();
    for (name, metrics) in &sets {
        model.trained.scores.extend(scores(name, &metrics.values));
    }
    let (last, held_out) = (rows[rows.len() - 1].1, rows.len() > 1);
    let mut others = Vec::new();
    let mut comparison = None;
    if let Some(linear) = linear(&model) {
        let metrics = evaluate_encoded(&linear, last);
        if held_out {
            comparison = Some(compare(&model, &sets[sets.len() - 1].1, &metrics));
        }
        others.push((ReferencePredictor::LinearModel, metrics));
    }
    others.push((ReferencePredictor::Baseline, baseline(&model, training, last)));
    Ok((model, Scores::Single { sets, others, comparison }))
}

/// Fits a linear model to the training samples, with the encoders of `model`; returns `None` if
/// this is not possible, for example because all samples have weight 0.
fn linear_model(model: &Model, outcome: &Outcome) -> Option<Model> {
    let output = &outcome.architecture.output().activation;
    let fit = linear::fit(&outcome.samples.dataset, &outcome.loss, output).ok()?;
    let encoders = model.members[0].encoders.clone();
    let member = Member { encoders, architecture: fit.architecture, parameters: fit.parameters };
    Some(Model { members: vec![member], precision: Precision::F64, ..model.clone() })
}

/// Compares a network with the linear model by their metrics on the same rows.
fn compare(model: &Model, network: &Metrics, linear: &Metrics) -> Comparison {
    let (metric, network) = network.for_comparison(model.task());
    let (_, linear) = linear.for_comparison(model.task());
    let is_better = if metric.higher_is_better() { linear > network } else { linear < network };
    let has_hidden_layers = model.members[0].architecture.layers().len() > 1;
    if is_better && has_hidden_layers && format_number(linear) != format_number(network) {
        Comparison::Linear
    } else {
        Comparison::Network
    }
}

/// Assesses the networks of several folds.
fn folds(
    models: Vec<Model>,
    outcomes: &[Outcome],
    test: Option<&TargetedTable>,
) -> Result<(Model, Scores), Error> {
    let evaluated = |(model, outcome): (&Model, &Outcome)| {
        let from = outcome.samples.of_fit();
        let held_out = from.validation.clone().expect("each fold holds rows out");
        Ok::<_, Error>(evaluate_encoded(model, encoded(&held_out, split_weights(from)?[1].as_deref())))
    };
    let folds: Vec<Metrics> = models.iter().zip(outcomes).map(evaluated).collect::<Result<_, _>>()?;
    let mut model = ensemble(models);
    let values = spreads(folds.iter().map(|fold| &fold.values[..]));
    for Spread { metric, mean, .. } in &values {
        model.trained.scores.extend(scores("folds", &[(metric, *mean)]));
    }
    let target = |(k, (column, _)): (usize, &(String, _))| {
        (column.clone(), spreads(folds.iter().map(|fold| &fold.targets[k].1[..])))
    };
    let targets = folds[0].targets.iter().enumerate().map(target).collect();
    let test = test.map(|test| evaluate(&model, &test.table, test.weight.as_deref())).transpose()?;
    let test = test.map(|evaluation| evaluation.metrics);
    Ok((model, Scores::Folds { metrics: FoldMetrics { values, targets }, each: folds, test }))
}

/// Returns the mean and standard deviation of each metric over the folds.
fn spreads<'f>(folds: impl Iterator<Item = &'f [(&'static str, f64)]>) -> Vec<Spread> {
    let folds: Vec<_> = folds.collect();
    let spread = |(k, (metric, _)): (usize, &(&'static str, f64))| {
        let n = folds.len() as f64;
        let mean = folds.iter().map(|fold| fold[k].1).sum::<f64>() / n;
        let variance = folds.iter().map(|fold| (fold[k].1 - mean).powi(2)).sum::<f64>() / n;
        Spread { metric, mean, deviation: variance.sqrt() }
    };
    folds[0].iter().enumerate().map(spread).collect()
}

/// Computes the permutation importance on the test rows, else on the validation rows, else on the
/// training rows.
fn column_importance(
    model: &Model,
    from: &TableSamples,
    test: Option<&TargetedTable>,
    progress: &mut dyn FitProgress,
    cancel: &AtomicBool,
) -> Result<PermutationImportance, Error> {
    let mut report = |done, total| {
        progress.assessing(AssessmentStep::Importance { done, total });
        if cancel.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    Ok(if let Some(TargetedTable { table, weight }) = test {
        let rows: Vec<usize> = (0..table.n_rows()).collect();
        importance(model, table, &rows, weight.as_deref(), 0, &mut report)?
    } else {
        let rows = if from.rows[1].is_empty() { &from.rows[0] } else { &from.rows[1] };
        importance(model, &from.table, rows, weights(from)?.as_deref(), 0, &mut report)?
    })
}
