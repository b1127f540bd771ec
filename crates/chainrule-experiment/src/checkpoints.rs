//! The checkpoints of trainings on their way: when they are saved, where, and where trainings go on from.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use chainrule::Scalar;
use chainrule::train::Training;
use chainrule_model::{UNFINISHED, write_whole};

use crate::Error;
use crate::checkpoint::{Checkpoint, to_bytes};
use crate::experiment::{Experiment, Variant};

/// How often a training is saved. As text: seconds (`30`), epochs (`10 epochs`) or `never`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CheckpointInterval {
    /// It is not.
    Never,
    /// After so many seconds, at the end of the step under way.
    Seconds(f64),
    /// After so many epochs.
    Epochs(u64),
}

impl Default for CheckpointInterval {
    /// 30 seconds.
    fn default() -> CheckpointInterval {
        CheckpointInterval::Seconds(30.0)
    }
}

impl fmt::Display for CheckpointInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointInterval::Never => f.write_str("never"),
            CheckpointInterval::Seconds(seconds) => write!(f, "{seconds}"),
            CheckpointInterval::Epochs(n) => write!(f, "{n} epochs"),
        }
    }
}

impl FromStr for CheckpointInterval {
    type Err = String;

    fn from_str(text: &str) -> Result<CheckpointInterval, String> {
        let refused = || "write seconds (30), epochs (10 epochs) or never".to_owned();
        let positive = |v: &f64| v.is_finite() && *v > 0.0;
        match text.trim().split_once(' ') {
            None if text.trim() == "never" => Ok(CheckpointInterval::Never),
            None => {
                let seconds = text.trim().trim_end_matches('s').parse().ok().filter(positive);
                seconds.map(CheckpointInterval::Seconds).ok_or_else(refused)
            }
            Some((n, "epochs" | "epoch")) => {
                n.parse().ok().filter(|n| *n > 0).map(CheckpointInterval::Epochs).ok_or_else(refused)
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
    every: CheckpointInterval,
    began: Instant,
    last: Instant,
    under_way: UnderWay,
    /// The places within the folder of the trainings that have begun, and of their restarts.
    places: BTreeSet<PathBuf>,
    /// The latest one.
    pub latest: Option<PathBuf>,
}

const ENDING: &str = ".safetensors";

/// The training under way.
#[derive(Debug, Default)]
struct UnderWay {
    /// Its place within the folder; of several restarts that of the one under way.
    place: PathBuf,
    /// Its checkpoints, those that it goes on from among them.
    own: Vec<PathBuf>,
    settings: String,
    fingerprint: String,
}

/// So many are kept.
const KEPT: usize = 2;

/// Of several trainings each that ends after so many seconds from the start is saved at its end.
const SPARED: f64 = 1.0;

impl Checkpoints {
    /// Checkpoints in `folder`, so often; never, where trainings only go on from some.
    pub fn new(folder: &Path, every: CheckpointInterval) -> Checkpoints {
        let now = Instant::now();
        Checkpoints {
            folder: folder.to_owned(),
            from: None,
            every,
            began: now,
            last: now,
            under_way: UnderWay::default(),
            places: BTreeSet::new(),
            latest: None,
        }
    }

    /// The same, for the trainings of an experiment that go on from those in a folder, or for its one that goes on from a file.
    ///
    /// # Errors
    /// A place where there is none of any of them.
    pub fn resume_from(self, path: &Path, experiment: &Experiment) -> Result<Checkpoints, Error> {
        let refused = |reason: &str| {
            let reason = reason.to_owned();
            Err(Error::Checkpoint { path: path.to_owned(), reason })
        };
        let of = |variant: &Variant| {
            let place = path.join(&variant.name);
            let restarts = std::fs::read_dir(&place).into_iter().flatten().flatten();
            let restarts = restarts.map(|entry| entry.path()).filter(|path| is_of_restart(path));
            std::iter::once(place.clone()).chain(restarts).any(|place| !saved(&place).is_empty())
        };
        let one = experiment.variants.len() == 1
            && experiment.variants[0].name.is_empty()
            && experiment.variants[0].train.restarts == 1;
        if path.is_dir() && !experiment.variants.iter().any(of) {
            return refused("there is none of these trainings in this folder");
        }
        if path.is_file() && !one {
            return refused("it is of one training and there are several; name the folder of all");
        }
        Ok(Checkpoints { from: Some(path.to_owned()), ..self })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether there are some already, of trainings that were not finished.
    pub fn are_there(&self) -> bool {
        Checkpoint::open(&self.folder).is_ok()
    }

    /// Removes those of the trainings that have begun, once nobody needs them, and what folders are empty then.
    pub fn remove(&self) {
        for place in self.places.iter().rev().map(|place| self.folder.join(place)) {
            // What a kill left half-written too.
            let half = files(&place, |name| name.starts_with(UNFINISHED));
            saved(&place).into_iter().chain(half).for_each(|path| drop(std::fs::remove_file(path)));
            let _ = std::fs::remove_dir(place);
        }
        let _ = std::fs::remove_dir(&self.folder);
    }

    /// A training begins, whose name is `name`; of its restarts, where there are several, that from `seed`.
    pub(crate) fn begin(&mut self, name: &str, seed: Option<u32>, settings: &str, fingerprint: &str) {
        let place = place(name, seed);
        // Others that lie there are of a training that this one takes the place of.
        let goes_on = self.from.as_ref() == Some(&self.folder);
        let own = if goes_on { saved(&self.folder.join(&place)) } else { Vec::new() };
        self.places.extend([PathBuf::from(name), place.clone()]);
        let (settings, fingerprint) = (settings.to_owned(), fingerprint.to_owned());
        self.under_way = UnderWay { place, own, settings, fingerprint };
    }

    /// What a training goes on from, or of its restarts that from `seed`; nothing where there is nothing of it.
    ///
    /// # Errors
    /// A checkpoint that is not whole, or is of other samples.
    pub(crate) fn saved(
        &self,
        name: &str,
        seed: Option<u32>,
        fingerprint: &str,
    ) -> Result<Option<Checkpoint>, Error> {
        let Some(from) = &self.from else { return Ok(None) };
        let path = if from.is_dir() { from.join(place(name, seed)) } else { from.clone() };
        if from.is_dir() && saved(&path).is_empty() {
            return Ok(None);
        }
        let checkpoint = Checkpoint::open(&path)?;
        if checkpoint.fingerprint != fingerprint {
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
            CheckpointInterval::Seconds(seconds) => self.last.elapsed() >= Duration::from_secs_f64(seconds),
            CheckpointInterval::Epochs(n) => ends_epoch && training.state().epoch.is_multiple_of(n),
            CheckpointInterval::Never => return None,
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
        if self.every == CheckpointInterval::Never {
            return None;
        }
        let UnderWay { place, own, settings, fingerprint } = &mut self.under_way;
        let state = training.state();
        let folder = self.folder.join(place);
        let path = folder.join(format!("epoch-{:08}-step-{:012}{ENDING}", state.epoch, state.step));
        let bytes = to_bytes(state, training.history(), snapshots, settings, fingerprint);
        let written = std::fs::create_dir_all(&folder).and_then(|()| write_whole(&path, &bytes));
        self.last = Instant::now();
        if written.is_ok() {
            own.retain(|other| *other != path);
            own.push(path.clone());
            let kept = &own[own.len().saturating_sub(KEPT)..];
            let old = saved(&folder).into_iter().filter(|path| !kept.contains(path));
            old.for_each(|path| drop(std::fs::remove_file(path)));
            self.latest = Some(path);
        }
        Some(written)
    }
}

/// The place within the folder of a training's checkpoints, or of those of its restart from `seed`.
fn place(name: &str, seed: Option<u32>) -> PathBuf {
    let place = PathBuf::from(name);
    seed.map_or_else(|| place.clone(), |seed| place.join(format!("{RESTART}{seed}")))
}

const RESTART: &str = "seed-";

fn is_of_restart(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(RESTART))
}

/// The checkpoints of a folder, the latest last.
pub(crate) fn saved(folder: &Path) -> Vec<PathBuf> {
    files(folder, |name| name.starts_with("epoch-") && name.ends_with(ENDING))
}

/// The files and folders in a folder with such names, by name.
fn files(folder: &Path, such: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.filter(|entry| such(&entry.file_name().to_string_lossy()));
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    all.sort();
    all
}
