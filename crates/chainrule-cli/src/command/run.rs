//! `chainrule run`: trains the networks of an experiment and writes a run folder.

use std::ffi::OsString;
use std::sync::atomic::Ordering;

use chainrule::network::Network;
use chainrule::train::{Batch, Ending};
use chainrule_experiment::published::collapsed;
use chainrule_experiment::{Experiment, ModelRows, Outcome, Precision, RunFolder, Variant};
use chainrule_figures::{PlotlyScript, Subject};

use super::{finish, print_resume_command, recorded, write_somewhere};
use crate::arguments::RunArguments;
use crate::encoding::inputs;
use crate::error::Failure;
use crate::output::{bold, errln, outln};
use crate::progress::{Bar, Spinner, cancelled_by_signal};
use crate::table;

pub(crate) fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let mut source = arguments.source.clone();
    if source.is_model() && arguments.restarts.is_some() {
        let reason = "with a model, which continues from its own weights; leave it out";
        return Err(Failure::Unsupported { argument: "--restarts", reason });
    }
    source.set.extend(arguments.restarts.map(|k| format!("train.restarts={k}")));
    let experiment = source.open(ModelRows::AsTrained)?;
    // Settings, figures and the output path are checked before training.
    experiment.variants.iter().try_for_each(Variant::check)?;
    chainrule_figures::check_figures(&experiment)?;
    let folder = RunFolder::begin(&arguments.runs, &experiment.name)?;
    let (interval, resume) = (arguments.checkpoint_interval, arguments.resume.as_deref());
    let mut checkpoints = experiment.checkpoints(&folder.checkpoints(), interval, resume, &source.set)?;
    let cancel = cancelled_by_signal();
    let mut bar = Bar::new();

    print_title(&experiment);
    let outcomes = experiment.run_recording(
        &|variant| recorded(&experiment, variant),
        &mut bar,
        &cancel,
        Some(&mut checkpoints),
    )?;
    for outcome in &outcomes {
        print_outcome(super::variant_of(&experiment, outcome), outcome);
    }
    print_summary(&outcomes);
    let cancelled = cancel.load(Ordering::Relaxed);
    let page = if arguments.no_report || cancelled {
        None
    } else {
        let _spinner = Spinner::new("drawing the report");
        // The results must not be lost if a figure cannot be drawn.
        let page = chainrule_figures::report(
            &Subject { experiment: &experiment, outcomes: &outcomes },
            PlotlyScript::Embedded,
        );
        page.inspect_err(|error| errln!("warning: report.html was not written: {error}")).ok()
    };
    let mut folder = Some(folder);
    let written = write_somewhere(&arguments.runs, |runs| {
        let folder = folder.take().map_or_else(|| RunFolder::begin(runs, &experiment.name), Ok)?;
        Ok(folder.finish(&experiment, &outcomes, page.as_deref())?)
    })?;
    outln!("written to {}", written.path.display());
    if cancelled {
        print_resume_command(&checkpoints, own_arguments());
        return Err(Failure::Cancelled);
    }
    checkpoints.remove();
    finish(&outcomes, &[written])
}

/// Returns the arguments of this process without `--resume`.
fn own_arguments() -> Vec<OsString> {
    let mut words = std::env::args_os().skip(1);
    let mut others = Vec::new();
    while let Some(word) = words.next() {
        if word == "--resume" {
            words.next();
        } else if !word.as_encoded_bytes().starts_with(b"--resume=") {
            others.push(word);
        }
    }
    others
}

fn print_title(experiment: &Experiment) {
    outln!(
        "{}{}{}",
        bold(&experiment.name),
        if experiment.title.is_empty() { "" } else { ": " },
        experiment.title
    );
}

/// Prints the network, its training and its named parameters; the losses follow in the summary.
fn print_outcome(variant: &Variant, outcome: &Outcome) {
    let name = if variant.name.is_empty() { String::new() } else { format!("{}: ", variant.name) };
    let settings = &variant.train.settings;
    let batch = match settings.batch {
        Batch::Full => "full batch".to_owned(),
        Batch::Size(size) => format!("batch size {size}"),
    };
    let updates = if settings.solver.uses_optimizer() {
        format!(
            "{}, learning rate {:?} ({}), {batch}",
            settings.optimizer.options().short(),
            settings.learning_rate,
            settings.schedule.options().short()
        )
    } else {
        settings.solver.options().short()
    };
    let precision = match outcome.precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    };
    let samples = &outcome.samples;
    let n = samples.dataset.n_samples();
    outln!("{name}{} ({} parameters)", outcome.architecture.describe(), outcome.architecture.n_parameters());
    outln!(
        "  {}, {n} sample{}; {updates}, {precision}",
        outcome.loss.options().short(),
        if n == 1 { "" } else { "s" },
    );
    outln!("  inputs: {}", inputs(samples));
    if let Some(from) = &samples.from_table {
        super::print_remarks("  ", &from.remarks);
    }
    if !samples.classes.is_empty() {
        outln!("  classes: {}", samples.classes.join(", "));
    }
    if let Ok(ending) = outcome.ending
        && ending != Ending::Completed
    {
        outln!("  {} {} epochs", ending.describe(), outcome.history.epochs.len());
    }
    for warning in &outcome.history.warnings {
        outln!("  warning: {warning}");
    }
    if !outcome.restarts.is_empty() {
        let losses: Vec<String> =
            outcome.restarts.iter().map(|(seed, loss)| format!("{seed}: {loss:.5}")).collect();
        outln!("  final loss by seed: {}", losses.join(", "));
    }
    let has_hidden = outcome.architecture.layers().len() > 1;
    if let Some(single) = collapsed(&outcome.network()).filter(|_| has_hidden) {
        print_collapsed(&outcome.network(), &single);
    }
    for (name, index) in &outcome.names {
        outln!(
            "  {name} = {:.6}   ({})",
            outcome.parameters[*index],
            outcome.architecture.parameter_name(*index)
        );
    }
}

/// Prints the single layer to which a network of linear layers is equivalent.
fn print_collapsed(network: &Network<f64>, single: &Network<f64>) {
    let layers: Vec<String> = (1..=network.architecture().layers().len()).map(|l| format!("W{l}")).collect();
    outln!("  all layers are linear; the network is equivalent to one layer with W = {}:", layers.join("·"));
    let n_out = single.architecture().n_outputs();
    for (i, row) in single.parameters().chunks(n_out).enumerate() {
        let name = if i < single.architecture().n_inputs() { format!("W[{i}]") } else { "b".to_owned() };
        let numbers: Vec<String> = row.iter().map(|v| format!("{v:>12.6}")).collect();
        outln!("    {name:6}{}", numbers.join(""));
    }
}

/// Prints the losses and metrics, one line per network.
fn print_summary(outcomes: &[Outcome]) {
    let metrics = outcomes.first().map_or(&[][..], |outcome| &outcome.metric_names);
    let is_validated = outcomes.iter().any(|outcome| outcome.final_loss.1.is_some());
    let is_table = outcomes.iter().any(|outcome| outcome.samples.from_table.is_some());
    let fixed = [
        "network",
        "epochs",
        "first training loss",
        "training loss",
        "validation loss",
        // The samples of a generator include those that are held out.
        if is_validated && !is_table { "misclassified (all)" } else { "misclassified (training)" },
    ];
    // Metrics are computed on the validation samples if there are any.
    let rows = if is_validated { "validation" } else { "training" };
    let metric_headers: Vec<String> = metrics.iter().map(|metric| format!("{metric} ({rows})")).collect();
    let headers = metric_headers.iter().map(String::as_str);
    let header: Vec<&str> = fixed.into_iter().chain(headers).chain(["seconds"]).collect();
    let mut shown = table::new(&header);
    for outcome in outcomes.iter().map(Outcome::summary) {
        let loss = |loss: f64| format!("{loss:.6}");
        let misclassified = outcome.misclassified.map(|wrong| format!("{wrong} of {}", outcome.n_samples));
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let mut row = vec![
            or_dash(Some(outcome.variant).filter(|name| !name.is_empty())),
            outcome.epochs.to_string(),
            outcome.first_loss.map_or_else(String::new, loss),
            loss(outcome.final_loss),
            or_dash(outcome.validation_loss.map(loss)),
            or_dash(misclassified),
        ];
        row.extend(
            metrics.iter().map(|name| {
                outcome.metrics.get(name).map_or_else(String::new, |value| format!("{value:.4}"))
            }),
        );
        row.push(format!("{:.2}", outcome.seconds));
        shown.add_row(row);
    }
    table::print(&shown);
}
