//! The schedules, held to those of PyTorch and scikit-learn.
//!
//! `reference/make_schedules.py` made the numbers.

use chainrule::registry::OptionValue;
use chainrule::train::schedule::{REGISTRY, Schedule, ScheduleState};
use serde_json::Value as Json;

#[test]
fn the_curves_are_those_of_pytorch_and_scikit_learn() {
    let reference = reference();
    let cases = reference["curves"].as_array().unwrap();
    for case in cases {
        let schedule = schedule(case["schedule"].as_str().unwrap(), case);
        let total = case["total"].as_u64().unwrap();
        for (tick, expected) in case["ticks"].as_array().unwrap().iter().zip(numbers(&case["factors"])) {
            let now = tick.as_u64().unwrap();
            let factor = schedule.factor(now, total, &ScheduleState::default());
            assert_close(factor, expected, &format!("{schedule} at {now} of {total}"));
        }
    }
    for entry in REGISTRY.iter().filter(|entry| !["constant", "reduce_on_plateau"].contains(&entry.name)) {
        assert!(cases.iter().any(|case| case["schedule"] == entry.name), "no case for {}", entry.name);
    }
}

#[test]
fn the_plateaus_are_those_of_pytorch_and_scikit_learn() {
    let reference = reference();
    let cases = reference["plateau"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let schedule = schedule("reduce_on_plateau", case);
        let mut state = ScheduleState::default();
        let (losses, factors) = (numbers(&case["losses"]), numbers(&case["factors"]));
        assert!(factors.last().unwrap() < &0.2, "a case in which nothing happens");
        for (epoch, (loss, expected)) in losses.into_iter().zip(factors).enumerate() {
            schedule.observe(&mut state, loss);
            let factor = schedule.factor(epoch as u64 + 1, 0, &state);
            assert_close(factor, expected, &format!("{schedule} after epoch {epoch}"));
        }
    }
}

fn reference() -> Json {
    serde_json::from_str(include_str!("reference/schedules.json")).unwrap()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn schedule(name: &str, case: &Json) -> Schedule {
    let value =
        |v: &Json| v.as_str().map_or_else(|| OptionValue::Number(v.as_f64().unwrap()), OptionValue::from);
    let given: Vec<(&str, OptionValue)> =
        case["options"].as_object().unwrap().iter().map(|(key, v)| (key.as_str(), value(v))).collect();
    Schedule::new(name, &given).unwrap()
}

/// PyTorch multiplies its way from tick to tick, and so its own rounding grows with the number of ticks.
fn assert_close(got: f64, expected: f64, what: &str) {
    assert!((got - expected).abs() <= 1e-12 * expected.abs() + 1e-15, "{what}: {got}, not {expected}");
}
