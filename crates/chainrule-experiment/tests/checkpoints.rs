//! Interrupted training resumes from checkpoints, with variants and restarts, and yields the same
//! bits as uninterrupted training.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule::train::Epoch;
use chainrule_experiment::{Checkpoint, CheckpointInterval, Checkpoints, Experiment, Outcome, Progress};

/// Cancels training after some epochs, and counts the training runs that resume from a checkpoint.
struct Canceller<'c> {
    epochs_left: u32,
    cancel: &'c AtomicBool,
    n_resumed: usize,
    changed: Vec<String>,
}

impl Progress for Canceller<'_> {
    fn begin(&mut self, _name: &str, _n_runs: usize, _epochs: u64) {}
    fn advance(&mut self, _epochs: f64, _loss: f64) {}
    fn end(&mut self) {}

    fn finish_epoch(&mut self, _epoch: &Epoch) {
        self.epochs_left = self.epochs_left.saturating_sub(1);
        if self.epochs_left == 0 {
            self.cancel.store(true, Ordering::Relaxed);
        }
    }

    fn resumed(&mut self, _from: &Checkpoint, changed: &[String]) {
        self.n_resumed += 1;
        self.changed.extend_from_slice(changed);
    }
}

/// Trains for at most `epochs` epochs in all and resumes from the checkpoints in the folder.
fn train(experiment: &Experiment, folder: &Path, epochs: u32) -> (Vec<Outcome>, bool, usize) {
    let cancel = AtomicBool::new(false);
    let mut progress = Canceller { epochs_left: epochs, cancel: &cancel, n_resumed: 0, changed: Vec::new() };
    let mut checkpoints = Checkpoints::new(folder, CheckpointInterval::Epochs(1));
    if folder.is_dir() {
        checkpoints = checkpoints.resume_from(folder, experiment, &[]).expect("a folder with checkpoints");
    }
    let mut outcomes = Vec::new();
    for variant in &experiment.variants {
        let (prepared, recorded) = (variant.prepare().expect("data"), BTreeSet::from([0, 2, 5]));
        let outcome =
            variant.run_prepared(prepared, &recorded, &mut progress, &cancel, Some(&mut checkpoints));
        outcomes.push(outcome.expect("training succeeds"));
        if cancel.load(Ordering::Relaxed) {
            return (outcomes, false, progress.n_resumed);
        }
    }
    assert!(progress.changed.is_empty(), "{:?}", progress.changed);
    checkpoints.remove();
    (outcomes, true, progress.n_resumed)
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
fn interrupted_variants_and_restarts_resume_to_the_same_bits() {
    for sets in [&[][..], &["train.restarts=3"], &["train.stopping.patience=100"]] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let experiment = experiment(folder.path(), sets);
        let (whole, finished, _) = train(&experiment, &folder.path().join("whole"), u32::MAX);
        assert!(finished && !folder.path().join("whole").exists());
        for epochs in [1, 4, 5] {
            let saved = folder.path().join(format!("saved-{epochs}"));
            let mut n_resumed = 0;
            let outcomes = loop {
                let (outcomes, finished, n) = train(&experiment, &saved, epochs);
                n_resumed += n;
                if finished {
                    break outcomes;
                }
                assert!(!folders(&saved).is_empty());
            };
            assert!(n_resumed > 1, "{sets:?}, {epochs}: {n_resumed}");
            for (outcome, whole) in outcomes.iter().zip(&whole) {
                assert_eq!(outcome.parameters, whole.parameters, "{sets:?}, {epochs}: {}", whole.variant);
                assert_eq!(outcome.trajectory(), whole.trajectory(), "{sets:?}, {epochs}");
                assert_eq!(outcome.restarts, whole.restarts);
                assert_eq!(outcome.ending, whole.ending);
                let losses =
                    |o: &Outcome| o.history.epochs.iter().map(|epoch| epoch.loss).collect::<Vec<f64>>();
                assert_eq!(losses(outcome), losses(whole));
            }
            assert!(!saved.exists(), "the checkpoints of finished training are removed");
        }
    }
}

#[test]
fn trajectory_of_restarts_is_that_of_the_best_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let restarts = experiment(folder.path(), &["train.restarts=4", "train.stopping.patience=100"]);
    let run = |experiment: &Experiment| {
        let outcomes = experiment.variants[1].run(&(0..=6).collect(), &mut (), &AtomicBool::new(false));
        outcomes.expect("training succeeds")
    };
    let best = run(&restarts);
    let lowest = best.restarts.iter().min_by(|a, b| a.1.total_cmp(&b.1)).expect("four restarts");
    assert!(
        best.restarts[3].0 != lowest.0,
        "the last restart is the best, so the test is void: {:?}",
        best.restarts
    );
    let trajectory = best.trajectory();
    assert_eq!(trajectory.len(), 7);
    let start = &trajectory[0].1;
    let initial_parameters = |seed: u32| {
        let alone =
            experiment(folder.path(), &[&format!("train.seed={seed}"), "train.stopping.patience=100"]);
        let start = alone.variants[1].prepare().expect("data").start;
        start.parameters().to_vec()
    };
    let f32s = |p: Vec<f64>| p.into_iter().map(|v| f64::from(v as f32)).collect::<Vec<f64>>();
    assert_eq!(start, &f32s(initial_parameters(lowest.0)));
}

#[test]
fn several_variants_do_not_resume_from_one_file_or_other_samples() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let experiment = experiment(folder.path(), &[]);
    let saved = folder.path().join("saved");
    let (_, finished, _) = train(&experiment, &saved, 3);
    assert!(!finished);
    let file = folders(&saved.join("slow")).pop().expect("a checkpoint");
    let resume = |from: &Path, experiment: &Experiment| {
        let mut checkpoints =
            Checkpoints::new(&saved, CheckpointInterval::Never).resume_from(from, experiment, &[])?;
        let (variant, cancel) = (&experiment.variants[0], AtomicBool::new(false));
        let prepared = variant.prepare().expect("data");
        variant.run_prepared(prepared, &BTreeSet::new(), &mut (), &cancel, Some(&mut checkpoints))
    };
    let refused = |from: &Path, experiment: &Experiment| {
        resume(from, experiment).map(|outcome| outcome.ending).unwrap_err().to_string()
    };
    let one_of_two = refused(&file, &experiment);
    assert!(
        one_of_two.ends_with(
            "it is the checkpoint of one network, but there are several; give the folder that contains all of them"
        ),
        "{one_of_two}"
    );
    let parent = refused(folder.path(), &experiment);
    assert!(parent.ends_with("the folder contains no checkpoint of this experiment"), "{parent}");
    let other = self::experiment(folder.path(), &["data.seed=9"]);
    assert!(refused(&saved, &other).contains("the samples have changed since it was written"));
}

#[test]
fn changed_settings_are_reported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let saved = folder.path().join("saved");
    train(&experiment(folder.path(), &[]), &saved, 3);
    let sets = ["train.epochs=9", "train.track_dead_units=never"];
    let changed = experiment(folder.path(), &sets);
    let cancel = AtomicBool::new(false);
    let mut progress = Canceller { epochs_left: 99, cancel: &cancel, n_resumed: 0, changed: Vec::new() };
    let resume = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let checkpoints = Checkpoints::new(&saved, CheckpointInterval::Never);
        checkpoints.resume_from(&saved, &changed, &sets).expect("a folder with checkpoints")
    };
    let variant = &changed.variants[0];
    let mut run = |mut checkpoints: Checkpoints| {
        let prepared = variant.prepare().expect("data");
        let outcome =
            variant.run_prepared(prepared, &BTreeSet::new(), &mut progress, &cancel, Some(&mut checkpoints));
        outcome.map(drop).map_err(|error| error.to_string())
    };
    // Settings that this command does not change must be those of the checkpoint.
    let other = run(resume(&["train.epochs=9"])).unwrap_err();
    assert!(
        other.contains(
            "it belongs to another training run: train.track_dead_units was not set and is now never; leave out \
             --resume, or give --set train.track_dead_units=VALUE"
        ),
        "{other}"
    );
    run(resume(&sets)).expect("training resumes");
    assert_eq!(
        progress.changed,
        ["train.epochs was 6 and is now 9", "train.track_dead_units was not set and is now never"]
    );
}

#[test]
fn checkpoint_intervals_are_parsed_and_formatted() {
    let parse = |text: &str| text.parse::<CheckpointInterval>();
    assert_eq!(parse("30"), Ok(CheckpointInterval::Seconds(30.0)));
    assert_eq!(parse(" 0.5s "), Ok(CheckpointInterval::Seconds(0.5)));
    assert_eq!(parse("10 epochs"), Ok(CheckpointInterval::Epochs(10)));
    assert_eq!(parse("never"), Ok(CheckpointInterval::Never));
    for interval in [
        CheckpointInterval::Seconds(0.25),
        CheckpointInterval::default(),
        CheckpointInterval::Epochs(3),
        CheckpointInterval::Never,
    ] {
        assert_eq!(parse(&interval.to_string()), Ok(interval));
    }
    for text in ["", "0", "-1", "nan", "inf", "0 epochs", "10 steps", "1.5 epochs", "always"] {
        assert_eq!(parse(text), Err("write seconds (30), epochs (10 epochs) or never".to_owned()), "{text}");
    }
}

#[test]
fn a_folder_belongs_to_one_run_and_is_removed_without_other_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let experiment = experiment(folder.path(), &["train.stopping.patience=100"]);
    let saved = folder.path().join("saved");
    let names = |part: &str| {
        let mut names: Vec<String> = folders(&folder.path().join(part))
            .iter()
            .map(|path| path.file_name().expect("a name").to_string_lossy()[..14].to_owned())
            .collect();
        names.sort();
        names
    };
    let train_with = |mut checkpoints: Checkpoints, epochs| {
        let cancel = AtomicBool::new(false);
        let mut progress =
            Canceller { epochs_left: epochs, cancel: &cancel, n_resumed: 0, changed: Vec::new() };
        let (variant, recorded) = (&experiment.variants[0], BTreeSet::new());
        let prepared = variant.prepare().expect("data");
        variant
            .run_prepared(prepared, &recorded, &mut progress, &cancel, Some(&mut checkpoints))
            .expect("training succeeds");
        checkpoints
    };
    let new = || Checkpoints::new(&saved, CheckpointInterval::Epochs(1));
    let resumed = || new().resume_from(&saved, &experiment, &[]);
    assert!(!new().exist());
    let first = train_with(new(), 5);
    assert_eq!(names("saved/slow"), ["epoch-00000004", "epoch-00000005"]);
    // Training from the start does not replace the checkpoints of the interrupted run.
    assert!(new().exist());
    let second = train_with(new(), 2);
    assert_eq!(second.folder(), folder.path().join("saved-2"));
    assert_eq!(names("saved-2/slow"), ["epoch-00000001", "epoch-00000002"]);
    assert_eq!(names("saved/slow"), ["epoch-00000004", "epoch-00000005"]);
    second.remove();
    assert!(!folder.path().join("saved-2").exists());
    // Another process may still be training with the checkpoints.
    let error = resumed().unwrap_err().to_string();
    assert!(error.contains("another process is training with these checkpoints"), "{error}");
    drop(first);
    // The latest two checkpoints are kept when training resumes.
    let checkpoints = train_with(resumed().expect("a folder with checkpoints"), 1);
    assert_eq!(names("saved/slow"), ["epoch-00000005", "epoch-00000006"]);
    let other = saved.join("other");
    std::fs::create_dir_all(&other).expect("a folder");
    std::fs::write(other.join("epoch-1.safetensors"), "not a checkpoint").expect("a file");
    std::fs::create_dir_all(saved.join("empty")).expect("a folder");
    checkpoints.remove();
    let mut left = folders(&saved);
    left.sort();
    assert_eq!(left, [saved.join("empty"), other.clone()]);
    assert!(other.join("epoch-1.safetensors").exists());
}
