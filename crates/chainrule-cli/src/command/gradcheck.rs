//! `chainrule gradcheck`: checks a gradient against central differences.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use chainrule::gradcheck::{self, CheckedParameter, ParameterSelection};
use chainrule::objective::{Objective, Reduction};
use chainrule_experiment::ModelRows;

use super::{parameter_file, refuse_same_files};
use crate::arguments::GradcheckArguments;
use crate::error::Failure;
use crate::output::outln;
use crate::progress::Bar;

pub(crate) fn run(arguments: &GradcheckArguments) -> Result<(), Failure> {
    if arguments.parameters == Some(0) {
        let (value, allowed) = ("0".to_owned(), "at least 1".to_owned());
        return Err(Failure::Argument { argument: "--parameters", value, allowed });
    }
    let gradient = arguments.gradient.as_deref();
    if let Some(path) = &arguments.weights_out {
        let inputs = gradient.map(|gradient| (gradient, "--gradient"));
        refuse_same_files(&[(path, "--weights-out")], inputs.as_slice())?;
    }
    let experiment = arguments.source.open(ModelRows::All)?;
    if arguments.weights_out.is_some() && experiment.variants.len() > 1 {
        let reason = "with several networks, whose weights differ; choose one with --variant";
        return Err(Failure::Unsupported { argument: "--weights-out", reason });
    }
    let mut n_wrong = 0;
    for variant in &experiment.variants {
        let prepared = variant.prepare()?;
        let architecture = &prepared.architecture;
        let mut at = prepared.start.parameters().to_vec();
        if arguments.epoch > 0 {
            let mut trained = variant.clone();
            trained.train.settings.epochs = arguments.epoch;
            let outcome = trained.run(&BTreeSet::new(), &mut Bar::new(), &AtomicBool::new(false))?;
            outcome.ending.map_err(Failure::Engine)?;
            at = outcome.parameters;
        }
        if let Some(path) = &arguments.weights_out {
            parameter_file::write(path, architecture, &at)?;
        }
        let data = &prepared.samples.dataset;
        let mut objective = Objective::new(architecture, &variant.train.loss, data.clone())?;
        let rows: Vec<u32> = (0..data.n_samples() as u32).collect();
        let reduction = variant.train.settings.reduction;
        let selection = arguments.parameters.map_or(ParameterSelection::All, |count| {
            ParameterSelection::Sample { count, seed: variant.data.seed }
        });
        let report = match gradient {
            Some(path) => {
                let gradient = parameter_file::read_gradient(path, architecture)?;
                gradcheck::network_against(&mut objective, &gradient, &at, &rows, reduction, selection)?
            }
            None => gradcheck::network(&mut objective, &at, &rows, reduction, selection)?,
        };
        let source = gradient.map_or("backpropagation".to_owned(), |path| path.display().to_string());
        let name = [experiment.name.as_str(), &variant.name].join(" ");
        let weighted = if data.weights().is_some() { "weighted " } else { "" };
        let over = match (reduction, rows.len()) {
            (Reduction::Mean, n) => format!("the {weighted}mean over {}", samples(n)),
            (Reduction::Sum, n) => format!("the {weighted}sum over {}", samples(n)),
        };
        outln!("{} ({}), L is {over} of {}", name.trim(), architecture.describe(), variant.train.loss);
        outln!("{source}: {}", report.to_string().trim_end());
        if let Some(checked) = report.worst(1).first() {
            print_difference(checked);
        }
        outln!();
        n_wrong += report.faults();
    }
    if let Some(path) = &arguments.weights_out {
        outln!("weights written to {}", path.display());
    }
    if n_wrong > 0 { Err(Failure::WrongGradient) } else { Ok(()) }
}

fn samples(n: usize) -> String {
    if n == 1 { "1 sample".to_owned() } else { format!("{n} samples") }
}

/// Prints the central difference of a parameter with all digits, so that it can be verified.
fn print_difference(checked: &CheckedParameter) {
    let difference = checked.difference;
    outln!("  central difference of p = {}:", checked.name);
    outln!("    p = {:?}, h = {:e}", difference.p, difference.h);
    outln!("    L(p + h) = {:?}", difference.above);
    outln!("    L(p - h) = {:?}", difference.below);
    outln!("    (L(p + h) - L(p - h))/(2·h) = {:.10e}", difference.quotient());
}
