//! Report of a fit. It begins with the result and ends with the inside of the network.

use std::fmt::Write as _;

use chainrule_experiment::{
    FitSummary, Fitted, Outcome, RowSet, Scores, TableSamples, describe_encoding, format_number,
};
use chainrule_model::PermutationImportance;
use chainrule_table::Target;

use super::experiment::{figures, gradient_checks, histories, networks, settings, trace_of_sample};
use super::page::{Page, Row, file_name, html_table, list, table};
use super::result::{self, PREDICTIONS};
use crate::kind::{self, Subject, sample_classes};
use crate::markup::escape;
use crate::{Error, PlotlyScript, html_fragment};

const LOSS_CURVE: &str = "loss-curve";

/// Maximum number of classes that are listed, and of those whose frequencies are in the first
/// sentence.
const MAX_CLASSES: usize = 50;
const MAX_FREQUENCIES: usize = 8;

/// Renders the report of a fit as one HTML page; see [`report`](super::report).
///
/// # Errors
/// Returns an error if a figure that the settings request cannot be drawn.
pub fn fit_report(fitted: &Fitted, plotly: PlotlyScript<'_>) -> Result<String, Error> {
    let Fitted { model, experiment, outcomes, importance, .. } = fitted;
    let subject = Subject { experiment, outcomes };
    let (summary, target) = (fitted.summary(), model.target());
    let table_name = file_name(&summary.table.table);
    let mut page =
        Page::new(&format!("{}: {} from {table_name}", target.columns().join(", "), target.task().name()));
    let rows = rows(&summary, outcomes.len());
    page.lead(&escape(&[&rows, &frequencies(&outcomes[0])[..]].concat()));
    page.lead(&format!(
        "<span class=\"muted\">Trained by Chainrule {} on {}.</span>",
        env!("CARGO_PKG_VERSION"),
        escape(&model.trained.date)
    ));
    page.section("Result", &metrics(fitted));
    page.section("Importance of the columns", &importance.as_ref().map(bars).unwrap_or_default());
    page.section("Predictions", &result::predictions(&subject)?);
    page.section("Classes", &balance(&outcomes[0], outcomes.len()));
    page.section("Columns", &columns(outcomes[0].samples.from_table.as_ref()));
    page.section("Warnings and notes", &remarks(fitted));
    page.section("Training", &training(&subject, &summary)?);
    // The networks of folds differ little inside.
    let (inside, title) = match &outcomes[..] {
        [first, _, ..] => (std::slice::from_ref(first), "Network of the first fold"),
        all => (all, "Network"),
    };
    let subject_inside = Subject { outcomes: inside, ..subject };
    let drawn = if experiment.figures.is_empty() {
        let is_inside = |kind: &&str| !PREDICTIONS.contains(kind) && *kind != LOSS_CURVE;
        result::figures(&subject_inside, kind::REGISTRY.iter().map(|entry| entry.name).filter(is_inside))?
    } else {
        figures(&subject)?.iter().map(html_fragment).collect::<Result<String, _>>()?
    };
    page.section(title, &(networks(outcomes) + &drawn));
    page.section("Gradient check", &gradient_checks(inside));
    page.section("Gradient trace of one sample", &trace_of_sample(&subject_inside));
    page.section("Settings", &settings(&subject));
    Ok(page.with_figures(plotly))
}

/// Describes the numbers of rows.
fn rows(summary: &FitSummary, n_folds: usize) -> String {
    let rows = summary.table.rows;
    if n_folds > 1 {
        format!("{} rows, cross-validated with {n_folds} folds.", rows.total)
    } else {
        format!("{} rows: {} for training, {} for validation.", rows.total, rows.train, rows.validation)
    }
}

/// Returns the frequencies of a few classes among all rows as a sentence.
fn frequencies(outcome: &Outcome) -> String {
    let Some((names, labels)) = sample_classes(&outcome.with_rows(RowSet::All)) else { return String::new() };
    if names.len() > MAX_FREQUENCIES {
        return String::new();
    }
    let frequency = |(k, name): (usize, &String)| {
        let n = labels.iter().filter(|label| **label == k).count();
        format!("{name} {:.1} %", 100.0 * n as f64 / labels.len() as f64)
    };
    let classes: Vec<String> = names.iter().enumerate().map(frequency).collect();
    format!(" Classes: {}.", classes.join(", "))
}

/// Renders the metrics, with the most important one as a sentence.
fn metrics(fitted: &Fitted) -> String {
    let target = fitted.model.target();
    let scores = fitted.scores.table(target);
    let mut html = String::new();
    let metric = if matches!(target, Target::Numbers { .. }) { "r2" } else { "accuracy" };
    if let Some((_, values)) = scores.rows.iter().find(|(name, _)| name == metric) {
        let n_others = match &fitted.scores {
            Scores::Single { others, .. } => others.len(),
            Scores::Folds { .. } => values.len() - 1,
        };
        let own = values.len() - 1 - n_others;
        let metric = if metric == "r2" { "R²" } else { "Accuracy" };
        let cell = |k: usize| format!("{} {}", escape(&scores.header[k + 1]), format_number(values[k]));
        let rest: Vec<String> = (own + 1..values.len()).map(cell).collect();
        let _ = writeln!(
            html,
            "<p class=\"headline\"><b>{metric} {}</b> ({}); {}.</p>",
            format_number(values[own]),
            escape(&scores.header[own + 1]),
            rest.join(", ")
        );
    }
    html.push_str(&result::scores(&scores));
    fitted.score_remarks().iter().for_each(|remark| html += &format!("<p>{}</p>\n", escape(remark)));
    html.extend(fitted.scores.target_table().as_ref().map(result::scores));
    if let Scores::Folds { each, .. } = &fitted.scores {
        let header: Vec<&str> =
            std::iter::once("fold").chain(each[0].values.iter().map(|(name, _)| *name)).collect();
        let fold = |(k, fold): (usize, &chainrule_model::Metrics)| -> Row {
            let values = fold.values.iter().map(|(_, value)| format_number(*value));
            ("", std::iter::once((k + 1).to_string()).chain(values).collect())
        };
        html.push_str("<h3>Metrics of each fold on its validation rows</h3>\n");
        html.push_str(&table(&header, &each.iter().enumerate().map(fold).collect::<Vec<_>>()));
    }
    if let Some((rows, confusion)) = fitted.scores.confusion() {
        html.push_str("<h3>Scores of each class</h3>\n");
        html.push_str(&result::class_scores(&format!("{rows} rows"), &confusion));
    }
    html
}

/// Renders the permutation importance as a bar chart.
fn bars(importance: &PermutationImportance) -> String {
    let largest = importance.columns.iter().map(|column| column.increase.0).fold(0.0, f64::max);
    let row = |column: &chainrule_model::Importance| -> Row {
        let (mean, deviation) = column.increase;
        let percent = if largest > 0.0 { 100.0 * (mean / largest).max(0.0) } else { 0.0 };
        let bar = format!("<div class=\"bar\" style=\"width: {percent:.1}%\"></div>");
        let value = format!("{} ± {}", format_number(mean), format_number(deviation));
        ("", vec![escape(&column.column), bar, value])
    };
    let rows: Vec<Row> = importance.columns.iter().map(row).collect();
    let header = ["column", "", &format!("increase in {}", importance.measure.describe())];
    let text = "Permutation importance: the increase of the error when the cells of a column are shuffled among the \
                rows (mean and standard deviation over several permutations).";
    format!("<p>{text}</p>\n<div class=\"bars\">{}</div>\n", html_table(&header, &rows))
}

/// Renders the number of rows of each class.
fn balance(outcome: &Outcome, n_folds: usize) -> String {
    let sets: Vec<(&str, Outcome)> = if n_folds > 1 || !outcome.has_held_out() {
        vec![("rows", outcome.with_rows(RowSet::All))]
    } else {
        vec![
            ("training rows", outcome.with_rows(RowSet::Training)),
            ("validation rows", outcome.with_rows(RowSet::Validation)),
        ]
    };
    let sets: Vec<_> = sets.iter().filter_map(|(name, set)| Some((*name, sample_classes(set)?))).collect();
    let Some((_, (names, _))) = sets.first() else { return String::new() };
    let row = |(k, class): (usize, &String)| -> Row {
        let cell = |(_, (_, labels)): &(&str, (Vec<String>, Vec<usize>))| {
            let n = labels.iter().filter(|label| **label == k).count();
            format!("{n} ({:.1} %)", 100.0 * n as f64 / labels.len() as f64)
        };
        ("", std::iter::once(class.clone()).chain(sets.iter().map(cell)).collect())
    };
    let header: Vec<&str> = std::iter::once("class").chain(sets.iter().map(|(name, _)| *name)).collect();
    table(&header, &names.iter().enumerate().take(MAX_CLASSES).map(row).collect::<Vec<_>>())
}

/// Renders the columns of the table with their kinds and encodings, and those that are not used.
fn columns(from: Option<&TableSamples>) -> String {
    let Some(from) = from else { return String::new() };
    let used = from.encoders.inputs.iter().map(|input| -> Row {
        let column = from.table.column(&input.column);
        let count = |column: &chainrule_table::Column| {
            (0..from.table.n_rows()).filter(|i| column.values.is_missing(*i)).count()
        };
        let n_missing = column.map_or(0, count);
        let n_inputs = input.width().to_string();
        let missing = if n_missing == 0 { "-".to_owned() } else { n_missing.to_string() };
        (
            "",
            vec![
                input.column.clone(),
                input.how.name().to_owned(),
                describe_encoding(input),
                n_inputs,
                missing,
            ],
        )
    });
    let ignored = from.ignored.iter().map(|(column, reason)| -> Row {
        let cells = [column, "not used", reason.reason(), "-", "-"];
        ("muted", cells.map(str::to_owned).to_vec())
    });
    table(
        &["column", "kind", "encoding", "inputs", "missing cells"],
        &used.chain(ignored).collect::<Vec<_>>(),
    )
}

/// Renders what was assumed, converted or left out, and the warnings about training.
fn remarks(fitted: &Fitted) -> String {
    let notes = fitted.remarks.iter().filter(|remark| !remark.is_warning).map(|remark| remark.text.clone());
    list("warning", fitted.warnings()) + &list("notes", notes)
}

/// Renders how the networks were trained.
fn training(subject: &Subject<'_>, summary: &FitSummary) -> Result<String, Error> {
    let row = |(k, training): (usize, &chainrule_experiment::TrainingSummary)| -> Row {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let cells = [
            (k + 1).to_string(),
            training.ending.to_owned(),
            training.epochs.to_string(),
            or_dash(training.best_epoch.map(|epoch| epoch.to_string())),
            or_dash(training.validation_loss.map(format_number)),
            format!("{:.2}", subject.outcomes[k].seconds),
        ];
        ("", cells.to_vec())
    };
    let header = ["network", "ending", "epochs", "best epoch", "lowest validation loss", "seconds"];
    let rows: Vec<Row> = summary.trainings.iter().enumerate().map(row).collect();
    Ok(table(&header, &rows) + &result::figures(subject, [LOSS_CURVE])? + &histories(subject.outcomes))
}
