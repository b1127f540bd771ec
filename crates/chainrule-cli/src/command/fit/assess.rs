//! Assessment of a fitted model: its metrics, those of a linear model and of a baseline, and permutation importance.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use chainrule::Dataset;
use chainrule::random::RandomState;
use chainrule_experiment::{Outcome, TableSamples, Variant, ensemble, scores};
use chainrule_model::{Importance, Model, baseline, evaluate, evaluate_encoded, importance};
use chainrule_table::Table;

use super::from_table;
use crate::error::Failure;
use crate::progress::Bar;

/// The name of the predictor that ignores the inputs: the majority class, or the mean.
pub(super) const BASELINE: &str = "baseline";

/// Metrics by name.
pub(super) type Metrics = Vec<(&'static str, f64)>;

/// How good a fitted model is.
pub(super) struct Assessment {
    pub(super) scores: Scores,
    /// Permutation importance of the columns; empty after a cancelled training.
    pub(super) importance: Vec<Importance>,
}

/// The metrics of a model.
pub(super) enum Scores {
    /// Of one network: on each set of rows, and those of other predictors on the last of these sets.
    Single { sets: Vec<(&'static str, Metrics)>, others: Vec<(&'static str, Metrics)> },
    /// Of cross-validation: mean and standard deviation over the held-out rows of each fold, and the metrics of the averaged
    /// model on the test table.
    Folds { metrics: Vec<(&'static str, f64, f64)>, test: Option<Metrics> },
}

/// Assesses the trained networks and joins them into one model.
///
/// After a cancelled training only the metrics of the model itself are computed.
pub(super) fn assess(
    mut models: Vec<Model>,
    variant: &Variant,
    outcomes: &[Outcome],
    test: Option<&Table>,
    cancelled: bool,
) -> Result<(Model, Assessment), Failure> {
    let (model, scores) = if models.len() == 1 {
        single(models.swap_remove(0), variant, &outcomes[0], test, cancelled)?
    } else {
        folds(models, outcomes, test)?
    };
    let importance = if cancelled {
        Vec::new()
    } else {
        column_importance(&model, from_table(&outcomes[0].samples), test)?
    };
    Ok((model, Assessment { scores, importance }))
}

/// A set of encoded rows: its name, inputs and targets.
type EncodedRows<'r> = (&'static str, &'r [f64], &'r [f64]);

fn encoded_rows<'r>(name: &'static str, samples: &'r Dataset<f64>) -> EncodedRows<'r> {
    (name, samples.x(), samples.t())
}

fn single(
    mut model: Model,
    variant: &Variant,
    outcome: &Outcome,
    test: Option<&Table>,
    cancelled: bool,
) -> Result<(Model, Scores), Failure> {
    let from = from_table(&outcome.samples);
    let encode = |test| Ok::<_, Failure>((from.encoders.encode(test).0, from.encoders.target.encode(test)?));
    let test = test.map(encode).transpose()?;
    let mut rows = vec![encoded_rows("train", &outcome.samples.dataset)];
    rows.extend(from.validation.as_ref().map(|samples| encoded_rows("validation", samples)));
    rows.extend(test.as_ref().map(|(x, t)| ("test", &x[..], &t[..])));
    let sets: Vec<(&str, Metrics)> =
        rows.iter().map(|(name, x, t)| (*name, evaluate_encoded(&model, x, t))).collect();
    for (name, metrics) in &sets {
        model.trained.scores.extend(scores(name, metrics));
    }
    let (_, x, t) = rows[rows.len() - 1];
    let mut others = Vec::new();
    if !cancelled {
        // The same training without hidden layers, on the same samples.
        let mut linear = variant.with(&["network.hidden=[]", "network.names={}"])?;
        linear.name = String::from("linear model");
        let mut bar = Bar::with_rate(outcome.samples.dataset.n_samples());
        let random = RandomState::new(linear.data.seed);
        let prepared = linear.prepare_with(outcome.samples.clone(), random)?;
        let trained =
            linear.run_prepared(prepared, &BTreeSet::new(), &mut bar, &AtomicBool::new(false), None)?;
        if let Some(linear) = trained.model(&linear, 0.0) {
            others.push(("linear model", evaluate_encoded(&linear, x, t)));
        }
    }
    others.push((BASELINE, baseline(&model, rows[0].2, t)));
    Ok((model, Scores::Single { sets, others }))
}

fn folds(models: Vec<Model>, outcomes: &[Outcome], test: Option<&Table>) -> Result<(Model, Scores), Failure> {
    let evaluated = |(model, outcome): (&Model, &Outcome)| {
        let held_out = from_table(&outcome.samples).validation.clone().expect("each fold holds rows out");
        evaluate_encoded(model, held_out.x(), held_out.t())
    };
    let folds: Vec<Metrics> = models.iter().zip(outcomes).map(evaluated).collect();
    let mut model = ensemble(models);
    let mut metrics = Vec::new();
    for (k, (name, _)) in folds[0].iter().enumerate() {
        let values: Vec<f64> = folds.iter().map(|fold| fold[k].1).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
        metrics.push((*name, mean, deviation));
        model.trained.scores.extend(scores("folds", &[(name, mean)]));
    }
    let test = test.map(|test| evaluate(&model, test)).transpose()?.map(|evaluation| evaluation.metrics);
    Ok((model, Scores::Folds { metrics, test }))
}

/// Permutation importance on the test rows, else on the validation rows, else on the training rows.
fn column_importance(
    model: &Model,
    from: &TableSamples,
    test: Option<&Table>,
) -> Result<Vec<Importance>, Failure> {
    Ok(if let Some(test) = test {
        importance(model, test, &(0..test.n_rows()).collect::<Vec<usize>>(), 0)?
    } else {
        let rows = if from.rows[1].is_empty() { &from.rows[0] } else { &from.rows[1] };
        importance(model, &from.table, rows, 0)?
    })
}
