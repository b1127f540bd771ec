//! Samples that are written in an experiment.

use std::sync::atomic::AtomicBool;

use chainrule_experiment::{Experiment, Outcome};

/// Opens an experiment with these lines in `[data]` and this loss.
fn open(data: &str, loss: &str, sets: &[&str]) -> Experiment {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("x.toml");
    let text =
        format!("precision = \"f64\"\n[data]\n{data}\n[network]\n[train]\nloss = \"{loss}\"\nepochs = 3\n");
    std::fs::write(&file, text).expect("a file");
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    Experiment::open(&file, &sets).unwrap_or_else(|error| panic!("{error}"))
}

fn train(experiment: &Experiment) -> Outcome {
    let outcomes = experiment.run(&mut (), &AtomicBool::new(false)).unwrap_or_else(|error| panic!("{error}"));
    outcomes.into_iter().next().expect("one network")
}

fn outcome(data: &str, loss: &str) -> Outcome {
    train(&open(data, loss, &[]))
}

#[test]
fn samples_are_used_as_written() {
    let outcome = outcome("x = [[0.05, 0.10]]\nt = [[0.01, 0.99]]", "squared_error");
    let data = &outcome.samples.dataset;
    assert_eq!((data.x(), data.t()), (&[0.05, 0.1][..], &[0.01, 0.99][..]));
    assert_eq!(outcome.samples.inputs, ["x1", "x2"]);
    assert_eq!(outcome.architecture.describe(), "2 -> 2 identity");
    assert_eq!((outcome.samples.classes.len(), outcome.misclassified()), (0, None));
}

#[test]
fn a_list_of_numbers_is_a_single_column() {
    let flat = outcome("x = [1, 2.5]\nt = [0, 1]", "squared_error");
    let rows = outcome("x = [[1], [2.5]]\nt = [[0], [1]]", "squared_error");
    assert_eq!(flat.samples.dataset, rows.samples.dataset);
    assert_eq!(flat.parameters, rows.parameters);
}

#[test]
fn zeros_and_ones_are_classes_under_a_loss_of_classification_only() {
    let classes = |t: &str, loss: &str| outcome(&format!("x = [1, 2]\nt = {t}"), loss).samples.classes;
    assert_eq!(classes("[0, 1]", "binary_cross_entropy"), ["class 0", "class 1"]);
    assert_eq!(classes("[[0, 1, 0], [1, 0, 0]]", "cross_entropy"), ["class 0", "class 1", "class 2"]);
    for (t, loss) in [
        ("[0, 1]", "squared_error"),
        ("[[0, 1, 0], [1, 0, 0]]", "squared_error"),
        ("[0.1, 1]", "binary_cross_entropy"),
        // Several labels of a sample are not exclusive classes.
        ("[[0, 1], [1, 1]]", "binary_cross_entropy"),
    ] {
        assert!(classes(t, loss).is_empty(), "{t}, {loss}");
    }
}

#[test]
fn samples_are_misclassified_only_if_the_targets_are_classes() {
    let misclassified = |t: &str, loss: &str, activation: &str| {
        let activation = format!("network.output.activation={activation}");
        let data = format!("x = [1, 2, 3]\nt = {t}");
        train(&open(&data, loss, &[&activation, "network.output.weight_init=zeros"])).misclassified()
    };
    assert!(misclassified("[0, 1, 0]", "binary_cross_entropy", "logistic").is_some());
    assert!(misclassified("[0, 1, 0]", "squared_error", "logistic").is_some());
    assert_eq!(misclassified("[0.1, 0.9, 0.1]", "squared_error", "logistic"), None);
    assert_eq!(misclassified("[0, 1, 0]", "squared_error", "identity"), None);
}

#[test]
fn samples_can_be_replaced_on_the_command_line() {
    let data = "x = [[1, 2], [3, 4]]\nt = [0, 1]";
    let experiment = open(data, "squared_error", &["data.x=[[5], [6]]", "data.t=[[1, 2], [3, 4]]"]);
    let samples = train(&experiment).samples;
    assert_eq!((samples.dataset.x(), samples.dataset.t()), (&[5.0, 6.0][..], &[1.0, 2.0, 3.0, 4.0][..]));
    // The saved settings contain the samples.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("settings.toml");
    std::fs::write(&file, experiment.variants[0].settings()).expect("a file");
    let again = train(&Experiment::open(&file, &[]).expect("valid settings"));
    assert_eq!(again.samples.dataset, samples.dataset);
    // Elsewhere, another source replaces them.
    let generator = open(data, "binary_cross_entropy", &["data={ generator = \"moons\" }"]);
    assert_eq!(train(&generator).samples.dataset.n_samples(), 300);
}

#[test]
fn rows_of_initial_values_have_the_shape_of_the_weights() {
    let values = |values: &str| {
        let set = format!("network.output.weight_init={{ name = \"values\", values = {values} }}");
        let experiment = open("x = [[1, 2, 3]]\nt = [[0, 1]]", "squared_error", &[&set]);
        experiment.variants[0].prepare().map(|prepared| prepared.start.parameters()[..6].to_vec())
    };
    let weights = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    assert_eq!(values("[[1, 2], [3, 4], [5, 6]]").expect("the shape (3, 2)"), weights);
    assert_eq!(values("[1, 2, 3, 4, 5, 6]").expect("six values"), weights);
    let error = values("[[1, 2, 3], [4, 5, 6]]").expect_err("the shape (2, 3)").to_string();
    assert!(
        error.contains(
            "has the shape (2, 3), but the parameters have the shape (3, 2); give one row per input"
        ),
        "{error}"
    );
}

#[test]
fn held_out_samples_are_split_like_generated_ones() {
    let data = "x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\nt = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    let held_out = open(data, "squared_error", &["train.validation_fraction=0.2"]);
    assert!(train(&held_out).final_loss.1.is_some());
    let one = open("x = [1]\nt = [1]", "squared_error", &["train.validation_fraction=0.2"]);
    let error = one.variants[0].check().expect_err("a single sample cannot be split").to_string();
    assert!(error.contains("train.validation_fraction"), "{error}");
}
