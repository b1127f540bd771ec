//! `chainrule evaluate`: evaluates a model on a table.

use chainrule_model::{Model, evaluate};
use serde_json::json;

use super::predict::{print_unseen, read_whole};
use crate::arguments::EvaluateArguments;
use crate::error::Failure;
use crate::table::print_metrics;

pub(crate) fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let model = Model::load(&arguments.model)?;
    let columns = [model.formats(), model.target_formats()].concat();
    let table = read_whole(&arguments.data, &arguments.reading, &columns)?;
    let evaluation = evaluate(&model, &table)?;
    if arguments.json {
        super::json::print(&json!({
            "model": arguments.model,
            "table": arguments.data,
            "rows": evaluation.n_rows,
            "metrics": super::json::numbers(evaluation.metrics.iter().copied()),
            "unseen": super::json::unseen(&evaluation.unseen),
        }));
        return Ok(());
    }
    anstream::println!("{}: {} rows", arguments.data.display(), evaluation.n_rows);
    print_metrics(&[("", evaluation.metrics)]);
    print_unseen(&evaluation.unseen);
    Ok(())
}
