//! The checkpoints of training runs: when and where they are saved, and where training resumes
//! from.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chainrule::Scalar;
use chainrule::train::Training;
use chainrule_table::{UNFINISHED, write_whole};

use crate::Error;
use crate::checkpoint::{Checkpoint, to_bytes};
use crate::checkpoint_files::{EXTENSION, files, files_where};
use crate::checkpoint_interval::CheckpointInterval;
use crate::experiment::{Experiment, Variant};
use crate::renames::current_path;

/// The checkpoints of one or several consecutive training runs, in a folder that is created with
/// the first checkpoint.
///
/// ```text
/// runs/three-rings-20261122-171500.checkpoints/
///     epoch-00000040-step-000000000040.safetensors      of a network without a name
///     logistic/epoch-...                                of a variant
///     logistic/seed-7/epoch-...                         of a restart of a variant
/// ```
///
/// A folder belongs to one process, which locks a file in it: another process that starts training
/// under the same name adds a number, and one that would resume from the folder is refused. The
/// latest two checkpoints of a training run are kept. The last checkpoint of a run that has ended
/// is its final state.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    /// Locked file in the folder, once the folder is that of this process: created by it, or
    /// resumed from.
    lock: Option<File>,
    /// Folder or file to resume from.
    from: Option<PathBuf>,
    /// Keys of settings that may differ from those of the checkpoint.
    changeable: Vec<String>,
    interval: CheckpointInterval,
    created: Instant,
    /// Subfolders of the variants and restarts that have started.
    subfolders: BTreeSet<PathBuf>,
    /// Path of the latest checkpoint.
    pub latest: Option<PathBuf>,
}

/// Name of the locked file in a folder of checkpoints or of an unfinished run.
pub(crate) const LOCK: &str = ".lock";

/// The checkpoints of one training run.
#[derive(Debug)]
pub(crate) struct RunCheckpoints {
    /// Subfolder of the folder of all runs.
    subfolder: PathBuf,
    /// Its checkpoints, including those that it resumed from.
    files: Vec<PathBuf>,
    settings: String,
    fingerprint: String,
    interval: CheckpointInterval,
    /// Start of the first run.
    created: Instant,
    last_saved: Instant,
}

/// Number of checkpoints kept of each training run.
const N_KEPT: usize = 2;

/// Training runs that end within this many seconds of the start are not saved at their end.
const MIN_SECONDS: f64 = 1.0;

impl Checkpoints {
    /// Saves checkpoints in `folder`. With [`CheckpointInterval::Never`], training can still resume
    /// from earlier ones.
    pub fn new(folder: &Path, interval: CheckpointInterval) -> Checkpoints {
        Checkpoints {
            folder: folder.to_owned(),
            lock: None,
            from: None,
            changeable: Vec::new(),
            interval,
            created: Instant::now(),
            subfolders: BTreeSet::new(),
            latest: None,
        }
    }

    /// Makes the training runs of an experiment resume from the checkpoints in a folder, or its
    /// single run from a file.
    ///
    /// `sets` are the settings of the command as `KEY=VALUE`. Other settings must be those of the
    /// checkpoint, which else belongs to another training run.
    ///
    /// # Errors
    /// Returns [`Error::Checkpoint`] if the folder contains no checkpoint of the experiment, if
    /// another process is saving checkpoints in it, or if a file is given for several training
    /// runs.
    pub fn resume_from(
        self,
        path: &Path,
        experiment: &Experiment,
        sets: &[String],
    ) -> Result<Checkpoints, Error> {
        let refuse = |reason: &str| {
            let reason = reason.to_owned();
            Err(Error::Checkpoint { path: path.to_owned(), reason })
        };
        let has_checkpoint = |variant: &Variant| {
            let subfolder = path.join(&variant.name);
            let restarts = std::fs::read_dir(&subfolder).into_iter().flatten().flatten();
            let restarts = restarts.map(|entry| entry.path()).filter(|path| is_restart(path));
            std::iter::once(subfolder.clone()).chain(restarts).any(|folder| !files(&folder).is_empty())
        };
        let is_single = experiment.variants.len() == 1
            && experiment.variants[0].name.is_empty()
            && experiment.variants[0].train.restarts == 1;
        if path.is_dir() && !experiment.variants.iter().any(has_checkpoint) {
            return refuse("the folder contains no checkpoint of this experiment");
        }
        if path.is_file() && !is_single {
            return refuse(
                "it is the checkpoint of one network, but there are several; give the folder that contains all of them",
            );
        }
        // Without a lock, because the folder is read-only, new checkpoints go to a folder of their
        // own.
        let lock = if self.folder == path { File::create(path.join(LOCK)).ok() } else { None };
        if let Some(Err(TryLockError::WouldBlock)) = lock.as_ref().map(File::try_lock) {
            return refuse("another process is training with these checkpoints; wait until it ends");
        }
        let key = |set: &String| current_path(set.split('=').next().unwrap_or_default().trim());
        let changeable = sets.iter().map(key).collect();
        Ok(Checkpoints { from: Some(path.to_owned()), lock, changeable, ..self })
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the folder already contains checkpoints of training that was interrupted.
    pub fn exist(&self) -> bool {
        Checkpoint::open(&self.folder).is_ok()
    }

    /// Removes the checkpoints of the training runs that have started, and the folders that are
    /// then empty.
    pub fn remove(&self) {
        if self.lock.is_none() {
            return;
        }
        for folder in self.subfolders.iter().rev().map(|subfolder| self.folder.join(subfolder)) {
            // Incomplete files are left if the process was killed while it wrote them.
            let incomplete = files_where(&folder, |name| name.starts_with(UNFINISHED));
            files(&folder).into_iter().chain(incomplete).for_each(|path| drop(std::fs::remove_file(path)));
            let _ = std::fs::remove_dir(folder);
        }
        let _ = std::fs::remove_file(self.folder.join(LOCK));
        let _ = std::fs::remove_dir(&self.folder);
    }

    /// Starts the training run of the variant `name`, or its restart from `seed` if it has several.
    pub(crate) fn begin(
        &mut self,
        name: &str,
        seed: Option<u32>,
        settings: &str,
        fingerprint: &str,
    ) -> RunCheckpoints {
        let subfolder = subfolder(name, seed);
        let resumes_here = self.from.as_ref() == Some(&self.folder);
        let files = if resumes_here { files(&self.folder.join(&subfolder)) } else { Vec::new() };
        self.subfolders.extend([PathBuf::from(name), subfolder.clone()]);
        RunCheckpoints {
            subfolder,
            files,
            settings: settings.to_owned(),
            fingerprint: fingerprint.to_owned(),
            interval: self.interval,
            created: self.created,
            last_saved: Instant::now(),
        }
    }

    /// Returns the checkpoint from which the variant `name`, or its restart from `seed`, resumes,
    /// if there is one.
    ///
    /// # Errors
    /// Returns an error if the checkpoint is damaged, or if it belongs to another training run: one
    /// with different samples or settings.
    pub(crate) fn resume_point(
        &self,
        name: &str,
        seed: Option<u32>,
        settings: &str,
        fingerprint: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        let Some(from) = &self.from else { return Ok(None) };
        let path = if from.is_dir() { from.join(subfolder(name, seed)) } else { from.clone() };
        if from.is_dir() && files(&path).is_empty() {
            return Ok(None);
        }
        let checkpoint = Checkpoint::open(&path)?;
        if checkpoint.fingerprint != fingerprint {
            let reason = "the samples have changed since it was written; train from the start".to_owned();
            return Err(Error::Checkpoint { path: checkpoint.path, reason });
        }
        let is_changeable = |key: &str| {
            self.changeable.iter().any(|set| {
                let rest = key.strip_prefix(set.as_str()).or(set.strip_prefix(key));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        let changes = checkpoint.changed(settings).into_iter();
        if let Some(change) = changes.into_iter().find(|change| !is_changeable(&change.key)) {
            let reason = format!(
                "it belongs to another training run: {change}; leave out --resume, or give --set {}=VALUE to change \
                 the setting",
                change.key
            );
            return Err(Error::Checkpoint { path: checkpoint.path, reason });
        }
        Ok(Some(checkpoint))
    }

    /// Creates the folder, if it is not that of this process yet. If it exists, another process may
    /// be using it, or an interrupted one may be resumed from it: `NAME.checkpoints` then becomes
    /// `NAME-2.checkpoints` and so on. Returns the folder.
    fn create_folder(&mut self) -> std::io::Result<PathBuf> {
        if self.lock.is_some() {
            return Ok(self.folder.clone());
        }
        if let Some(parent) = self.folder.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let stem = self.folder.file_stem().unwrap_or_default().to_os_string();
        let extension = self.folder.extension().map(OsStr::to_os_string);
        for k in 1_u32.. {
            let mut name = stem.clone();
            if k > 1 {
                name.push(format!("-{k}"));
            }
            if let Some(extension) = &extension {
                name.push(".");
                name.push(extension);
            }
            let folder = self.folder.with_file_name(name);
            match std::fs::create_dir(&folder) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                created => {
                    let lock = created.and_then(|()| File::create(folder.join(LOCK)))?;
                    // Some network file systems have no locks.
                    let _ = lock.try_lock();
                    (self.folder, self.lock) = (folder.clone(), Some(lock));
                    return Ok(folder);
                }
            }
        }
        unreachable!("some number is free")
    }
}

impl RunCheckpoints {
    /// Returns whether a checkpoint should be saved after a step: the interval has passed, or the
    /// training run ends.
    pub(crate) fn is_due<T: Scalar>(&self, training: &Training<T>, ends_epoch: bool) -> bool {
        let is_due = match self.interval {
            CheckpointInterval::Seconds(seconds) => {
                self.last_saved.elapsed() >= Duration::from_secs_f64(seconds)
            }
            CheckpointInterval::Epochs(n) => ends_epoch && training.state().epoch.is_multiple_of(n),
            CheckpointInterval::Never => false,
        };
        is_due || (ends_epoch && training.is_over() && self.created.elapsed().as_secs_f64() > MIN_SECONDS)
    }

    /// Saves a checkpoint and returns the result of writing it, unless the interval is
    /// [`CheckpointInterval::Never`].
    pub(crate) fn save<T: Scalar>(
        &mut self,
        all: &Mutex<&mut Checkpoints>,
        training: &Training<T>,
        snapshots: &[(u64, Vec<f64>)],
    ) -> Option<std::io::Result<()>> {
        if self.interval == CheckpointInterval::Never {
            return None;
        }
        let written = self.write(all, training, snapshots);
        self.last_saved = Instant::now();
        Some(written)
    }

    fn write<T: Scalar>(
        &mut self,
        all: &Mutex<&mut Checkpoints>,
        training: &Training<T>,
        snapshots: &[(u64, Vec<f64>)],
    ) -> std::io::Result<()> {
        let lock = || all.lock().unwrap_or_else(PoisonError::into_inner);
        // Other runs can write their checkpoints at the same time.
        let folder = lock().create_folder()?.join(&self.subfolder);
        let state = training.state();
        let path = folder.join(format!("epoch-{:08}-step-{:012}{EXTENSION}", state.epoch, state.step));
        let bytes = to_bytes(state, training.history(), snapshots, &self.settings, &self.fingerprint);
        std::fs::create_dir_all(&folder)?;
        write_whole(&path, &bytes)?;
        self.files.retain(|other| *other != path);
        self.files.push(path.clone());
        let kept = &self.files[self.files.len().saturating_sub(N_KEPT)..];
        let old = files(&folder).into_iter().filter(|path| !kept.contains(path));
        old.for_each(|path| drop(std::fs::remove_file(path)));
        lock().latest = Some(path);
        Ok(())
    }
}

/// Returns the subfolder of the checkpoints of a variant, or of its restart from `seed`.
fn subfolder(name: &str, seed: Option<u32>) -> PathBuf {
    let variant = PathBuf::from(name);
    seed.map_or_else(|| variant.clone(), |seed| variant.join(format!("{RESTART}{seed}")))
}

const RESTART: &str = "seed-";

fn is_restart(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(RESTART))
}
