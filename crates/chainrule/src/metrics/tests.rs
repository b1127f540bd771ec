//! Properties of all metrics, and their agreement with scikit-learn.

use super::*;

fn metric(name: &str) -> Metric {
    Metric::new(name, &[]).unwrap()
}

/// Predicted probabilities of class 1, with one output.
fn labels<'a>(y: &'a [f64], t: &'a [f64]) -> MetricInput<'a> {
    MetricInput { task: OutputKind::Binary, y, t, weight: None, n_outputs: 1 }
}

/// Predicted numbers, with one output.
fn values<'a>(y: &'a [f64], t: &'a [f64]) -> MetricInput<'a> {
    MetricInput { task: OutputKind::Real, ..labels(y, t) }
}

#[test]
fn agrees_with_scikit_learn() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/reference/metrics.json")).unwrap();
    let list =
        |v: &serde_json::Value| v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
    let mut seen = Vec::new();
    for case in file["cases"].as_array().unwrap() {
        let task = match case["task"].as_str().unwrap() {
            "labels" => OutputKind::Binary,
            "classes" => OutputKind::Categorical,
            _ => OutputKind::Real,
        };
        let (y, t) = (list(&case["y"]), list(&case["t"]));
        let weight = case["weight"].is_array().then(|| list(&case["weight"]));
        let n_outputs = case["n_outputs"].as_u64().unwrap() as usize;
        let p = MetricInput { task, y: &y, t: &t, weight: weight.as_deref(), n_outputs };
        for metric in Metric::all(task) {
            let (got, expected) = (metric.value(&p), case["expected"][metric.name()].as_f64().unwrap());
            let allowed = 1e-12 * expected.abs().max(1.0);
            assert!((got - expected).abs() <= allowed, "{metric} of {}: {got}, not {expected}", case["name"]);
            seen.push(metric.name());
        }
        if case["expected"]["confusion"].is_array() {
            let expected = list(&case["expected"]["confusion"]);
            let matrix = confusion_matrix(&p);
            let n = matrix.n_classes();
            for (k, expected) in expected.iter().enumerate() {
                assert!((matrix.get(k / n, k % n) - expected).abs() < 1e-12, "{}", case["name"]);
            }
        }
        if let Some(expected) = case["misclassified"].as_u64() {
            assert_eq!(misclassified(&p) as u64, expected, "{}", case["name"]);
        }
    }
    assert!(REGISTRY.iter().all(|entry| seen.contains(&entry.name)), "a metric has no reference values");
}

/// A perfect prediction must be better in the direction that the metric declares.
#[test]
fn a_perfect_prediction_is_better_than_a_poor_one() {
    let (poor, t) = ([0.3, 0.7, 0.6, 0.4], [1.0, 0.0, 0.0, 1.0]);
    for task in [OutputKind::Real, OutputKind::Binary, OutputKind::Categorical] {
        for metric in Metric::all(task) {
            let n_outputs = if task == OutputKind::Categorical { 2 } else { 1 };
            let value = |y: &[f64]| metric.value(&MetricInput { task, y, t: &t, weight: None, n_outputs });
            assert_eq!(value(&t) > value(&poor), metric.higher_is_better(), "{metric} of {task:?}");
        }
    }
}

#[test]
fn a_sample_of_weight_two_equals_two_samples() {
    let (y, t) = ([0.9, 0.3, 0.7, 0.2], [1.0, 1.0, 0.0, 0.0]);
    let (y_twice, t_twice) = ([0.9, 0.3, 0.3, 0.7, 0.2], [1.0, 1.0, 1.0, 0.0, 0.0]);
    for task in [OutputKind::Real, OutputKind::Binary] {
        for metric in Metric::all(task) {
            let weighted = MetricInput { task, weight: Some(&[1.0, 2.0, 1.0, 1.0]), ..labels(&y, &t) };
            let twice = MetricInput { task, ..labels(&y_twice, &t_twice) };
            assert!((metric.value(&weighted) - metric.value(&twice)).abs() < 1e-15, "{metric}");
        }
    }
}

#[test]
fn undefined_metrics_are_nan() {
    for task in [OutputKind::Real, OutputKind::Binary, OutputKind::Categorical] {
        for metric in Metric::all(task) {
            let value = |y: &[f64], weight| {
                metric.value(&MetricInput { task, y, t: &[1.0, 0.0, 0.0, 1.0], weight, n_outputs: 2 })
            };
            assert!(value(&[0.5, 0.5, f64::NAN, 0.5], None).is_nan(), "{metric}: a NaN output");
            assert!(value(&[0.5; 4], Some(&[0.0, 0.0])).is_nan(), "{metric}: no weight");
            assert!(!value(&[0.5; 4], None).is_nan(), "{metric}");
        }
        for metric in Metric::all(task) {
            assert!(metric.value(&MetricInput { task, ..labels(&[], &[]) }).is_nan(), "{metric}: no samples");
        }
    }
    assert!(metric("roc_auc").value(&labels(&[0.1, 0.9], &[1.0, 1.0])).is_nan());
    assert!(metric("r2").value(&values(&[0.1], &[1.0])).is_nan());
}

#[test]
fn the_threshold_is_one_half_and_ties_go_to_the_first_class() {
    assert_eq!(metric("accuracy").value(&labels(&[0.5, 0.5], &[1.0, 0.0])), 0.5);
    let tied = |t: &[f64]| {
        metric("accuracy").value(&MetricInput {
            task: OutputKind::Categorical,
            y: &[0.4, 0.4, 0.2],
            t,
            weight: None,
            n_outputs: 3,
        })
    };
    assert_eq!((tied(&[1.0, 0.0, 0.0]), tied(&[0.0, 1.0, 0.0])), (1.0, 0.0));
}

/// The mean of three times 0.1 is not 0.1 in floating point, but the targets are constant.
#[test]
fn r2_of_constant_targets() {
    let t = [0.1; 3];
    assert_eq!(metric("r2").value(&values(&t, &t)), 1.0);
    assert_eq!(metric("r2").value(&values(&[0.1, 0.1, 0.2], &t)), 0.0);
}

#[test]
fn a_confident_wrong_probability_costs_36() {
    let log_loss = metric("log_loss").value(&labels(&[0.0, 1.0], &[1.0, 0.0]));
    assert!((log_loss - 52.0 * std::f64::consts::LN_2).abs() < 1e-12, "{log_loss}");
}

#[test]
fn a_loss_implies_its_kind_of_outputs() {
    use crate::network::loss::Loss;
    assert_eq!(OutputKind::of(&Loss::binary_cross_entropy().link().activation()), OutputKind::Binary);
    assert_eq!(OutputKind::of(&Loss::cross_entropy().link().activation()), OutputKind::Categorical);
    assert_eq!(OutputKind::of(&Loss::poisson().link().activation()), OutputKind::Real);
    assert_eq!(OutputKind::of(&Loss::squared_error().link().activation()), OutputKind::Real);
}

#[test]
#[should_panic(expected = "rmse is not defined for Binary outputs")]
fn a_metric_panics_for_the_wrong_kind_of_outputs() {
    metric("rmse").value(&labels(&[0.5], &[1.0]));
}

#[test]
#[should_panic(expected = "one weight per sample")]
fn the_wrong_number_of_weights_panics() {
    metric("accuracy").value(&MetricInput { weight: Some(&[1.0]), ..labels(&[0.5, 0.5], &[1.0, 0.0]) });
}
