//! Fits as library calls: tables in files and in memory, options, test tables, folds, progress,
//! cancellation, checkpoints, and the result as JSON.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule::train::{Ending, Epoch};
use chainrule_experiment::{
    AssessmentStep, CheckpointInterval, Error, FitOptions, FitProgress, Fitted, OpenedFit, Progress, Scores,
    TableProgress, TableSource, fit,
};
use chainrule_table::{Column, ReadOptions, Table, Values, read};
use serde_json::Value;

/// A folder with a table of 120 rows whose class depends on `x` and `colour`.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let row = |i: usize| {
        let (x, colour) = (i * 37 % 97, ["red", "green", "blue"][i % 3]);
        let class = if x > 50 || colour == "red" { "yes" } else { "no" };
        format!("{}.5,{colour},{},{class}\n", x, i * 53 % 17)
    };
    let text = format!("x,colour,noise,class\n{}", (0..120).map(row).collect::<String>());
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).expect("a file in a temporary folder");
    (folder, path)
}

fn in_memory(path: &Path) -> Table {
    read(path, &ReadOptions::default(), &mut |_, _| ()).expect("a table")
}

fn options() -> FitOptions {
    let target = vec!["class".to_owned()];
    FitOptions { target, hidden: Some(vec![8]), epochs: Some(12), seed: Some(3), ..FitOptions::default() }
}

fn fitted(table: impl Into<TableSource>, options: &FitOptions) -> Fitted {
    fit(table, options, &mut (), &AtomicBool::new(false)).expect("a fit")
}

fn message(table: impl Into<TableSource>, options: &FitOptions) -> String {
    fit(table, options, &mut (), &AtomicBool::new(false)).expect_err("an error").to_string()
}

fn json(fitted: &Fitted) -> Value {
    let text = serde_json::to_string(fitted).expect("JSON");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_file_and_the_same_table_in_memory_give_the_same_model() {
    let (_folder, path) = folder();
    let (file, memory) = (fitted(&*path, &options()), fitted(in_memory(&path), &options()));
    assert_eq!(file.model.members, memory.model.members);
    assert_eq!(file.scores, memory.scores);
    assert_eq!(file.importance, memory.importance);
    assert_eq!(file.model.trained.fingerprint, memory.model.trained.fingerprint);
    assert_eq!(file.model.trained.settings, memory.model.trained.settings);
    // Without a path, the settings name no file.
    let columns = in_memory(&path).columns;
    let nameless = fitted(Table::new(columns), &options());
    assert_eq!(file.model.members, nameless.model.members);
    assert!(nameless.model.trained.settings.contains("table = \"(memory)\""));
    let other = fitted(in_memory(&path), &FitOptions { seed: Some(4), ..options() });
    assert_ne!(file.model.members, other.model.members);
}

#[test]
fn options_are_settings() {
    let (_folder, path) = folder();
    let sets = ["data.target=class", "network.hidden=[8]", "train.epochs=12", "data.seed=3"];
    let sets: Vec<String> = sets.map(str::to_owned).to_vec();
    let by_key = fitted(&*path, &FitOptions { sets, ..FitOptions::default() });
    assert_eq!(by_key.model.members, fitted(&*path, &options()).model.members);
    let overridden = FitOptions { sets: vec!["network.hidden=[5, 4]".to_owned()], ..options() };
    let network = fitted(&*path, &overridden).summary().network;
    assert!(network.contains(" -> 5 silu -> 4 silu -> "), "{network}");
}

#[test]
fn a_fold_has_its_own_network_and_the_test_table_is_evaluated() {
    let (folder, path) = folder();
    let rows: Vec<usize> = (0..40).collect();
    let test = in_memory(&path).subset(&rows);
    let file = folder.path().join("test.csv");
    let lines = std::fs::read_to_string(&path).expect("the table");
    std::fs::write(&file, lines.lines().take(41).collect::<Vec<_>>().join("\n")).expect("a file");
    for folds in [None, Some(3)] {
        let options = FitOptions { folds, test: Some(test.clone().into()), ..options() };
        let memory = fitted(&*path, &options);
        let by_file = fitted(&*path, &FitOptions { test: Some(file.clone().into()), ..options });
        assert_eq!(memory.scores, by_file.scores);
        assert_eq!(memory.importance, by_file.importance);
        assert_eq!(memory.model.members.len(), folds.unwrap_or(1));
        assert_eq!(memory.outcomes.len(), folds.unwrap_or(1));
        let found = json(&memory);
        assert!(found["metrics"]["test"]["accuracy"].is_f64(), "{found}");
        assert_eq!(found["trainings"].as_array().map(Vec::len), Some(folds.unwrap_or(1)));
        match (&memory.scores, folds) {
            (Scores::Single { sets, others, .. }, None) => {
                assert_eq!(
                    sets.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
                    ["train", "validation", "test"]
                );
                assert_eq!(others.len(), 2);
            }
            (Scores::Folds { metrics, test, each }, Some(n_folds)) => {
                assert!(test.is_some());
                let mean = each.iter().map(|fold| fold.values[0].1).sum::<f64>() / n_folds as f64;
                assert!((mean - metrics.values[0].mean).abs() < 1e-12);
                let accuracy =
                    metrics.values.iter().find(|spread| spread.metric == "accuracy").expect("accuracy");
                assert_eq!(found["metrics"]["folds"]["accuracy"]["mean"].as_f64(), Some(accuracy.mean));
                assert_eq!(found["metrics"]["folds"]["accuracy"]["std"].as_f64(), Some(accuracy.deviation));
            }
            (scores, _) => panic!("{scores:?}"),
        }
    }
}

#[test]
fn the_result_as_json_has_what_the_result_has() {
    let (_folder, path) = folder();
    let fitted = fitted(&*path, &FitOptions { epochs: Some(150), ..options() });
    let found = json(&fitted);
    let keys: Vec<&str> = found.as_object().expect("an object").keys().map(String::as_str).collect();
    let expected = [
        "table",
        "rows",
        "target",
        "inputs",
        "ignored",
        "remarks",
        "network",
        "n_parameters",
        "trainings",
        "seconds",
        "metrics",
        "target_metrics",
        "classes",
        "linear_model_is_better",
        "permutation_importance",
        "permutation_importance_measure",
        "warnings",
    ];
    assert_eq!(keys, expected);
    let Scores::Single { sets, others, .. } = &fitted.scores else { panic!("{:?}", fitted.scores) };
    let others = others.iter().map(|(predictor, metrics)| (predictor.name(), metrics));
    for (name, metrics) in sets.iter().map(|(name, metrics)| (*name, metrics)).chain(others) {
        for (metric, value) in &metrics.values {
            assert_eq!(found["metrics"][name][metric].as_f64(), Some(*value), "{name} {metric}");
        }
    }
    let importance = fitted.importance.as_ref().expect("a complete fit");
    for (k, column) in importance.columns.iter().enumerate() {
        assert_eq!(found["permutation_importance"][k]["column"], column.column.as_str());
        assert_eq!(found["permutation_importance"][k]["mean"].as_f64(), Some(column.increase.0));
    }
    assert!(importance.columns[2].column == "noise", "{importance:?}");
    assert_eq!(found["rows"], serde_json::json!({"total": 120, "train": 96, "validation": 24}));
    assert_eq!(found["target"]["classes"], serde_json::json!(["no", "yes"]));
    assert_eq!(found["inputs"][1]["categories"].as_array().map(Vec::len), Some(3));
    // A metric that is undefined, such as R² of a single row, is null.
    let constant = FitOptions {
        target: vec!["x".to_owned()],
        sets: vec!["data.inputs=[\"noise\"]".to_owned(), "train.validation_fraction=0".to_owned()],
        test: Some(in_memory(&path).subset(&[0]).into()),
        ..options()
    };
    let undefined = self::fitted(&*path, &constant);
    let found = json(&undefined);
    assert!(found["metrics"]["test"]["r2"].is_null(), "{found}");
    assert!(found["metrics"]["test"]["rmse"].is_f64(), "{found}");
}

/// Records the reports of a fit, and cancels it after some epochs.
struct Recorder<'c> {
    reports: Vec<String>,
    epochs_left: u32,
    cancel: &'c AtomicBool,
}

impl<'c> Recorder<'c> {
    fn new(epochs: u32, cancel: &'c AtomicBool) -> Recorder<'c> {
        Recorder { reports: Vec::new(), epochs_left: epochs, cancel }
    }

    fn report(&mut self, report: &str) {
        if self.reports.last().is_none_or(|last| last != report) {
            self.reports.push(report.to_owned());
        }
    }
}

impl TableProgress for Recorder<'_> {
    fn reading(&mut self, path: &Path, _done: u64, _total: u64) {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        self.report(&format!("reading {name}"));
    }

    fn note(&mut self, text: &str) {
        self.report(text);
    }
}

impl Progress for Recorder<'_> {
    fn begin(&mut self, _name: &str, _n_runs: usize, _epochs: u64) {
        self.report("training");
    }

    fn advance(&mut self, _epochs: f64, _loss: f64) {}

    fn finish_epoch(&mut self, _epoch: &Epoch) {
        self.epochs_left = self.epochs_left.saturating_sub(1);
        if self.epochs_left == 0 {
            self.cancel.store(true, Ordering::Relaxed);
        }
    }

    fn end(&mut self) {}
}

impl FitProgress for Recorder<'_> {
    fn assessing(&mut self, step: AssessmentStep) {
        match step {
            AssessmentStep::LinearModel => self.report("linear model"),
            AssessmentStep::Importance { done, total } => {
                self.report(&format!("importance {done} of {total}"))
            }
        }
    }
}

#[test]
fn progress_is_reported_in_order() {
    let (folder, path) = folder();
    let test = folder.path().join("test.csv");
    std::fs::write(&test, "x,colour,noise,class\n1,red,2,yes\n90,blue,2,\n3,blue,1,no\n").expect("a file");
    let cancel = AtomicBool::new(false);
    let mut recorder = Recorder::new(u32::MAX, &cancel);
    let options = FitOptions { test: Some(test.into()), ..options() };
    fit(&*path, &options, &mut recorder, &cancel).expect("a fit");
    let expected = [
        "reading t.csv",
        "reading test.csv",
        "1 of 3 rows without a target are left out (first: line 3)",
        "training",
        "linear model",
        "importance 0 of 3",
        "importance 1 of 3",
        "importance 2 of 3",
    ];
    assert_eq!(recorder.reports, expected);
}

#[test]
fn a_cancelled_fit_returns_what_is_trained_and_resumes_with_the_same_bits() {
    let (folder, path) = folder();
    let whole = fitted(&*path, &options());
    let checkpoints = folder.path().join("t.checkpoints");
    let options = FitOptions {
        checkpoints: Some(checkpoints.clone()),
        checkpoint_interval: Some(CheckpointInterval::Epochs(1)),
        ..options()
    };
    let cancel = AtomicBool::new(false);
    let mut recorder = Recorder::new(5, &cancel);
    let cancelled = fit(&*path, &options, &mut recorder, &cancel).expect("a fit");
    assert!(cancelled.is_cancelled && cancelled.importance.is_none());
    assert_eq!(cancelled.outcomes[0].ending, Ok(Ending::Cancelled));
    assert_eq!(cancelled.outcomes[0].history.epochs.len(), 5);
    let found = json(&cancelled);
    assert_eq!(found["trainings"][0]["ending"], "cancelled");
    assert!(found["metrics"]["validation"]["accuracy"].is_f64(), "{found}");
    assert!(found["metrics"]["baseline"]["accuracy"].is_f64(), "{found}");
    assert!(found["metrics"]["linear_model"].is_null(), "{found}");
    assert!(!recorder.reports.contains(&"linear model".to_owned()), "{:?}", recorder.reports);
    assert!(checkpoints.is_dir());

    // The settings of the checkpoint, with a table in memory.
    let resume = Some(checkpoints.clone());
    let resumed = fitted(in_memory(&path), &FitOptions { resume, ..FitOptions::default() });
    assert!(!resumed.is_cancelled);
    assert_eq!(resumed.model.members, whole.model.members);
    assert_eq!(resumed.outcomes[0].history.epochs.len(), 12);
    assert!(!checkpoints.exists(), "the checkpoints are removed");
}

#[test]
fn each_stage_can_be_inspected() {
    let (_folder, path) = folder();
    let opened = OpenedFit::open(Some(&(&*path).into()), &options(), &mut ()).expect("a table");
    assert_eq!((opened.table.n_rows(), opened.experiment.variants.len()), (120, 1));
    let prepared = opened.prepare().expect("samples");
    assert_eq!(prepared.from_table().rows[1].len(), 24);
    let plan = serde_json::to_value(prepared.summary()).expect("JSON");
    assert_eq!(plan["n_parameters"], prepared.network.architecture.n_parameters());
    let cancel = AtomicBool::new(false);
    let epochs = [0, 12].into();
    let trained = prepared.train(&epochs, None, &mut (), &cancel).expect("trained");
    assert_eq!(trained.outcomes[0].trajectory().len(), 2);
    let unassessed = trained.model();
    assert!(unassessed.trained.scores.is_empty());
    let fitted = trained.assess(&mut (), &cancel).expect("metrics");
    assert_eq!(unassessed.members, fitted.model.members);
    assert!(fitted.model.trained.scores.iter().any(|score| score.part == "validation"));
    let result = serde_json::to_value(&fitted).expect("JSON");
    for key in ["table", "rows", "target", "inputs", "ignored", "network", "n_parameters", "remarks"] {
        assert_eq!(plan[key], result[key], "{key}");
    }
}

#[test]
fn tables_in_memory_are_checked() {
    let (_folder, path) = folder();
    let table = Arc::new(in_memory(&path));
    let changed = |column: usize, change: &dyn Fn(&mut Column)| {
        let mut table = (*table).clone();
        change(&mut table.columns[column]);
        table
    };
    let at = path.display();
    let expected = format!("{at}: columns 1 and 3 are both called \"x\"; rename one of them");
    assert_eq!(message(changed(2, &|column| column.name = "x".to_owned()), &options()), expected);
    let infinite = changed(2, &|column| {
        let Values::Numbers(values) = &mut column.values else { panic!("numbers") };
        values[6] = f64::INFINITY;
    });
    let found = message(infinite, &options());
    assert!(
        found.starts_with(&format!("{at}, line 8, column \"noise\": \"inf\" is not a finite number")),
        "{found}"
    );
    let found = message(table.subset(&[]), &options());
    assert_eq!(found, format!("{at}: the table has columns but no rows; add at least one row"));
    let found = message((*table).clone(), &FitOptions::default());
    assert!(
        found.contains("no target column is given") && found.ends_with("x, colour, noise, class"),
        "{found}"
    );

    // Numbers as text cannot be encoded as numbers.
    let texts = changed(2, &|column| {
        column.values = Values::Strings((0..120).map(|_| Some("many")).collect());
    });
    let found = message((*table).clone(), &FitOptions { test: Some(texts.into()), ..options() });
    assert!(found.contains("column \"noise\"") && found.contains("contains text"), "{found}");
    let without = changed(1, &|column| column.name = "color".to_owned());
    let found = message((*table).clone(), &FitOptions { test: Some(without.into()), ..options() });
    assert!(found.contains("there is no column \"colour\"") && found.contains("\"color\""), "{found}");
}

#[test]
fn a_single_fold_is_not_resumed() {
    let (folder, path) = folder();
    let checkpoints = folder.path().join("t.checkpoints");
    let options = FitOptions {
        folds: Some(2),
        checkpoints: Some(checkpoints.clone()),
        checkpoint_interval: Some(CheckpointInterval::Epochs(1)),
        ..options()
    };
    let cancel = AtomicBool::new(false);
    fit(&*path, &options, &mut Recorder::new(1, &cancel), &cancel).expect("a fit");
    let resume = Some(checkpoints.join("fold-1"));
    let resumed = FitOptions { resume, ..FitOptions::default() };
    let error = fit(&*path, &resumed, &mut (), &AtomicBool::new(false)).expect_err("one fold");
    assert!(
        matches!(&error, Error::OneFold { fold: 1, n_folds: 2, all, .. } if *all == checkpoints),
        "{error}"
    );
}

#[test]
fn classes_without_probabilities_have_no_confusion_matrix() {
    let (folder, path) = folder();
    let text = std::fs::read_to_string(&path).expect("a file");
    let class = |i: usize| if i == 0 { "class3" } else { ["a", "b", "c"][i % 3] };
    let three: String = text.lines().enumerate().map(|(i, line)| format!("{line},{}\n", class(i))).collect();
    let path = folder.path().join("three.csv");
    std::fs::write(&path, three).expect("a file");
    for (loss, has_matrix) in
        [("cross_entropy", true), ("binary_cross_entropy", false), ("squared_error", false)]
    {
        let target = vec!["class3".to_owned()];
        let sets = vec![format!("train.loss={loss}"), "data.task=classification".to_owned()];
        let fitted = fitted(&*path, &FitOptions { target, sets, ..options() });
        assert_eq!(fitted.scores.confusion().is_some(), has_matrix, "{loss}");
        assert_eq!(fitted.summary().classes.0.len(), if has_matrix { 3 } else { 0 }, "{loss}");
    }
}
