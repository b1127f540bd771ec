//! Trainings that are cut off and go on: one after the other, with variants and restarts, to the same bits as in one go.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule::train::Epoch;
use chainrule_experiment::{Checkpoint, CheckpointInterval, Checkpoints, Experiment, Outcome, Progress};

/// Cancels after some epochs, and counts the trainings that went on from a checkpoint.
struct Impatient<'c> {
    left: u32,
    cancel: &'c AtomicBool,
    went_on: usize,
    changed: Vec<String>,
}

impl Progress for Impatient<'_> {
    fn begin(&mut self, _variant: &str, _epochs: u64) {}
    fn advance(&mut self, _epochs: f64, _loss: f64) {}
    fn end(&mut self) {}

    fn epoch(&mut self, _epoch: &Epoch) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.cancel.store(true, Ordering::Relaxed);
        }
    }

    fn resumed(&mut self, _from: &Checkpoint, changed: &[String]) {
        self.went_on += 1;
        self.changed.extend_from_slice(changed);
    }
}

/// Trains for at most so many epochs in all, going on from what is in the folder.
fn train(experiment: &Experiment, folder: &Path, epochs: u32) -> (Vec<Outcome>, bool, usize) {
    let cancel = AtomicBool::new(false);
    let mut progress = Impatient { left: epochs, cancel: &cancel, went_on: 0, changed: Vec::new() };
    let mut checkpoints = Checkpoints::new(folder, CheckpointInterval::Epochs(1));
    if folder.is_dir() {
        checkpoints = checkpoints.resume_from(folder, experiment).expect("there are some");
    }
    let mut outcomes = Vec::new();
    for variant in &experiment.variants {
        let (prepared, recorded) = (variant.prepare().expect("data"), BTreeSet::from([0, 2, 5]));
        let outcome =
            variant.run_prepared(prepared, &recorded, &mut progress, &cancel, Some(&mut checkpoints));
        outcomes.push(outcome.expect("it trains"));
        if cancel.load(Ordering::Relaxed) {
            return (outcomes, false, progress.went_on);
        }
    }
    assert!(progress.changed.is_empty(), "{:?}", progress.changed);
    checkpoints.remove();
    (outcomes, true, progress.went_on)
}

fn experiment(folder: &Path, sets: &[&str]) -> Experiment {
    let path = folder.join("moons.toml");
    let text = r#"
[data]
generator = { name = "moons", n_samples = 60, noise = 0.2 }
[network]
hidden = [3]
activation = "tanh"
[train]
loss = "binary_cross_entropy"
batch = 7
epochs = 6
optimizer = "adam"
validation_fraction = 0.25
stopping = { patience = 1 }
[[variant]]
name = "slow"
[[variant]]
name = "fast"
train = { learning_rate = 0.5 }
"#;
    std::fs::write(&path, text).expect("a file");
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    Experiment::open(path.to_str().expect("UTF-8"), &sets).expect("an experiment")
}

fn folders(path: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[test]
fn several_trainings_that_are_cut_off_go_on_to_the_same_bits() {
    for sets in [&[][..], &["train.restarts=3"], &["train.stopping.patience=100"]] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let experiment = experiment(folder.path(), sets);
        let (whole, finished, _) = train(&experiment, &folder.path().join("whole"), u32::MAX);
        assert!(finished && !folder.path().join("whole").exists());
        for epochs in [1, 4, 5] {
            let saved = folder.path().join(format!("saved-{epochs}"));
            let mut went_on = 0;
            let outcomes = loop {
                let (outcomes, finished, n) = train(&experiment, &saved, epochs);
                went_on += n;
                if finished {
                    break outcomes;
                }
                assert!(!folders(&saved).is_empty());
            };
            assert!(went_on > 1, "{sets:?}, {epochs}: {went_on}");
            for (outcome, whole) in outcomes.iter().zip(&whole) {
                assert_eq!(outcome.parameters, whole.parameters, "{sets:?}, {epochs}: {}", whole.variant);
                assert_eq!(outcome.trajectory(), whole.trajectory(), "{sets:?}, {epochs}");
                assert_eq!(outcome.restarts, whole.restarts);
                assert_eq!(outcome.ending, whole.ending);
                let losses =
                    |o: &Outcome| o.history.epochs.iter().map(|epoch| epoch.loss).collect::<Vec<f64>>();
                assert_eq!(losses(outcome), losses(whole));
            }
            assert!(!saved.exists(), "what is finished is removed");
        }
    }
}

#[test]
fn the_path_of_restarts_is_that_of_the_best() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let restarts = experiment(folder.path(), &["train.restarts=4", "train.stopping.patience=100"]);
    let run = |experiment: &Experiment| {
        let outcomes = experiment.variants[1].run(&(0..=6).collect(), &mut (), &AtomicBool::new(false));
        outcomes.expect("it trains")
    };
    let best = run(&restarts);
    let least = best.restarts.iter().min_by(|a, b| a.1.total_cmp(&b.1)).expect("four");
    assert!(best.restarts[3].0 != least.0, "the last is the best, which shows nothing: {:?}", best.restarts);
    let path = best.trajectory();
    assert_eq!(path.len(), 7);
    let start = &path[0].1;
    let drawn = |seed: u32| {
        let alone =
            experiment(folder.path(), &[&format!("train.seed={seed}"), "train.stopping.patience=100"]);
        let start = alone.variants[1].prepare().expect("data").start;
        start.parameters().to_vec()
    };
    let f32s = |p: Vec<f64>| p.into_iter().map(|v| f64::from(v as f32)).collect::<Vec<f64>>();
    assert_eq!(start, &f32s(drawn(least.0)));
}

#[test]
fn one_file_is_no_folder_of_several_trainings() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let experiment = experiment(folder.path(), &[]);
    let saved = folder.path().join("saved");
    let (_, finished, _) = train(&experiment, &saved, 3);
    assert!(!finished);
    let file = folders(&saved.join("slow")).pop().expect("one was written");
    let go_on = |from: &Path, experiment: &Experiment| {
        let mut checkpoints =
            Checkpoints::new(&saved, CheckpointInterval::Never).resume_from(from, experiment)?;
        let (variant, cancel) = (&experiment.variants[0], AtomicBool::new(false));
        let prepared = variant.prepare().expect("data");
        variant.run_prepared(prepared, &BTreeSet::new(), &mut (), &cancel, Some(&mut checkpoints))
    };
    let refused = |from: &Path, experiment: &Experiment| {
        go_on(from, experiment).map(|outcome| outcome.ending).unwrap_err().to_string()
    };
    let one_of_two = refused(&file, &experiment);
    assert!(one_of_two.ends_with("it is of one training and there are several; name the folder of all"));
    // A folder that holds that of all, somewhere.
    let further_up = refused(folder.path(), &experiment);
    assert!(further_up.ends_with("there is none of these trainings in this folder"), "{further_up}");
    // Other samples than those that it was trained on.
    let other = self::experiment(folder.path(), &["data.seed=9"]);
    assert!(refused(&saved, &other).contains("the samples have changed since it was written"));
}

#[test]
fn settings_that_changed_are_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let saved = folder.path().join("saved");
    train(&experiment(folder.path(), &[]), &saved, 3);
    let changed = experiment(folder.path(), &["train.epochs=9", "train.track_dead_units=never"]);
    let cancel = AtomicBool::new(false);
    let mut progress = Impatient { left: 99, cancel: &cancel, went_on: 0, changed: Vec::new() };
    let checkpoints = Checkpoints::new(&saved, CheckpointInterval::Never).resume_from(&saved, &changed);
    let mut checkpoints = checkpoints.expect("there is one");
    let variant = &changed.variants[0];
    let prepared = variant.prepare().expect("data");
    variant
        .run_prepared(prepared, &BTreeSet::new(), &mut progress, &cancel, Some(&mut checkpoints))
        .expect("it goes on");
    assert_eq!(
        progress.changed,
        ["train.epochs was 6 and is 9", "train.track_dead_units was - and is never"]
    );
}

#[test]
fn how_often_is_said_in_seconds_or_epochs() {
    let said = |text: &str| text.parse::<CheckpointInterval>();
    assert_eq!(said("30"), Ok(CheckpointInterval::Seconds(30.0)));
    assert_eq!(said(" 0.5s "), Ok(CheckpointInterval::Seconds(0.5)));
    assert_eq!(said("10 epochs"), Ok(CheckpointInterval::Epochs(10)));
    assert_eq!(said("never"), Ok(CheckpointInterval::Never));
    for every in [
        CheckpointInterval::Seconds(0.25),
        CheckpointInterval::default(),
        CheckpointInterval::Epochs(3),
        CheckpointInterval::Never,
    ] {
        assert_eq!(said(&every.to_string()), Ok(every), "it is written as it is read");
    }
    for text in ["", "0", "-1", "nan", "inf", "0 epochs", "10 steps", "1.5 epochs", "always"] {
        assert_eq!(said(text), Err("write seconds (30), epochs (10 epochs) or never".to_owned()), "{text}");
    }
}

#[test]
fn what_is_saved_is_of_the_training_and_nothing_else_is_touched() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let experiment = experiment(folder.path(), &["train.stopping.patience=100"]);
    let saved = folder.path().join("saved");
    let names = |part: &str| {
        let mut names: Vec<String> = folders(&saved.join(part))
            .iter()
            .map(|path| path.file_name().expect("a name").to_string_lossy()[..14].to_owned())
            .collect();
        names.sort();
        names
    };
    let train_anew = |epochs| {
        let cancel = AtomicBool::new(false);
        let mut progress = Impatient { left: epochs, cancel: &cancel, went_on: 0, changed: Vec::new() };
        let mut checkpoints = Checkpoints::new(&saved, CheckpointInterval::Epochs(1));
        let (variant, recorded) = (&experiment.variants[0], BTreeSet::new());
        let prepared = variant.prepare().expect("data");
        variant
            .run_prepared(prepared, &recorded, &mut progress, &cancel, Some(&mut checkpoints))
            .expect("it trains");
        checkpoints
    };
    assert!(!Checkpoints::new(&saved, CheckpointInterval::Never).are_there());
    train_anew(5);
    assert_eq!(names("slow"), ["epoch-00000004", "epoch-00000005"]);
    // Another training from the start takes the place of the one that was not finished.
    assert!(Checkpoints::new(&saved, CheckpointInterval::Never).are_there());
    let checkpoints = train_anew(2);
    assert_eq!(names("slow"), ["epoch-00000001", "epoch-00000002"]);
    // One goes on, and the two latest are kept.
    let (_, finished, went_on) = train(&experiment, &saved, 1);
    assert_eq!((finished, went_on), (false, 1));
    assert_eq!(names("slow"), ["epoch-00000002", "epoch-00000003"]);
    // Somebody's own files stay, and so do folders of others.
    let theirs = saved.join("theirs");
    std::fs::create_dir_all(&theirs).expect("a folder");
    std::fs::write(theirs.join("epoch-1.safetensors"), "mine").expect("a file");
    std::fs::create_dir_all(saved.join("empty")).expect("a folder");
    checkpoints.remove();
    let mut left = folders(&saved);
    left.sort();
    assert_eq!(left, [saved.join("empty"), theirs.clone()]);
    assert!(theirs.join("epoch-1.safetensors").exists());
}
