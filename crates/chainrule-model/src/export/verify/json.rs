//! Verification of JSON exports: the file is parsed and evaluated with plain double-precision
//! loops, as a user's own code would do.

use chainrule::network::activation::Activation;
use chainrule_table::{Encoders, Table};
use serde::Deserialize;

use super::super::json::{FORMAT, VERSION};
use super::super::outputs;
use super::{ExportCase, ExportOutput};
use crate::Error;
use crate::choice::RegistryChoice;

#[derive(Deserialize)]
struct ParsedModel {
    format: String,
    version: u64,
    members: Vec<ParsedMember>,
}

#[derive(Deserialize)]
struct ParsedMember {
    encoders: Encoders,
    layers: Vec<ParsedLayer>,
}

#[derive(Deserialize)]
struct ParsedLayer {
    activation: RegistryChoice,
    #[serde(rename = "W")]
    weights: Vec<Vec<f64>>,
    #[serde(rename = "b")]
    bias: Option<Vec<f64>>,
}

pub(super) fn run(case: &ExportCase<'_>, table: &Table) -> Result<ExportOutput, Error> {
    let failed = |message: String| Error::ToolFailed { tool: "the JSON reader".to_owned(), message };
    let model: ParsedModel =
        serde_json::from_slice(&case.export.bytes).map_err(|error| failed(error.to_string()))?;
    if (model.format.as_str(), model.version) != (FORMAT, VERSION) {
        let (format, version) = (&model.format, model.version);
        return Err(failed(format!("the file has format {format} {version}, not {FORMAT} {VERSION}")));
    }
    let n_members = model.members.len() as f64;
    let mut mean: Vec<f64> = Vec::new();
    for member in model.members {
        let n_in = member.encoders.n_inputs();
        let (x, _) = member.encoders.encode(table);
        let mut y = Vec::new();
        for x in x.chunks(n_in.max(1)) {
            let mut a = x.to_vec();
            for layer in &member.layers {
                a = layer.forward(&a).map_err(failed)?;
            }
            y.extend(a);
        }
        member.encoders.target.decode(&mut y);
        mean.resize(y.len(), 0.0);
        mean.iter_mut().zip(y).for_each(|(mean, y)| *mean += y / n_members);
    }
    let y = outputs::expanded(case.model, mean);
    let target = case.model.target();
    let decisions =
        y.chunks(outputs::n_predicted(target)).flat_map(|row| outputs::decisions(target, row)).collect();
    Ok(ExportOutput { y, decisions })
}

impl ParsedLayer {
    /// Computes `f(x·W + b)`.
    fn forward(&self, x: &[f64]) -> Result<Vec<f64>, String> {
        let n_out = self.weights.first().map_or(0, Vec::len);
        let mut z = self.bias.clone().unwrap_or_else(|| vec![0.0; n_out]);
        if x.len() != self.weights.len() || z.len() != n_out {
            return Err(format!(
                "a layer with {} rows of weights and {} biases has {} inputs and {n_out} units",
                self.weights.len(),
                z.len(),
                x.len()
            ));
        }
        for (x, row) in x.iter().zip(&self.weights) {
            z.iter_mut().zip(row).for_each(|(z, w)| *z += x * w);
        }
        let activation = self.activation.make(Activation::new).map_err(|error| error.to_string())?;
        let mut y = vec![0.0; n_out];
        match activation.formula() {
            Some(formula) => y.iter_mut().zip(&z).for_each(|(y, z)| *y = formula.evaluate(*z)),
            None => activation.values(&z, &mut y),
        }
        Ok(y)
    }
}
