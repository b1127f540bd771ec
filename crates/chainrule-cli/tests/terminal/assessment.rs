//! The assessment of a fitted model: the linear model, sample weights, permutation importance, and metrics of each target.

use serde_json::Value;

use crate::session::Session;

/// Uniform pseudo-random numbers from -1 to 1, different for each `stream`.
fn random(stream: u64, i: usize) -> f64 {
    let mut z = (stream << 32 | i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

fn rows(n: usize, row: impl Fn(usize) -> String) -> String {
    (0..n).map(|i| row(i) + "\n").collect()
}

fn text(session: &Session, arguments: &[&str]) -> String {
    let (out, err, code) = session.run(arguments);
    assert_eq!(code, 0, "{arguments:?}: {err}");
    out
}

fn json(session: &Session, arguments: &[&str]) -> Value {
    let out = text(session, &[arguments, &["--json"]].concat());
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

#[test]
fn the_linear_model_is_the_optimum() {
    let session = Session::new();
    session.write("ten.csv", format!("x,y\n{}", rows(10, |i| format!("{i}.5,{}", 3.0 * i as f64 + 2.5))));
    let collinear = |i| {
        let (a, b) = (random(1, i), random(2, i));
        format!("{a:.5},{:.5},{:.5}", a + 0.01 * b, 100.0 * 0.01 * b + 3.0)
    };
    session.write("collinear.csv", format!("x1,x2,y\n{}", rows(300, collinear)));
    for table in ["ten.csv", "collinear.csv"] {
        let fit = ["fit", table, "--target", "y", "--task", "regression", "--epochs", "3", "--force"];
        let found = json(&session, &fit);
        let r2 = number(&found["metrics"]["linear_model"]["r2"]);
        assert!(r2 > 0.9999, "{table}: {found}");
        assert_eq!(found["linear_model_is_better"], true, "{found}");
        let out = text(&session, &fit);
        let sentence = "The linear model is better than the network on the validation rows; try --hidden none, or more data.";
        assert!(out.contains(sentence), "{out}");
    }
    // A network without hidden layers is a linear model itself.
    let linear = [
        "fit",
        "ten.csv",
        "--target",
        "y",
        "--task",
        "regression",
        "--hidden",
        "none",
        "--epochs",
        "3",
        "--force",
    ];
    assert_eq!(json(&session, &linear)["linear_model_is_better"], false);
}

#[test]
fn rows_of_weight_0_count_nowhere() {
    let session = Session::new();
    // A quarter of the rows has the opposite sign, and no weight.
    let row = |i: usize| {
        let (x, sign) = (2.0 * random(1, i), if i.is_multiple_of(4) { -1.0 } else { 1.0 });
        format!("{x:.4},{:.4},{}", sign * 2.0 * x, u8::from(sign > 0.0))
    };
    session.write("t.csv", format!("x,y,w\n{}", rows(240, row)));
    let fit = ["fit", "t.csv", "--target", "y", "--weight", "w", "--test", "t.csv", "--force"];
    let found = json(&session, &fit);
    let r2 = |set: &str| number(&found["metrics"][set]["r2"]);
    assert!(["train", "validation", "test", "linear_model"].iter().all(|set| r2(set) > 0.99), "{found}");
    assert!(number(&found["permutation_importance"][0]["mean"]) > 2.0, "{found}");
    let folds = json(&session, &[&fit[..], &["--folds", "3"]].concat());
    assert!(number(&folds["metrics"]["folds"]["r2"]["mean"]) > 0.99, "{folds}");
    assert!(number(&folds["metrics"]["test"]["r2"]) > 0.99, "{folds}");
    let evaluate = ["evaluate", "t.safetensors", "t.csv"];
    let weighted = json(&session, &[&evaluate[..], &["--weight", "w"]].concat());
    assert!(number(&weighted["metrics"]["r2"]) > 0.99, "{weighted}");
    assert!(number(&json(&session, &evaluate)["metrics"]["r2"]) < 0.5);
    let (_, err, code) = session.run(&[&evaluate[..], &["--weight", "v"]].concat());
    assert_eq!(code, 2);
    assert!(err.contains("t.csv: there is no column \"v\""), "{err}");
    session.write("unweighted.csv", "x,y\n1,2\n2,4\n");
    let (_, err, code) = session.run(&[
        "fit",
        "t.csv",
        "--target",
        "y",
        "--weight",
        "w",
        "--test",
        "unweighted.csv",
        "--force",
    ]);
    assert_eq!(code, 2);
    assert!(err.contains("unweighted.csv: there is no column \"w\""), "{err}");
}

#[test]
fn the_baseline_is_weighted() {
    let session = Session::new();
    // Two of three rows are of class a, but b has five times the weight.
    let row = |i: usize| format!("{:.4},{},{}", random(1, i), ["a", "a", "b"][i % 3], [1, 1, 5][i % 3]);
    session.write("t.csv", format!("x,class,w\n{}", rows(300, row)));
    let found = json(&session, &["fit", "t.csv", "--target", "class", "--weight", "w", "--epochs", "2"]);
    let accuracy = number(&found["metrics"]["baseline"]["accuracy"]);
    assert!((accuracy - 5.0 / 7.0).abs() < 0.01, "{found}");
    // Class weights change the training, not the metrics.
    let balanced =
        ["fit", "t.csv", "--target", "class", "--class-weight", "balanced", "--epochs", "2", "--force"];
    let accuracy = number(&json(&session, &balanced)["metrics"]["baseline"]["accuracy"]);
    assert!((accuracy - 2.0 / 3.0).abs() < 0.01, "{accuracy}");
}

#[test]
fn importance_is_the_increase_in_the_error() {
    let session = Session::new();
    // Five percent of the rows are of class 1, and most of them are predicted as class 0.
    let row = |i: usize| {
        let (a, b) = (random(1, i) + random(2, i), random(3, i));
        format!("{a:.4},{b:.4},{}", u8::from(a + random(4, i) > 1.8))
    };
    session.write("rare.csv", format!("a,b,rare\n{}", rows(1000, row)));
    let fit = ["fit", "rare.csv", "--target", "rare", "--epochs", "20", "--force"];
    let out = text(&session, &fit);
    assert!(out.contains("permutation importance (increase in log loss)"), "{out}");
    let found = json(&session, &fit);
    assert_eq!(found["permutation_importance_measure"], "log_loss");
    assert_eq!(found["permutation_importance"][0]["column"], "a", "{found}");
    assert!(number(&found["permutation_importance"][0]["mean"]) > 0.02, "{found}");
}

#[test]
fn each_of_several_targets_has_a_line() {
    let session = Session::new();
    let row = |i: usize| {
        let (x, noise) = (2.0 * random(1, i), random(2, i));
        format!(
            "{x:.4},{:.3},{:.12},{},{}",
            5e6 + 1e6 * x,
            1e-6 * (2.0 - x + noise),
            ["no", "yes"][usize::from(x > 0.0)],
            i % 2
        )
    };
    session.write("t.csv", format!("x,large,small,a,b\n{}", rows(200, row)));
    let fit = [
        "fit", "t.csv", "--target", "large", "--target", "small", "--ignore", "a,b", "--seed", "1", "--force",
    ];
    let out = text(&session, &fit);
    let at = out.find(" target (validation rows) ┆").unwrap_or_else(|| panic!("{out}"));
    let table = &out[at..];
    let lines: Vec<&str> = table.lines().take(4).collect();
    let cells = |line: &str| line.split('┆').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(cells(lines[0]), ["target (validation rows)", "r2", "rmse", "mae"]);
    assert_eq!([&cells(lines[2])[0], &cells(lines[3])[0]], ["large", "small"]);
    assert!(cells(lines[3])[2].ends_with("e-7"), "{table}");
    assert!(out.contains("permutation importance (increase in RMSE of standardised targets)"), "{out}");
    let found = json(&session, &fit);
    let small = number(&found["target_metrics"]["validation"]["small"]["rmse"]);
    assert!((1e-8..1e-5).contains(&small), "{found}");
    assert!(number(&found["target_metrics"]["linear_model"]["large"]["r2"]) > 0.9999, "{found}");

    let evaluate = ["evaluate", "t.safetensors", "t.csv"];
    let out = text(&session, &evaluate);
    assert!(out.contains("\n target ┆ "), "{out}");
    let found = json(&session, &evaluate);
    assert!(number(&found["target_metrics"]["large"]["rmse"]) > 1.0, "{found}");

    let folds = json(&session, &[&fit[..], &["--folds", "3", "--epochs", "3"]].concat());
    assert!(folds["target_metrics"]["folds"]["small"]["r2"]["std"].is_f64(), "{folds}");
    let out = text(&session, &[&fit[..], &["--folds", "3", "--epochs", "3"]].concat());
    assert!(out.contains(" target (mean over folds) ┆"), "{out}");

    let labels = [
        "fit",
        "t.csv",
        "--target",
        "a",
        "--target",
        "b",
        "--ignore",
        "large,small",
        "--epochs",
        "9",
        "--force",
    ];
    let out = text(&session, &labels);
    assert!(out.contains(" target (validation rows) ┆ accuracy"), "{out}");
    let found = json(&session, &labels);
    let accuracy = |label: &str| number(&found["target_metrics"]["validation"][label]["accuracy"]);
    assert!(accuracy("a") > 0.9 && accuracy("b") < 0.8, "{found}");

    let single = json(&session, &["fit", "t.csv", "--target", "large", "--epochs", "2", "--force"]);
    assert_eq!(single["target_metrics"], serde_json::json!({}));
}
