//! Weighted metrics, metrics of each target, the baseline, and permutation importance.

use std::ops::ControlFlow;

use chainrule::metrics::OutputKind;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer};
use chainrule_model::{
    EncodedRows, ImportanceMeasure, Member, Model, Precision, Trained, baseline, evaluate, evaluate_encoded,
    importance, sample_weights,
};
use chainrule_table::{
    Column, ColumnHints, ColumnKinds, EncoderOptions, Encoders, Scaling, Strings, Table, TargetScaling,
    Values,
};

const N: usize = 60;

/// A table with two inputs, two numbers of very different units and two labels.
fn table() -> Table {
    let x = |k: usize| (k * 37 % 60) as f64 / 10.0 - 3.0;
    let z = |k: usize| (k * 23 % 60) as f64 / 10.0 - 3.0;
    let label = |v: f64| if v > 0.0 { "yes" } else { "no" };
    let numbers = |f: &dyn Fn(usize) -> f64| Values::Numbers((0..N).map(f).collect());
    let labels =
        |f: &dyn Fn(usize) -> f64| Values::Strings((0..N).map(|k| Some(label(f(k)))).collect::<Strings>());
    Table::new(vec![
        Column::new("x", numbers(&x)),
        Column::new("z", numbers(&z)),
        Column::new("large", numbers(&|k| 1e6 * x(k))),
        Column::new("small", numbers(&|k| 1e-6 * z(k))),
        Column::new("a", labels(&x)),
        Column::new("b", labels(&|k| z(k) - 1.0)),
        Column::new("w", numbers(&|k| (k % 3) as f64)),
    ])
}

/// Returns a linear model of x and z with these parameters, `W` (2, n_outputs), then `b`.
fn model(targets: &[&str], parameters: &[f64]) -> Model {
    let table = table();
    let targets: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
    let inputs = vec!["x".to_owned(), "z".to_owned()];
    let hints = ColumnHints { targets: targets.clone(), inputs, ..ColumnHints::default() };
    let kinds = ColumnKinds::find(&table, &hints).unwrap();
    let options =
        EncoderOptions { scaling: Scaling::None, target: TargetScaling::None, ..EncoderOptions::default() };
    let rows: Vec<usize> = (0..N).collect();
    let encoders = Encoders::fit(&table, rows[..].into(), &kinds, &targets, None, options).unwrap();
    let (output, loss) = match targets[0].as_str() {
        "a" | "b" => (Activation::logistic(), Loss::binary_cross_entropy()),
        _ => (Activation::identity(), Loss::squared_error()),
    };
    let layer = Layer::new(targets.len(), output);
    let architecture = Architecture::new(2, vec![layer]).unwrap();
    let members = vec![Member { encoders, architecture, parameters: parameters.to_vec() }];
    Model { members, loss, precision: Precision::F64, trained: Trained::default() }
}

#[test]
fn each_of_several_targets_has_its_own_metrics() {
    let model = model(&["large", "small"], &[1e6, 0.0, 0.0, 0.0, 0.0, 1e-6]);
    let metrics = evaluate(&model, &table(), None).unwrap().metrics;
    let names: Vec<&str> = metrics.targets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["large", "small"]);
    let [large, small] = [&metrics.targets[0].1, &metrics.targets[1].1];
    assert_eq!(large[0], ("r2", 1.0));
    assert!(small[0].1 < 0.0 && small[1].0 == "rmse" && (1e-6..1e-5).contains(&small[1].1), "{small:?}");
    for (k, (name, mean)) in metrics.values.iter().enumerate() {
        assert!((mean - f64::midpoint(large[k].1, small[k].1)).abs() < 1e-12, "{name}");
    }
    let labels = self::model(&["a", "b"], &[5.0, 0.0, 0.0, 0.0, -0.01, 0.0]);
    let metrics = evaluate(&labels, &table(), None).unwrap().metrics;
    assert_eq!(metrics.targets[0].1[0], ("accuracy", 1.0));
    assert!(metrics.targets[1].1[0].1 < 0.5, "{metrics:?}");
    let single = self::model(&["large"], &[1e6, 0.0, 0.0]);
    assert_eq!(evaluate(&single, &table(), None).unwrap().metrics.targets, []);
}

#[test]
fn weights_count_like_repeated_rows_and_rows_of_weight_0_nowhere() {
    let mut table = table();
    let weight = sample_weights(&table, "w").unwrap();
    // The rows of weight 0 are wrong.
    let Values::Numbers(large) = &mut table.columns[2].values else { panic!("numbers") };
    large.iter_mut().zip(&weight).filter(|(_, w)| **w == 0.0).for_each(|(t, _)| *t = -1e12);
    let rows: Vec<usize> = (0..N).flat_map(|i| vec![i; weight[i] as usize]).collect();
    let repeated = table.subset(&rows);
    let model = model(&["large"], &[9e5, 1e5, 10.0]);
    let weighted = evaluate(&model, &table, Some(&weight)).unwrap().metrics;
    let expected = evaluate(&model, &repeated, None).unwrap().metrics;
    let agree = |a: &[(&str, f64)], b: &[(&str, f64)]| {
        a.iter().zip(b).all(|(a, b)| (a.1 - b.1).abs() <= 1e-10 * b.1.abs())
    };
    assert!(agree(&weighted.values, &expected.values), "{weighted:?} {expected:?}");
    assert!(weighted.for_comparison(OutputKind::Real).1 > 0.9);

    let encoders = &model.members[0].encoders;
    let (x, t) = (encoders.encode(&table).0, encoders.target.encode(&table).unwrap());
    let encoded = EncodedRows { x: &x, t: &t, weight: Some(&weight) };
    assert_eq!(evaluate_encoded(&model, encoded), weighted);
    let (x, t) = (encoders.encode(&repeated).0, encoders.target.encode(&repeated).unwrap());
    let repeated_rows = EncodedRows { x: &x, t: &t, weight: None };
    let [got, expected] =
        [encoded, repeated_rows].map(|rows| baseline(&model, rows, rows).values[1..].to_vec());
    assert!(agree(&got, &expected), "{got:?} {expected:?}");

    let all: Vec<usize> = (0..N).collect();
    let of =
        |weight| importance(&model, &table, &all, weight, 0, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(of(Some(&weight)).columns[0].increase.0 > 1e5);
    let ones = vec![1.0; N];
    assert_eq!(of(Some(&ones)), of(None));
    assert!(of(Some(&[0.0; N])).columns.is_empty());
}

#[test]
fn invalid_weights_are_refused() {
    let mut table = table();
    let refused = |table: &Table, name| sample_weights(table, name).unwrap_err().to_string();
    assert!(refused(&table, "v").contains("there is no column"), "{}", refused(&table, "v"));
    assert!(refused(&table, "a").contains("column \"a\""), "{}", refused(&table, "a"));
    let Values::Numbers(values) = &mut table.columns[6].values else { panic!("numbers") };
    values[4] = -1.0;
    assert_eq!(
        refused(&table, "w"),
        "row 5, column \"w\": the weight is -1, but must be a number of at least 0"
    );
}

#[test]
fn importance_is_the_increase_in_the_error() {
    let all: Vec<usize> = (0..N).collect();
    let of = |model: &Model| {
        importance(model, &table(), &all, None, 0, &mut |_, _| ControlFlow::Continue(())).unwrap()
    };
    // The predicted class is always the same, so accuracy could not change.
    let rare = of(&model(&["a"], &[1.0, 0.0, -10.0]));
    assert_eq!(rare.measure, ImportanceMeasure::LogLoss);
    assert!(rare.columns[0].column == "x" && rare.columns[0].increase.0 > 0.1, "{rare:?}");
    assert_eq!(rare.columns[1].increase, (0.0, 0.0));
    let single = of(&model(&["large"], &[1e6, 0.0, 0.0]));
    assert_eq!(single.measure, ImportanceMeasure::Rmse);
    assert!((1e6..4e6).contains(&single.columns[0].increase.0), "{single:?}");
    // Both columns matter equally, although the units of the targets differ.
    let several = of(&model(&["large", "small"], &[1e6, 0.0, 0.0, 1e-6, 0.0, 0.0]));
    assert_eq!(several.measure, ImportanceMeasure::StandardisedRmse);
    assert!(several.columns.iter().all(|c| (0.5..1.0).contains(&c.increase.0)), "{several:?}");
}
