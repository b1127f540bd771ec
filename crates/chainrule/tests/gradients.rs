//! Loss, gradient and outputs of whole networks, held to PyTorch's automatic differentiation in float64.
//!
//! `reference/make_gradients.py` made the numbers.

use std::fs;

use chainrule::network::activation::{self, Activation};
use chainrule::network::loss::{self, Loss};
use chainrule::network::{Architecture, Layer, Network};
use chainrule::objective::{Objective, Reduction};
use chainrule::registry::OptionValue;
use chainrule::{Dataset, Scalar};
use serde_json::Value as Json;

#[test]
fn networks_are_pytorchs_to_ten_digits() {
    for (i, case) in cases().iter().enumerate() {
        let (value, gradient, outputs) = evaluate::<f64>(case);
        let what = |of: &str| format!("{of} of case {i}, {}", describe(case));
        assert_close(&[value], &[case["value"].as_f64().unwrap()], 1e-10, &what("loss"));
        assert_close(&gradient, &numbers(&case["gradient"]), 1e-10, &what("gradient"));
        assert_close(&outputs, &numbers(&case["output"]), 1e-10, &what("outputs"));
    }
}

#[test]
fn f32_is_the_same_roughly() {
    for (i, case) in cases().iter().enumerate() {
        let (value, gradient, outputs) = evaluate::<f32>(case);
        let what = |of: &str| format!("{of} of case {i}, {}", describe(case));
        assert_close(&[value], &[case["value"].as_f64().unwrap()], 2e-5, &what("loss"));
        // An entry of the gradient may be a small difference of large terms.
        assert_close(&gradient, &numbers(&case["gradient"]), 1e-3, &what("gradient"));
        assert_close(&outputs, &numbers(&case["output"]), 1e-3, &what("outputs"));
    }
}

#[test]
fn every_activation_and_every_loss_has_a_case() {
    let cases = cases();
    assert_eq!(cases.len(), 48);
    let has = |test: &dyn Fn(&Json) -> bool| cases.iter().any(test);
    for entry in activation::REGISTRY {
        let hidden =
            |case: &Json| case["activations"].as_array().unwrap().iter().any(|a| a["name"] == entry.name);
        // As an activation e^z is there for Poisson's link, and is that in the cases.
        let link = |case: &Json| entry.name == "exp" && case["loss"]["name"] == "poisson";
        assert!(has(&|case| hidden(case) || link(case)), "{}", entry.name);
    }
    for entry in loss::REGISTRY {
        assert!(has(&|case| case["loss"]["name"] == entry.name), "{}", entry.name);
    }
    assert!(has(&|case| !case["sample_weight"].is_null()));
    assert!(has(&|case| case["output_activation"] == "softmax"));
}

/// The loss, its gradient and the outputs (row by row) of one case's network.
fn evaluate<T: Scalar>(case: &Json) -> (f64, Vec<f64>, Vec<f64>) {
    let widths: Vec<usize> = numbers(&case["layers"]).iter().map(|&n| n as usize).collect();
    let (n_inputs, n_outputs) = (widths[0], widths[widths.len() - 1]);
    let loss = Loss::new(case["loss"]["name"].as_str().unwrap(), &options(&case["loss"]["options"])).unwrap();
    let output = match case["output_activation"].as_str() {
        Some(name) => Activation::new(name, &[]).unwrap(),
        None => loss.link().activation(),
    };
    let hidden =
        case["activations"].as_array().unwrap().iter().zip(&widths[1..]).map(|(activation, &width)| {
            let (name, options) = (activation["name"].as_str().unwrap(), options(&activation["options"]));
            Layer::new(width, Activation::new(name, &options).unwrap())
        });
    let layers = hidden.chain([Layer::new(n_outputs, output)]).collect();
    let network =
        Network::new(Architecture::new(n_inputs, layers).unwrap(), numbers(&case["params"])).unwrap();
    let network: Network<T> = network.cast();

    let (x, t, n) = (numbers(&case["x"]), numbers(&case["t"]), case["n"].as_u64().unwrap() as usize);
    let n_targets = t.len() / n;
    let mut data = Dataset::new(x, n_inputs, t, n_targets).unwrap();
    if !case["sample_weight"].is_null() {
        data = data.with_weights(numbers(&case["sample_weight"])).unwrap();
    }
    let data: Dataset<T> = data.cast().unwrap();
    let mut objective = Objective::new(network.architecture(), &loss, &data).unwrap();
    let rows: Vec<usize> = (0..n).collect();
    let mut gradient = vec![T::ZERO; network.parameters().len()];
    let sums = objective.sums(network.parameters(), &rows, Some(&mut gradient), None);
    let reduction = if case["reduction"] == "mean" { Reduction::Mean } else { Reduction::Sum };
    let divisor = reduction.divisor(sums);
    let outputs = objective.outputs(network.parameters(), &rows).y;
    let predicted: Vec<f64> = network.predict(data.x()).iter().map(|y| y.to_f64()).collect();
    assert_eq!(predicted, outputs, "{}", describe(case));
    (sums.loss / divisor, gradient.iter().map(|g| g.to_f64() / divisor).collect(), outputs)
}

fn describe(case: &Json) -> String {
    let of = |key: &str| case[key].to_string();
    format!("layers {}, {} -> {}, {}", of("layers"), of("activations"), of("output_activation"), of("loss"))
}

fn options(json: &Json) -> Vec<(&str, OptionValue)> {
    let value =
        |json: &Json| json.as_f64().map_or_else(|| OptionValue::List(numbers(json)), OptionValue::Number);
    json.as_object().unwrap().iter().map(|(key, json)| (key.as_str(), value(json))).collect()
}

fn cases() -> Vec<Json> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/gradients.json");
    let file: Json = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
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
