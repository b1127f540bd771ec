//! Checkpoint files: the complete state of a training run. Training that resumes from one yields
//! the same bits as uninterrupted training.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use chainrule::Scalar;
use chainrule::train::{Epoch, History, NamedState, StateValues, Training, TrainingState, Warning};
use chainrule_model::{Precision, sha256};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::checkpoint_files::files;
use crate::runs::flat_settings;

/// A checkpoint of one training run, read from a file and verified.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Path of the file.
    pub path: PathBuf,
    /// Settings of the training run, as TOML.
    pub settings: String,
    /// SHA-256 of the samples.
    pub fingerprint: String,
    header: CheckpointHeader,
    /// Elements of the tensors as 64-bit words, with their types.
    tensors: HashMap<String, (Dtype, Vec<u64>)>,
}

/// A setting with other values in a checkpoint and in the training run that resumes from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettingChange {
    pub(crate) key: String,
    old: String,
    new: String,
}

impl fmt::Display for SettingChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was {} and is now {}", self.key, self.old, self.new)
    }
}

/// Metadata of the file: the part of the state that is not a tensor.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct CheckpointHeader {
    version: u64,
    checksum: String,
    settings: String,
    fingerprint: String,
    precision: Precision,
    /// Number of optimizer state vectors, up to version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n_slots: Option<usize>,
    /// Whether there is a best epoch, up to version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    has_best: Option<bool>,
    /// Numbers of metrics, gradient norms, fractions of dead units and of saturated units in an
    /// epoch's record.
    widths: [usize; 4],
    warnings: Vec<SavedWarning>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedWarning {
    epoch: u64,
    layer: String,
    dead: usize,
    of: usize,
}

const FORMAT: &str = "chainrule-checkpoint";
/// Version 1 has a checksum of the tensors only. Up to version 2, the state has tensors of its own
/// names, which [`Checkpoint::old_state`] translates; since then each part of a
/// [`NamedState`] is a tensor.
const VERSION: u64 = 3;

/// Prefix of the tensors of the training state.
const STATE: &str = "state.";

/// Maximum number of values in the snapshots of a checkpoint. Longer trajectories are not saved, so
/// they start at the epoch from which training resumes.
const MAX_SNAPSHOTS: usize = 4_000_000;

/// Serialises a checkpoint.
pub(crate) fn to_bytes<T: Scalar>(
    state: &TrainingState<T>,
    history: &History,
    snapshots: &[(u64, Vec<f64>)],
    settings: &str,
    fingerprint: &str,
) -> Vec<u8> {
    let bits = |v: &[f64]| v.iter().flat_map(|v| v.to_bits().to_le_bytes()).collect::<Vec<u8>>();
    let words = |v: &[u64]| v.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let part = |(name, values): (String, StateValues)| match values {
        StateValues::Numbers(values) => (format!("{STATE}{name}"), Dtype::F64, bits(&values)),
        StateValues::Integers(values) => (format!("{STATE}{name}"), Dtype::U64, words(&values)),
    };
    let mut tensors: Vec<(String, Dtype, Vec<u8>)> = state.to_named().into_iter().map(part).collect();
    let history_rows: Vec<f64> = history.epochs.iter().flat_map(row).collect();
    tensors.push(("history".into(), Dtype::F64, bits(&history_rows)));
    if snapshots.iter().map(|(_, parameters)| parameters.len()).sum::<usize>() <= MAX_SNAPSHOTS {
        let (epochs, all): (Vec<u64>, Vec<&[f64]>) = snapshots.iter().map(|(e, p)| (*e, &p[..])).unzip();
        tensors.push(("snapshot_epochs".into(), Dtype::U64, words(&epochs)));
        tensors.push(("snapshots".into(), Dtype::F64, bits(&all.concat())));
    }
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let warning = |Warning::DeadUnits { epoch, layer, dead, of }: &Warning| SavedWarning {
        epoch: *epoch,
        layer: layer.clone(),
        dead: *dead,
        of: *of,
    };
    let first = history.epochs.first();
    let mut header = CheckpointHeader {
        version: VERSION,
        checksum: String::new(),
        settings: settings.to_owned(),
        fingerprint: fingerprint.to_owned(),
        precision: if size_of::<T>() == 4 { Precision::F32 } else { Precision::F64 },
        n_slots: None,
        has_best: None,
        widths: first
            .map_or([0; 4], |e| [e.metrics.len(), e.gradient_norm.len(), e.dead.len(), e.saturated.len()]),
        warnings: history.warnings.iter().map(warning).collect(),
    };
    header.checksum = header.checksum_with(tensors.iter().map(|(name, _, data)| (name.as_str(), &data[..])));
    let header = header.to_json();
    let views = tensors.iter().map(|(name, dtype, data)| {
        let view = TensorView::new(*dtype, vec![data.len() / 8], data).expect("each element has eight bytes");
        (name.as_str(), view)
    });
    serialize(views, Some(HashMap::from([(FORMAT.to_owned(), header)])))
        .expect("each tensor has the length of its data")
}

impl CheckpointHeader {
    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers can be serialised")
    }

    /// Computes the SHA-256 of everything that is stored: the header without its checksum, and the
    /// names and bytes of the tensors, sorted by name.
    fn checksum_with<'t>(&self, tensors: impl Iterator<Item = (&'t str, &'t [u8])>) -> String {
        if self.version == 1 {
            return sha256(tensors.map(|(_, data)| data));
        }
        let header = CheckpointHeader { checksum: String::new(), ..self.clone() }.to_json();
        let tensors = tensors.flat_map(|(name, data)| [name.as_bytes(), data]);
        sha256(std::iter::once(header.as_bytes()).chain(tensors))
    }
}

/// Number of values that the record of every epoch has.
const N_FIXED: usize = 5;

/// Converts the record of an epoch to numbers; a missing validation loss becomes NaN.
fn row(epoch: &Epoch) -> Vec<f64> {
    let fixed: [f64; N_FIXED] = [
        epoch.epoch as f64,
        epoch.loss,
        epoch.validation_loss.unwrap_or(f64::NAN),
        epoch.learning_rate,
        epoch.seconds,
    ];
    [&fixed[..], &epoch.metrics, &epoch.gradient_norm, &epoch.dead, &epoch.saturated].concat()
}

/// Returns the folders in a folder, sorted by name.
fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

impl Checkpoint {
    /// Reads a checkpoint file, or the latest intact checkpoint of a folder. If the folder contains
    /// checkpoints of several training runs, that of the first run is read.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, is damaged or has an unsupported version.
    pub fn open(path: &Path) -> Result<Checkpoint, Error> {
        if !path.is_dir() {
            return Checkpoint::read(path);
        }
        // Variants have subfolders, and their restarts subfolders of those.
        let variants = subfolders(path).into_iter().flat_map(|variant| {
            let restarts = subfolders(&variant);
            std::iter::once(variant).chain(restarts)
        });
        let mut first_error = None;
        for folder in std::iter::once(path.to_owned()).chain(variants) {
            for file in files(&folder).into_iter().rev() {
                match Checkpoint::read(&file) {
                    Ok(checkpoint) => return Ok(checkpoint),
                    Err(error) => first_error = first_error.or(Some(error)),
                }
            }
        }
        Err(first_error.unwrap_or_else(|| Error::Checkpoint {
            path: path.to_owned(),
            reason: "the folder contains no checkpoint".to_owned(),
        }))
    }

    fn read(path: &Path) -> Result<Checkpoint, Error> {
        let refuse = |reason: &str| Error::Checkpoint { path: path.to_owned(), reason: reason.to_owned() };
        let bytes =
            std::fs::read(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
        let damaged = || refuse("the file is damaged or not a checkpoint");
        let tensors = SafeTensors::deserialize(&bytes).map_err(|_| damaged())?;
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|_| damaged())?;
        let header = metadata.metadata().as_ref().and_then(|metadata| metadata.get(FORMAT));
        let header = header.ok_or_else(|| refuse("it is a safetensors file, but not a checkpoint"))?;
        let header: CheckpointHeader =
            serde_json::from_str(header).map_err(|_| refuse("its header cannot be parsed"))?;
        if header.version > VERSION {
            return Err(refuse("it was written by a later version of Chainrule; resume with that version"));
        }
        let mut all = tensors.tensors();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        if header.checksum_with(all.iter().map(|(name, view)| (name.as_str(), view.data())))
            != header.checksum
        {
            return Err(refuse("its checksum does not match its contents"));
        }
        let words = |data: &[u8]| data.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect();
        let tensors =
            all.into_iter().map(|(name, view)| (name, (view.dtype(), words(view.data())))).collect();
        let (settings, fingerprint) = (header.settings.clone(), header.fingerprint.clone());
        Ok(Checkpoint { path: path.to_owned(), settings, fingerprint, header, tensors })
    }

    /// Returns the number of completed epochs.
    pub fn epoch(&self) -> u64 {
        let (name, k) = if self.header.version > 2 { ("state.epoch", 0) } else { ("counters", 2) };
        self.tensors.get(name).and_then(|(_, words)| words.get(k)).copied().unwrap_or(0)
    }

    fn words(&self, name: &str) -> Result<&[u64], Error> {
        let missing = || self.refuse(&format!("its tensor \"{name}\" is missing"));
        self.tensors.get(name).map(|(_, words)| words.as_slice()).ok_or_else(missing)
    }

    fn numbers(&self, name: &str) -> Result<Vec<f64>, Error> {
        Ok(self.words(name)?.iter().map(|bits| f64::from_bits(*bits)).collect())
    }

    /// Restores the state of the checkpoint in a training run with the same network and data.
    pub(crate) fn restore<T: Scalar>(&self, training: &mut Training<T>) -> Result<(), Error> {
        let named = if self.header.version > 2 { self.state() } else { self.old_state()? };
        let history = self.history()?;
        let restored = TrainingState::from_named(&named).and_then(|state| training.resume(state, history));
        restored.map_err(|error| self.refuse(&error.to_string()))
    }

    /// Returns the parts of the training state.
    fn state(&self) -> NamedState {
        let part = |(name, (dtype, words)): (&String, &(Dtype, Vec<u64>))| {
            let values = match dtype {
                Dtype::F64 => StateValues::Numbers(words.iter().map(|bits| f64::from_bits(*bits)).collect()),
                _ => StateValues::Integers(words.clone()),
            };
            Some((name.strip_prefix(STATE)?.to_owned(), values))
        };
        self.tensors.iter().filter_map(part).collect()
    }

    /// Returns the parts of the training state of a checkpoint up to version 2.
    fn old_state(&self) -> Result<NamedState, Error> {
        const COUNTERS: [&str; 10] = [
            "updates",
            "step",
            "epoch",
            "samples",
            "place",
            "schedule.wait",
            "stopping.wait",
            "random.position",
            "random.has_gauss",
            "best.epoch",
        ];
        const NUMBERS: [&str; 5] =
            ["running_loss", "schedule.factor", "schedule.best", "stopping.best", "random.gauss"];
        let mut named = NamedState::new();
        for (name, counter) in COUNTERS.iter().zip(self.words("counters")?) {
            named.insert((*name).to_owned(), StateValues::Integers(vec![*counter]));
        }
        for (name, number) in NUMBERS.iter().zip(self.numbers("numbers")?) {
            named.insert((*name).to_owned(), StateValues::Numbers(vec![number]));
        }
        for (name, tensor) in [("random.key", "random"), ("order", "order")] {
            named.insert(name.to_owned(), StateValues::Integers(self.words(tensor)?.to_vec()));
        }
        for name in ["parameters", "finite"] {
            named.insert(name.to_owned(), StateValues::Numbers(self.numbers(name)?));
        }
        for k in 0..self.header.n_slots.unwrap_or_default() {
            named.insert(format!("optimizer.{k}"), StateValues::Numbers(self.numbers(&format!("slot{k}"))?));
        }
        if self.header.has_best == Some(true) {
            named.insert("best.parameters".to_owned(), StateValues::Numbers(self.numbers("best")?));
        } else {
            named.remove("best.epoch");
        }
        Ok(named)
    }

    /// Returns the trajectory up to the checkpoint: the `n_parameters` parameters after some
    /// epochs. It is empty if it was too long to be saved.
    pub(crate) fn trajectory(&self, n_parameters: usize) -> Result<Vec<(u64, Vec<f64>)>, Error> {
        if !self.tensors.contains_key("snapshots") {
            return Ok(Vec::new());
        }
        let (epochs, all) = (self.words("snapshot_epochs")?, self.numbers("snapshots")?);
        if !epochs.is_sorted_by(|a, b| a < b)
            || Some(all.len()) != epochs.len().checked_mul(n_parameters)
            || all.iter().any(|v| !v.is_finite())
        {
            return Err(self.refuse("its trajectory does not fit the network"));
        }
        Ok(epochs.iter().copied().zip(all.chunks_exact(n_parameters).map(<[f64]>::to_vec)).collect())
    }

    /// Returns the settings that differ between the checkpoint and `settings`.
    pub(crate) fn changed(&self, settings: &str) -> Vec<SettingChange> {
        let [old, new] = [&self.settings, settings].map(|text| flat_settings(text).unwrap_or_default());
        let get = |settings: &[(String, String)], key: &str| {
            let found = settings.iter().find(|(known, _)| known == key);
            found.map_or_else(|| "not set".to_owned(), |(_, value)| value.clone())
        };
        let change =
            |key: &String| SettingChange { key: key.clone(), old: get(&old, key), new: get(&new, key) };
        let mut keys: Vec<&String> = old.iter().chain(&new).map(|(key, _)| key).collect();
        keys.sort();
        keys.dedup();
        keys.into_iter().map(change).filter(|change| change.old != change.new).collect()
    }

    fn refuse(&self, reason: &str) -> Error {
        Error::Checkpoint { path: self.path.clone(), reason: reason.to_owned() }
    }

    fn history(&self) -> Result<History, Error> {
        let [n_metrics, n_norms, n_dead, _] = self.header.widths;
        let numbers = self.numbers("history")?;
        let width = self.header.widths.iter().try_fold(N_FIXED, |sum, n| sum.checked_add(*n));
        let width = width.filter(|width| numbers.len().is_multiple_of(*width));
        let width = width.ok_or_else(|| self.refuse("its history is incomplete"))?;
        let epoch = |row: &[f64]| {
            let (metrics, rest) = row[N_FIXED..].split_at(n_metrics);
            let (norms, rest) = rest.split_at(n_norms);
            let (dead, saturated) = rest.split_at(n_dead);
            Epoch {
                epoch: row[0] as u64,
                loss: row[1],
                validation_loss: Some(row[2]).filter(|v| !v.is_nan()),
                learning_rate: row[3],
                seconds: row[4],
                metrics: metrics.to_vec(),
                gradient_norm: norms.to_vec(),
                dead: dead.to_vec(),
                saturated: saturated.to_vec(),
            }
        };
        let warning = |w: &SavedWarning| Warning::DeadUnits {
            epoch: w.epoch,
            layer: w.layer.clone(),
            dead: w.dead,
            of: w.of,
        };
        Ok(History {
            epochs: numbers.chunks_exact(width).map(epoch).collect(),
            warnings: self.header.warnings.iter().map(warning).collect(),
        })
    }
}
