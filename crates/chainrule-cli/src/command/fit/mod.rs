//! `chainrule fit`: a table in, a model out.

mod assess;
mod settings;
mod shown;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chainrule_experiment::{
    Checkpoint, Checkpoints, Experiment, FitPlan, Outcome, PreparedTraining, RunFolder, Samples,
    TableSamples, Variant,
};
use chainrule_figures::Subject;
use chainrule_model::{Model, write_whole};
use chainrule_table::{Stream, Table};

pub(super) use self::shown::{metrics, number};
use super::{Kept, checkpoints, keep, way_on};
use crate::arguments::table::Fit;
use crate::error::Failure;
use crate::progress::{Bar, Busy, ReadingBar, cancelled_by_ctrl_c};

pub(crate) fn run(arguments: &Fit) -> Result<(), Failure> {
    let sets = arguments.sets()?;
    let plan = arguments.plan(&sets)?;
    let experiment = experiment(arguments, &sets, plan.folds)?;
    let first = &experiment.variants[0];
    let table = first.data.table(&mut |_, _| ())?.expect("it has a table");
    let path = plan.out.clone().unwrap_or_else(|| table.path.with_extension("safetensors"));
    // What cannot be written is known before the training.
    for path in [Some(&path), plan.report.as_ref()].into_iter().flatten() {
        writable(path)?;
    }
    let folder = plan.runs.as_ref().map(|runs| RunFolder::begin(runs, &experiment.name)).transpose()?;

    let prepared = first.prepare()?;
    let from = from_table(&prepared.samples);
    shown::describe(&table, from);
    shown::network(first, &prepared);
    let test = plan.test.as_ref().map(|path| test_table(path, first, from)).transpose()?;

    let cancel = cancelled_by_ctrl_c();
    let saved = path.with_extension("checkpoints");
    let (every, resume) = (plan.checkpoint.unwrap_or_default(), arguments.resume.as_deref());
    let checkpoints = checkpoints(every, resume, &saved, &experiment)?;
    if resume.is_none() && checkpoints.exist() {
        anstream::eprintln!(
            "note: {} is of a training that was not finished; it goes on with --resume, and is lost with this one",
            saved.display()
        );
    }
    let mut training =
        Training { cancel: &cancel, recorded: plan.report.is_some() || plan.runs.is_some(), checkpoints };
    let (mut outcomes, mut models) = (Vec::new(), Vec::new());
    let mut prepared = Some(prepared);
    for variant in &experiment.variants {
        let prepared = prepared.take().map_or_else(|| variant.prepare(), Ok)?;
        let (outcome, model) = training.run(variant, prepared)?;
        outcomes.push(outcome);
        models.push(model);
        if cancel.load(Ordering::Relaxed) {
            break;
        }
    }
    let cancelled = cancel.load(Ordering::Relaxed);
    let mut model = match &models[..] {
        [_] => assess::one(models.swap_remove(0), first, &outcomes[0], test.as_ref(), cancelled)?,
        _ => assess::folds(models, &outcomes, test.as_ref(), cancelled)?,
    };
    if !cancelled {
        assess::columns(&model, from_table(&outcomes[0].samples), test.as_ref())?;
    }
    model.trained.data = table.path.display().to_string();
    let subject = Subject { experiment: &experiment, outcomes: &outcomes };
    let kept = write(&model, &path, &plan, &subject, folder);
    if cancelled {
        way_on(&training.checkpoints, settings::again(&plan));
        return kept.and(Err(Failure::Cancelled));
    }
    let kept = kept?;
    training.checkpoints.remove();
    super::ending(&outcomes, &kept)
}

/// Writes the model, and the run folder and the report that are asked for.
fn write(
    model: &Model,
    path: &Path,
    plan: &FitPlan,
    subject: &Subject<'_>,
    folder: Option<RunFolder>,
) -> Result<Vec<Kept>, Failure> {
    anstream::println!();
    // First: a picture that cannot be drawn is no reason to lose what was trained.
    let mut kept = vec![keep(path, |path| Ok(model.save(path).map(|()| path.to_owned())?))?];
    anstream::println!("model written to {}", kept[0].path.display());
    let report = (plan.report.is_some() || folder.is_some()).then(|| {
        let _busy = Busy::new("drawing the report");
        chainrule_figures::report(subject)
    });
    let page = report.as_ref().and_then(|report| report.as_deref().ok());
    let (experiment, mut folder) = (subject.experiment, folder);
    if let Some(runs) = &plan.runs {
        let run = keep(runs, |runs| {
            let folder = folder.take().map_or_else(|| RunFolder::begin(runs, &experiment.name), Ok)?;
            Ok(folder.finish(experiment, subject.outcomes, page)?)
        })?;
        anstream::println!("run written to {}", run.path.display());
        kept.push(run);
    }
    if let (Some(path), Some(page)) = (&plan.report, page) {
        let report = keep(path, |path| match write_whole(path, page.as_bytes()) {
            Ok(()) => Ok(path.to_owned()),
            Err(source) => Err(Failure::Unwritable { path: path.to_owned(), source }),
        })?;
        anstream::println!("report written to {}", report.path.display());
        kept.push(report);
    }
    report.transpose()?;
    Ok(kept)
}

/// The experiment of a table: by its arguments, or by the settings of what it goes on from; with folds, one network for each.
fn experiment(arguments: &Fit, sets: &[String], folds: Option<usize>) -> Result<Experiment, Failure> {
    let mut reading = ReadingBar::new(arguments.data.as_deref());
    let mut progress = |done, of| reading.show(done, of);
    let (experiment, folds) = if let Some(path) = &arguments.resume {
        let from = Checkpoint::open(path)?;
        let experiment = Experiment::fit_text(&from.settings, &from.path, sets, &mut progress)?;
        // Of folds each has a folder of its own within that of all.
        let own = from.path.parent().unwrap_or(Path::new(""));
        let fold = experiment.variants[0].data.fold();
        let fold = fold.filter(|[k, _]| own.ends_with(Experiment::fold_name(*k)));
        if let (Some([k, of]), Some(all)) = (fold, own.parent().filter(|all| all != path)) {
            let allowed =
                format!("the folder of all {of} folds, {}: this is of fold {k} alone", all.display());
            return Err(Failure::Argument {
                argument: "--resume",
                value: path.display().to_string(),
                allowed,
            });
        }
        (experiment, fold.map(|[_, of]| of))
    } else {
        let config = arguments.config.as_ref().map(|path| path.to_string_lossy().into_owned());
        let experiment = Experiment::fit(config.as_deref(), sets, &mut progress)?;
        (experiment, folds)
    };
    Ok(match folds {
        Some(k) => experiment.in_folds(k)?,
        None => experiment,
    })
}

/// What all trainings of a command share.
struct Training<'c> {
    cancel: &'c AtomicBool,
    /// Whether the path of a training is recorded, for figures.
    recorded: bool,
    checkpoints: Checkpoints,
}

impl Training<'_> {
    fn run(&mut self, variant: &Variant, prepared: PreparedTraining) -> Result<(Outcome, Model), Failure> {
        let began = Instant::now();
        let mut bar = Bar::over(prepared.samples.dataset.n_samples());
        let epochs = variant.train.settings.epochs;
        let recorded = if self.recorded { chainrule_figures::epochs(epochs) } else { BTreeSet::new() };
        let outcome =
            variant.run_prepared(prepared, &recorded, &mut bar, self.cancel, Some(&mut self.checkpoints))?;
        // Those of before an interruption too.
        let epochs = outcome.history.epochs.iter().map(|epoch| epoch.seconds);
        let seconds = began.elapsed().as_secs_f64().max(epochs.sum());
        shown::ended(&outcome, seconds);
        let model = outcome.model(variant, seconds).expect("it is of a table");
        Ok((outcome, model))
    }
}

fn from_table(samples: &Samples) -> &TableSamples {
    samples.from_table.as_ref().expect("they are of a table")
}

/// A table to evaluate on: the columns that are read of the training's, as they are read there.
fn test_table(path: &Path, variant: &Variant, from: &TableSamples) -> Result<Table, Failure> {
    let mut wanted = from.encoders.wanted();
    wanted.extend(from.encoders.target.wanted());
    let stream = Stream::open(path, &variant.data.read_options(), &wanted)?;
    let mut reading = ReadingBar::new(Some(path));
    Ok(stream.whole(&mut |done, of| reading.show(done, of))?)
}

/// Whether a file can be made there, without making it.
fn writable(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let tried = tempfile::tempfile_in(folder);
    let refused = |source| Failure::Unwritable { path: path.to_owned(), source };
    if path.is_dir() {
        return Err(refused(std::io::ErrorKind::IsADirectory.into()));
    }
    tried.map(drop).map_err(refused)
}
