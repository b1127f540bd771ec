//! The checkpoints of trainings on their way: when they are saved, where, and where trainings go on from.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use chainrule::Scalar;
use chainrule::train::Training;
use chainrule_model::write_whole;

use crate::Error;
use crate::checkpoint::{Checkpoint, to_bytes};

/// How often a training is saved. As text: seconds (`30`), epochs (`10 epochs`) or `never`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Every {
    /// It is not.
    Never,
    /// After so many seconds, at the end of the step under way.
    Seconds(f64),
    /// After so many epochs.
    Epochs(u64),
}

impl Default for Every {
    /// 30 seconds.
    fn default() -> Every {
        Every::Seconds(30.0)
    }
}

impl FromStr for Every {
    type Err = String;

    fn from_str(text: &str) -> Result<Every, String> {
        let refused = || "write seconds (30), epochs (10 epochs) or never".to_owned();
        let positive = |v: &f64| v.is_finite() && *v > 0.0;
        match text.trim().split_once(' ') {
            None if text.trim() == "never" => Ok(Every::Never),
            None => {
                let seconds = text.trim().trim_end_matches('s').parse().ok().filter(positive);
                seconds.map(Every::Seconds).ok_or_else(refused)
            }
            Some((n, "epochs" | "epoch")) => {
                n.parse().ok().filter(|n| *n > 0).map(Every::Epochs).ok_or_else(refused)
            }
            Some(_) => Err(refused()),
        }
    }
}

/// The checkpoints of one training or of several, one after the other, in a folder that is made with the first.
///
/// ```text
/// runs/three-rings-20261122-171500.checkpoints/
///     epoch-00000040-step-000000000040.safetensors      of a training that has no name
///     logistic/epoch-...                                of one that has
///     logistic/seed-7/epoch-...                         of one of its restarts
/// ```
///
/// The latest two of a training are kept; the last of one that has come to its end is that end.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    /// Where trainings go on from.
    from: Option<PathBuf>,
    every: Every,
    began: Instant,
    last: Instant,
    under_way: UnderWay,
    /// The latest one.
    pub latest: Option<PathBuf>,
}

const ENDING: &str = "safetensors";

/// The training under way.
#[derive(Debug, Default)]
struct UnderWay {
    /// Its place within the folder, and, of several restarts, that of the one under way.
    part: PathBuf,
    restart: PathBuf,
    settings: String,
    fingerprint: String,
}

/// So many are kept.
const KEPT: usize = 2;

/// Of several trainings each that ends after so many seconds from the start is saved at its end.
const SPARED: f64 = 1.0;

impl Checkpoints {
    /// Checkpoints in `folder`, so often; never, where trainings only go on from some.
    pub fn new(folder: &Path, every: Every) -> Checkpoints {
        let now = Instant::now();
        Checkpoints {
            folder: folder.to_owned(),
            from: None,
            every,
            began: now,
            last: now,
            under_way: UnderWay::default(),
            latest: None,
        }
    }

    /// The same, for trainings that go on from those in a folder, or for one that goes on from a file.
    pub fn going_on_from(self, path: &Path) -> Checkpoints {
        Checkpoints { from: Some(path.to_owned()), ..self }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes all checkpoints, once nobody needs them.
    pub fn remove(&self) {
        remove(&self.folder);
    }

    /// A training begins, whose name is `name`.
    pub(crate) fn begin(&mut self, name: &str, settings: String, fingerprint: String) {
        self.under_way =
            UnderWay { part: PathBuf::from(name), restart: PathBuf::new(), settings, fingerprint };
    }

    /// Of its restarts that from `seed` begins.
    pub(crate) fn restart(&mut self, seed: u32) {
        self.under_way.restart = restart(seed);
    }

    /// What the training goes on from, or of its restarts that from `seed`; nothing where there is nothing of it.
    ///
    /// # Errors
    /// A checkpoint that is not whole, or is of other samples.
    pub(crate) fn saved(&self, seed: Option<u32>) -> Result<Option<Checkpoint>, Error> {
        let Some(from) = &self.from else { return Ok(None) };
        let part = self.under_way.part.join(seed.map_or_else(PathBuf::new, restart));
        let path = if from.is_dir() { from.join(&part) } else { from.clone() };
        if from.is_file() && part != Path::new("") {
            let reason = "it is of one training and there are several; name the folder of all".to_owned();
            return Err(Error::Checkpoint { path, reason });
        }
        if from.is_dir() && saved(&path).is_empty() {
            return Ok(None);
        }
        let checkpoint = Checkpoint::open(&path)?;
        if checkpoint.fingerprint != self.under_way.fingerprint {
            let reason = "the samples have changed since it was written; train anew".to_owned();
            return Err(Error::Checkpoint { path: checkpoint.path, reason });
        }
        Ok(Some(checkpoint))
    }

    /// Saves after a step if it is time, and at the end of a training; says then whether that could be written.
    pub(crate) fn stepped<T: Scalar>(
        &mut self,
        training: &Training<'_, T>,
        snapshots: &[(u64, Vec<f64>)],
        ends_epoch: bool,
    ) -> Option<std::io::Result<()>> {
        let due = match self.every {
            Every::Seconds(seconds) => self.last.elapsed() >= Duration::from_secs_f64(seconds),
            Every::Epochs(n) => ends_epoch && training.state().epoch.is_multiple_of(n),
            Every::Never => return None,
        };
        let ends = || ends_epoch && training.is_over() && self.began.elapsed().as_secs_f64() > SPARED;
        if due || ends() { self.save(training, snapshots) } else { None }
    }

    /// Saves the training as it is, unless nothing ever is.
    pub(crate) fn save<T: Scalar>(
        &mut self,
        training: &Training<'_, T>,
        snapshots: &[(u64, Vec<f64>)],
    ) -> Option<std::io::Result<()>> {
        if self.every == Every::Never {
            return None;
        }
        let UnderWay { part, restart, settings, fingerprint } = &self.under_way;
        let state = training.state();
        let folder = self.folder.join(part).join(restart);
        let path = folder.join(format!("epoch-{:08}-step-{:012}.{ENDING}", state.epoch, state.step));
        let bytes = to_bytes(state, training.history(), snapshots, settings, fingerprint);
        let written = std::fs::create_dir_all(&folder).and_then(|()| write_whole(&path, &bytes));
        self.last = Instant::now();
        if written.is_ok() {
            self.latest = Some(path);
            let mut all = saved(&folder);
            let old = all.len().saturating_sub(KEPT);
            all.drain(..old).for_each(|path| drop(std::fs::remove_file(path)));
        }
        Some(written)
    }
}

/// The folder of the checkpoints of one of several restarts.
fn restart(seed: u32) -> PathBuf {
    PathBuf::from(format!("seed-{seed}"))
}

/// Removes the checkpoints in a folder, in the folders within it, and what is empty then; what else somebody put there stays.
fn remove(folder: &Path) {
    for path in saved(folder) {
        let _ = std::fs::remove_file(path);
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove(&entry.path());
    }
    let _ = std::fs::remove_dir(folder);
}

/// The checkpoints of a folder, the latest last.
pub(crate) fn saved(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("epoch-") && path.extension().is_some_and(|ending| ending == ENDING)
    };
    let mut all: Vec<PathBuf> = entries.filter(is_one).collect();
    all.sort();
    all
}
