//! Checkpoints: the whole state of a training in a file, from which it goes on to the same bits.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chainrule::Scalar;
use chainrule::random::{GeneratorState, RandomState};
use chainrule::train::{Best, Epoch, History, StoppingState, Training, TrainingState, Warning, schedule};
use chainrule_model::{Precision, sha256};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::checkpoints::saved;
use crate::runs::settings_of;

/// A checkpoint that has been read: whole, and of one training.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Where it was read.
    pub path: PathBuf,
    /// The settings as TOML that trained so far.
    pub settings: String,
    /// The SHA-256 of the samples.
    pub fingerprint: String,
    description: Description,
    tensors: HashMap<String, Vec<u64>>,
}

/// What is no vector.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Description {
    version: u64,
    checksum: String,
    settings: String,
    fingerprint: String,
    precision: Precision,
    n_slots: usize,
    has_best: bool,
    /// How many numbers an epoch of the history has: metrics, layers' norms, dead, saturated.
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
const VERSION: u64 = 1;

/// So many numbers of a path are saved at most; longer ones begin anew.
const MAX_SNAPSHOTS: usize = 4_000_000;

/// A checkpoint as a file's bytes.
pub(crate) fn to_bytes<T: Scalar>(
    state: &TrainingState<T>,
    history: &History,
    snapshots: &[(u64, Vec<f64>)],
    settings: &str,
    fingerprint: &str,
) -> Vec<u8> {
    let bits = |v: &[f64]| v.iter().flat_map(|v| v.to_bits().to_le_bytes()).collect::<Vec<u8>>();
    let exact = |v: &[T]| bits(&v.iter().map(|v| v.to_f64()).collect::<Vec<f64>>());
    let whole = |v: &[u64]| v.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let random = state.random.state();
    let key: Vec<u64> = random.key.iter().map(|v| u64::from(*v)).collect();
    let mut tensors: Vec<(String, Dtype, Vec<u8>)> = vec![
        ("parameters".into(), Dtype::F64, exact(&state.parameters)),
        ("finite".into(), Dtype::F64, exact(&state.finite)),
        ("order".into(), Dtype::U64, whole(&state.order.iter().map(|i| *i as u64).collect::<Vec<_>>())),
        ("random".into(), Dtype::U64, whole(&key)),
        (
            "counters".into(),
            Dtype::U64,
            whole(&[
                state.updates,
                state.step,
                state.epoch,
                state.samples,
                state.place as u64,
                state.schedule.wait,
                state.stopping.wait,
                random.pos as u64,
                u64::from(random.has_gauss),
                state.best.as_ref().map_or(0, |best| best.epoch),
            ]),
        ),
        (
            "numbers".into(),
            Dtype::F64,
            bits(&[
                state.running_loss,
                state.schedule.factor,
                state.schedule.best,
                state.stopping.best,
                random.cached_gaussian,
            ]),
        ),
        ("history".into(), Dtype::F64, bits(&history.epochs.iter().flat_map(row).collect::<Vec<_>>())),
    ];
    tensors.extend(
        state.slots.iter().enumerate().map(|(k, slot)| (format!("slot{k}"), Dtype::F64, exact(slot))),
    );
    tensors.extend(state.best.iter().map(|best| ("best".into(), Dtype::F64, exact(&best.parameters))));
    if snapshots.iter().map(|(_, parameters)| parameters.len()).sum::<usize>() <= MAX_SNAPSHOTS {
        let (epochs, all): (Vec<u64>, Vec<&[f64]>) = snapshots.iter().map(|(e, p)| (*e, &p[..])).unzip();
        tensors.push(("snapshot_epochs".into(), Dtype::U64, whole(&epochs)));
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
    let description = Description {
        version: VERSION,
        checksum: sha256(tensors.iter().map(|(_, _, data)| data.as_slice())),
        settings: settings.to_owned(),
        fingerprint: fingerprint.to_owned(),
        precision: if size_of::<T>() == 4 { Precision::F32 } else { Precision::F64 },
        n_slots: state.slots.len(),
        has_best: state.best.is_some(),
        widths: first
            .map_or([0; 4], |e| [e.metrics.len(), e.gradient_norm.len(), e.dead.len(), e.saturated.len()]),
        warnings: history.warnings.iter().map(warning).collect(),
    };
    let description = serde_json::to_string(&description).expect("texts and numbers");
    let views = tensors.iter().map(|(name, dtype, data)| {
        let view = TensorView::new(*dtype, vec![data.len() / 8], data).expect("eight bytes a number");
        (name.as_str(), view)
    });
    serialize(views, Some(HashMap::from([(FORMAT.to_owned(), description)])))
        .expect("tensors of their own lengths")
}

/// The numbers that every epoch has.
const FIXED: usize = 5;

/// An epoch as numbers; a validation loss that is not there is NaN.
fn row(epoch: &Epoch) -> Vec<f64> {
    let fixed: [f64; FIXED] = [
        epoch.epoch as f64,
        epoch.loss,
        epoch.validation_loss.unwrap_or(f64::NAN),
        epoch.learning_rate,
        epoch.seconds,
    ];
    [&fixed[..], &epoch.metrics, &epoch.gradient_norm, &epoch.dead, &epoch.saturated].concat()
}

/// The folders within a folder, by name.
fn within(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

impl Checkpoint {
    /// Reads a checkpoint, or the latest whole one of a folder; where the folder holds those of several trainings, of the first
    /// that has one.
    ///
    /// # Errors
    /// A file that cannot be read, or is no whole checkpoint of this version.
    pub fn open(path: &Path) -> Result<Checkpoint, Error> {
        if !path.is_dir() {
            return Checkpoint::read(path);
        }
        // Trainings have folders within it, and their restarts within those.
        let trainings = within(path).into_iter().flat_map(|training| {
            let restarts = within(&training);
            std::iter::once(training).chain(restarts)
        });
        let mut refused = None;
        for folder in std::iter::once(path.to_owned()).chain(trainings) {
            for file in saved(&folder).into_iter().rev() {
                match Checkpoint::read(&file) {
                    Ok(checkpoint) => return Ok(checkpoint),
                    Err(error) => refused = refused.or(Some(error)),
                }
            }
        }
        Err(refused.unwrap_or_else(|| Error::Checkpoint {
            path: path.to_owned(),
            reason: "there is none in this folder".to_owned(),
        }))
    }

    fn read(path: &Path) -> Result<Checkpoint, Error> {
        let refuse = |reason: &str| Error::Checkpoint { path: path.to_owned(), reason: reason.to_owned() };
        let bytes =
            std::fs::read(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|_| refuse("it is not whole"))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|_| refuse("it is not whole"))?;
        let text = header.metadata().as_ref().and_then(|metadata| metadata.get(FORMAT));
        let text = text.ok_or_else(|| refuse("it holds tensors, but no description of a training"))?;
        let description: Description =
            serde_json::from_str(text).map_err(|_| refuse("its description cannot be read"))?;
        if description.version > VERSION {
            return Err(refuse("a later version of Chainrule wrote it; go on with that one"));
        }
        let mut all = tensors.tensors();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        if sha256(all.iter().map(|(_, view)| view.data())) != description.checksum {
            return Err(refuse("its contents do not have its checksum"));
        }
        let words = |data: &[u8]| data.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect();
        let tensors = all.into_iter().map(|(name, view)| (name, words(view.data()))).collect();
        let (settings, fingerprint) = (description.settings.clone(), description.fingerprint.clone());
        Ok(Checkpoint { path: path.to_owned(), settings, fingerprint, description, tensors })
    }

    /// The epochs that were done.
    pub fn epoch(&self) -> u64 {
        self.tensors.get("counters").and_then(|counters| counters.get(2)).copied().unwrap_or(0)
    }

    fn whole(&self, name: &str) -> Result<&[u64], Error> {
        let lacks = || Error::Checkpoint { path: self.path.clone(), reason: format!("it has no \"{name}\"") };
        self.tensors.get(name).map(Vec::as_slice).ok_or_else(lacks)
    }

    fn numbers(&self, name: &str) -> Result<Vec<f64>, Error> {
        Ok(self.whole(name)?.iter().map(|bits| f64::from_bits(*bits)).collect())
    }

    fn exact<T: Scalar>(&self, name: &str) -> Result<Vec<T>, Error> {
        Ok(self.numbers(name)?.into_iter().map(T::from_f64).collect())
    }

    /// Puts a training with the same settings and data where this one was.
    pub(crate) fn restore<T: Scalar>(&self, training: &mut Training<'_, T>) -> Result<(), Error> {
        let refuse = |reason: String| self.refuse(&reason);
        let short = || refuse("its counters are too few".to_owned());
        let [
            updates,
            step,
            epoch,
            samples,
            place,
            schedule_wait,
            stopping_wait,
            position,
            has_gauss,
            best_epoch,
        ] = *self.whole("counters")?.first_chunk::<10>().ok_or_else(short)?;
        let [running_loss, factor, schedule_best, stopping_best, gauss] =
            *self.numbers("numbers")?.first_chunk::<5>().ok_or_else(short)?;
        let random = GeneratorState {
            key: self
                .whole("random")?
                .iter()
                .map(|v| *v as u32)
                .collect::<Vec<u32>>()
                .try_into()
                .map_err(|_| short())?,
            pos: position as usize,
            has_gauss: has_gauss == 1,
            cached_gaussian: gauss,
        };
        let slots = (0..self.description.n_slots)
            .map(|k| self.exact(&format!("slot{k}")))
            .collect::<Result<_, _>>()?;
        let best = if self.description.has_best {
            Some(Best { epoch: best_epoch, parameters: self.exact("best")? })
        } else {
            None
        };
        let state = TrainingState {
            parameters: self.exact("parameters")?,
            slots,
            updates,
            step,
            epoch,
            samples,
            schedule: schedule::ScheduleState { factor, best: schedule_best, wait: schedule_wait },
            random: RandomState::from_state(random).map_err(|error| refuse(error.to_string()))?,
            order: self.whole("order")?.iter().map(|i| *i as usize).collect(),
            place: place as usize,
            running_loss,
            stopping: StoppingState { best: stopping_best, wait: stopping_wait },
            best,
            finite: self.exact("finite")?,
        };
        training.resume(state, self.history()?).map_err(|error| refuse(error.to_string()))
    }

    /// The path that the training had come: its `n_parameters` parameters after some epochs; nothing where it was too long to
    /// be saved.
    pub(crate) fn trajectory(&self, n_parameters: usize) -> Result<Vec<(u64, Vec<f64>)>, Error> {
        if !self.tensors.contains_key("snapshots") {
            return Ok(Vec::new());
        }
        let (epochs, all) = (self.whole("snapshot_epochs")?, self.numbers("snapshots")?);
        if !epochs.is_sorted_by(|a, b| a < b)
            || Some(all.len()) != epochs.len().checked_mul(n_parameters)
            || all.iter().any(|v| !v.is_finite())
        {
            return Err(self.refuse("its path is none of this network"));
        }
        Ok(epochs.iter().copied().zip(all.chunks_exact(n_parameters).map(<[f64]>::to_vec)).collect())
    }

    /// The settings that are not as they were, each with what it was and what it is.
    pub(crate) fn changed(&self, settings: &str) -> Vec<String> {
        let [was, is] = [&self.settings, settings].map(|text| settings_of(text).unwrap_or_default());
        let get = |settings: &[(String, String)], key: &str| {
            let found = settings.iter().find(|(known, _)| known == key);
            found.map_or_else(|| "-".to_owned(), |(_, value)| value.clone())
        };
        let mut keys: Vec<&String> = was.iter().chain(&is).map(|(key, _)| key).collect();
        keys.sort();
        keys.dedup();
        let both = keys.into_iter().map(|key| (key, get(&was, key), get(&is, key)));
        both.filter(|(_, was, is)| was != is)
            .map(|(key, was, is)| format!("{key} was {was} and is {is}"))
            .collect()
    }

    fn refuse(&self, reason: &str) -> Error {
        Error::Checkpoint { path: self.path.clone(), reason: reason.to_owned() }
    }

    fn history(&self) -> Result<History, Error> {
        let [n_metrics, n_norms, n_dead, _] = self.description.widths;
        let numbers = self.numbers("history")?;
        let width = self.description.widths.iter().try_fold(FIXED, |sum, n| sum.checked_add(*n));
        let width = width.filter(|width| numbers.len().is_multiple_of(*width));
        let width = width.ok_or_else(|| self.refuse("its epochs are not whole"))?;
        let epoch = |row: &[f64]| {
            let (metrics, rest) = row[FIXED..].split_at(n_metrics);
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
            warnings: self.description.warnings.iter().map(warning).collect(),
        })
    }
}
