//! `chainrule evaluate`: how well a model predicts a table.

use chainrule_model::{Model, evaluate};

use super::predict::whole;
use crate::arguments::table::Evaluate;
use crate::error::Failure;

pub(crate) fn run(arguments: &Evaluate) -> Result<(), Failure> {
    let model = Model::load(&arguments.model)?;
    let mut wanted = model.wanted();
    wanted.extend(model.target().cell_types());
    let table = whole(&arguments.data, &arguments.reading, &wanted)?;
    let evaluation = evaluate(&model, &table)?;
    anstream::println!("{} rows of {}", evaluation.n_rows, arguments.data.display());
    super::fit::metrics(&[("", evaluation.metrics)]);
    for (column, n) in evaluation.unseen {
        anstream::eprintln!(
            "{column}: {n} cells were like none of the training's, and were taken for no particular ones"
        );
    }
    Ok(())
}
