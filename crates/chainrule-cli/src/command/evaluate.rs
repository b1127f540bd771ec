//! `chainrule evaluate`: evaluates a model on a table.

use chainrule_model::{Model, evaluate, sample_weights};
use serde_json::json;

use super::predict::{print_unseen, read_whole};
use crate::arguments::EvaluateArguments;
use crate::error::Failure;
use crate::output::outln;
use crate::table::{print_metrics, print_targets};

pub(crate) fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let model = Model::load(&arguments.model)?;
    let mut columns = [model.formats(), model.target_formats()].concat();
    let weight = arguments.weight.as_deref();
    super::add_weight(&mut columns, weight);
    let table = read_whole(&arguments.data, &arguments.reading, &columns)?;
    let table = super::with_targets(table, model.target().columns())?;
    let weight = weight.map(|column| sample_weights(&table, column)).transpose()?;
    let evaluation = evaluate(&model, &table, weight.as_deref())?;
    let metrics = &evaluation.metrics;
    if arguments.json {
        super::json::print(&json!({
            "model": arguments.model,
            "table": arguments.data,
            "rows": evaluation.n_rows,
            "metrics": super::json::numbers(metrics.values.iter().copied()),
            "target_metrics": super::json::targets(&metrics.targets),
            "unseen": super::json::unseen(&evaluation.unseen),
        }));
        return Ok(());
    }
    outln!("{}: {} rows", arguments.data.display(), evaluation.n_rows);
    print_metrics(&[("", &metrics.values)]);
    print_targets("", &metrics.targets);
    print_unseen(&evaluation.unseen);
    Ok(())
}
