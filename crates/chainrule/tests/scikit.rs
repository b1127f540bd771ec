//! Whole trainings as scikit-learn's `MLPClassifier` and `MLPRegressor` do them, from their settings said in ours.
//!
//! `reference/make_scikit.py` made the numbers. What is held: starting weights, loss curves, weights at the end, and how
//! many epochs early stopping lets pass.

use std::fs;

use chainrule::Dataset;
use chainrule::metrics::Metric;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Initializer, Layer, Network};
use chainrule::random::RandomState;
use chainrule::train::optimizer::Optimizer;
use chainrule::train::penalty::PenaltyDivisor;
use chainrule::train::schedule::Schedule;
use chainrule::train::{Batch, Monitor, Penalty, Settings, Shuffle, Stopping, Training};
use serde_json::Value as Json;

const N: usize = 53;

#[test]
fn trainings_are_scikit_learns() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/scikit.json");
    let reference: Json = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let cases = reference["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 10);
    for case in cases {
        let what = format!("{} {}", case["kind"], case["settings"]);
        let t = numbers(&case["t"]);
        let n_targets = t.len() / N;
        let mut data = Dataset::new(numbers(&reference["x"]), 3, t, n_targets).unwrap();
        if !case["weight"].is_null() {
            data = data.with_weights(numbers(&case["weight"])).unwrap();
        }
        let given = &case["settings"];
        let loss = loss(case["kind"].as_str().unwrap());
        let mut random = RandomState::new(given["random_state"].as_u64().unwrap() as u32);
        let network = Network::<f64>::initialize(architecture(given, &loss, n_targets), &mut random);
        assert_close(network.parameters(), &numbers(&case["start"]), 1e-15, &format!("start of {what}"));

        let mut training = Training::new(network, &loss, &data, settings(given), random).unwrap();
        training.run(()).unwrap();
        let epochs = &training.history().epochs;
        // Of several numbers scikit-learn reports the mean of their squares, though it descends along their sum.
        let share = if loss.name() == "squared_error" { n_targets as f64 } else { 1.0 };
        let losses: Vec<f64> = epochs.iter().map(|epoch| epoch.loss / share).collect();
        assert_close(&losses, &numbers(&case["loss_curve"]), 1e-10, &format!("losses of {what}"));
        if !case["scores"].is_null() {
            let scores: Vec<f64> = epochs.iter().map(|epoch| epoch.metrics[0]).collect();
            assert_close(&scores, &numbers(&case["scores"]), 1e-10, &format!("validation scores of {what}"));
        }
        assert_close(&training.state().parameters, &numbers(&case["end"]), 1e-10, &format!("end of {what}"));
    }
}

fn loss(kind: &str) -> Loss {
    match kind {
        "two classes" => Loss::binary_cross_entropy(),
        "three classes" => Loss::cross_entropy(),
        _ => Loss::squared_error().scaled(0.5),
    }
}

/// Every layer starts within `±sqrt(6/(n_in + n_out))`, the bias too; for logistic hidden layers with 2 for 6.
fn architecture(given: &Json, loss: &Loss, n_targets: usize) -> Architecture {
    let activation = Activation::new(given["activation"].as_str().unwrap(), &[]).unwrap();
    let gain: f64 = if activation.name() == "logistic" { (1.0_f64 / 3.0).sqrt() } else { 1.0 };
    let glorot = || Initializer::new("glorot_uniform", &[("gain", gain.into())]).unwrap();
    let layer = |n, activation| Layer::new(n, activation).weight_init(glorot()).bias_init(glorot());
    let hidden = numbers(&given["hidden_layer_sizes"]);
    let hidden = hidden.into_iter().map(|n| layer(n as usize, activation.clone()));
    Architecture::new(3, hidden.chain([layer(n_targets, loss.link().activation())]).collect()).unwrap()
}

fn settings(given: &Json) -> Settings {
    let number = |key: &str, or: f64| given[key].as_f64().unwrap_or(or);
    let early = given["early_stopping"] == true;
    let optimizer = if given["solver"] == "adam" {
        Optimizer::new("adam", &[("epsilon_form", "inside".into())])
    } else {
        let kind = if given["nesterovs_momentum"] == false { "classical" } else { "nesterov" };
        let momentum = number("momentum", 0.9).into();
        Optimizer::new(
            "sgd",
            &[("momentum", momentum), ("kind", kind.into()), ("velocity", "with_rate".into())],
        )
    };
    let schedule = if given["learning_rate"] == "invscaling" {
        Schedule::new("inverse_scaling", &[("power", number("power_t", 0.5).into())]).unwrap()
    } else {
        Schedule::constant()
    };
    Settings {
        epochs: number("max_iter", 200.0) as u64,
        batch: Batch::Size(number("batch_size", 200.0) as usize),
        shuffle: if given["shuffle"] == false { Shuffle::Never } else { Shuffle::EachEpoch },
        optimizer: optimizer.unwrap(),
        learning_rate: number("learning_rate_init", 0.001),
        schedule,
        penalty: Penalty {
            l2: number("alpha", 1e-4),
            divisor: PenaltyDivisor::BatchWeight,
            ..Penalty::default()
        },
        validation_fraction: early.then(|| number("validation_fraction", 0.1)),
        stopping: Some(Stopping {
            monitor: if early { Monitor::Metric("r2") } else { Monitor::Loss },
            patience: number("n_iter_no_change", 10.0) as u64,
            tol: number("tol", 1e-4),
        }),
        metrics: if early { vec![Metric::new("r2", &[]).unwrap()] } else { Vec::new() },
        ..Settings::default()
    }
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Each number to `tolerance` of itself, or of a thousandth of the largest where it is smaller than that.
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        let error = (f - e).abs();
        assert!(
            error <= tolerance * e.abs().max(1e-3 * largest),
            "{what}: {f:e} at {i}, not {e:e} ({error:e} off)"
        );
    }
}
