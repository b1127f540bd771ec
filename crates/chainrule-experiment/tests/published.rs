//! The built-in experiments, compared with NumPy implementations of the networks of their source
//! documents.
//!
//! The reference values are computed by `reference/make_experiments.py`. Losses are computed before
//! each step, so entry k of the history is the loss after k steps.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::AtomicBool;

use chainrule::network::Network;
use chainrule::objective::{Evaluate, Objective};
use chainrule::train::{Recorder, Training};
use chainrule_experiment::published::DEMONSTRATIONS;
use chainrule_experiment::{Claim, ClaimStatus, Experiment, Outcome, Variant, builtin};
use serde_json::Value as Json;

/// The experiments that reproduce a document, each of which has its own test below.
const PUBLISHED: [&str; 5] = ["rbf-weights", "rbf-bias", "sine-classes", "three-rings", "gaussians"];

#[test]
fn rbf_weights_follows_the_published_trajectory() {
    follows_the_trajectory("rbf-weights");
}

#[test]
fn rbf_bias_follows_the_published_trajectory() {
    follows_the_trajectory("rbf-bias");
}

#[test]
fn sine_classes_follow_the_reference_until_training_becomes_chaotic() {
    let (experiment, outcomes) = run("sine-classes");
    let reference = &reference()["sine-classes"];
    // The curves agree to ten digits for this many steps: the two long ones leave a plateau
    // chaotically.
    for (name, key, x, until) in [
        ("straight", "logistic-regression-linear-data", "x_linear", 500),
        ("logistic-regression", "logistic-regression", "x", 500),
        ("hidden-2", "hidden-2", "x", 2000),
        ("deep", "deep", "x", 400),
    ] {
        let (variant, outcome, expected) =
            (experiment.variant(name).unwrap(), &outcomes[name], &reference[key]);
        assert_close(outcome.samples.dataset.x(), &numbers(&reference[x]), 1e-14, &format!("{name}: x"));
        assert_close(outcome.samples.dataset.t(), &numbers(&reference["t"]), 0.0, &format!("{name}: t"));
        if !expected["initial_weights"].is_null() {
            assert_close(
                &start_without_biases(variant),
                &weights(expected),
                1e-15,
                &format!("{name}: start"),
            );
        }
        assert_close(
            &first_gradient(variant),
            &numbers(&expected["first_gradient"]),
            1e-10,
            &format!("{name}: gradient"),
        );
        let losses: Vec<f64> = outcome.history.epochs.iter().map(|epoch| epoch.loss).collect();
        let mut n_checked = 0;
        for (k, loss) in numbers(&expected["losses"]).into_iter().enumerate() {
            // The last entry of a curve is the loss after all steps, which is not in the history.
            let found = losses.get(100 * k).copied().unwrap_or(outcome.final_loss.0);
            if 100 * k <= until {
                assert_close(&[found], &[loss], 1e-10, &format!("{name}: the loss after {} steps", 100 * k));
                n_checked += 1;
            }
        }
        assert_eq!(n_checked, until / 100 + 1, "{name}");
    }
    for name in ["straight", "logistic-regression"] {
        let key = if name == "straight" { "logistic-regression-linear-data" } else { name };
        assert_close(
            &outcomes[name].parameters,
            &numbers(&reference[key]["params"]),
            1e-8,
            &format!("{name}: weights"),
        );
    }
}

#[test]
fn three_rings_follow_the_reference() {
    let (experiment, outcomes) = run("three-rings");
    let reference = &reference()["three-rings"];
    let one_hot: Vec<f64> = numbers(&reference["classes"])
        .iter()
        .flat_map(|class| (0..3).map(move |k| if *class == f64::from(k) { 1.0 } else { 0.0 }))
        .collect();
    for name in ["leaky_relu", "logistic"] {
        let (variant, outcome, expected) =
            (experiment.variant(name).unwrap(), &outcomes[name], &reference[name]);
        assert_close(outcome.samples.dataset.x(), &numbers(&reference["x"]), 1e-14, "x");
        assert_close(outcome.samples.dataset.t(), &one_hot, 0.0, "t");
        assert_close(&start_without_biases(variant), &weights(reference), 1e-15, &format!("{name}: start"));
        assert_close(
            &first_gradient(variant),
            &numbers(&expected["first_gradient"]),
            1e-10,
            &format!("{name}: gradient"),
        );
        assert_close(
            &losses_every(outcome, 100),
            &numbers(&expected["losses"]),
            1e-10,
            &format!("{name}: losses"),
        );
        assert_close(&outcome.parameters, &numbers(&expected["params"]), 1e-8, &format!("{name}: weights"));
    }
}

#[test]
fn gaussians_follow_the_reference() {
    let (experiment, outcomes) = run("gaussians");
    let (outcome, reference) = (&outcomes[""], &reference()["gaussians"]);
    let losses: Vec<f64> = outcome.history.epochs.iter().step_by(100).map(|epoch| epoch.loss).collect();
    assert_close(&losses, &numbers(&reference["cross_entropy"]), 1e-10, "losses");
    assert_close(&outcome.parameters, &numbers(&reference["params"]), 1e-8, "weights");
    for (x, p) in reference["probability_at"].as_object().unwrap() {
        let y = outcome.network().predict(&[x.parse().unwrap()]);
        assert_close(&y, &[p.as_f64().unwrap()], 1e-8, &format!("the probability at {x}"));
    }
    // The document prints a different loss from the one that it minimises; a claim shows it to four
    // digits.
    let swapped = experiment.claims.iter().find(|claim| claim.note.contains("swapped")).unwrap();
    let shown = swapped.judge(std::slice::from_ref(outcome)).unwrap().actual;
    let shown: Vec<f64> = shown.split(", ").map(|digits| digits.parse().unwrap()).collect();
    assert_close(&shown, &numbers(&reference["printed_by_the_source"]), 5e-4, "the printed losses");
}

#[test]
fn the_worked_example_matches_its_document_and_its_mistakes_are_known() {
    let (experiment, outcomes) = run("worked-example");
    let outcomes: Vec<Outcome> = outcomes.into_values().collect();
    let status = |claim: &Claim| claim.judge(&outcomes).unwrap().status;
    let mistaken: Vec<&str> = experiment
        .claims
        .iter()
        .filter(|claim| status(claim) == ClaimStatus::KnownMistake)
        .map(|claim| claim.text.as_str())
        .collect();
    assert_eq!(
        mistaken,
        [
            "total error after one update",
            "total error after 10,000 updates",
            "output of o1 after 10,000 updates",
            "output of o2 after 10,000 updates"
        ]
    );
    assert_eq!(experiment.judge(&outcomes).unwrap().counts().matched, 18);
    // The published error is that of one update less. Entry k of the history is the loss after k
    // updates.
    assert_eq!(format!("{:.10}", outcomes[0].history.epochs[9999].loss), "0.0000351085");
    // The published outputs do not have the published error.
    let error = 0.5 * (0.01_f64 - 0.015_912_196).powi(2) + 0.5 * (0.99_f64 - 0.984_065_734).powi(2);
    assert_eq!(format!("{error:.10}"), "0.0000350848");
    // The published weights do not have the published error after one update.
    let published = [
        0.149_780_716,
        0.249_751_14,
        0.199_561_43,
        0.299_502_29,
        0.35,
        0.35,
        0.358_916_48,
        0.511_301_27,
        0.408_666_186,
        0.561_370_121,
        0.6,
        0.6,
    ];
    let network = Network::new(outcomes[0].architecture.clone(), published.to_vec()).unwrap();
    let y = network.predict(&[0.05, 0.1]);
    let error = 0.5 * (0.01_f64 - y[0]).powi(2) + 0.5 * (0.99_f64 - y[1]).powi(2);
    assert_eq!(format!("{error:.8}"), "0.29102777");
}

#[test]
fn claims_of_the_other_experiments_are_reproduced() {
    let others: Vec<String> =
        builtin::names().into_iter().filter(|name| !PUBLISHED.contains(&name.as_str())).collect();
    assert_eq!(
        others.len() + PUBLISHED.len(),
        builtin::names().len(),
        "every published experiment is built in"
    );
    assert!(others.len() >= 7, "{others:?}");
    let mismatches: Vec<String> =
        others.iter().flat_map(|name| mismatches(&Experiment::open(name, &[]).unwrap()).1).collect();
    assert!(mismatches.is_empty(), "{mismatches:#?}");
}

#[test]
fn gradient_check_fails_the_published_gradients_and_passes_ours() {
    assert_eq!(DEMONSTRATIONS.len(), 2);
    for demonstration in DEMONSTRATIONS {
        let checked = demonstration.check().unwrap();
        let (published, ours) = (&checked.published, &checked.ours);
        assert!(checked.passed(), "{}:\n{published}\n{ours}", demonstration.name);
    }
}

#[test]
fn wrong_gradient_of_three_rings_is_the_published_one() {
    let demonstration = DEMONSTRATIONS.iter().find(|d| d.name == "rings-leaky-relu").unwrap();
    let expected = numbers(&reference()["three-rings"]["published_wrong_first_gradient"]);
    assert_close(&demonstration.published_gradient().unwrap(), &expected, 1e-10, "the wrong gradient");
}

/// Compares the data, parameters and loss of an experiment with two parameters at every step.
fn follows_the_trajectory(name: &str) {
    let (experiment, outcomes) = run(name);
    let (outcome, reference) = (&outcomes[""], &reference()[name]);
    assert_close(outcome.samples.dataset.x(), &numbers(&reference["x"]), 1e-14, "x");
    assert_close(outcome.samples.dataset.t(), &numbers(&reference["t"]), 0.0, "t");
    let rows: Vec<Vec<f64>> = reference["trajectory"].as_array().unwrap().iter().map(numbers).collect();
    assert_eq!(rows.len(), outcome.history.epochs.len() + 1);
    let losses: Vec<f64> = rows.iter().map(|row| row[2]).collect();
    assert_close(&losses_every(outcome, 1), &losses, 1e-10, "losses");

    let variant = &experiment.variants[0];
    let prepared = variant.prepare().unwrap();
    let settings = variant.settings_for_engine();
    let (start, data) = (prepared.start, &prepared.samples.dataset);
    let mut training =
        Training::new(start, &variant.train.loss, data.clone(), settings, prepared.random).unwrap();
    let mut recorder = Recorder::every(1);
    training.run(&mut recorder).unwrap();
    assert_eq!(recorder.parameters.len(), rows.len());
    for (step, (parameters, row)) in recorder.parameters.iter().zip(&rows).enumerate() {
        let two: Vec<f64> = prepared.names.iter().map(|(_, index)| parameters[*index]).collect();
        assert_close(&two, &row[..2], 1e-8, &format!("after {step} steps"));
    }
    assert_eq!(recorder.parameters.last().unwrap(), &outcome.parameters);
}

/// Runs a built-in experiment, checks its claims and returns the outcomes by variant.
fn run(name: &str) -> (Experiment, BTreeMap<String, Outcome>) {
    let experiment = Experiment::open(name, &[]).unwrap_or_else(|error| panic!("{error}"));
    let (outcomes, mismatches) = mismatches(&experiment);
    assert!(mismatches.is_empty(), "{mismatches:#?}");
    (experiment, outcomes.into_iter().map(|outcome| (outcome.variant.clone(), outcome)).collect())
}

/// Returns the outcomes of an experiment and the claims that are not reproduced.
fn mismatches(experiment: &Experiment) -> (Vec<Outcome>, Vec<String>) {
    let outcomes = experiment.run(&mut (), &AtomicBool::new(false)).unwrap_or_else(|error| panic!("{error}"));
    let mut mismatches = Vec::new();
    for claim in &experiment.claims {
        let result = claim.judge(&outcomes).unwrap_or_else(|error| panic!("{error}"));
        println!(
            "{}, {}: {} ({}, {:?})",
            experiment.name, claim.text, result.actual, result.claimed, result.status
        );
        if result.status == ClaimStatus::Mismatched {
            mismatches.push(format!(
                "{}: {}: {}, not {}",
                experiment.name, claim.text, result.actual, result.claimed
            ));
        }
    }
    (outcomes, mismatches)
}

/// Returns the losses after 0, `every`, ... steps, including the final loss.
fn losses_every(outcome: &Outcome, every: usize) -> Vec<f64> {
    let before_each = outcome.history.epochs.iter().map(|epoch| epoch.loss);
    before_each.chain([outcome.final_loss.0]).step_by(every).collect()
}

/// Returns the gradient at the initial weights over all samples, reduced as in training.
fn first_gradient(variant: &Variant) -> Vec<f64> {
    let prepared = variant.prepare().unwrap();
    let data = &prepared.samples.dataset;
    let mut objective = Objective::new(&prepared.architecture, &variant.train.loss, data.clone()).unwrap();
    let mut gradient = vec![0.0; prepared.architecture.n_parameters()];
    let rows: Vec<u32> = (0..data.n_samples() as u32).collect();
    let sums = objective.sums(prepared.start.parameters(), &rows, Some(&mut gradient), None).unwrap();
    let divisor = variant.train.settings.reduction.divisor(sums);
    gradient.iter().map(|g| g / divisor).collect()
}

/// Returns the initial weights of all layers, and checks that the biases are 0.
fn start_without_biases(variant: &Variant) -> Vec<f64> {
    let prepared = variant.prepare().unwrap();
    let (architecture, start) = (&prepared.architecture, prepared.start.parameters());
    let layers = 0..architecture.layers().len();
    assert!(layers.clone().flat_map(|l| architecture.bias(l, start).unwrap()).all(|b| *b == 0.0));
    layers.flat_map(|l| architecture.weights(l, start).to_vec()).collect()
}

fn weights(reference: &Json) -> Vec<f64> {
    reference["initial_weights"].as_array().unwrap().iter().flat_map(numbers).collect()
}

fn reference() -> Json {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/experiments.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Checks that each number agrees with `expected` to a relative `tolerance`. Numbers below a
/// thousandth of the largest are compared relative to that thousandth.
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f64, |max, v| max.max(v.abs()));
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        let error = (f - e).abs();
        assert!(
            error <= tolerance * e.abs().max(1e-3 * largest),
            "{what}: element {i} is {f:e}, not {e:e} (difference {error:e})"
        );
    }
}
