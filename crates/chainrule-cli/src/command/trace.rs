//! `chainrule trace`: the chain rule for some samples, written out.

use chainrule_experiment::ModelRows;

use crate::arguments::{TraceArguments, TraceOutput};
use crate::error::Failure;
use crate::output::out;

pub(crate) fn run(arguments: &TraceArguments) -> Result<(), Failure> {
    let mut training = arguments.source.open(ModelRows::All)?.variants[0].training()?;
    let n = training.n_samples();
    let row = |&sample: &usize| {
        let allowed = format!("from 1 to {n}, the number of samples");
        let refused = Failure::Argument { argument: "--sample", value: sample.to_string(), allowed };
        if (1..=n).contains(&sample) { Ok((sample - 1) as u32) } else { Err(refused) }
    };
    let rows = arguments.samples.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    let steps = training.steps_per_epoch() * training.settings().epochs;
    if arguments.step >= steps {
        let allowed = format!("less than {steps}, the number of steps of the training");
        return Err(Failure::Argument { argument: "--step", value: arguments.step.to_string(), allowed });
    }
    for _ in 0..arguments.step {
        training.step()?;
    }
    let trace = training.trace_step(&rows)?;
    let text = match arguments.format {
        TraceOutput::Text => trace.to_text(),
        TraceOutput::Markdown => trace.to_markdown(),
        TraceOutput::Latex => trace.to_latex(),
    };
    out!("{text}");
    Ok(())
}
