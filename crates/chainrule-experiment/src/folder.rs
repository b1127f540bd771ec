//! Run folders: the settings, history and weights of a run.

use std::fs::{self, File};
use std::io::{Error as IoError, ErrorKind, Write};
use std::path::{Path, PathBuf};

use chainrule::network::Part;
use chainrule::train::Epoch;
use chainrule_model::Precision;
use chainrule_table::UNFINISHED;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::json;

use crate::Error;
use crate::checkpoints::LOCK;
use crate::experiment::Experiment;
use crate::fingerprint;
use crate::outcome::Outcome;

/// A run folder that is being written. It gets its final name when it is complete.
///
/// ```text
/// runs/three-rings-20261122-171500/
///     report.html            settings, history and figures on one page (optional)
///     leaky_relu/            one folder for each variant (none for a single network)
///         settings.toml      trains the same network again: `chainrule run .../settings.toml`
///         data.json          fingerprint and size of the data, names of the inputs
///         history.jsonl      one line for each epoch
///         weights.safetensors    W0, b0, W1, b1, ..., each W of shape (n_in, n_out)
/// ```
#[derive(Debug)]
pub struct RunFolder {
    /// Hidden folder, removed with its contents unless it is completed.
    unfinished: tempfile::TempDir,
    /// Locked while this process is alive.
    _lock: File,
    runs: PathBuf,
    name: String,
}

impl RunFolder {
    /// Creates the unfinished folder in `runs`, so that an unwritable location is detected before
    /// training.
    ///
    /// # Errors
    /// Returns [`Error::RunFolder`] if the folder cannot be created.
    pub fn begin(runs: &Path, experiment: &str) -> Result<RunFolder, Error> {
        let failed = |source| Error::RunFolder { path: runs.to_owned(), source };
        fs::create_dir_all(runs).map_err(failed)?;
        remove_abandoned(runs);
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let unfinished = builder.prefix(UNFINISHED).tempdir_in(runs).map_err(failed)?;
        // The file gets its name once it is locked: another process that found it unlocked would
        // take the folder for an abandoned one. Some network file systems have no locks.
        let unlocked = unfinished.path().join(format!("{LOCK}-new"));
        let lock = File::create(&unlocked).map_err(failed)?;
        let _ = lock.try_lock();
        fs::rename(unlocked, unfinished.path().join(LOCK)).map_err(failed)?;
        let name = format!("{experiment}-{}", chrono::Local::now().format("%Y%m%d-%H%M%S"));
        Ok(RunFolder { unfinished, _lock: lock, runs: runs.to_owned(), name })
    }

    /// Returns the folder for the checkpoints of the run.
    pub fn checkpoints(&self) -> PathBuf {
        self.runs.join(format!("{}.checkpoints", self.name))
    }

    /// Writes the results of each variant and the report, renames the folder and returns its path.
    ///
    /// # Errors
    /// Returns [`Error::RunFolder`] if a file cannot be written, and [`Error::UnknownVariant`] if
    /// an outcome belongs to no variant of the experiment. The unfinished folder is removed in both
    /// cases.
    pub fn finish(
        self,
        experiment: &Experiment,
        outcomes: &[Outcome],
        report: Option<&str>,
    ) -> Result<PathBuf, Error> {
        let failed = |source| Error::RunFolder { path: self.runs.join(&self.name), source };
        if let Some(report) = report {
            fs::write(self.unfinished.path().join("report.html"), report).map_err(failed)?;
        }
        for outcome in outcomes {
            let folder = self.unfinished.path().join(&outcome.variant);
            fs::create_dir_all(&folder).map_err(failed)?;
            let variant = experiment.variant(&outcome.variant)?;
            fs::write(folder.join("settings.toml"), variant.settings()).map_err(failed)?;
            fs::write(folder.join("data.json"), data(outcome).to_string()).map_err(failed)?;
            write_history(&folder.join("history.jsonl"), outcome).map_err(failed)?;
            fs::write(folder.join("weights.safetensors"), weights(outcome).map_err(failed)?)
                .map_err(failed)?;
        }
        fs::remove_file(self.unfinished.path().join(LOCK)).map_err(failed)?;
        // A run that starts in the same second as another gets a number. Another process may take a
        // free name at any time.
        let mut candidates =
            (1..).map(|k| if k == 1 { self.name.clone() } else { format!("{}-{k}", self.name) });
        let path = loop {
            let path = self.runs.join(candidates.next().expect("there are infinitely many candidates"));
            if path.exists() {
                continue;
            }
            match fs::rename(self.unfinished.path(), &path) {
                Err(error)
                    if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty) => {}
                renamed => break renamed.map(|()| path).map_err(failed)?,
            }
        };
        // The folder has been renamed, so there is nothing to remove.
        let _ = self.unfinished.keep();
        Ok(path)
    }
}

/// Describes the data. The fingerprint of a table covers all its rows, so it does not depend on the
/// split.
fn data(outcome: &Outcome) -> serde_json::Value {
    let samples = &outcome.samples;
    let from = samples.from_table.as_ref();
    let held_out = from.and_then(|from| from.validation.as_ref());
    json!({
        "fingerprint": from.map_or_else(|| samples.fingerprint().to_owned(), |from| fingerprint::of_table(&from.table)),
        "n_samples": samples.dataset.n_samples(),
        "n_held_back": held_out.map_or(0, |dataset| dataset.n_samples()),
        "inputs": samples.inputs,
    })
}

fn write_history(path: &Path, outcome: &Outcome) -> Result<(), IoError> {
    let mut file = std::io::BufWriter::new(File::create(path)?);
    for epoch in &outcome.history.epochs {
        writeln!(file, "{}", epoch_json(epoch, &outcome.metric_names))?;
    }
    file.flush()
}

/// Converts the record of an epoch to JSON, in which values that are not finite are null.
fn epoch_json(epoch: &Epoch, metrics: &[&str]) -> serde_json::Value {
    let metrics: serde_json::Map<_, _> =
        metrics.iter().zip(&epoch.metrics).map(|(name, v)| ((*name).to_owned(), json!(v))).collect();
    json!({
        "epoch": epoch.epoch,
        "loss": epoch.loss,
        "validation_loss": epoch.validation_loss,
        "metrics": metrics,
        "learning_rate": epoch.learning_rate,
        "gradient_norm": epoch.gradient_norm,
        "dead": epoch.dead,
        "saturated": epoch.saturated,
        "seconds": epoch.seconds,
    })
}

/// Serialises the weights as safetensors, in the precision of training.
fn weights(outcome: &Outcome) -> Result<Vec<u8>, IoError> {
    let bytes = |v: &f64| match outcome.precision {
        Precision::F32 => (*v as f32).to_le_bytes().to_vec(),
        Precision::F64 => v.to_le_bytes().to_vec(),
    };
    let dtype = match outcome.precision {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
    };
    let blocks: Vec<(String, Vec<usize>, Vec<u8>)> = outcome
        .architecture
        .blocks()
        .iter()
        .map(|block| {
            let data = outcome.parameters[block.range.clone()].iter().flat_map(bytes).collect();
            match block.part {
                Part::Weights => (
                    format!("W{}", block.layer),
                    vec![outcome.architecture.n_in(block.layer), block.n_out],
                    data,
                ),
                Part::Bias => (format!("b{}", block.layer), vec![block.n_out], data),
            }
        })
        .collect();
    let views = blocks.iter().map(|(name, shape, data)| {
        let view = TensorView::new(dtype, shape.clone(), data).map_err(IoError::other)?;
        Ok((name.as_str(), view))
    });
    serialize(views.collect::<Result<Vec<_>, IoError>>()?, None).map_err(IoError::other)
}

/// Removes the unfinished folders of processes that were killed: those whose lock is free.
fn remove_abandoned(runs: &Path) {
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED)
            && let Ok(lock) = File::open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
