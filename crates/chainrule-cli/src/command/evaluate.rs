//! `chainrule evaluate`: evaluates a model on a table.

use std::path::Path;

use chainrule_experiment::{
    Evaluated, EvaluationSummary, Experiment, ModelRows, OpenedModel, ScoreTable, evaluate_model,
};
use chainrule_figures::{PlotlyScript, Subject, evaluation_report};
use chainrule_model::{Model, path_to_text};
use chainrule_table::write_whole;
use serde::Serialize;

use super::predict::{print_unseen, read_options};
use super::table_bar::TableBar;
use super::{Written, refuse_same_files, refuse_to_overwrite, write_somewhere};
use crate::arguments::EvaluateArguments;
use crate::error::Failure;
use crate::output::outln;
use crate::progress::Spinner;
use crate::table::print_scores;

/// JSON output.
#[derive(Serialize)]
struct PrintedEvaluation {
    model: String,
    table: String,
    #[serde(flatten)]
    evaluation: EvaluationSummary,
}

pub(crate) fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    if let Some(report) = &arguments.report {
        let inputs = [(&*arguments.model, "the model"), (&*arguments.data, "the table")];
        refuse_same_files(&[(report, "--report")], &inputs)?;
        if !arguments.force {
            refuse_to_overwrite(report, "--report")?;
        }
    }
    let model = Model::load(&arguments.model)?;
    let (table, options) = (arguments.data.as_path(), read_options(&arguments.reading)?);
    let weight = arguments.weight.as_deref();
    let evaluated = evaluate_model(&model, &table.into(), &options, weight, &mut TableBar::default())?;
    let evaluation = &evaluated.evaluation;
    let report = arguments.report.as_deref().map(|path| write_report(path, arguments, &model, &evaluated));
    let report = report.transpose()?;
    if arguments.json {
        let evaluation = EvaluationSummary::new(evaluation);
        let (model, table) = (path_to_text(&arguments.model), path_to_text(table));
        super::json::print(&PrintedEvaluation { model, table, evaluation });
        return Ok(());
    }
    let metrics = &evaluation.metrics;
    outln!("{}: {} rows", table.display(), evaluation.n_rows);
    print_scores(&ScoreTable::of_columns(&[("", &metrics.values)]));
    ScoreTable::of_targets("", &metrics.targets).iter().for_each(print_scores);
    print_unseen(&evaluation.unseen);
    if let Some(report) = report {
        outln!("\nreport written to {}", report.path.display());
    }
    Ok(())
}

/// Writes the report.
fn write_report(
    path: &Path,
    arguments: &EvaluateArguments,
    model: &Model,
    evaluated: &Evaluated,
) -> Result<Written, Failure> {
    let _spinner = Spinner::new("drawing the report");
    let OpenedModel { experiment, history } =
        Experiment::of_model(model, &arguments.model, Some(&arguments.data), ModelRows::All)?
            .on_table(&evaluated.table);
    let outcomes = [experiment.variants[0].initial_outcome(history)?];
    let subject = Subject { experiment: &experiment, outcomes: &outcomes };
    let page = evaluation_report(model, &arguments.data, evaluated, &subject, PlotlyScript::Embedded)?;
    write_somewhere(path, |path| match write_whole(path, page.as_bytes()) {
        Ok(()) => Ok(path.to_owned()),
        Err(source) => Err(Failure::Unwritable { path: path.to_owned(), source }),
    })
}
