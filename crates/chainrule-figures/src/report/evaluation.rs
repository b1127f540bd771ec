//! Report of the evaluation of a model on a table.

use std::path::Path;

use chainrule_experiment::{Evaluated, ScoreTable};
use chainrule_model::{Model, Score};

use super::page::{Page, file_name, list, preformatted};
use super::result;
use crate::kind::Subject;
use crate::markup::escape;
use crate::{Error, PlotlyScript};

/// Renders the report of a model that was evaluated on the table at `path`: metrics next to those of
/// its training, scores of each class, and figures of the predictions. The figures show the samples
/// of `subject`.
///
/// # Errors
/// Returns an error if a figure is invalid.
pub fn evaluation_report(
    model: &Model,
    path: &Path,
    evaluated: &Evaluated,
    subject: &Subject<'_>,
    plotly: PlotlyScript<'_>,
) -> Result<String, Error> {
    let evaluation = &evaluated.evaluation;
    let (name, target) = (file_name(path), model.target().columns().join(", "));
    let mut page = Page::new(&format!("{target}: evaluation on {name}"));
    page.lead(&format!(
        "{} rows of {}; model {}, trained on {} rows of {}.",
        evaluation.n_rows,
        escape(&name),
        escape(&subject.experiment.name),
        model.trained.rows[0],
        escape(&file_name(&model.trained.data))
    ));
    let here = format!("{name} ({} rows)", evaluation.n_rows);
    let values = &evaluation.metrics.values;
    let mut columns = vec![(here.clone(), values.clone())];
    for part in ["train", "validation", "test", "folds"] {
        let stored = |(metric, _): &(&'static str, f64)| {
            let mut scores = model.trained.scores.iter();
            let is_same = |score: &&Score| score.part == part && score.metric == *metric;
            (*metric, scores.find(is_same).map_or(f64::NAN, |score| score.value))
        };
        if model.trained.scores.iter().any(|score| score.part == part) {
            columns.push((format!("{part} rows of the training"), values.iter().map(stored).collect()));
        }
    }
    let columns: Vec<(&str, &[(&str, f64)])> = columns.iter().map(|(name, v)| (&name[..], &v[..])).collect();
    let mut html = result::scores(&ScoreTable::of_columns(&columns));
    html.extend(ScoreTable::of_targets("", &evaluation.metrics.targets).as_ref().map(result::scores));
    if let Some(confusion) = &evaluation.metrics.confusion {
        html.push_str("<h3>Scores of each class</h3>\n");
        html.push_str(&result::class_scores(&name, confusion));
    }
    page.section("Result", &html);
    let mut figures = result::predictions(subject)?;
    if model.members.len() > 1 && !figures.is_empty() {
        let note =
            "The figures show the predictions of the first network; the metrics are those of all networks.";
        figures.insert_str(0, &format!("<p>{note}</p>\n"));
    }
    page.section("Predictions", &figures);
    let unseen = evaluation.unseen.iter().map(|(column, n)| {
        format!("{column}: {n} cells with values that did not occur in training, or unexpectedly missing")
    });
    page.section("Warnings", &list("warning", unseen));
    page.section("Settings of the training", &preformatted(&model.trained.settings));
    Ok(page.with_figures(plotly))
}
