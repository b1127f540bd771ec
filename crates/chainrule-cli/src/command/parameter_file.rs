//! Files with one number per parameter of a network: gradients that are read, and weights that are
//! written, as CSV or NPZ.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use chainrule::network::{Architecture, Block, Learning, Part};
use chainrule::registry::nearest;
use chainrule_table::{NumberArray, read_arrays, write_arrays, write_whole};

use crate::error::Failure;

/// Writes parameters to an NPZ file, if `path` has this extension, or else a CSV file.
pub(super) fn write(path: &Path, architecture: &Architecture, parameters: &[f64]) -> Result<(), Failure> {
    let written = if is_npz(path) {
        let array = |block: &Block| NumberArray {
            name: array_name(block),
            shape: shape(architecture, block),
            values: parameters[block.range.clone()].to_vec(),
        };
        write_arrays(path, &architecture.blocks().iter().map(array).collect::<Vec<_>>())
    } else {
        let mut text = "name,value\n".to_owned();
        for (index, value) in parameters.iter().enumerate() {
            writeln!(text, "{},{value:?}", architecture.parameter_name(index))
                .expect("a String can be written");
        }
        write_whole(path, text.as_bytes())
    };
    written.map_err(|source| Failure::Unwritable { path: path.to_owned(), source })
}

/// Reads a gradient from an NPZ file, if `path` has this extension, or else a CSV file. Frozen
/// parameters may be missing; their derivatives, which are not checked, are then 0.
pub(super) fn read_gradient(path: &Path, architecture: &Architecture) -> Result<Vec<f64>, Failure> {
    let gradient = if is_npz(path) { read_npz(path, architecture)? } else { read_csv(path, architecture)? };
    for block in architecture.trainable() {
        if let Some(index) = block.range.clone().find(|index| gradient[*index].is_none()) {
            let what = if is_npz(path) { array_name(block) } else { architecture.parameter_name(index) };
            let reason = format!(
                "the derivative with respect to {what} is missing; those of all trainable parameters are required"
            );
            return Err(fault(path, None, reason));
        }
    }
    Ok(gradient.into_iter().map(Option::unwrap_or_default).collect())
}

fn is_npz(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"))
}

/// Returns the name of a block in NPZ and safetensors files: `W0`, `b0`, `W1`, ...
fn array_name(block: &Block) -> String {
    match block.part {
        Part::Weights => format!("W{}", block.layer),
        Part::Bias => format!("b{}", block.layer),
    }
}

fn shape(architecture: &Architecture, block: &Block) -> Vec<usize> {
    match block.part {
        Part::Weights => vec![architecture.n_in(block.layer), block.n_out],
        Part::Bias => vec![block.n_out],
    }
}

fn fault(path: &Path, place: Option<String>, reason: String) -> Failure {
    Failure::GradientFile { path: path.to_owned(), place, reason }
}

/// Reads the arrays `W0`, `b0`, `W1`, ...
fn read_npz(path: &Path, architecture: &Architecture) -> Result<Vec<Option<f64>>, Failure> {
    let names: Vec<String> = architecture.blocks().iter().map(array_name).collect();
    let mut gradient = vec![None; architecture.n_parameters()];
    for array in read_arrays(path)? {
        let refuse = |reason: String| fault(path, Some(format!("array \"{}\"", array.name)), reason);
        let Some(index) = names.iter().position(|name| *name == array.name) else {
            return Err(refuse(format!("the arrays of this network are {}", names.join(", "))));
        };
        let block = &architecture.blocks()[index];
        let expected = shape(architecture, block);
        if array.shape != expected {
            return Err(refuse(format!(
                "the shape is {}, but must be {}",
                tuple(&array.shape),
                tuple(&expected)
            )));
        }
        gradient[block.range.clone()].iter_mut().zip(array.values).for_each(|(g, v)| *g = Some(v));
    }
    Ok(gradient)
}

fn tuple(shape: &[usize]) -> String {
    let axes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("({})", axes.join(", "))
}

/// Reads `name,value` lines in any order, or one value per line: those of all parameters, or of the
/// trainable ones, in the order of the flat vector.
fn read_csv(path: &Path, architecture: &Architecture) -> Result<Vec<Option<f64>>, Failure> {
    let fault =
        |line: Option<u64>, reason: String| fault(path, line.map(|line| format!("line {line}")), reason);
    let file = File::open(path).map_err(|source| Failure::Unreadable { path: path.to_owned(), source })?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(file);
    let n = architecture.n_parameters();
    let names: Vec<String> = (0..n).map(|index| architecture.parameter_name(index)).collect();
    let mut gradient = vec![None; n];
    let mut unnamed = Vec::new();
    for (k, record) in reader.records().enumerate() {
        let record = record.map_err(|error| fault(Some(k as u64 + 1), error.to_string()))?;
        let line = record.position().map(csv::Position::line);
        let number =
            |cell: &str| cell.parse::<f64>().map_err(|_| fault(line, format!("\"{cell}\" is not a number")));
        match record.len() {
            1 => {
                if unnamed.len() == n {
                    return Err(fault(line, format!("more values than the network has parameters ({n})")));
                }
                unnamed.push(number(&record[0])?);
            }
            2 if k == 0 && record[1].parse::<f64>().is_err() => {}
            2 => {
                let index = names.iter().position(|name| *name == record[0]).ok_or_else(|| {
                    let near = nearest(&record[0], names.iter().map(String::as_str));
                    let hint = near.map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"));
                    fault(line, format!("the network has no parameter \"{}\"{hint}", &record[0]))
                })?;
                if gradient[index].replace(number(&record[1])?).is_some() {
                    let reason = format!("the derivative with respect to {} is given twice", names[index]);
                    return Err(fault(line, reason));
                }
            }
            fields => {
                return Err(fault(
                    line,
                    format!("{fields} fields found; expected name,value or a single value"),
                ));
            }
        }
    }
    if unnamed.is_empty() {
        return Ok(gradient);
    }
    if gradient.iter().any(Option::is_some) {
        let reason = "some lines have a name and others do not; write name,value in all lines".to_owned();
        return Err(fault(None, reason));
    }
    let is_trainable = |block: &&Block| block.learning == Learning::Trainable;
    let trainable: Vec<usize> =
        architecture.blocks().iter().filter(is_trainable).flat_map(|block| block.range.clone()).collect();
    let indices = match unnamed.len() {
        k if k == n => (0..n).collect(),
        k if k == trainable.len() => trainable,
        k => {
            let of_trainable = if trainable.len() == n {
                String::new()
            } else {
                format!(", or {} without the frozen ones", trainable.len())
            };
            return Err(fault(
                None,
                format!("{k} values found; expected {n}, one per parameter{of_trainable}"),
            ));
        }
    };
    indices.into_iter().zip(unnamed).for_each(|(index, value)| gradient[index] = Some(value));
    Ok(gradient)
}
