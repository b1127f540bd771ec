//! Reads an export as JSON and evaluates it as a reader of the file would: plain loops in double over what is written.

use chainrule::network::activation::Activation;
use chainrule_table::{Encoders, Table};
use serde::Deserialize;

use super::super::json::{FORMAT, VERSION};
use super::super::outputs;
use super::{Case, Said};
use crate::Error;
use crate::choice::Choice;

#[derive(Deserialize)]
struct Document {
    format: String,
    version: u64,
    members: Vec<MemberDocument>,
}

#[derive(Deserialize)]
struct MemberDocument {
    encoders: Encoders,
    layers: Vec<LayerDocument>,
}

#[derive(Deserialize)]
struct LayerDocument {
    activation: Choice,
    #[serde(rename = "W")]
    weights: Vec<Vec<f64>>,
    #[serde(rename = "b")]
    bias: Option<Vec<f64>>,
}

pub(super) fn run(case: &Case<'_>, table: &Table) -> Result<Said, Error> {
    let wrong = |said: String| Error::Tool { tool: "the reader of JSON".to_owned(), said };
    let document: Document =
        serde_json::from_slice(&case.export.bytes).map_err(|error| wrong(error.to_string()))?;
    if (document.format.as_str(), document.version) != (FORMAT, VERSION) {
        return Err(wrong(format!("it is {} of version {}", document.format, document.version)));
    }
    let n_members = document.members.len() as f64;
    let mut mean: Vec<f64> = Vec::new();
    for member in document.members {
        let n_in = member.encoders.n_inputs();
        let (x, _) = member.encoders.encode(table);
        let mut y = Vec::new();
        for x in x.chunks(n_in.max(1)) {
            let mut a = x.to_vec();
            for layer in &member.layers {
                a = layer.forward(&a).map_err(wrong)?;
            }
            y.extend(a);
        }
        member.encoders.target.decode(&mut y);
        mean.resize(y.len(), 0.0);
        mean.iter_mut().zip(y).for_each(|(mean, y)| *mean += y / n_members);
    }
    let y = outputs::expanded(case.model, mean);
    let target = case.model.target();
    let decided =
        y.chunks(outputs::n_predicted(target)).flat_map(|row| outputs::decided(target, row)).collect();
    Ok(Said { y, decided })
}

impl LayerDocument {
    /// `f(x·W + b)`
    fn forward(&self, x: &[f64]) -> Result<Vec<f64>, String> {
        let n_out = self.weights.first().map_or(0, Vec::len);
        let mut z = self.bias.clone().unwrap_or_else(|| vec![0.0; n_out]);
        if x.len() != self.weights.len() || z.len() != n_out {
            return Err(format!("{} inputs for {} rows of weights", x.len(), self.weights.len()));
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
