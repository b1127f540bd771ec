//! Dataset generators, compared with NumPy (`reference/make_datasets.py`), and their common
//! properties.

use chainrule::datasets::{Generated, Generator, REGISTRY};
use chainrule::random::RandomState;
use serde_json::Value;

/// Datasets without sines and cosines, which are bit-identical to NumPy.
const EXACT: [&str; 4] = ["rbf_line", "straight_lines", "two_gaussians", "xor"];

#[test]
fn datasets_agree_with_numpy() {
    let reference: Value = serde_json::from_str(include_str!("reference/datasets.json")).unwrap();
    let cases = reference["cases"].as_array().unwrap();
    for entry in REGISTRY {
        assert!(cases.iter().any(|case| case["name"] == entry.name), "{} has no reference", entry.name);
    }
    for case in cases {
        check(case);
    }
}

fn check(case: &Value) {
    let generator = generator(case);
    let mut random = RandomState::new(case["seed"].as_u64().unwrap() as u32);
    let generated = generator.generate(&mut random);
    let n_classes = generated.class_names.len();
    let data = generated.into_dataset();
    assert_eq!(data.n_samples() as u64, case["n_samples"].as_u64().unwrap(), "{generator}");
    let tolerance = if EXACT.contains(&generator.name()) { 0.0 } else { 1e-15 };
    let rows = (0..data.n_samples()).step_by(case["every"].as_u64().unwrap() as usize);
    let (expected_x, expected_classes) = (case["x"].as_array().unwrap(), case["classes"].as_array().unwrap());
    assert_eq!(rows.len(), expected_x.len(), "{generator}");
    for ((i, expected), class) in rows.zip(expected_x).zip(expected_classes) {
        let (x, t) = data.sample(i);
        for (&v, expected) in x.iter().zip(expected.as_array().unwrap()) {
            let expected = expected.as_f64().unwrap();
            let error = (v - expected).abs();
            assert!(
                error <= tolerance * expected.abs().max(1.0),
                "{generator}, row {i}: {v}, expected {expected}"
            );
        }
        let class = class.as_u64().unwrap() as usize;
        let one_hot = |k| f64::from(u8::from(k == class));
        let expected_t =
            if n_classes == 2 { vec![class as f64] } else { (0..n_classes).map(one_hot).collect() };
        assert_eq!(t, expected_t, "{generator}, row {i}");
    }
    assert_eq!(
        random.random_sample(),
        case["next"].as_f64().unwrap(),
        "{generator}: the next number of the stream"
    );
}

fn generator(case: &Value) -> Generator {
    let options = case["options"].as_object().unwrap().iter().map(|(key, value)| {
        let value = value
            .as_f64()
            .map_or_else(|| value.as_str().unwrap().into(), chainrule::registry::OptionValue::from);
        (key.as_str(), value)
    });
    Generator::new(case["name"].as_str().unwrap(), &options.collect::<Vec<_>>()).unwrap()
}

#[test]
fn datasets_have_valid_targets_and_the_requested_size() {
    for entry in REGISTRY {
        let generated = Generator::new(entry.name, &[]).unwrap().generate(&mut RandomState::new(1));
        let n_classes = generated.class_names.len();
        assert_eq!(generated.n_targets, if n_classes == 2 { 1 } else { n_classes }, "{}", entry.name);
        assert!(generated.t.iter().all(|&t| t == 0.0 || t == 1.0), "{}", entry.name);
        let counts = counts(&generated);
        assert!(counts.iter().all(|&n| n > 0), "{}: {counts:?}", entry.name);
        if let Some(option) = entry.options.iter().find(|option| option.name == "n_samples") {
            let odd = Generator::new(entry.name, &[(option.name, 101.0.into())]).unwrap();
            assert_eq!(
                odd.generate(&mut RandomState::new(1)).into_dataset().n_samples(),
                101,
                "{}",
                entry.name
            );
        }
    }
}

/// Returns the number of samples of each class.
fn counts(generated: &Generated) -> Vec<usize> {
    let mut counts = vec![0; generated.class_names.len()];
    for t in generated.t.chunks_exact(generated.n_targets) {
        let class = if t.len() == 1 { t[0] as usize } else { t.iter().position(|&t| t == 1.0).unwrap() };
        counts[class] += 1;
    }
    counts
}

#[test]
fn datasets_with_a_sample_count_support_a_single_sample() {
    for entry in REGISTRY.iter().filter(|entry| entry.options.iter().any(|option| option.name == "n_samples"))
    {
        let one = Generator::new(entry.name, &[("n_samples", 1.0.into())]).unwrap();
        assert_eq!(one.generate(&mut RandomState::new(1)).into_dataset().n_samples(), 1, "{}", entry.name);
    }
}

#[test]
fn options_out_of_range_are_rejected() {
    let error =
        |name, option, value: f64| Generator::new(name, &[(option, value.into())]).unwrap_err().to_string();
    insta::assert_snapshot!(error("moons", "n_samples", 0.0), @"n_samples of moons is 0, but must be a whole number from 1 to 10000000");
    insta::assert_snapshot!(error("blobs", "n_classes", 1.0), @"n_classes of blobs is 1, but must be a whole number from 2 to 100");
    insta::assert_snapshot!(error("spiral", "noise", f64::NAN), @"noise of spiral is NaN, but must be a number from 0 to 1000");
    insta::assert_snapshot!(error("spirl", "noise", 0.0), @r#"there is no dataset called "spirl" (did you mean "spiral"?); choose one of: three_rings, circle, xor, moons, spiral, blobs, two_gaussians, rbf_line, sine_curves, straight_lines"#);
}
