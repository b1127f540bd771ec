//! The subcommands, one file each.

pub(crate) mod completions;
pub(crate) mod evaluate;
pub(crate) mod export;
pub(crate) mod figure;
pub(crate) mod fit;
pub(crate) mod gradcheck;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod new;
pub(crate) mod predict;
pub(crate) mod reproduce;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod trace;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule_experiment::{CheckpointInterval, Checkpoints, Experiment, OpenedModel, Outcome, Variant};
use chainrule_model::Model;

use crate::arguments::Source;
use crate::error::Failure;
use crate::progress::{Bar, ReadingBar};

impl Source {
    /// The experiment with its changes, reduced to the variant asked for, its tables read.
    fn open(&self) -> Result<Experiment, Failure> {
        let mut experiment = match self.model()? {
            Some(opened) => return Ok(opened.experiment),
            None => Experiment::open(&self.name, &self.set)?,
        };
        if let Some(name) = &self.variant {
            experiment.reduce_to(name)?;
        }
        read_tables(&experiment)?;
        Ok(experiment)
    }

    /// The model, where the source is one.
    fn model(&self) -> Result<Option<OpenedModel>, Failure> {
        let path = Path::new(&self.name);
        if path.extension().is_none_or(|ending| ending != "safetensors") {
            let refused = |data: &PathBuf| Failure::Argument {
                argument: "--data",
                value: data.display().to_string(),
                allowed: "left out, for SOURCE is no model".to_owned(),
            };
            return self.data.as_ref().map_or(Ok(None), |data| Err(refused(data)));
        }
        let model = Model::load(path)?;
        if model.members.len() > 1 {
            anstream::eprintln!("of the model's {} networks, the first", model.members.len());
        }
        let opened = Experiment::of_model(&model, path, self.data.as_deref())?;
        read_tables(&opened.experiment)?;
        Ok(Some(opened))
    }

    /// The one variant asked for; the first when none is.
    fn one(&self) -> Result<Variant, Failure> {
        Ok(self.open()?.variants.swap_remove(0))
    }
}

/// Reads the tables of an experiment, with a bar where that takes long; they are kept.
fn read_tables(experiment: &Experiment) -> Result<(), Failure> {
    for variant in &experiment.variants {
        let mut reading = ReadingBar::new(variant.data.file());
        variant.data.table(&mut |done, of| reading.show(done, of))?;
    }
    Ok(())
}

/// Trains every network, with the parameters kept that its claims and figures need, until somebody cancels it.
fn train(experiment: &Experiment, bar: &mut Bar, cancel: &AtomicBool) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    for variant in &experiment.variants {
        outcomes.push(variant.run(&figure::recorded(experiment, variant), bar, cancel)?);
        if cancel.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(outcomes)
}

/// The checkpoints of an experiment's trainings: in the folder that they go on from, or else in `folder`.
fn checkpoints(
    every: CheckpointInterval,
    resume: Option<&Path>,
    folder: &Path,
    experiment: &Experiment,
) -> Result<Checkpoints, Failure> {
    let folder = resume.filter(|path| path.is_dir()).unwrap_or(folder);
    let checkpoints = Checkpoints::new(folder, every);
    Ok(match resume {
        Some(path) => checkpoints.resume_from(path, experiment)?,
        None => checkpoints,
    })
}

/// Says how trainings that were ended go on: `again` is the command but for where they go on from.
fn way_on(checkpoints: &Checkpoints, again: Vec<String>) {
    if checkpoints.latest.is_none() {
        return;
    }
    let folder = checkpoints.folder().display().to_string();
    let words = ["chainrule".to_owned()].into_iter().chain(again).chain(["--resume".to_owned(), folder]);
    let words: Vec<String> = words.collect();
    // No argument of a program has a byte of 0 in it, which alone cannot be quoted.
    let command = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "));
    anstream::println!("go on with: {command}");
}

/// Where something is that was written.
struct Kept {
    path: PathBuf,
    /// Whether it is where it was to be.
    in_place: bool,
}

/// Writes what was trained to its place, or where that cannot be, for want of room say, somewhere else; and says so.
fn keep(place: &Path, mut write: impl FnMut(&Path) -> Result<PathBuf, Failure>) -> Result<Kept, Failure> {
    let failed = match write(place) {
        Ok(path) => return Ok(Kept { path, in_place: true }),
        Err(failed) => failed,
    };
    let name = place.file_name().unwrap_or(place.as_os_str());
    for elsewhere in [Some(std::env::temp_dir()), std::env::home_dir()].into_iter().flatten() {
        let Ok(folder) = tempfile::Builder::new().prefix("chainrule-").tempdir_in(elsewhere) else {
            continue;
        };
        if let Ok(path) = write(&folder.path().join(name)) {
            let _ = folder.keep();
            anstream::eprintln!("warning: {failed}");
            return Ok(Kept { path, in_place: false });
        }
    }
    Err(failed)
}

/// What is left to say of trainings whose results have been written: which of them diverged, and whether the results are
/// where they were to be.
fn ending(outcomes: &[Outcome], kept: &[Kept]) -> Result<(), Failure> {
    let diverged = |outcome: &Outcome| {
        let error = outcome.ending.as_ref().err()?;
        let named = |name: &str| if name.is_empty() { String::new() } else { format!("{name}: ") };
        Some(format!("{}{error}", named(&outcome.variant)))
    };
    let diverged: Vec<String> = outcomes.iter().filter_map(diverged).collect();
    if !diverged.is_empty() {
        return Err(Failure::Diverged(diverged));
    }
    if kept.iter().all(|kept| kept.in_place) { Ok(()) } else { Err(Failure::Elsewhere) }
}
