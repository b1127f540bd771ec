//! `chainrule fit`: trains on a table and writes a model.

mod json;
mod progress;
mod settings;
mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chainrule_experiment::{FitPlan, Fitted, OpenedFit, PreparedFit, RunFolder, TableSource};
use chainrule_figures::{PlotlyScript, fit_report};
use chainrule_model::Model;
use chainrule_table::{is_special, write_whole};

use self::progress::{FitBars, OutputFormat};
use super::{Written, print_resume_command, refuse_to_overwrite, write_somewhere};
use crate::arguments::FitArguments;
use crate::error::Failure;
use crate::output::errln;
use crate::progress::{Bar, Spinner, cancelled_by_signal};

pub(crate) fn run(arguments: &FitArguments) -> Result<(), Failure> {
    let options = arguments.options()?;
    let output = if arguments.json { OutputFormat::Json } else { OutputFormat::Text };
    let table = arguments.data.clone().map(TableSource::File);
    let opened = OpenedFit::open(table.as_ref(), &options, &mut FitBars::new(output, Bar::new()))?;
    super::note(&opened.experiment.notes);
    let plan = arguments.plan(&opened.plan);
    // The path of the table as it was given; in the settings it is absolute.
    let data = arguments.data.clone().unwrap_or_else(|| opened.table.path.clone());
    let path = plan.output.clone().unwrap_or_else(|| data.with_extension("safetensors"));
    check_outputs(arguments, &plan, &data, &path)?;
    let prepared = opened.prepare()?;
    let runs = plan.runs.as_ref().filter(|_| !arguments.dry_run);
    let folder = runs.map(|runs| RunFolder::begin(runs, &prepared.opened.experiment.name)).transpose()?;
    match output {
        OutputFormat::Text => text::prepared(&data, &prepared),
        OutputFormat::Json if arguments.dry_run => super::json::print(&prepared.summary()),
        OutputFormat::Json => {}
    }
    if arguments.dry_run {
        return Ok(());
    }

    let cancel = cancelled_by_signal();
    let checkpoint_folder = checkpoint_folder(&path);
    let interval = plan.checkpoint_interval.unwrap_or_default();
    let mut checkpoints = prepared.opened.checkpoints(&checkpoint_folder, interval)?;
    if arguments.resume.is_none() && checkpoints.exist() {
        errln!(
            "note: {} is from unfinished training; resume it with --resume, or delete it",
            checkpoint_folder.display()
        );
    }
    let epochs = recorded(&prepared, &plan);
    let mut bars = FitBars::new(output, Bar::with_rate(prepared.network.samples.dataset.n_samples()));
    let trained = prepared.train(&epochs, Some(&mut checkpoints), &mut bars, &cancel)?;
    if output == OutputFormat::Text {
        trained.outcomes.iter().for_each(text::ending);
    }
    // The model is saved before it is assessed. A pipe receives only the final model.
    let saved = if is_special(&path) { None } else { Some(save(&trained.model(), &path)?) };
    let fitted = trained.assess(&mut bars, &cancel)?;
    drop(bars);
    if output == OutputFormat::Text {
        text::assessment(&fitted);
    }
    let written = write(&fitted, &path, saved, &plan, folder);
    match output {
        OutputFormat::Text => text::written(written.as_deref().unwrap_or_default()),
        OutputFormat::Json => json::print(&fitted, written.as_deref().unwrap_or_default()),
    }
    if fitted.is_cancelled {
        print_resume_command(&checkpoints, settings::resume_arguments(&plan));
        return written.and(Err(Failure::Cancelled));
    }
    let written = written?;
    checkpoints.remove();
    let written: Vec<Written> = written.into_iter().map(|(_, written)| written).collect();
    super::finish(&fitted.outcomes, &written)
}

/// Checks the output paths before training: `path`, that of the model, and that of the report.
fn check_outputs(arguments: &FitArguments, plan: &FitPlan, data: &Path, path: &Path) -> Result<(), Failure> {
    let mut outputs = vec![(path, "--output")];
    outputs.extend(plan.report.as_deref().map(|report| (report, "--report")));
    let mut inputs = vec![(data, "the table")];
    inputs.extend(plan.test.as_deref().map(|test| (test, "--test")));
    inputs.extend(arguments.config.as_deref().map(|config| (config, "--config")));
    super::refuse_same_files(&outputs, &inputs)?;
    for (path, argument) in outputs.into_iter().filter(|_| !arguments.dry_run) {
        check_writable(path)?;
        if !arguments.force {
            refuse_to_overwrite(path, argument)?;
        }
    }
    Ok(())
}

/// Returns the epochs after which the parameters are recorded, for the figures of a report or of a
/// run folder.
fn recorded(prepared: &PreparedFit, plan: &FitPlan) -> BTreeSet<u64> {
    let epochs = prepared.opened.experiment.variants[0].train.settings.epochs;
    if plan.report.is_some() || plan.runs.is_some() {
        chainrule_figures::epochs(epochs)
    } else {
        BTreeSet::new()
    }
}

/// Writes the metrics of the saved model and, if requested, the run folder and the report; returns what each of them is.
fn write(
    fitted: &Fitted,
    path: &Path,
    saved: Option<Written>,
    plan: &FitPlan,
    mut folder: Option<RunFolder>,
) -> Result<Vec<(&'static str, Written)>, Failure> {
    let Fitted { model, experiment, outcomes, .. } = fitted;
    // The model is written first: a figure that cannot be drawn must not lose it.
    let saved = match saved {
        None => save(model, path)?,
        Some(saved) => {
            if let Err(error) = model.save(&saved.path) {
                errln!("warning: {error}; the model there has no metrics");
            }
            saved
        }
    };
    let mut written = vec![("model", saved)];
    let report = (plan.report.is_some() || folder.is_some()).then(|| {
        let _spinner = Spinner::new("drawing the report");
        fit_report(fitted, PlotlyScript::Embedded)
    });
    let page = report.as_ref().and_then(|report| report.as_deref().ok());
    if let Some(runs) = &plan.runs {
        let run = write_somewhere(runs, |runs| {
            let folder = folder.take().map_or_else(|| RunFolder::begin(runs, &experiment.name), Ok)?;
            Ok(folder.finish(experiment, outcomes, page)?)
        })?;
        written.push(("run", run));
    }
    if let (Some(path), Some(page)) = (&plan.report, page) {
        let report = write_somewhere(path, |path| match write_whole(path, page.as_bytes()) {
            Ok(()) => Ok(path.to_owned()),
            Err(source) => Err(Failure::Unwritable { path: path.to_owned(), source }),
        })?;
        written.push(("report", report));
    }
    report.transpose()?;
    Ok(written)
}

fn save(model: &Model, path: &Path) -> Result<Written, Failure> {
    write_somewhere(path, |path| Ok(model.save(path).map(|()| path.to_owned())?))
}

/// Returns the folder for the checkpoints of a model.
fn checkpoint_folder(model: &Path) -> PathBuf {
    // Other extensions may be part of the name: m_lr0.01.
    let is_model = model.extension().is_some_and(|extension| extension == "safetensors");
    let mut folder = if is_model { model.with_extension("") } else { model.to_owned() };
    folder.as_mut_os_string().push(".checkpoints");
    folder
}

/// Checks that a file can be created at `path`, without creating it.
fn check_writable(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let refused = |source| Failure::Unwritable { path: path.to_owned(), source };
    if is_special(path) {
        return Ok(());
    }
    if path.is_dir() {
        return Err(refused(std::io::ErrorKind::IsADirectory.into()));
    }
    tempfile::tempfile_in(folder).map(drop).map_err(refused)
}
