//! What the reports of fits and evaluations share: tables of metrics, and the figures of predictions.

use chainrule::metrics::ConfusionMatrix;
use chainrule_experiment::{ScoreTable, format_number};

use super::page::{Row, table};
use crate::kind::{self, Subject};
use crate::{Error, html_fragment};

/// Kinds of figures that compare predictions with targets.
pub(super) const PREDICTIONS: [&str; 5] =
    ["confusion", "roc", "precision-recall", "calibration", "residuals"];

/// Maximum number of classes in a table.
const MAX_CLASSES: usize = 50;

/// Renders a table of metrics.
pub(super) fn scores(scores: &ScoreTable) -> String {
    let header: Vec<&str> = scores.header.iter().map(String::as_str).collect();
    let row = |(name, values): &(String, Vec<f64>)| -> Row {
        ("", std::iter::once(name.clone()).chain(values.iter().map(|v| format_number(*v))).collect())
    };
    table(&header, &scores.rows.iter().map(row).collect::<Vec<_>>())
}

/// Renders precision, recall and F1 score of each class on the rows called `rows`.
pub(super) fn class_scores(rows: &str, confusion: &ConfusionMatrix) -> String {
    let classes = confusion.labels().iter().zip(confusion.class_scores());
    let row = |(class, scores): (&String, chainrule::metrics::ClassScores)| -> Row {
        let support = if scores.support.fract() == 0.0 {
            scores.support.to_string()
        } else {
            format_number(scores.support)
        };
        let values = [scores.precision, scores.recall, scores.f1].map(format_number);
        ("", std::iter::once(class.clone()).chain(values).chain([support]).collect())
    };
    let shown: Vec<Row> = classes.take(MAX_CLASSES).map(row).collect();
    let more = confusion.n_classes().saturating_sub(MAX_CLASSES);
    let rest = if more > 0 { format!("<p>and {more} more classes</p>\n") } else { String::new() };
    let header = [&format!("class ({rows})")[..], "precision", "recall", "f1", "rows"];
    table(&header, &shown) + &rest
}

/// Renders the figures of predictions next to each other.
pub(super) fn predictions(subject: &Subject<'_>) -> Result<String, Error> {
    let html = figures(subject, PREDICTIONS)?;
    Ok(if html.is_empty() { html } else { format!("<div class=\"grid\">\n{html}</div>\n") })
}

/// Renders those of the kinds of figures that apply to the subject, with default options.
pub(super) fn figures<'k>(
    subject: &Subject<'_>,
    kinds: impl IntoIterator<Item = &'k str>,
) -> Result<String, Error> {
    let mut html = String::new();
    for kind in kinds {
        // Not every kind applies to every task and network.
        if let Ok(figure) = kind::draw(kind, &[], subject) {
            html.push_str(&html_fragment(&figure)?);
        }
    }
    Ok(html)
}
