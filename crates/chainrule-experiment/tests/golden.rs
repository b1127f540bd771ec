//! Checkpoints that earlier versions have written: training resumes from each of them and yields
//! the same bits as uninterrupted training.
//!
//! With the environment variable `CHAINRULE_WRITE_GOLDEN=1`, the test writes the checkpoint of the
//! current format version.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule::train::Epoch;
use chainrule_experiment::{Checkpoint, CheckpointInterval, Checkpoints, Experiment, Outcome, Progress};

/// Uses every part of a training state: optimizer, schedule, validation set, early stopping,
/// metrics and dropout.
const EXPERIMENT: &str = r#"
[data]
generator = { name = "moons", n_samples = 40, noise = 0.2 }
[network]
hidden = [{ units = 5, activation = "tanh", dropout = 0.2 }]
[train]
loss = "binary_cross_entropy"
batch = 7
epochs = 6
optimizer = "adam"
learning_rate = 0.05
schedule = { name = "reduce_on_plateau", patience = 1 }
validation_fraction = 0.25
stopping = { patience = 9 }
metrics = ["accuracy"]
"#;

/// Format version of the checkpoints that are written.
const VERSION: u32 = 3;

/// Cancels training after three epochs.
struct Canceller<'c> {
    n_epochs: u32,
    cancel: &'c AtomicBool,
}

impl Progress for Canceller<'_> {
    fn begin(&mut self, _name: &str, _n_runs: usize, _epochs: u64) {}
    fn advance(&mut self, _epochs: f64, _loss: f64) {}
    fn end(&mut self) {}

    fn finish_epoch(&mut self, _epoch: &Epoch) {
        self.n_epochs += 1;
        self.cancel.store(self.n_epochs == 3, Ordering::Relaxed);
    }
}

fn golden(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/checkpoint-{version}.safetensors"))
}

fn run(experiment: &Experiment, checkpoints: Option<&mut Checkpoints>, cancels: bool) -> Outcome {
    let (variant, cancel) = (&experiment.variants[0], AtomicBool::new(false));
    let prepared = variant.prepare().expect("samples");
    let mut canceller = Canceller { n_epochs: 0, cancel: &cancel };
    let progress: &mut dyn Progress = if cancels { &mut canceller } else { &mut () };
    variant
        .run_prepared(prepared, &[0, 2, 5].into(), progress, &cancel, checkpoints)
        .expect("training succeeds")
}

#[test]
fn training_resumes_from_checkpoints_of_all_format_versions() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("moons.toml");
    std::fs::write(&path, EXPERIMENT).expect("a file");
    let experiment = Experiment::open(&path, &[]).expect("an experiment");
    let whole = run(&experiment, None, false);
    assert_eq!(whole.history.epochs.len(), 6);

    let mut checkpoints = Checkpoints::new(&folder.path().join("saved"), CheckpointInterval::Epochs(100));
    run(&experiment, Some(&mut checkpoints), true);
    let saved = checkpoints.latest.expect("a checkpoint");
    let bytes = std::fs::read(&saved).expect("the checkpoint");
    let version = format!(r#"\"version\":{VERSION},"#);
    let header = String::from_utf8_lossy(&bytes);
    assert!(header.contains(&version), "add a golden checkpoint for the new format version");
    if std::env::var_os("CHAINRULE_WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(golden(VERSION).parent().expect("a folder")).expect("the folder");
        std::fs::copy(&saved, golden(VERSION)).expect("the golden checkpoint");
    }
    for version in 1..=VERSION {
        let path = golden(version);
        assert_eq!(Checkpoint::open(&path).expect("an intact checkpoint").epoch(), 3, "version {version}");
        let never = Checkpoints::new(folder.path(), CheckpointInterval::Never);
        let mut from = never.resume_from(&path, &experiment, &[]).expect("a checkpoint of this run");
        let resumed = run(&experiment, Some(&mut from), false);
        assert_eq!(resumed.parameters, whole.parameters, "version {version}");
        assert_eq!(resumed.trajectory(), whole.trajectory(), "version {version}");
        let values = |outcome: &Outcome| {
            let row = |epoch: &Epoch| (epoch.epoch, epoch.loss, epoch.validation_loss, epoch.metrics.clone());
            outcome.history.epochs.iter().map(row).collect::<Vec<_>>()
        };
        assert_eq!(values(&resumed), values(&whole), "version {version}");
    }
}
