//! Reports of experiments: networks, claims, figures, training history,
//! gradient checks, the gradient trace of one sample, and settings.

use std::fmt::Write as _;

use chainrule::registry::OptionValue;
use chainrule_experiment::{ClaimStatus, Experiment, FigurePlan, Outcome, SourceDocument, Variant};

use super::page::{Page, Row, preformatted, table};
use crate::kind::{self, Subject, gradients};
use crate::markup::escape;
use crate::{Error, Figure, PlotlyScript, html_fragment};

/// Maximum number of networks that are the columns of their table, and not its rows.
const MAX_COLUMNS: usize = 6;

/// Maximum number of inputs that are listed.
const MAX_INPUTS: usize = 8;

/// Maximum number of epochs in a history table.
const MAX_EPOCHS: usize = 12;

/// Maximum number of parameters of a traced network; longer traces are unreadable.
const MAX_TRACED_PARAMETERS: usize = 200;

/// Checks the kinds and options of the figures that an experiment requests, without training it.
///
/// # Errors
/// Returns the first error with its location in the file.
pub fn check_figures(experiment: &Experiment) -> Result<(), Error> {
    let check =
        |plan: &FigurePlan| kind::check(&plan.kind, &given(plan)).map_err(|error| located(plan, error));
    experiment.figures.iter().try_for_each(check)
}

/// Draws the figures that the experiment requests, or one of every applicable kind if it requests
/// none.
///
/// Figures of variants that were not trained are omitted.
///
/// # Errors
/// Returns the first error of a figure with its location in the file.
pub fn figures(subject: &Subject<'_>) -> Result<Vec<Figure>, Error> {
    if subject.experiment.figures.is_empty() {
        return Ok(kind::all(subject).into_iter().map(|(_, figure)| figure).collect());
    }
    let mut figures = Vec::new();
    for plan in &subject.experiment.figures {
        match kind::draw(&plan.kind, &given(plan), subject) {
            Ok(figure) => figures.push(figure),
            Err(Error::UnknownVariant { name, .. })
                if subject.experiment.variants.iter().all(|variant| variant.name != name) => {}
            Err(error) => return Err(located(plan, error)),
        }
    }
    Ok(figures)
}

fn given(plan: &FigurePlan) -> Vec<(&str, OptionValue)> {
    plan.options.iter().map(|(key, value)| (key.as_str(), value.clone())).collect()
}

fn located(plan: &FigurePlan, error: Error) -> Error {
    Error::Located { origin: plan.origin.to_string(), source: Box::new(error) }
}

/// Renders the report of an experiment as one HTML page of about 5 MB with plotly.js embedded, or of
/// a few hundred kilobytes without. It makes no network requests.
///
/// The page adapts to the screen width, to light or dark mode, and to print.
///
/// # Errors
/// See [`figures`].
pub fn report(subject: &Subject<'_>, plotly: PlotlyScript<'_>) -> Result<String, Error> {
    let experiment = subject.experiment;
    let figures: Vec<String> = figures(subject)?.iter().map(html_fragment).collect::<Result<_, _>>()?;
    let title = if experiment.title.is_empty() { &experiment.name } else { &experiment.title };
    let mut page = Page::new(title);
    page.lead(&format!(
        "<span class=\"muted\">Experiment <b>{}</b>, trained by Chainrule {}.</span>",
        escape(&experiment.name),
        env!("CARGO_PKG_VERSION")
    ));
    if let Some(document) = &experiment.document {
        page.lead(&format!("Reproduces {}.", reference(document)));
    }
    page.section("Networks", &networks(subject.outcomes));
    page.section("Published and reproduced values", &claims(subject));
    page.section("Figures", &figures.concat());
    page.section("Training history", &histories(subject.outcomes));
    page.section("Gradient check", &gradient_checks(subject.outcomes));
    page.section("Gradient trace of one sample", &trace_of_sample(subject));
    page.section("Settings", &settings(subject));
    Ok(page.with_figures(plotly))
}

/// Renders the reference of a source document.
pub(super) fn reference(document: &SourceDocument) -> String {
    let link = if document.url.starts_with("http") {
        format!("<a href=\"{0}\">{0}</a>", escape(&document.url))
    } else {
        escape(&document.url)
    };
    format!(
        "{}, <i>{}</i>, {link} (licence: {})",
        escape(&document.author),
        escape(&document.title),
        escape(&document.licence)
    )
}

fn name(outcome: &Outcome) -> &str {
    if outcome.variant.is_empty() { "-" } else { &outcome.variant }
}

fn number(v: f64) -> String {
    if v != 0.0 && (v.abs() < 1e-4 || v.abs() >= 1e7) { format!("{v:.4e}") } else { format!("{v:.6}") }
}

/// Renders a table with one column for each row, for tables of a few rows that are wider than a
/// screen.
fn columns(header: &[&str], rows: &[Row]) -> String {
    let cell = |k: usize| rows.iter().map(move |(_, cells)| cells[k].clone());
    let names: Vec<String> = std::iter::once(header[0].to_owned()).chain(cell(0)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let property = |k: usize| ("", std::iter::once(header[k].to_owned()).chain(cell(k)).collect());
    table(&names, &(1..header.len()).map(property).collect::<Vec<Row>>())
}

/// Lists a few inputs, or returns the number of many.
fn inputs(names: &[String]) -> String {
    if names.len() <= MAX_INPUTS { names.join(", ") } else { names.len().to_string() }
}

pub(super) fn networks(outcomes: &[Outcome]) -> String {
    let row = |outcome: &Outcome| {
        let samples = &outcome.samples;
        let (training, validation) = outcome.final_loss;
        let status = match &outcome.ending {
            Ok(ending) => format!("{ending:?}").to_lowercase(),
            Err(error) => error.to_string(),
        };
        let cells = vec![
            name(outcome).to_owned(),
            outcome.architecture.describe(),
            outcome.architecture.n_parameters().to_string(),
            samples.dataset.n_samples().to_string(),
            inputs(&samples.inputs),
            samples.classes.join(", "),
            outcome.loss.options().short().replace('_', " "),
            outcome.history.epochs.len().to_string(),
            number(training),
            validation.map_or_else(|| "-".to_owned(), number),
            status,
        ];
        ("", cells)
    };
    let header = [
        "network",
        "layers",
        "parameters",
        "training samples",
        "inputs",
        "classes",
        "loss",
        "epochs",
        "final training loss",
        "final validation loss",
        "status",
    ];
    let rows: Vec<Row> = outcomes.iter().map(row).collect();
    let mut text =
        if outcomes.len() <= MAX_COLUMNS { columns(&header, &rows) } else { table(&header, &rows) };
    for outcome in outcomes {
        for warning in &outcome.history.warnings {
            let _ = writeln!(
                text,
                "<p class=\"warning\">{}: {}</p>",
                escape(name(outcome)),
                escape(&warning.to_string())
            );
        }
    }
    text
}

fn claims(subject: &Subject<'_>) -> String {
    let rows: Vec<Row> = subject
        .experiment
        .claims
        .iter()
        .filter_map(|claim| {
            let result = claim.judge(subject.outcomes).ok()?;
            let (class, mark) = match result.status {
                ClaimStatus::Matched => ("matched", "✓ matched"),
                ClaimStatus::KnownMistake => ("mistaken", "! error in the document"),
                ClaimStatus::Shown => ("", "· no claim"),
                ClaimStatus::Mismatched => ("mismatched", "✗ mismatch"),
            };
            let cells = [mark, &claim.text, &result.claimed, &result.actual, &claim.note];
            Some((class, cells.map(str::to_owned).to_vec()))
        })
        .collect();
    if rows.is_empty() {
        String::new()
    } else {
        table(&["", "claim", "published", "reproduced", "note"], &rows)
    }
}

/// Renders the history of each training run at evenly spaced epochs.
pub(super) fn histories(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let epochs = &outcome.history.epochs;
        if epochs.is_empty() {
            continue;
        }
        let n = epochs.len().min(MAX_EPOCHS);
        let mut header = vec!["epoch", "loss", "validation loss", "learning rate"];
        header.extend(&outcome.metric_names);
        let row = |k: usize| {
            let epoch = &epochs[if n > 1 { k * (epochs.len() - 1) / (n - 1) } else { 0 }];
            let mut cells = vec![
                epoch.epoch.to_string(),
                number(epoch.loss),
                epoch.validation_loss.map_or_else(|| "-".to_owned(), number),
                number(epoch.learning_rate),
            ];
            cells.extend(epoch.metrics.iter().map(|v| number(*v)));
            ("", cells)
        };
        if outcomes.len() > 1 {
            let _ = writeln!(text, "<h3>{}</h3>", escape(name(outcome)));
        }
        text.push_str(&table(&header, &(0..n).map(row).collect::<Vec<_>>()));
    }
    text
}

pub(super) fn gradient_checks(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let Ok((report, n_samples)) = gradients::checked(outcome) else { continue };
        let _ = writeln!(
            text,
            "<p>{}After training, on {} samples:</p>\n{}",
            if outcome.variant.is_empty() {
                String::new()
            } else {
                format!("{}. ", escape(&outcome.variant))
            },
            n_samples,
            preformatted(&report.to_string())
        );
    }
    text
}

/// Renders the gradient trace of the first sample in the smallest network at its initial weights.
pub(super) fn trace_of_sample(subject: &Subject<'_>) -> String {
    let n_parameters = |outcome: &&Outcome| outcome.architecture.n_parameters();
    let small = subject.outcomes.iter().filter(|outcome| n_parameters(outcome) <= MAX_TRACED_PARAMETERS);
    let Some(outcome) = small.min_by_key(n_parameters) else { return String::new() };
    let training = subject.experiment.variant(&outcome.variant).and_then(Variant::training);
    let Some(trace) = training.ok().and_then(|mut training| training.trace_step(&[0]).ok()) else {
        return String::new();
    };
    let network =
        if outcome.variant.is_empty() { String::new() } else { format!(" in {}", escape(&outcome.variant)) };
    format!(
        "<p>Sample 1{network}: forward and backward pass at the initial weights, and the resulting update.</p>\n{}\n",
        preformatted(&trace.to_text())
    )
}

pub(super) fn settings(subject: &Subject<'_>) -> String {
    let trained = |name: &str| subject.outcomes.iter().any(|outcome| outcome.variant == name);
    let mut text = String::new();
    for variant in subject.experiment.variants.iter().filter(|variant| trained(&variant.name)) {
        if !variant.name.is_empty() {
            let _ = writeln!(text, "<h3>{}</h3>", escape(&variant.name));
        }
        let _ = writeln!(text, "{}", preformatted(&variant.settings()));
    }
    text
}
