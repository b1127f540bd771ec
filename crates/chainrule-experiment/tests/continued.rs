//! Models opened as experiments, whose training continues.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use chainrule_experiment::{Experiment, FitOptions, ModelRows, Outcome, Variant, fit};
use chainrule_model::Model;

/// Writes a table of 90 rows in which groups of three share a `place`, and three rows have no target.
fn table(folder: &Path) -> PathBuf {
    let mut text = "x,place,day,w,class\n".to_owned();
    for i in 0..90 {
        let x = i * 37 % 97;
        let class = ["yes", "no", ""][if i % 31 == 5 { 2 } else { usize::from(x < 40) }];
        writeln!(text, "{x}.5,p{},2024-01-{:02},{}.5,{class}", i / 3, 1 + i % 28, i % 4).expect("a string");
    }
    let path = folder.join("t.csv");
    std::fs::write(&path, text).expect("a file in a temporary folder");
    path
}

fn fitted(table: &Path, folds: Option<usize>, sets: &[&str]) -> Model {
    let options = FitOptions {
        target: vec!["class".to_owned()],
        hidden: Some(vec![6]),
        epochs: Some(15),
        seed: Some(3),
        folds,
        sets: sets.iter().map(|&set| set.to_owned()).collect(),
        ..FitOptions::default()
    };
    fit(table, &options, &mut (), &AtomicBool::new(false)).expect("a fit").model
}

fn opened(model: &Model, data: Option<&Path>) -> Variant {
    let opened = Experiment::of_model(model, Path::new("m.safetensors"), data, ModelRows::AsTrained)
        .expect("an experiment");
    opened.experiment.variants.into_iter().next().expect("a variant")
}

/// Returns the outcome of the model's network without further training.
fn initial(model: &Model, data: Option<&Path>) -> Outcome {
    let history = Experiment::of_model(model, Path::new("m.safetensors"), data, ModelRows::AsTrained)
        .expect("an experiment")
        .history;
    opened(model, data).initial_outcome(history).expect("an outcome")
}

#[test]
fn training_continues_on_the_rows_of_the_first_training() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let table = table(folder.path());
    let cases: &[(Option<usize>, &[&str])] = &[
        (None, &[]),
        (None, &["data.split=random"]),
        (None, &["data.group=place"]),
        (None, &["data.time=day"]),
        (None, &["data.weight=w", "data.class_weight=balanced"]),
        (Some(3), &[]),
        (None, &["train.stopping.monitor=accuracy", "train.metrics=accuracy"]),
        (None, &["train.schedule=adaptive"]),
    ];
    for (folds, sets) in cases {
        let model = fitted(&table, *folds, sets);
        let outcome = initial(&model, None);
        assert_eq!(outcome.samples.fingerprint(), model.trained.fingerprint, "{sets:?}");
        let from = outcome.samples.from_table.as_ref().expect("a table");
        assert_eq!([from.rows[0].len(), from.rows[1].len()], model.trained.rows, "{sets:?}");
        let validation = from.validation.as_ref().expect("held-out rows");
        assert_eq!(validation.n_samples(), from.rows[1].len());
        // The weights are those of the best epoch.
        let (_, validation_loss) = outcome.final_loss;
        let losses = model.trained.history.iter().filter_map(|epoch| epoch.validation_loss);
        let best = losses.fold(f64::INFINITY, f64::min);
        if sets.is_empty() && folds.is_none() {
            let found = validation_loss.expect("a validation loss");
            assert!((found - best).abs() <= 1e-6 * best, "{found} {best}");
        }
        let mut training = opened(&model, None).training().expect("a training");
        training.run(()).expect("no divergence");
        assert!(training.history().epochs.iter().all(|epoch| epoch.validation_loss.is_some()), "{sets:?}");
    }
}

#[test]
fn no_rows_of_another_table_are_held_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = table(folder.path());
    for set in ["train.stopping.patience=5", "train.schedule=adaptive"] {
        let model = fitted(&path, None, &[set]);
        let other = folder.path().join("other.csv");
        std::fs::write(&other, "class,x,place,day,w\nyes,4,p1,2024-02-01,1\nno,70,p1,2024-02-02,1\n")
            .expect("a file");
        let changed = folder.path().join("changed.csv");
        let text = std::fs::read_to_string(&path).expect("a file");
        let with_targets = text.lines().filter(|line| !line.ends_with(','));
        let reversed = with_targets.map(|line| line.replace("no", "yes") + "\n").collect::<String>();
        std::fs::write(&changed, reversed).expect("a file");
        let mut moved = model.clone();
        moved.trained.data = changed.clone();
        for (model, data, n) in [(&model, Some(&other), 2), (&moved, None, 87)] {
            let variant = opened(model, data.map(PathBuf::as_path));
            let samples = variant.prepare().expect("samples").samples;
            let from = samples.from_table.as_ref().expect("a table");
            assert_eq!((from.rows[0].len(), from.validation.is_none()), (n, true));
            let text = "all rows are used for training, and none are held out for validation";
            assert_eq!(from.remarks[0].text, text);
            let mut training = variant.training().expect("early stopping monitors the training loss");
            training.run(()).expect("no divergence");
            assert_eq!(training.history().epochs[0].validation_loss, None);
        }
    }
}

#[test]
fn dropout_and_frozen_weights_apply_when_training_continues() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = table(folder.path());
    let hidden = |keys: &str| format!("network.hidden=[{{ units = 6, activation = \"tanh\", {keys} }}]");
    let model = fitted(&path, None, &[&hidden("dropout = 0.5, weights = \"frozen\"")]);
    let variant = opened(&model, None);
    let mut with_dropout = variant.training().expect("a training");
    let architecture = with_dropout.architecture().clone();
    let (weights, bias) = (architecture.blocks()[0].clone(), architecture.blocks()[1].clone());
    with_dropout.step().expect("a step");
    let (before, after) = (&model.members[0].parameters, with_dropout.parameters());
    assert_eq!(after[weights.range.clone()], before[weights.range], "frozen");
    assert_ne!(after[bias.range.clone()], before[bias.range], "trained");

    let mut model = model;
    model.trained.settings = model.trained.settings.replace("dropout = 0.5", "dropout = 0.0");
    let mut without = opened(&model, None).training().expect("a training");
    without.step().expect("a step");
    assert_ne!(after, without.parameters());
}
