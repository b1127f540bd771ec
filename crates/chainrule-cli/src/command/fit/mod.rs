//! `chainrule fit`: trains on a table and writes a model.

mod assess;
mod json;
mod settings;
mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use chainrule_experiment::{
    Checkpoint, Experiment, FitPlan, Job, PreparedTraining, Remark, RunFolder, TableSamples, Variant,
    ensemble, run_all,
};
use chainrule_figures::Subject;
use chainrule_model::Model;
use chainrule_table::{Stream, is_special, write_whole};

use self::assess::{TestTable, from_table};
use super::{Written, checkpoints, print_resume_command, refuse_to_overwrite, write_somewhere};
use crate::arguments::FitArguments;
use crate::error::Failure;
use crate::output::errln;
use crate::progress::{Bar, ReadingBar, Spinner, cancelled_by_signal};

pub(crate) fn run(arguments: &FitArguments) -> Result<(), Failure> {
    let sets = arguments.sets()?;
    let plan = arguments.plan(&sets)?;
    let experiment = open(arguments, &sets, plan.folds)?;
    super::note(&experiment.notes);
    let first = &experiment.variants[0];
    let table = first.data.usable_table(&mut |_, _| ())?.expect("the data of a fit are a table");
    // The path of the table as it was given; in the settings it is absolute.
    let data = arguments.data.as_ref().unwrap_or(&table.path);
    let path = plan.output.clone().unwrap_or_else(|| data.with_extension("safetensors"));
    let mut outputs = vec![(path.as_path(), "--output")];
    outputs.extend(plan.report.as_deref().map(|report| (report, "--report")));
    let mut inputs = vec![(data.as_path(), "the table")];
    inputs.extend(plan.test.as_deref().map(|test| (test, "--test")));
    inputs.extend(arguments.config.as_deref().map(|config| (config, "--config")));
    super::refuse_same_files(&outputs, &inputs)?;
    // Output paths are checked before training.
    for (path, argument) in [(Some(&path), "--output"), (plan.report.as_ref(), "--report")] {
        let Some(path) = path.filter(|_| !arguments.dry_run) else { continue };
        check_writable(path)?;
        if !arguments.force {
            refuse_to_overwrite(path, argument)?;
        }
    }
    let prepared = first.prepare()?;
    let runs = plan.runs.as_ref().filter(|_| !arguments.dry_run);
    let folder = runs.map(|runs| RunFolder::begin(runs, &experiment.name)).transpose()?;
    let from = from_table(&prepared.samples);
    let mut remarks = remarks(&prepared, from);
    if arguments.json && arguments.dry_run {
        json::plan(&prepared, from, &remarks);
    }
    if !arguments.json {
        text::describe(data, &table, from);
        super::print_remarks("", &remarks);
        text::network(first, &prepared);
    }
    if arguments.dry_run {
        return Ok(());
    }
    let test = plan.test.as_ref().map(|path| read_test(path, first, from)).transpose()?;

    let cancel = cancelled_by_signal();
    let checkpoint_folder = checkpoint_folder(&path);
    let resume = arguments.resume.as_deref();
    let interval = plan.checkpoint_interval.unwrap_or_default();
    let mut checkpoints = checkpoints(interval, resume, &checkpoint_folder, &experiment, &sets)?;
    if resume.is_none() && checkpoints.exist() {
        errln!(
            "note: {} is from unfinished training; resume it with --resume, or delete it",
            checkpoint_folder.display()
        );
    }
    let record = plan.report.is_some() || plan.runs.is_some();
    let (mut jobs, mut prepared) = (Vec::new(), Some(prepared));
    for variant in &experiment.variants {
        let prepared = prepared.take().map_or_else(|| variant.prepare(), Ok)?;
        // Each fold can have remarks of its own.
        let own = &from_table(&prepared.samples).remarks;
        let new: Vec<Remark> = own.iter().filter(|remark| !remarks.contains(remark)).cloned().collect();
        if !arguments.json {
            super::print_remarks("", &new);
        }
        remarks.extend(new);
        let epochs = variant.train.settings.epochs;
        let epochs = if record { chainrule_figures::epochs(epochs) } else { BTreeSet::new() };
        jobs.push(Job { variant, prepared, epochs });
    }
    let mut bar = Bar::with_rate(jobs[0].prepared.samples.dataset.n_samples());
    let outcomes = run_all(&experiment.name, jobs, &mut bar, &cancel, Some(&mut checkpoints))?;
    let mut models = Vec::new();
    for outcome in &outcomes {
        let variant = super::variant_of(&experiment, outcome);
        models.push(outcome.model(variant).expect("the samples come from a table"));
        if !arguments.json {
            text::ending(outcome);
        }
    }
    let cancelled = cancel.load(Ordering::Relaxed);
    // The model is saved before it is assessed, which takes longer than training for a wide table.
    let data_path = table.path.clone();
    let mut unassessed = ensemble(models.clone());
    unassessed.trained.data.clone_from(&data_path);
    // A pipe receives only the final model.
    let saved = if is_special(&path) { None } else { Some(save(&unassessed, &path)?) };
    let (mut model, assessment) = assess::assess(models, &outcomes, test.as_ref(), &cancel)?;
    if !arguments.json {
        text::assessment(&model, &assessment);
    }
    model.trained.data = data_path;
    let subject = Subject { experiment: &experiment, outcomes: &outcomes };
    let written = write(&model, &path, saved, &plan, &subject, folder);
    if arguments.json {
        json::print(&model, &outcomes, &assessment, &remarks, written.as_deref().unwrap_or_default());
    } else {
        text::written(written.as_deref().unwrap_or_default());
    }
    if cancelled {
        print_resume_command(&checkpoints, settings::resume_arguments(&plan));
        return written.and(Err(Failure::Cancelled));
    }
    let written = written?;
    checkpoints.remove();
    let written: Vec<Written> = written.into_iter().map(|(_, written)| written).collect();
    super::finish(&outcomes, &written)
}

/// Writes the metrics of the saved model and, if requested, the run folder and the report; returns what each of them is.
fn write(
    model: &Model,
    path: &Path,
    saved: Option<Written>,
    plan: &FitPlan,
    subject: &Subject<'_>,
    folder: Option<RunFolder>,
) -> Result<Vec<(&'static str, Written)>, Failure> {
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
        chainrule_figures::report(subject)
    });
    let page = report.as_ref().and_then(|report| report.as_deref().ok());
    let (experiment, mut folder) = (subject.experiment, folder);
    if let Some(runs) = &plan.runs {
        let run = write_somewhere(runs, |runs| {
            let folder = folder.take().map_or_else(|| RunFolder::begin(runs, &experiment.name), Ok)?;
            Ok(folder.finish(experiment, subject.outcomes, page)?)
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

/// Opens the experiment of a table, from the arguments or from the settings of the checkpoint to resume; one variant per fold.
fn open(arguments: &FitArguments, sets: &[String], folds: Option<usize>) -> Result<Experiment, Failure> {
    let mut reading = ReadingBar::new(arguments.data.as_deref());
    let mut progress = |done, total| reading.show(done, total);
    let (experiment, folds) = if let Some(path) = &arguments.resume {
        let checkpoint = Checkpoint::open(path)?;
        let experiment = Experiment::fit_text(&checkpoint.settings, &checkpoint.path, sets, &mut progress)?;
        // Each fold has a folder of its own within the folder of all folds.
        let own = checkpoint.path.parent().unwrap_or(Path::new(""));
        let fold = experiment.variants[0].data.fold();
        let fold = fold.filter(|[k, _]| own.ends_with(Experiment::fold_name(*k)));
        if let (Some([k, n]), Some(all)) = (fold, own.parent().filter(|all| all != path)) {
            return Err(Failure::Argument {
                argument: "--resume",
                value: path.display().to_string(),
                allowed: format!("the folder of all {n} folds, {}; this is fold {k} only", all.display()),
            });
        }
        (experiment, fold.map(|[_, n]| n))
    } else {
        (Experiment::fit(arguments.config.as_deref(), sets, &mut progress)?, folds)
    };
    Ok(match folds {
        Some(k) => experiment.in_folds(k)?,
        None => experiment,
    })
}

/// Number of parameters per training row above which there is a warning for a small table.
const MAX_PARAMETERS_PER_ROW: usize = 10;
/// Number of training rows below which a table is small.
const FEW_ROWS: usize = 50;

/// Returns what was assumed about the table, with a warning if a large network has few rows.
fn remarks(prepared: &PreparedTraining, from: &TableSamples) -> Vec<Remark> {
    let mut remarks = from.remarks.clone();
    let (n_rows, n_parameters) = (from.rows[0].len(), prepared.architecture.n_parameters());
    if n_rows < FEW_ROWS && n_parameters > MAX_PARAMETERS_PER_ROW * n_rows {
        let text = format!(
            "{n_rows} training rows are few for {n_parameters} parameters; use a smaller network (--hidden 8), and \
             cross-validation (--folds 5) to assess it"
        );
        remarks.push(Remark { is_warning: true, text });
    }
    remarks
}

/// Reads the columns of a test table that the training uses, with the types that they have there.
fn read_test(path: &Path, variant: &Variant, from: &TableSamples) -> Result<TestTable, Failure> {
    let mut columns = [from.encoders.formats(), from.encoders.target_formats()].concat();
    super::add_weight(&mut columns, from.weight.as_ref().map(|column| column.name.as_str()));
    let stream = Stream::open(path, &variant.data.read_options(), &columns)?;
    let mut reading = ReadingBar::new(Some(path));
    let table = stream.whole(&mut |done, total| reading.show(done, total))?;
    TestTable::new(super::with_targets(table, from.encoders.target.columns())?, from)
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
