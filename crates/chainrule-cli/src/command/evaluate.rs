//! `chainrule evaluate`: evaluates a model on a table.

use chainrule_experiment::{EvaluationSummary, evaluate_model};
use chainrule_model::{Model, path_to_text};
use serde::Serialize;

use super::predict::{print_unseen, read_options};
use super::table_bar::TableBar;
use crate::arguments::EvaluateArguments;
use crate::error::Failure;
use crate::output::outln;
use crate::table::{print_metrics, print_targets};

/// JSON output.
#[derive(Serialize)]
struct PrintedEvaluation {
    model: String,
    table: String,
    #[serde(flatten)]
    evaluation: EvaluationSummary,
}

pub(crate) fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let model = Model::load(&arguments.model)?;
    let (table, options) = (arguments.data.as_path(), read_options(&arguments.reading)?);
    let weight = arguments.weight.as_deref();
    let evaluation = evaluate_model(&model, &table.into(), &options, weight, &mut TableBar::default())?;
    if arguments.json {
        let evaluation = EvaluationSummary::new(&evaluation);
        let (model, table) = (path_to_text(&arguments.model), path_to_text(table));
        super::json::print(&PrintedEvaluation { model, table, evaluation });
        return Ok(());
    }
    let metrics = &evaluation.metrics;
    outln!("{}: {} rows", table.display(), evaluation.n_rows);
    print_metrics(&[("", &metrics.values)]);
    print_targets("", &metrics.targets);
    print_unseen(&evaluation.unseen);
    Ok(())
}
