//! Properties of every loss in the registry, so that a new loss is tested automatically.
//!
//! Properties of a single loss are tested in its file.

use proptest::prelude::*;

use super::*;
use crate::Scalar;

/// Returns every loss with its default options, and some with other options.
fn all() -> Vec<Loss> {
    let defaults = REGISTRY.iter().map(|entry| Loss::from_registry(entry.name, &[]));
    let smoothed = Loss::from_registry("cross_entropy", &[("label_smoothing", 0.1.into())]);
    defaults.chain([smoothed, Loss::huber(0.3), Loss::quantile(&[0.1, 0.5, 0.9])]).collect()
}

/// Applies a link by its definition.
fn apply_link(link: Link, z: &[f64]) -> Vec<f64> {
    let elementwise = |f: fn(f64) -> f64| z.iter().map(|z| f(*z)).collect();
    match link {
        Link::Identity => z.to_vec(),
        Link::Logistic => elementwise(|z| 1.0 / (1.0 + (-z).exp())),
        Link::Exp => elementwise(f64::exp),
        Link::Softmax => {
            let sum: f64 = z.iter().map(|z| z.exp()).sum();
            z.iter().map(|z| z.exp() / sum).collect()
        }
    }
}

/// Computes `dz = (∂y/∂z)ᵀ·dy` by the definition of the link's Jacobian.
fn link_backward(link: Link, y: &[f64], dy: &[f64]) -> Vec<f64> {
    let sum: f64 = y.iter().zip(dy).map(|(y, dy)| y * dy).sum();
    let dz = |y: f64, dy: f64| match link {
        Link::Identity => dy,
        Link::Logistic => dy * y * (1.0 - y),
        Link::Exp => dy * y,
        Link::Softmax => y * (dy - sum),
    };
    y.iter().zip(dy).map(|(&y, &dy)| dz(y, dy)).collect()
}

/// Returns valid targets from arbitrary numbers, by the first transformation that gives valid ones.
fn targets(loss: &Loss, raw: &[f64]) -> Vec<f64> {
    let transformed = [Link::Exp, Link::Logistic, Link::Softmax].map(|link| apply_link(link, raw));
    let mut candidates = std::iter::once(raw.to_vec()).chain(transformed);
    candidates.find(|t| (loss.domain().fault)(t).is_none()).expect("some transformation gives valid targets")
}

/// Returns a one-hot vector, which every loss accepts.
fn one_hot(n: usize, class: usize) -> Vec<f64> {
    (0..n).map(|k| f64::from(u8::from(k == class % n))).collect()
}

/// Whether a central difference with respect to `v[k]` spans a kink.
fn near_a_kink(loss: &Loss, v: &[f64], t: &[f64], k: usize, h: f64) -> bool {
    let e = v[k] - t[k * t.len() / v.len()];
    loss.kinks().iter().any(|kink| (e - kink).abs() < 2.0 * h)
}

/// Compares the derivative of `f` at `v` with central differences.
fn check_derivative(loss: &Loss, t: &[f64], v: &[f64], f: impl Fn(&[f64]) -> (f64, Vec<f64>)) {
    let (value, derivative) = f(v);
    for (k, &got) in derivative.iter().enumerate() {
        let h = 1e-6 * v[k].abs().max(1e-2);
        if near_a_kink(loss, v, t, k, h) {
            continue;
        }
        let shifted_value = |by: f64| {
            let mut shifted = v.to_vec();
            shifted[k] += by;
            f(&shifted).0
        };
        let numeric = (shifted_value(h) - shifted_value(-h)) / (2.0 * h);
        let allowed = 1e-6 * got.abs().max(numeric.abs()) + 20.0 * f64::EPSILON * value.abs().max(1.0) / h;
        assert!(
            (got - numeric).abs() <= allowed,
            "{loss}, derivative {k} at {v:?}, t {t:?}: {got}, central difference {numeric}"
        );
    }
}

/// Generates 12 numbers from -3 to 3, enough for the targets or outputs of any test.
fn numbers() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-3.0..3.0, 12)
}

proptest! {
    #[test]
    fn derivatives_match_central_differences(n in 1usize..5, z in numbers(), raw in numbers(), class in 0usize..4) {
        for loss in all() {
            let z = &z[..loss.n_outputs(n)];
            let y = apply_link(loss.link(), z);
            for t in [targets(&loss, &raw[..n]), one_hot(n, class)] {
                check_derivative(&loss, &t, z, |z| loss.value_on_link(z, &t));
                check_derivative(&loss, &t, &y, |y| loss.value_on_outputs(y, &t));
            }
        }
    }

    #[test]
    fn the_fused_form_equals_the_loss_of_the_link(n in 1usize..5, z in numbers(), raw in numbers(), class in 0usize..4) {
        for loss in all() {
            let z = &z[..loss.n_outputs(n)];
            let y = apply_link(loss.link(), z);
            for t in [targets(&loss, &raw[..n]), one_hot(n, class)] {
                let (fused, dz) = loss.value_on_link(z, &t);
                let (plain, dy) = loss.value_on_outputs(&y, &t);
                prop_assert!((fused - plain).abs() <= 1e-13 * (1.0 + plain.abs()) * 20.0, "{loss}: {fused} {plain}");
                for (fused, plain) in dz.iter().zip(link_backward(loss.link(), &y, &dy)) {
                    prop_assert!((fused - plain).abs() <= 1e-12 * (1.0 + plain.abs()), "{loss}: {fused} {plain}");
                }
            }
        }
    }

    #[test]
    fn single_precision_matches_double_precision(n in 1usize..5, z in numbers(), raw in numbers()) {
        for loss in all() {
            let rounded = |v: &[f64]| v.iter().map(|v| *v as f32).collect::<Vec<_>>();
            let z = rounded(&z[..loss.n_outputs(n)]);
            let t = rounded(&targets(&loss, &raw[..n]));
            let widened = |v: &[f32]| v.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
            let (exact, exact_dz) = loss.value_on_link(&widened(&z), &widened(&t));
            let (mut single, mut dz) = ([0f32], vec![0f32; z.len()]);
            loss.on_link(&z, &t, &mut single, &mut dz, &mut vec![0.0; Loss::scratch_len(z.len(), n)]);
            prop_assert!((f64::from(single[0]) - exact).abs() <= 1e-5 * (1.0 + exact.abs()), "{loss}");
            for ((k, dz), exact) in dz.iter().enumerate().zip(&exact_dz) {
                if !near_a_kink(&loss, &widened(&z), &widened(&t), k, 1e-6) {
                    prop_assert!((f64::from(*dz) - exact).abs() <= 1e-5 * (1.0 + exact.abs()), "{loss}");
                }
            }
        }
    }

    /// The contents of the scratch buffer have no effect. Scaled deviances are tested as well.
    #[test]
    fn the_loss_of_a_tile_equals_that_of_its_samples(n in 1usize..9, n_targets in 1usize..4, seed in numbers(), factor in 0.1..10.0) {
        for loss in all().into_iter().flat_map(|loss| [loss.clone(), loss.as_deviance().scaled(factor)]) {
            let n_outputs = loss.n_outputs(n_targets);
            let sample = |s: usize| {
                let rotated: Vec<_> = seed.iter().cycle().skip(s).take(12).copied().collect();
                (rotated[..n_outputs].to_vec(), targets(&loss, &rotated[4..4 + n_targets]))
            };
            let (mut z, mut t) = (vec![0.0; n_outputs * n], vec![0.0; n_targets * n]);
            for s in 0..n {
                let (z_s, t_s) = sample(s);
                z_s.iter().enumerate().for_each(|(k, v)| z[k * n + s] = *v);
                t_s.iter().enumerate().for_each(|(k, v)| t[k * n + s] = *v);
            }
            let mut scratch = vec![f64::NAN; Loss::scratch_len(n_outputs, n_targets)];
            let (mut value, mut dz) = (vec![f64::NAN; n], vec![f64::NAN; n_outputs * n]);
            loss.on_link(&z, &t, &mut value, &mut dz, &mut scratch);
            for s in 0..n {
                let (z_s, t_s) = sample(s);
                let (alone, dz_alone) = loss.value_on_link(&z_s, &t_s);
                prop_assert_eq!(value[s], alone);
                let dz_s: Vec<_> = (0..n_outputs).map(|k| dz[k * n + s]).collect();
                prop_assert_eq!(dz_s, dz_alone);
            }
        }
    }

    /// The derivative is that of the loss itself.
    #[test]
    fn the_deviance_is_at_least_zero_and_zero_for_a_perfect_prediction(n in 1usize..5, z in numbers(), raw in numbers(), class in 0usize..4) {
        for loss in all() {
            let (z, deviance) = (&z[..loss.n_outputs(n)], loss.clone().as_deviance());
            for t in [targets(&loss, &raw[..n]), one_hot(n, class)] {
                let (_, dz) = loss.value_on_link(z, &t);
                let (value, deviance_dz) = deviance.value_on_link(z, &t);
                prop_assert!(value >= -1e-13, "{loss}: {value}");
                prop_assert_eq!(dz, deviance_dz);
                // With label smoothing, the perfect prediction is t', not t.
                if loss != Loss::from_registry("cross_entropy", &[("label_smoothing", 0.1.into())]) {
                    let perfect: Vec<_> = (0..z.len()).map(|k| t[k * n / z.len()]).collect();
                    let (value, _) = deviance.value_on_outputs(&perfect, &t);
                    prop_assert!(value.abs() < 1e-13, "{loss}: {value} at {t:?}");
                }
            }
        }
    }
}

#[test]
fn scaling_multiplies_value_and_derivative() {
    for loss in all() {
        let z = vec![0.4; loss.n_outputs(2)];
        let (value, dz) = loss.value_on_link(&z, &[0.0, 1.0]);
        let (scaled, scaled_dz) = loss.clone().scaled(4.0).scaled(0.5).value_on_link(&z, &[0.0, 1.0]);
        assert_eq!(scaled, 2.0 * value, "{loss}");
        assert_eq!(scaled_dz, dz.iter().map(|d| 2.0 * d).collect::<Vec<_>>(), "{loss}");
        let (value, dy) = loss.value_on_outputs(&vec![0.25; z.len()], &[0.0, 1.0]);
        let (scaled, scaled_dy) =
            loss.clone().scaled(2.0).value_on_outputs(&vec![0.25; z.len()], &[0.0, 1.0]);
        assert_eq!(scaled, 2.0 * value, "{loss}");
        assert_eq!(scaled_dy, dy.iter().map(|d| 2.0 * d).collect::<Vec<_>>(), "{loss}");
    }
}

#[test]
fn nan_propagates() {
    for loss in all() {
        for t in [[1.0, 0.0], [0.0, 1.0]] {
            let n = loss.n_outputs(2);
            for k in 0..n {
                let mut v = vec![0.5; n];
                v[k] = f64::NAN;
                for (value, derivative) in [loss.value_on_link(&v, &t), loss.value_on_outputs(&v, &t)] {
                    assert!(value.is_nan() && derivative[k].is_nan(), "{loss}: NaN in output {k}");
                }
            }
            for bad in [[f64::NAN, t[1]], [t[0], f64::NAN]] {
                for (value, derivative) in
                    [loss.value_on_link(&vec![0.5; n], &bad), loss.value_on_outputs(&vec![0.5; n], &bad)]
                {
                    assert!(
                        value.is_nan() && derivative.iter().any(|d| d.is_nan()),
                        "{loss}: NaN in a target"
                    );
                }
            }
        }
    }
}

/// The reference values are computed with 4500 digits; both precisions are tested.
#[test]
fn values_match_the_reference() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/reference/losses.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let names: Vec<_> = cases.iter().map(|case| case["loss"].as_str().unwrap()).collect();
    assert!(REGISTRY.iter().all(|entry| names.contains(&entry.name)), "a loss has no reference values");
    for case in cases {
        check_reference_case::<f64>(case, 2e-15);
        check_reference_case::<f32>(case, 1e-6);
    }
}

fn check_reference_case<T: Scalar>(case: &serde_json::Value, tolerance: f64) {
    let list =
        |v: &serde_json::Value| v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
    let given: Vec<(&str, OptionValue)> = case["options"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| {
            (key.as_str(), value.as_f64().map_or_else(|| list(value).into(), OptionValue::Number))
        })
        .collect();
    let loss = Loss::from_registry(case["loss"].as_str().unwrap(), &given);
    let rounded = |key: &str| list(&case[key]).into_iter().map(T::from_f64).collect::<Vec<_>>();
    let (z, y, t) = (rounded("z"), rounded("y"), rounded("t"));
    let mut scratch = vec![T::ZERO; Loss::scratch_len(z.len(), t.len())];
    for on in ["on_link", "on_outputs"] {
        let (mut value, mut derivative) = ([T::ZERO], vec![T::ZERO; z.len()]);
        match on {
            "on_link" => loss.on_link(&z, &t, &mut value, &mut derivative, &mut scratch),
            _ => loss.on_outputs(&y, &t, &mut value, &mut derivative, &mut scratch),
        }
        let (got, want) = (value[0].to_f64(), case[on]["value"].as_f64().unwrap());
        // The error is relative to the loss, except for Poisson, a difference of two terms.
        let size = if loss.name() == "poisson" { want.abs().max(1.0) * 4.0 } else { want.abs() };
        let smallest = f64::from(f32::MIN_POSITIVE);
        assert!(
            (got - want).abs() <= 4.0 * tolerance * size + smallest,
            "{} {loss} {on}: {got}, expected {want}; {case}",
            T::NAME
        );
        for (got, want) in derivative.iter().zip(list(&case[on]["gradient"])) {
            let got = got.to_f64();
            let allowed = 4.0 * tolerance * want.abs().max(1.0);
            assert!(
                (got - want).abs() <= allowed,
                "{} {loss} {on}: derivative {got}, expected {want}; {case}",
                T::NAME
            );
        }
    }
}

#[test]
fn losses_at_boundary_outputs_are_limits() {
    let bce = Loss::binary_cross_entropy();
    assert_eq!(bce.value_on_outputs(&[0.0, 1.0], &[0.0, 1.0]), (0.0, vec![1.0, -1.0]));
    assert_eq!(bce.value_on_outputs(&[0.0], &[1.0]), (f64::INFINITY, vec![f64::NEG_INFINITY]));
    assert_eq!(bce.value_on_outputs(&[1.0], &[0.0]), (f64::INFINITY, vec![f64::INFINITY]));
    assert_eq!(Loss::cross_entropy().value_on_outputs(&[1.0, 0.0], &[1.0, 0.0]), (0.0, vec![-1.0, 0.0]));
    assert_eq!(Loss::poisson().value_on_outputs(&[0.0], &[0.0]), (0.0, vec![1.0]));
    assert_eq!(Loss::poisson().value_on_link(&[1e4], &[2.0]), (f64::INFINITY, vec![f64::INFINITY]));
}

#[test]
fn display_equality_and_options_distinguish_losses() {
    assert_eq!(Loss::poisson().as_deviance().scaled(2.0).to_string(), "poisson, minus its minimum, times 2");
    assert_ne!(Loss::huber(1.0), Loss::huber(2.0));
    assert_ne!(Loss::huber(1.0), Loss::huber(1.0).scaled(2.0));
    assert_ne!(Loss::poisson(), Loss::poisson().as_deviance());
    for loss in all() {
        assert_eq!(
            Loss::new(loss.name(), &loss.options().iter().map(|(k, v)| (k, v.clone())).collect::<Vec<_>>()),
            Ok(loss.clone())
        );
        assert!(!loss.formula()[0].is_empty() && !loss.formula()[1].is_empty());
    }
}

#[test]
fn invalid_levels_and_targets_are_rejected() {
    let levels =
        |levels: Vec<f64>| Loss::new("quantile", &[("levels", levels.into())]).unwrap_err().to_string();
    assert_eq!(levels(vec![]), "levels of quantile is [], but must be a list of one or more numbers");
    assert_eq!(
        levels(vec![0.5, 1.0]),
        "levels of quantile is [0.5, 1.0], but must be a list, each entry a number between 0 and 1"
    );
    let fault = |loss: Loss, t: &[f64]| (loss.domain().fault)(t);
    assert_eq!(fault(Loss::binary_cross_entropy(), &[0.0, 0.5, 1.0]), None);
    assert_eq!(fault(Loss::binary_cross_entropy(), &[0.0, 1.5]), Some(1));
    assert_eq!(fault(Loss::poisson(), &[0.0, 2.0, 0.5]), None);
    assert_eq!(fault(Loss::poisson(), &[0.0, -1.0]), Some(1));
    for loss in all() {
        assert_eq!(fault(loss.clone(), &[f64::NAN, 1.0]), Some(0), "{loss}");
        assert_eq!(fault(loss.clone(), &[1.0, f64::INFINITY]), Some(1), "{loss}");
    }
}

#[test]
#[should_panic(expected = "does not match the targets of 1 samples")]
fn a_wrong_number_of_outputs_panics() {
    Loss::quantile(&[0.1, 0.9]).value_on_outputs(&[1.0], &[1.0]);
}

#[test]
#[should_panic(expected = "must be finite and above 0, not -1")]
fn a_negative_scale_panics() {
    let _ = Loss::poisson().scaled(-1.0);
}
