//! How good a fitted model is: its metrics beside those of a linear model and of a naive guess, and which columns it needs.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use chainrule::Dataset;
use chainrule::random::RandomState;
use chainrule_experiment::{Outcome, TableSamples, Variant, ensemble, scores};
use chainrule_model::{Model, evaluate, evaluate_encoded, importance, naive};
use chainrule_table::Table;

use super::{from_table, number, shown};
use crate::error::Failure;
use crate::progress::Bar;
use crate::table;

/// Encoded rows: what they are called, their inputs and their targets.
type Part<'p> = (&'static str, &'p [f64], &'p [f64]);

fn part<'p>(name: &'static str, samples: &'p Dataset<f64>) -> Part<'p> {
    (name, samples.x(), samples.t())
}

/// The model with its metrics on each part, shown beside a linear model and a naive guess on what it never saw.
pub(super) fn one(
    mut model: Model,
    variant: &Variant,
    outcome: &Outcome,
    test: Option<&Table>,
    cancelled: bool,
) -> Result<Model, Failure> {
    let from = from_table(&outcome.samples);
    let encode = |test| Ok::<_, Failure>((from.encoders.encode(test).0, from.encoders.target.encode(test)?));
    let test = test.map(encode).transpose()?;
    let mut parts = vec![part("train", &outcome.samples.dataset)];
    parts.extend(from.validation.as_ref().map(|held| part("validation", held)));
    parts.extend(test.as_ref().map(|(x, t)| ("test", &x[..], &t[..])));
    let mut columns: Vec<(&str, Vec<(&str, f64)>)> =
        parts.iter().map(|(name, x, t)| (*name, evaluate_encoded(&model, x, t))).collect();
    for (name, metrics) in &columns {
        model.trained.scores.extend(scores(name, metrics));
    }
    let (unseen, x, t) = parts[parts.len() - 1];
    if !cancelled {
        // The same training without hidden layers, on the same samples.
        let mut linear = variant.with(&["network.hidden=[]", "network.names={}"])?;
        linear.name = String::from("linear model");
        let mut bar = Bar::over(outcome.samples.dataset.n_samples());
        let random = RandomState::new(linear.data.seed);
        let prepared = linear.prepare_with(outcome.samples.clone(), random)?;
        let trained =
            linear.run_prepared(prepared, &BTreeSet::new(), &mut bar, &AtomicBool::new(false), None)?;
        if let Some(linear) = trained.model(&linear, 0.0) {
            columns.push(("linear model", evaluate_encoded(&linear, x, t)));
        }
    }
    columns.push(("naive guess", naive(&model, parts[0].2, t)));
    shown::metrics(&columns);
    if parts.len() > 1 {
        anstream::println!("The linear model and the naive guess are measured on the rows of {unseen}.");
    }
    Ok(model)
}

/// The models of the folds as one, with the metrics of each on the rows that it never saw: mean and standard deviation.
pub(super) fn folds(
    models: Vec<Model>,
    outcomes: &[Outcome],
    test: Option<&Table>,
    cancelled: bool,
) -> Result<Model, Failure> {
    let held = |outcome: &Outcome| from_table(&outcome.samples).validation.clone();
    let evaluated = |(model, outcome): (&Model, &Outcome)| {
        let held = held(outcome).expect("each fold holds rows back");
        evaluate_encoded(model, held.x(), held.t())
    };
    let folds: Vec<_> = models.iter().zip(outcomes).map(evaluated).collect();
    let mut model = ensemble(models);
    let mut shown = table::new(&["metric", "mean of the folds", "standard deviation", "all on test"]);
    let on_test = test.map(|test| evaluate(&model, test)).transpose()?;
    for (k, (name, _)) in folds.first().into_iter().flatten().enumerate() {
        let values: Vec<f64> = folds.iter().map(|fold| fold[k].1).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
        let test = on_test.as_ref().map_or(String::new(), |test| number(test.metrics[k].1));
        shown.add_row([(*name).to_owned(), number(mean), number(deviation), test]);
        model.trained.scores.extend(scores("folds", &[(name, mean)]));
    }
    anstream::println!("\n{shown}");
    let n = model.members.len();
    let which =
        if cancelled { format!("the first {n} folds, the last cut off") } else { format!("all {n} folds") };
    anstream::println!("The model averages the networks of {which}.");
    Ok(model)
}

/// Shows which columns the model needs on the rows of the test, or on those held back, or where none are on all.
pub(super) fn columns(model: &Model, from: &TableSamples, test: Option<&Table>) -> Result<(), Failure> {
    let importance = if let Some(test) = test {
        importance(model, test, &(0..test.n_rows()).collect::<Vec<usize>>(), 0)?
    } else {
        let held = if from.rows[1].is_empty() { &from.rows[0] } else { &from.rows[1] };
        importance(model, &from.table, held, 0)?
    };
    shown::columns(model, &importance);
    Ok(())
}
