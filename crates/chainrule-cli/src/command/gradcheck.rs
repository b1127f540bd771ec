//! `chainrule gradcheck`: checks a gradient against central differences.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use chainrule::gradcheck::{self, ParameterSelection};
use chainrule::network::Architecture;
use chainrule::objective::Objective;
use chainrule::registry::nearest;
use chainrule_experiment::ModelRows;

use crate::arguments::GradcheckArguments;
use crate::error::Failure;
use crate::output::outln;
use crate::progress::Bar;

pub(crate) fn run(arguments: &GradcheckArguments) -> Result<(), Failure> {
    if arguments.parameters == Some(0) {
        let (value, allowed) = ("0".to_owned(), "at least 1".to_owned());
        return Err(Failure::Argument { argument: "--parameters", value, allowed });
    }
    let experiment = arguments.source.open(ModelRows::All)?;
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
        let data = &prepared.samples.dataset;
        let mut objective = Objective::new(architecture, &variant.train.loss, data.clone())?;
        let rows: Vec<u32> = (0..data.n_samples() as u32).collect();
        let reduction = variant.train.settings.reduction;
        let selection = arguments.parameters.map_or(ParameterSelection::All, |count| {
            ParameterSelection::Sample { count, seed: variant.data.seed }
        });
        let report = match &arguments.gradient {
            Some(path) => {
                let gradient = read(path, architecture)?;
                gradcheck::network_against(&mut objective, &gradient, &at, &rows, reduction, selection)?
            }
            None => gradcheck::network(&mut objective, &at, &rows, reduction, selection)?,
        };
        let source = arguments
            .gradient
            .as_ref()
            .map_or("backpropagation".to_owned(), |path| path.display().to_string());
        let name = [experiment.name.as_str(), &variant.name].join(" ");
        outln!(
            "{} ({}), {} over {} samples",
            name.trim(),
            architecture.describe(),
            variant.train.loss,
            rows.len()
        );
        outln!("{source}: {report}");
        n_wrong += report.faults();
    }
    if n_wrong > 0 { Err(Failure::WrongGradient) } else { Ok(()) }
}

/// Reads a gradient: `name,value` lines in any order, or one value per line in the order of the flat vector.
fn read(path: &Path, architecture: &Architecture) -> Result<Vec<f64>, Failure> {
    let fault =
        |line: Option<u64>, reason: String| Failure::GradientFile { path: path.to_owned(), line, reason };
    let file = File::open(path).map_err(|source| Failure::Unreadable { path: path.to_owned(), source })?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(file);
    let n = architecture.n_parameters();
    let names: Vec<String> = (0..n).map(|index| architecture.parameter_name(index)).collect();
    let mut gradient = vec![None; n];
    let mut unnamed = 0;
    for (k, record) in reader.records().enumerate() {
        let record = record.map_err(|error| fault(Some(k as u64 + 1), error.to_string()))?;
        let line = record.position().map(csv::Position::line);
        let (index, cell) = match record.len() {
            1 => {
                unnamed += 1;
                if unnamed > n {
                    return Err(fault(line, format!("more values than the network has parameters ({n})")));
                }
                (unnamed - 1, &record[0])
            }
            2 if k == 0 && record[1].parse::<f64>().is_err() => continue,
            2 => {
                let index = names.iter().position(|name| *name == record[0]).ok_or_else(|| {
                    let near = nearest(&record[0], names.iter().map(String::as_str));
                    let hint = near.map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"));
                    fault(line, format!("the network has no parameter \"{}\"{hint}", &record[0]))
                })?;
                (index, &record[1])
            }
            fields => {
                return Err(fault(
                    line,
                    format!("{fields} fields found; expected name,value or a single value"),
                ));
            }
        };
        let value = cell.parse::<f64>().map_err(|_| fault(line, format!("\"{cell}\" is not a number")))?;
        if gradient[index].replace(value).is_some() {
            return Err(fault(
                line,
                format!("the derivative with respect to {} is given twice", names[index]),
            ));
        }
    }
    let missing = |index: usize| {
        fault(
            None,
            format!("the derivative with respect to {} is missing; all {n} are required", names[index]),
        )
    };
    gradient.iter().enumerate().map(|(index, value)| value.ok_or_else(|| missing(index))).collect()
}
