//! `chainrule fit`: a table in, a model out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chainrule::train::Ending;
use chainrule_experiment::{
    Checkpoint, Checkpoints, Every, Experiment, FromTable, Outcome, Samples, Variant, ensemble, fingerprint,
    scores,
};
use chainrule_figures::Subject;
use chainrule_model::{Model, evaluate, importance, naive};
use chainrule_table::{Table, Target};
use comfy_table::{Cell, CellAlignment};

use crate::arguments::table::{Checkpointing, Fit, Preset};
use crate::error::Failure;
use crate::progress::{Bar, ReadingBar, cancelled_by_ctrl_c};
use crate::table;

pub(crate) fn run(arguments: &Fit) -> Result<(), Failure> {
    let sets = arguments.sets()?;
    let config = arguments.config.as_ref().map(|path| path.to_string_lossy().into_owned());
    let resumed = arguments.resume.as_deref().map(Checkpoint::open).transpose()?;
    let mut reading = ReadingBar::new();
    let mut progress = |done, of| reading.show(done, of);
    let experiment = match &resumed {
        Some(checkpoint) => {
            Experiment::fit_text(&checkpoint.settings, &checkpoint.path, &sets, &mut progress)?
        }
        None => Experiment::fit(config.as_deref(), &sets, &mut progress)?,
    };
    drop(reading);
    let variant = &experiment.variants[0];
    let table = variant.data.table(&mut |_, _| ())?.expect("it has a table");
    let path = arguments.out.clone().unwrap_or_else(|| table.path.with_extension("safetensors"));
    // What cannot be written is known before the training.
    for path in [Some(&path), arguments.report.as_ref()].into_iter().flatten() {
        writable(path)?;
    }
    let test = arguments.test.as_ref().map(|path| test_table(path, variant)).transpose()?;

    let cancel = cancelled_by_ctrl_c();
    let report = arguments.report.is_some();
    let mut fitted = Fitted { cancel: &cancel, report, outcomes: Vec::new(), models: Vec::new() };
    let saving = Saving { every: arguments.checkpoint, folder: path.with_extension("checkpoints"), resumed };
    match arguments.folds {
        None => fitted.train(variant, Some(&table), Some(saving))?,
        Some(k) => {
            for fold in 1..=k {
                let held = format!("data.fold=[{fold}, {k}]");
                let first = (fold == 1).then_some(&*table);
                fitted.train(&variant.with(&[&held])?, first, None)?;
            }
        }
    }
    let Fitted { outcomes, models, .. } = fitted;
    let parts: Vec<&FromTable> =
        outcomes.iter().filter_map(|outcome| outcome.samples.from_table.as_ref()).collect();
    let cancelled = cancel.load(Ordering::Relaxed);
    let mut model = if models.len() == 1 {
        report_one(&models[0], &parts, &table, test.as_deref(), variant, cancelled)?
    } else {
        report_folds(models, &parts, &table, test.as_deref())?
    };
    if !cancelled {
        columns(&model, &held_out(&parts, &table, test.as_deref()))?;
    }
    model.trained.data = table.path.display().to_string();
    model.save(&path)?;
    anstream::println!("\nmodel written to {}", path.display());
    if let Some(path) = &arguments.report {
        let page = chainrule_figures::report(&Subject { experiment: &experiment, outcomes: &outcomes[..1] })?;
        std::fs::write(path, page).map_err(|source| Failure::Unwritable { path: path.clone(), source })?;
        anstream::println!("report written to {}", path.display());
    }
    if cancelled {
        return Err(Failure::Cancelled);
    }
    let diverged: Vec<String> =
        outcomes.iter().filter_map(|outcome| Some(outcome.ending.as_ref().err()?.to_string())).collect();
    if diverged.is_empty() { Ok(()) } else { Err(Failure::Diverged(diverged)) }
}

/// What has been trained so far.
struct Fitted<'c> {
    cancel: &'c Arc<AtomicBool>,
    /// Whether there will be a report, with the path of the training in it.
    report: bool,
    outcomes: Vec<Outcome>,
    models: Vec<Model>,
}

/// Where a training is saved on its way, and what it goes on from.
struct Saving {
    every: Checkpointing,
    folder: PathBuf,
    resumed: Option<Checkpoint>,
}

impl Saving {
    /// The checkpoints of a training.
    fn checkpoints(self, variant: &Variant, samples: &Samples) -> Result<Option<Checkpoints>, Failure> {
        let every = match self.every {
            Checkpointing::Never if self.resumed.is_none() => return Ok(None),
            // It goes on from one, and writes none.
            Checkpointing::Never => Every::Seconds(f64::from(u32::MAX)),
            Checkpointing::Seconds(seconds) => Every::Seconds(seconds),
            Checkpointing::Epochs(n) => Every::Epochs(n),
        };
        let fingerprint = fingerprint(samples);
        if let Some(from) = self.resumed.as_ref().filter(|from| from.fingerprint != fingerprint) {
            let reason = "the table has changed since it was written; train anew".to_owned();
            return Err(chainrule_experiment::Error::Checkpoint { path: from.path.clone(), reason }.into());
        }
        let checkpoints = Checkpoints::new(&self.folder, every, variant.settings(), fingerprint);
        Ok(Some(match self.resumed {
            Some(from) => checkpoints.from(from),
            None => checkpoints,
        }))
    }
}

impl Fitted<'_> {
    /// Trains one network; of the first says what is trained on what.
    fn train(
        &mut self,
        variant: &Variant,
        first: Option<&Table>,
        saving: Option<Saving>,
    ) -> Result<(), Failure> {
        if self.cancel.load(Ordering::Relaxed) {
            return Ok(());
        }
        let prepared = variant.prepare()?;
        if let (Some(table), Some(from)) = (first, &prepared.samples.from_table) {
            describe(table, from);
            anstream::println!(
                "network: {} ({} parameters), {}, {}, rate {}, batches of {}\n",
                prepared.architecture.describe(),
                prepared.architecture.n_parameters(),
                variant.train.loss.options().short(),
                variant.train.settings.optimizer.options().short(),
                variant.train.settings.learning_rate,
                match variant.train.settings.batch {
                    chainrule::train::Batch::Full => "all rows".to_owned(),
                    chainrule::train::Batch::Size(n) => n.to_string(),
                },
            );
        }
        let began = Instant::now();
        let mut bar = Bar::over(prepared.samples.dataset.n_samples());
        let recorded = if self.report {
            chainrule_figures::epochs(variant.train.settings.epochs)
        } else {
            BTreeSet::new()
        };
        if let Some(from) = saving.as_ref().and_then(|saving| saving.resumed.as_ref()) {
            anstream::println!("going on after epoch {} from {}", from.epoch(), from.path.display());
        }
        let mut checkpoints =
            saving.map(|saving| saving.checkpoints(variant, &prepared.samples)).transpose()?.flatten();
        let outcome =
            variant.run_prepared(prepared, &recorded, &mut bar, self.cancel, checkpoints.as_mut())?;
        if let Some(checkpoints) = &checkpoints {
            after(checkpoints, self.cancel.load(Ordering::Relaxed));
        }
        let seconds = began.elapsed().as_secs_f64();
        ended(&outcome, seconds);
        self.models.extend(outcome.model(variant, seconds));
        self.outcomes.push(outcome);
        Ok(())
    }
}

/// What becomes of the checkpoints of a training that has ended.
fn after(checkpoints: &Checkpoints, cancelled: bool) {
    if let Some(error) = &checkpoints.failed {
        anstream::eprintln!("warning: the latest checkpoint could not be written: {error}");
    }
    match &checkpoints.latest {
        Some(path) if cancelled => {
            anstream::println!("go on with: chainrule fit --resume {}", path.display())
        }
        _ if cancelled => {}
        _ => checkpoints.remove(),
    }
}

/// What the table is taken for.
fn describe(table: &Table, from: &FromTable) {
    let bold = anstyle::Style::new().bold();
    let encoders = &from.encoders;
    let target = match &encoders.target {
        Target::Classes { column, classes } => {
            let shown = classes.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
            let more = if classes.len() > 12 { ", ..." } else { "" };
            format!("{column} is one of {} classes: {shown}{more}", classes.len())
        }
        Target::Labels { columns, .. } => {
            format!("{} are labels, of which any number may hold", columns.join(", "))
        }
        Target::Numbers { columns, .. } if columns.len() == 1 => format!("{} is a number", columns[0]),
        Target::Numbers { columns, .. } => format!("{} are numbers", columns.join(", ")),
    };
    anstream::println!("{bold}{}{bold:#}: {} rows; {target}", table.path.display(), table.n_rows());
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for input in &encoders.inputs {
        let kind = input.how.name();
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, columns)) => columns.push(&input.column),
            None => kinds.push((kind, vec![&input.column])),
        }
    }
    for (kind, columns) in kinds {
        let shown = columns.iter().take(8).copied().collect::<Vec<_>>().join(", ");
        let more = if columns.len() > 8 { format!(" and {} more", columns.len() - 8) } else { String::new() };
        anstream::println!("{kind}: {shown}{more}");
    }
    for (column, why) in &from.ignored {
        anstream::println!("left out: {column}, {}", why.reason());
    }
    anstream::println!(
        "{} inputs; {} rows to train on, {} held back",
        encoders.n_inputs(),
        from.rows[0].len(),
        from.rows[1].len()
    );
}

fn ended(outcome: &Outcome, seconds: f64) {
    let epochs = &outcome.history.epochs;
    let best = epochs
        .iter()
        .filter_map(|epoch| Some((epoch.epoch, epoch.validation_loss?)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let how = match &outcome.ending {
        Ok(Ending::Completed) => "trained",
        Ok(Ending::Stopped) => "stopped early after",
        Ok(Ending::Cancelled) => "cancelled after",
        Err(_) => "diverged after",
    };
    let best = best
        .map_or_else(String::new, |(epoch, loss)| format!("; best epoch {epoch}, validation loss {loss:.4}"));
    anstream::println!("{how} {} epochs in {}{best}", epochs.len(), duration(seconds));
    for warning in &outcome.history.warnings {
        anstream::println!("warning: {warning}");
    }
}

/// Seconds in words that suit their size.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", 1000.0 * s),
        s if s < 100.0 => format!("{s:.1} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

/// The metrics of a model on each part, beside a linear model and a naive guess on what it never saw.
fn report_one(
    model: &Model,
    parts: &[&FromTable],
    table: &Table,
    test: Option<&Table>,
    variant: &Variant,
    cancelled: bool,
) -> Result<Model, Failure> {
    let mut model = model.clone();
    let [training, validation] = [0, 1].map(|k| table.subset(&parts[0].rows[k]));
    let mut columns: Vec<(&str, Vec<(&'static str, f64)>)> =
        vec![("train", evaluate(&model, &training)?.metrics)];
    let held = [("validation", Some(&validation)), ("test", test)];
    for (name, part) in held {
        if let Some(part) = part.filter(|part| part.n_rows() > 0) {
            columns.push((name, evaluate(&model, part)?.metrics));
        }
    }
    for (name, metrics) in &columns {
        model.trained.scores.extend(scores(name, metrics));
    }
    let unseen = held_out(parts, table, test);
    if !cancelled {
        // The same training without hidden layers.
        let linear = variant.with(&["network.hidden=[]", "network.names={}"])?;
        let outcome = linear.run(&BTreeSet::new(), &mut (), &AtomicBool::new(false))?;
        if let Some(linear) = outcome.model(&linear, 0.0) {
            columns.push(("linear model", evaluate(&linear, &unseen)?.metrics));
        }
    }
    columns.push(("naive guess", naive(&model, &training, &unseen)?));
    metrics(&columns);
    if columns.len() > 2 {
        let part = if test.is_some() { "test" } else { "validation" };
        anstream::println!("The linear model and the naive guess are measured on the rows of {part}.");
    }
    Ok(model)
}

/// The metrics of each fold's network on the rows that it never saw: mean and standard deviation.
fn report_folds(
    models: Vec<Model>,
    parts: &[&FromTable],
    table: &Table,
    test: Option<&Table>,
) -> Result<Model, Failure> {
    let mut folds = Vec::new();
    for (model, part) in models.iter().zip(parts) {
        folds.push(evaluate(model, &table.subset(&part.rows[1]))?.metrics);
    }
    let mut model = ensemble(models);
    let mut shown = table::new(&["metric", "mean of the folds", "standard deviation", "all on test"]);
    let on_test = test.map(|test| evaluate(&model, test)).transpose()?;
    for (k, (name, _)) in folds.first().into_iter().flatten().enumerate() {
        let values: Vec<f64> = folds.iter().map(|fold| fold[k].1).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
        let test = on_test.as_ref().map_or(String::new(), |test| number(test.metrics[k].1));
        shown.add_row([(*name).to_owned(), number(mean), number(deviation), test]);
        model.trained.scores.extend(scores("folds", &[(name, mean)]));
    }
    anstream::println!("\n{shown}");
    anstream::println!("The model averages the networks of all {} folds.", model.members.len());
    Ok(model)
}

/// The rows that were not trained on: those of the test, or those held back.
fn held_out(parts: &[&FromTable], table: &Table, test: Option<&Table>) -> Table {
    match test {
        Some(test) => test.clone(),
        None if parts[0].rows[1].is_empty() => table.subset(&parts[0].rows[0]),
        None => table.subset(&parts[0].rows[1]),
    }
}

/// So many columns are listed.
const LISTED: usize = 12;

/// Which columns the model needs.
fn columns(model: &Model, table: &Table) -> Result<(), Failure> {
    let all = importance(model, table, 0)?;
    let metric = chainrule::metrics::Metric::all(model.task()).next().map_or("", |metric| metric.name());
    let mut shown = table::new(&["column", &format!("{metric} lost when its cells are mixed up")]);
    for importance in all.iter().take(LISTED) {
        let (mean, deviation) = importance.loss;
        shown.add_row([importance.column.clone(), format!("{} ± {}", number(mean), number(deviation))]);
    }
    anstream::println!("\n{shown}");
    if all.len() > LISTED {
        anstream::println!("and {} columns of less weight", all.len() - LISTED);
    }
    Ok(())
}

/// A table of metrics: one row a metric, one column a part.
pub(super) fn metrics(columns: &[(&str, Vec<(&'static str, f64)>)]) {
    let header: Vec<&str> = std::iter::once("").chain(columns.iter().map(|(name, _)| *name)).collect();
    let mut shown = table::new(&header);
    for (k, (name, _)) in columns[0].1.iter().enumerate() {
        let values = columns
            .iter()
            .map(|(_, metrics)| Cell::new(number(metrics[k].1)).set_alignment(CellAlignment::Right));
        shown.add_row(std::iter::once(Cell::new(name)).chain(values));
    }
    anstream::println!("\n{shown}");
}

/// A number in four digits; nothing where there is none.
pub(super) fn number(v: f64) -> String {
    match v.abs() {
        _ if v.is_nan() => "-".to_owned(),
        size if size >= 1e5 || size < 1e-4 && size > 0.0 => format!("{v:.3e}"),
        size if size >= 100.0 => format!("{v:.1}"),
        _ => format!("{v:.4}"),
    }
}

/// A table to evaluate on, read as the training's is.
fn test_table(path: &Path, variant: &Variant) -> Result<Arc<Table>, Failure> {
    let mut options = variant.data.read_options();
    let table = variant.data.table(&mut |_, _| ())?.expect("it has a table");
    // What is text in one table is text in the other.
    options.texts.extend(
        table
            .columns
            .iter()
            .filter(|c| matches!(c.values, chainrule_table::Values::Texts(_)))
            .map(|c| c.name.clone()),
    );
    let mut reading = ReadingBar::new();
    let read = chainrule_table::read(path, &options, &mut |done, of| reading.show(done, of));
    Ok(Arc::new(read.map_err(chainrule_experiment::Error::from)?))
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

impl Fit {
    /// The arguments as settings.
    fn sets(&self) -> Result<Vec<String>, Failure> {
        let mut sets = Vec::new();
        let mut set =
            |key: &str, value: Option<String>| sets.extend(value.map(|value| format!("{key}={value}")));
        // A file named on the command line is found from here, one in a TOML file from there.
        let absolute = |path: &PathBuf| {
            text(&std::path::absolute(path).unwrap_or_else(|_| path.clone()).to_string_lossy())
        };
        set("data.table", self.data.as_ref().map(absolute));
        set("data.target", list(&self.target));
        set("data.inputs", list(&self.inputs));
        set("data.ignore", list(&self.ignore));
        set("data.kinds", self.kinds()?);
        set("data.task", self.task.map(|task| text(&format!("{task:?}").to_lowercase())));
        set(
            "data.scaling",
            self.preset.map(|preset| {
                text(match preset {
                    Preset::Plain => "none",
                    Preset::Standard => "standard",
                    Preset::Robust => "robust",
                })
            }),
        );
        set("data.weight", self.weight.as_deref().map(text));
        set("data.class_weight", self.class_weight.map(|_| text("balanced")));
        set("data.split", self.split.map(|split| text(&format!("{split:?}").to_lowercase())));
        set("data.group", self.group.as_deref().map(text));
        set("data.time", self.time.as_deref().map(text));
        set("data.seed", self.seed.map(|v| v.to_string()));
        set("data.delimiter", self.reading.delimiter.as_deref().map(text));
        set("data.header", self.reading.header.map(|v| text(&format!("{v:?}").to_lowercase())));
        set("data.decimal", self.reading.decimal.map(|v| text(&format!("{v:?}").to_lowercase())));
        set("data.encoding", self.reading.encoding.as_deref().map(text));
        set("data.missing", list(&self.reading.missing));
        set("network.hidden", self.hidden()?);
        set("network.activation", self.activation.as_deref().map(text));
        set("network.dropout", self.dropout.map(|v| format!("{v:?}")));
        set("train.validation_fraction", self.validation.map(|v| format!("{v:?}")));
        set("train.epochs", self.epochs.map(|v| v.to_string()));
        set("train.batch", self.batch.map(|v| v.to_string()));
        set("train.learning_rate", self.learning_rate.map(|v| format!("{v:?}")));
        set("train.stopping.patience", self.patience.map(|v| v.to_string()));
        sets.extend(self.set.iter().cloned());
        Ok(sets)
    }

    /// `--hidden 64,32` as a list of widths.
    fn hidden(&self) -> Result<Option<String>, Failure> {
        let Some(widths) = self.hidden.as_deref() else { return Ok(None) };
        if widths == "none" {
            return Ok(Some("[]".to_owned()));
        }
        if widths.split(',').all(|width| width.trim().parse::<u32>().is_ok()) {
            return Ok(Some(format!("[{widths}]")));
        }
        Err(Failure::Argument {
            argument: "--hidden",
            value: widths.to_owned(),
            allowed: "numbers of units, like 64,64, or none".to_owned(),
        })
    }

    /// `--kind size=category` as a table.
    fn kinds(&self) -> Result<Option<String>, Failure> {
        let kind = |said: &String| match said.rsplit_once('=') {
            Some((column, kind)) => Ok(format!("{} = {}", text(column), text(kind))),
            None => Err(Failure::Argument {
                argument: "--kind",
                value: said.clone(),
                allowed: "COLUMN=KIND, like size=category".to_owned(),
            }),
        };
        let kinds = self.kind.iter().map(kind).collect::<Result<Vec<_>, _>>()?;
        Ok((!kinds.is_empty()).then(|| format!("{{ {} }}", kinds.join(", "))))
    }
}

/// Text as TOML has it.
fn text(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

/// A list of texts as TOML has it; nothing where it is empty.
fn list(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| format!("[{}]", texts.iter().map(|t| text(t)).collect::<Vec<_>>().join(", ")))
}
