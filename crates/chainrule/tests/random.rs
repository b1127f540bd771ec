//! `RandomState`, compared bit for bit with NumPy (`reference/make_random.py`).

use chainrule::random::{GeneratorState, RandomState};
use serde_json::Value;

#[test]
fn draws_and_states_are_identical_to_numpy() {
    let reference: Value = serde_json::from_str(include_str!("reference/random.json")).unwrap();
    let cases = reference["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let mut random = RandomState::new(case["seed"].as_u64().unwrap() as u32);
        for call in case["calls"].as_array().unwrap() {
            check(&mut random, call);
        }
        assert_eq!(random.state(), state(&case["state"]), "the state after seed {}", case["seed"]);
    }
}

#[test]
fn a_restored_state_resumes_the_stream() {
    let reference: Value = serde_json::from_str(include_str!("reference/random.json")).unwrap();
    let case = &reference["cases"][0];
    let mut random = RandomState::new(case["seed"].as_u64().unwrap() as u32);
    for call in case["calls"].as_array().unwrap() {
        random = RandomState::from_state(random.state()).unwrap();
        check(&mut random, call);
    }
}

/// Performs one call and compares the returned values.
fn check(random: &mut RandomState, call: &Value) {
    let n = call["n"].as_u64().unwrap() as usize;
    let every = call["every"].as_u64().unwrap() as usize;
    let float = |i: usize| call["arguments"][i].as_f64().unwrap();
    let integer = |i: usize| call["arguments"][i].as_i64().unwrap();
    let expected = call["values"].as_array().unwrap();
    let floats = |draw: &mut dyn FnMut() -> f64| {
        let drawn: Vec<u64> = (0..n).map(|_| draw().to_bits()).step_by(every).collect();
        let expected: Vec<u64> = expected.iter().map(|v| v.as_f64().unwrap().to_bits()).collect();
        assert_eq!(drawn, expected, "{} {}", call["call"], call["arguments"]);
    };
    let integers = |drawn: Vec<i64>| {
        let expected: Vec<i64> = expected.iter().map(|v| v.as_i64().unwrap()).collect();
        assert_eq!(drawn.into_iter().step_by(every).collect::<Vec<_>>(), expected, "{}", call["call"]);
    };
    match call["call"].as_str().unwrap() {
        "random_sample" => floats(&mut || random.random_sample()),
        "uniform" => floats(&mut || random.uniform(float(0), float(1))),
        "standard_normal" => floats(&mut || random.standard_normal()),
        "normal" => floats(&mut || random.normal(float(0), float(1))),
        "randint" => integers((0..n).map(|_| random.randint(integer(0), integer(1))).collect()),
        "permutation" => integers(random.permutation(n).into_iter().map(|i| i as i64).collect()),
        "shuffle" => {
            let mut items: Vec<i64> = (0..n as i64).collect();
            random.shuffle(&mut items);
            integers(items);
        }
        other => panic!("unknown call in the reference: {other}"),
    }
}

fn state(value: &Value) -> GeneratorState {
    let words = value["key"].as_array().unwrap().iter().map(|word| word.as_u64().unwrap() as u32);
    GeneratorState {
        key: words.collect::<Vec<_>>().try_into().unwrap(),
        pos: value["pos"].as_u64().unwrap() as usize,
        has_gauss: value["has_gauss"].as_bool().unwrap(),
        cached_gaussian: value["cached_gaussian"].as_f64().unwrap(),
    }
}
