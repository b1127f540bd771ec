//! What a run leaves: a folder with its settings, its history and its weights.

use std::fs;
use std::io::{Error as IoError, Write};
use std::path::{Path, PathBuf};

use chainrule::network::Part;
use chainrule::train::Epoch;
use chainrule_model::{Precision, UNFINISHED, sha256};
use chainrule_table::{Column, Table, Values};
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::json;

use crate::Error;
use crate::experiment::Experiment;
use crate::run::Outcome;

/// A run folder in the making: it has its final name only once it is whole.
///
/// ```text
/// runs/three-rings-20261122-171500/
///     report.html            settings, history and figures in one page, unless it is left out
///     leaky_relu/            one folder for each variant; none where the experiment has one network
///         settings.toml      trains the same network again: `chainrule run .../settings.toml`
///         data.json          what was trained on: how many samples, and their sum, which tells them from others
///         history.jsonl      one line for each epoch
///         weights.safetensors    W0, b0, W1, b1, ... each W of shape (n_in, n_out)
/// ```
#[derive(Debug)]
pub struct RunFolder {
    /// Removed with all it holds, unless it is finished.
    unfinished: tempfile::TempDir,
    runs: PathBuf,
    name: String,
}

impl RunFolder {
    /// Makes the unfinished folder within `runs`, so that a place that cannot be written is known before the training.
    ///
    /// # Errors
    /// [`Error::RunFolder`].
    pub fn begin(runs: &Path, experiment: &str) -> Result<RunFolder, Error> {
        let failed = |source| Error::RunFolder { path: runs.to_owned(), source };
        fs::create_dir_all(runs).map_err(failed)?;
        let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(runs).map_err(failed)?;
        let name = format!("{experiment}-{}", jiff::Zoned::now().strftime("%Y%m%d-%H%M%S"));
        Ok(RunFolder { unfinished, runs: runs.to_owned(), name })
    }

    /// Where checkpoints are saved until the folder has its name.
    pub fn checkpoints(&self) -> PathBuf {
        self.runs.join(format!("{}.checkpoints", self.name))
    }

    /// Writes what came of each variant and the text of a report, and gives the folder its name.
    ///
    /// # Errors
    /// [`Error::RunFolder`]; the unfinished folder is gone then.
    ///
    /// # Panics
    /// When an outcome is of no variant of the experiment.
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
        open_to_all(self.unfinished.path()).map_err(failed)?;
        // A second run within one second takes the next free name.
        let candidates = (1..).map(|k| if k == 1 { self.name.clone() } else { format!("{}-{k}", self.name) });
        let mut free = candidates.map(|name| self.runs.join(name)).filter(|path| !path.exists());
        let path = free.next().expect("there is always a next number");
        fs::rename(self.unfinished.path(), &path).map_err(failed)?;
        // The folder is no longer where it would be removed from.
        let _ = self.unfinished.keep();
        Ok(path)
    }
}

/// What was trained on. The sum is of the whole table, where there is one: runs with other splits are of the same data.
fn data(outcome: &Outcome) -> serde_json::Value {
    let samples = &outcome.samples;
    let from = samples.from_table.as_ref();
    let held = from.and_then(|from| from.validation.as_ref());
    json!({
        "fingerprint": from.map_or_else(|| samples.fingerprint().to_owned(), |from| sum(&from.table)),
        "n_samples": samples.dataset.n_samples(),
        "n_held_back": held.map_or(0, |held| held.n_samples()),
        "inputs": samples.inputs,
    })
}

/// The SHA-256 of a table's names and cells.
fn sum(table: &Table) -> String {
    let cells = |column: &Column| match &column.values {
        Values::Numbers(values) | Values::Dates(values) => {
            values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()
        }
        Values::Strings(texts) => {
            let codes = texts.codes.iter().flat_map(|code| code.to_le_bytes());
            texts.words.iter().flat_map(|word| word.bytes().chain([0])).chain(codes).collect()
        }
    };
    sha256(table.columns.iter().flat_map(|column| [column.name.clone().into_bytes(), cells(column)]))
}

fn write_history(path: &Path, outcome: &Outcome) -> Result<(), IoError> {
    let mut file = std::io::BufWriter::new(fs::File::create(path)?);
    for epoch in &outcome.history.epochs {
        writeln!(file, "{}", line(epoch, &outcome.metric_names))?;
    }
    file.flush()
}

/// One epoch as JSON. What is not finite is null there.
fn line(epoch: &Epoch, metrics: &[&str]) -> serde_json::Value {
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

/// The weights as a safetensors file, in the precision of the training.
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

/// A temporary folder is its maker's alone; a run is as readable as any other file.
fn open_to_all(path: &Path) -> Result<(), IoError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    let _ = path;
    Ok(())
}
