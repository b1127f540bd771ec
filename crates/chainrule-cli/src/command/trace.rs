//! `chainrule trace`: the chain rule for some samples, written out.

use chainrule::trace::{TraceFormat, TraceLine};
use chainrule_experiment::ModelRows;

use crate::arguments::{SampleRange, TraceArguments, TraceOutput};
use crate::encoding::inputs;
use crate::error::Failure;
use crate::output::out;

pub(crate) fn run(arguments: &TraceArguments) -> Result<(), Failure> {
    let experiment = arguments.source.open(ModelRows::All)?;
    let variant = &experiment.variants[0];
    let mut training = variant.training()?;
    let rows = rows(&arguments.samples, training.n_samples())?;
    let steps = training.steps_per_epoch() * training.settings().epochs;
    if arguments.step >= steps {
        let allowed = format!("less than {steps}, the number of steps of the training");
        return Err(Failure::Argument { argument: "--step", value: arguments.step.to_string(), allowed });
    }
    for _ in 0..arguments.step {
        training.step()?;
    }
    let trace = training.trace_step(&rows)?;
    let format = TraceFormat { digits: usize::from(arguments.digits), ..TraceFormat::default() };
    let mut document = trace.document(format);
    // Backticks mark formulas in prose.
    let inputs = inputs(&variant.prepare()?.samples).replace('`', "'");
    document.sections[0].lines.insert(0, TraceLine::Prose(format!("Inputs: {inputs}.")));
    let text = match arguments.format {
        TraceOutput::Text => document.text(),
        TraceOutput::Markdown => document.markdown(),
        TraceOutput::Latex => document.latex(),
    };
    out!("{text}");
    Ok(())
}

/// Returns the rows of the chosen samples, counted from 0.
fn rows(samples: &[SampleRange], n: usize) -> Result<Vec<u32>, Failure> {
    for SampleRange { first, last } in samples {
        if let Some(sample) = [first, last].into_iter().find(|sample| !(1..=n).contains(*sample)) {
            let allowed = format!("from 1 to {n}, the number of samples");
            return Err(Failure::Argument { argument: "--sample", value: sample.to_string(), allowed });
        }
    }
    Ok(samples.iter().flat_map(|range| range.first..=range.last).map(|sample| sample as u32 - 1).collect())
}
