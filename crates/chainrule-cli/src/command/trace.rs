//! `chainrule trace`: the chain rule for some samples, written out.

use std::sync::Arc;

use chainrule::Scalar;
use chainrule::trace;
use chainrule::train::{Settings, Training};
use chainrule_experiment::{Precision, Variant};

use crate::arguments::{TraceArguments, TraceOutput};
use crate::error::Failure;
use crate::output::out;

pub(crate) fn run(arguments: &TraceArguments) -> Result<(), Failure> {
    let variant = arguments.source.one()?;
    match variant.precision {
        Precision::F32 => trace_in::<f32>(arguments, &variant),
        Precision::F64 => trace_in::<f64>(arguments, &variant),
    }
}

fn trace_in<T: Scalar>(arguments: &TraceArguments, variant: &Variant) -> Result<(), Failure> {
    let prepared = variant.prepare()?;
    let n = prepared.samples.dataset.n_samples();
    let row = |&sample: &usize| {
        let allowed = format!("from 1 to {n}, the number of samples");
        let refused = Failure::Argument { argument: "--sample", value: sample.to_string(), allowed };
        if (1..=n).contains(&sample) { Ok((sample - 1) as u32) } else { Err(refused) }
    };
    let rows = arguments.samples.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    let data = Arc::new(prepared.samples.dataset.cast::<T>()?);
    // Early stopping would require validation rows, which are not split off here.
    let settings = Settings { stopping: None, ..variant.settings_for_engine() };
    let mut training =
        Training::new(prepared.start.cast(), &variant.train.loss, data, settings, prepared.random)?;
    let steps = training.steps_per_epoch() * training.settings().epochs;
    if arguments.step >= steps {
        let allowed = format!("less than {steps}, the number of steps of the training");
        return Err(Failure::Argument { argument: "--step", value: arguments.step.to_string(), allowed });
    }
    for _ in 0..arguments.step {
        training.step()?;
    }
    let trace = trace::step(&mut training, &rows)?;
    let text = match arguments.format {
        TraceOutput::Text => trace.to_text(),
        TraceOutput::Markdown => trace.to_markdown(),
        TraceOutput::Latex => trace.to_latex(),
    };
    out!("{text}");
    Ok(())
}
