//! The subcommands, one module each, and what they share.

pub(crate) mod completions;
pub(crate) mod evaluate;
pub(crate) mod export;
pub(crate) mod figure;
pub(crate) mod fit;
pub(crate) mod gradcheck;
pub(crate) mod inspect;
mod json;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod new;
mod parameter_file;
pub(crate) mod predict;
pub(crate) mod reproduce;
pub(crate) mod run;
pub(crate) mod runs;
mod table_bar;
pub(crate) mod trace;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use chainrule_experiment::{Checkpoints, Experiment, ModelRows, OpenedModel, Outcome, Remark, Variant};
use chainrule_model::Model;
use chainrule_table::is_special;

use crate::arguments::Source;
use crate::error::Failure;
use crate::output::{errln, outln};
use crate::progress::{Bar, ReadingBar};

/// Prints what was assumed about a table, indented.
fn print_remarks(indent: &str, remarks: &[Remark]) {
    for remark in remarks {
        outln!("{indent}{}: {}", remark.kind(), remark.text);
    }
}

impl Source {
    /// Opens the experiment with its changed settings, reduced to the selected variant, and reads its tables. `rows` are
    /// the samples of a model.
    fn open(&self, rows: ModelRows) -> Result<Experiment, Failure> {
        let mut experiment = match self.model(rows)? {
            Some(opened) => return Ok(opened.experiment),
            None => Experiment::open(&self.name, &self.set)?,
        };
        note(&experiment.notes);
        if let Some(name) = &self.variant {
            experiment.reduce_to(name)?;
        }
        read_tables(&experiment)?;
        Ok(experiment)
    }

    /// Returns whether the source is a model file.
    fn is_model(&self) -> bool {
        self.name.extension().is_some_and(|extension| extension == "safetensors")
    }

    /// Opens the model, if the source is one.
    fn model(&self, rows: ModelRows) -> Result<Option<OpenedModel>, Failure> {
        if !self.is_model() {
            return match &self.data {
                Some(_) => Err(Failure::Unsupported {
                    argument: "--data",
                    reason: "with an experiment, whose data are part of its settings; use --set data.table=FILE",
                }),
                None => Ok(None),
            };
        }
        if !self.set.is_empty() {
            let reason = "with a model, whose settings are fixed; train it again with `chainrule fit --set`";
            return Err(Failure::Unsupported { argument: "--set", reason });
        }
        if self.variant.is_some() {
            let reason = "with a model, which has no variants; leave it out";
            return Err(Failure::Unsupported { argument: "--variant", reason });
        }
        let model = Model::load(&self.name)?;
        if model.members.len() > 1 {
            errln!("note: using the first of the model's {} networks", model.members.len());
        }
        let opened = Experiment::of_model(&model, &self.name, self.data.as_deref(), rows)?;
        read_tables(&opened.experiment)?;
        Ok(Some(opened))
    }
}

/// Prints notes about settings to standard error.
fn note(notes: &[String]) {
    notes.iter().for_each(|note| errln!("note: {note}"));
}

/// Reads the tables of an experiment into memory, with a progress bar.
fn read_tables(experiment: &Experiment) -> Result<(), Failure> {
    for variant in &experiment.variants {
        let mut reading = ReadingBar::new(variant.data.file());
        variant.data.table(&mut |done, of| reading.show(done, of))?;
    }
    Ok(())
}

/// Trains the networks of an experiment and records the parameters that its claims and figures use.
fn train(experiment: &Experiment, bar: &mut Bar, cancel: &AtomicBool) -> Result<Vec<Outcome>, Failure> {
    let epochs = |variant: &Variant| recorded(experiment, variant);
    Ok(experiment.run_recording(&epochs, bar, cancel, None)?)
}

/// Returns the epochs whose parameters are used by the figures of a network.
fn recorded(experiment: &Experiment, variant: &Variant) -> BTreeSet<u64> {
    let mut epochs = chainrule_figures::epochs(variant.train.settings.epochs);
    epochs.extend(experiment.epochs(&variant.name));
    epochs
}

/// Returns the variant of an outcome.
fn variant_of<'e>(experiment: &'e Experiment, outcome: &Outcome) -> &'e Variant {
    let mut variants = experiment.variants.iter();
    variants.find(|variant| variant.name == outcome.variant).expect("the outcome is of this experiment")
}

/// Prints the command that resumes a cancelled training; `arguments` are those of the command without `--resume`.
fn print_resume_command(checkpoints: &Checkpoints, arguments: Vec<OsString>) {
    if checkpoints.latest.is_none() {
        return;
    }
    let folder = checkpoints.folder().as_os_str().to_owned();
    let words = ["chainrule".into()].into_iter().chain(arguments).chain(["--resume".into(), folder]);
    let words: Vec<String> = words.map(|word| quoted(&word)).collect();
    errln!("resume with: {}", words.join(" "));
}

/// Quotes an argument for the shell.
fn quoted(word: &OsStr) -> String {
    let Some(text) = word.to_str().filter(|text| !text.contains(char::is_control)) else {
        let escaped: String = word.as_encoded_bytes().iter().map(|byte| format!("\\x{byte:02x}")).collect();
        return format!("$'{escaped}'");
    };
    // Only NUL bytes cannot be quoted, and arguments contain none.
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), Cow::into_owned)
}

/// A written file or folder.
struct Written {
    path: PathBuf,
    /// Whether it is at the requested path.
    as_requested: bool,
}

/// Writes training results to `path` or, if that fails, into the temporary or home folder, with a warning.
fn write_somewhere(
    path: &Path,
    mut write: impl FnMut(&Path) -> Result<PathBuf, Failure>,
) -> Result<Written, Failure> {
    let failure = match write(path) {
        Ok(path) => return Ok(Written { path, as_requested: true }),
        Err(failure) => failure,
    };
    let name = path.file_name().unwrap_or(path.as_os_str());
    for parent in [Some(std::env::temp_dir()), std::env::home_dir()].into_iter().flatten() {
        let Ok(folder) = tempfile::Builder::new().prefix("chainrule-").tempdir_in(parent) else {
            continue;
        };
        if let Ok(path) = write(&folder.path().join(name)) {
            let _ = folder.keep();
            errln!("warning: {failure}");
            return Ok(Written { path, as_requested: false });
        }
    }
    Err(failure)
}

/// Returns the result of a command whose output has been written: an error if training diverged, or
/// if a file was saved elsewhere.
fn finish(outcomes: &[Outcome], written: &[Written]) -> Result<(), Failure> {
    let message = |outcome: &Outcome| {
        let error = outcome.ending.as_ref().err()?;
        let prefix =
            if outcome.variant.is_empty() { String::new() } else { format!("{}: ", outcome.variant) };
        Some(format!("{prefix}{error}"))
    };
    let diverged: Vec<String> = outcomes.iter().filter_map(message).collect();
    if !diverged.is_empty() {
        return Err(Failure::Diverged(diverged));
    }
    if written.iter().all(|written| written.as_requested) { Ok(()) } else { Err(Failure::Elsewhere) }
}

/// Refuses outputs that are the same file as another output or as an input, each given with its argument; a file that does not
/// exist yet is identified by its folder and name.
fn refuse_same_files(
    outputs: &[(&Path, &'static str)],
    inputs: &[(&Path, &'static str)],
) -> Result<(), Failure> {
    let resolved = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A link is replaced, not followed, so the name itself is not resolved.
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    let followed = |path: &Path| path.canonicalize().ok();
    // Special files are written to, so nothing is replaced.
    for (k, (output, argument)) in outputs.iter().enumerate().filter(|(_, (path, _))| !is_special(path)) {
        let others = outputs[..k].iter().chain(inputs);
        let is_same = |other: &Path| {
            let [one, other] = [*output, other].map(|path| [resolved(path), followed(path)]);
            one.iter().flatten().any(|path| other.iter().flatten().any(|other| other == path))
        };
        if let Some((_, other)) = others.into_iter().find(|(other, _)| is_same(other)) {
            return Err(Failure::SameFile { path: output.to_path_buf(), argument, other });
        }
    }
    Ok(())
}

/// Refuses to overwrite `path`, the value of `argument`, unless `--force` is given.
fn refuse_to_overwrite(path: &Path, argument: &'static str) -> Result<(), Failure> {
    if !path.exists() || is_special(path) {
        return Ok(());
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map_or_else(String::new, |text| format!(".{}", text.to_string_lossy()));
    let free = (2..u32::MAX)
        .map(|n| path.with_file_name(format!("{stem}-{n}{extension}")))
        .find(|path| !path.exists());
    Err(Failure::Exists { path: path.to_owned(), argument, free: free.expect("some number is free") })
}
