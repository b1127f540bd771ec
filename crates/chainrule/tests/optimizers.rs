//! The optimizers, held to what PyTorch and scikit-learn make of the same gradients.
//!
//! `reference/make_optimizers.py` made the numbers.

use chainrule::registry::OptionValue;
use chainrule::train::optimizer::{Optimizer, REGISTRY};
use chainrule::train::penalty;
use serde_json::Value as Json;

#[test]
fn twelve_steps_on_a_network_are_pytorchs() {
    let reference = &reference()["network"];
    let (x, t) = (numbers(&reference["x"]), numbers(&reference["t"]));
    let cases = reference["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 15);
    for case in cases {
        let optimizer = optimizer(case);
        let mut p = numbers(&reference["start"]);
        let mut slots = optimizer.slots(p.len());
        let mut rate = case["rate"].as_f64().unwrap();
        for (step, expected) in (1..).zip(numbers(&case["losses"])) {
            let (loss, gradient) = loss_and_gradient(&p, &x, &t);
            assert_close(&[loss], &[expected], &format!("loss before step {step} of {optimizer}"));
            penalty::decay(rate, optimizer.decay(), &mut p);
            optimizer.update(rate, step, 0..p.len(), &mut p, &gradient, &mut slots);
            rate *= case["rate_times"].as_f64().unwrap();
        }
        assert_close(&p, &numbers(&case["end"]), &format!("parameters of {optimizer} in the end"));
    }
    for entry in REGISTRY {
        assert!(cases.iter().any(|case| case["optimizer"] == entry.name), "no case for {}", entry.name);
    }
}

#[test]
fn velocity_with_the_rate_and_epsilon_inside_are_scikit_learns() {
    let reference = &reference()["sequence"];
    let gradients = reference["gradients"].as_array().unwrap();
    let cases = reference["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let optimizer = optimizer(case);
        let mut p = numbers(&reference["start"]);
        let mut slots = optimizer.slots(p.len());
        for ((step, gradient), expected) in (1..).zip(gradients).zip(case["path"].as_array().unwrap()) {
            let rate = case["rate"].as_f64().unwrap() / step as f64;
            optimizer.update(rate, step, 0..p.len(), &mut p, &numbers(gradient), &mut slots);
            assert_close(&p, &numbers(expected), &format!("step {step} of {optimizer}"));
        }
    }
}

#[test]
fn the_two_velocities_differ_once_the_rate_falls() {
    let run = |velocity: &str, rates: [f64; 2]| {
        let given = [("momentum", 0.5.into()), ("velocity", velocity.into())];
        let optimizer = Optimizer::new("sgd", &given).unwrap();
        let (mut p, mut slots) = ([0.0], optimizer.slots(1));
        for (step, rate) in (1..).zip(rates) {
            optimizer.update(rate, step, 0..1, &mut p, &[1.0], &mut slots);
        }
        p[0]
    };
    assert_eq!((run("without_rate", [1.0, 1.0]), run("with_rate", [1.0, 1.0])), (-2.5, -2.5));
    assert_eq!((run("without_rate", [1.0, 0.5]), run("with_rate", [1.0, 0.5])), (-1.75, -2.0));
}

/// The mean softmax cross-entropy of a network of 3 inputs, 7 tanh units and 2 outputs, and its gradient, written out
/// plainly. `p` holds W1 (3, 7), b1, W2 (7, 2), b2, each row by row.
fn loss_and_gradient(p: &[f64], x: &[f64], t: &[f64]) -> (f64, Vec<f64>) {
    const IN: usize = 3;
    const HIDDEN: usize = 7;
    const OUT: usize = 2;
    let (b1, w2, b2) = (IN * HIDDEN, (IN + 1) * HIDDEN, (IN + 1) * HIDDEN + HIDDEN * OUT);
    let n = (x.len() / IN) as f64;
    let (mut loss, mut dp) = (0.0, vec![0.0; p.len()]);
    for (x, t) in x.chunks_exact(IN).zip(t.chunks_exact(OUT)) {
        let mut a = [0.0; HIDDEN];
        for j in 0..HIDDEN {
            a[j] = (p[b1 + j] + (0..IN).map(|i| x[i] * p[i * HIDDEN + j]).sum::<f64>()).tanh();
        }
        let mut y = [0.0; OUT];
        for k in 0..OUT {
            y[k] = (p[b2 + k] + (0..HIDDEN).map(|j| a[j] * p[w2 + j * OUT + k]).sum::<f64>()).exp();
        }
        let sum: f64 = y.iter().sum();
        let dz: Vec<f64> = (0..OUT).map(|k| (y[k] / sum - t[k]) / n).collect();
        loss -= (0..OUT).map(|k| t[k] * (y[k] / sum).ln()).sum::<f64>() / n;
        for k in 0..OUT {
            dp[b2 + k] += dz[k];
        }
        for j in 0..HIDDEN {
            let mut da = 0.0;
            for k in 0..OUT {
                dp[w2 + j * OUT + k] += a[j] * dz[k];
                da += p[w2 + j * OUT + k] * dz[k];
            }
            let dz = da * (1.0 - a[j] * a[j]);
            dp[b1 + j] += dz;
            for i in 0..IN {
                dp[i * HIDDEN + j] += x[i] * dz;
            }
        }
    }
    (loss, dp)
}

fn reference() -> Json {
    serde_json::from_str(include_str!("reference/optimizers.json")).unwrap()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn optimizer(case: &Json) -> Optimizer {
    let value =
        |v: &Json| v.as_str().map_or_else(|| OptionValue::Number(v.as_f64().unwrap()), OptionValue::from);
    let given: Vec<(&str, OptionValue)> =
        case["options"].as_object().unwrap().iter().map(|(key, v)| (key.as_str(), value(v))).collect();
    Optimizer::new(case["optimizer"].as_str().unwrap(), &given).unwrap()
}

fn assert_close(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() <= 1e-10 * expected.abs(), "{what}: [{i}] is {got}, not {expected}");
    }
}
