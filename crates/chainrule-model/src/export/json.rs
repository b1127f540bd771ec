//! Export to JSON: the whole model as text, every number with the fewest digits that represent it
//! exactly.

use chainrule::network::{Architecture, Part};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::choice::RegistryChoice;
use crate::{Member, Model, Precision};

/// Value of the key `format`.
pub(super) const FORMAT: &str = "chainrule-json";
/// Value of the key `version`.
pub(super) const VERSION: u64 = 1;

#[derive(Serialize)]
struct JsonModel {
    format: &'static str,
    version: u64,
    made_by: String,
    precision: Precision,
    loss: RegistryChoice,
    predicts: Value,
    members: Vec<JsonMember>,
}

#[derive(Serialize)]
struct JsonMember {
    inputs: Vec<String>,
    encoders: Value,
    layers: Vec<JsonLayer>,
}

#[derive(Serialize)]
struct JsonLayer {
    name: String,
    units: usize,
    activation: RegistryChoice,
    formula: String,
    #[serde(rename = "W")]
    weights: Box<RawValue>,
    #[serde(rename = "b")]
    bias: Option<Box<RawValue>>,
}

/// Exports a model to JSON.
///
/// `W` is (n_in, n_out), with one list per input; `b` is null in a layer without biases.
pub(super) fn export(model: &Model) -> String {
    let document = JsonModel {
        format: FORMAT,
        version: VERSION,
        made_by: format!("chainrule {}", env!("CARGO_PKG_VERSION")),
        precision: model.precision,
        loss: RegistryChoice::new(model.loss.options()),
        predicts: json!({ "task": model.target().task(), "columns": model.target().columns() }),
        members: model.members.iter().map(|member| json_member(member, model.precision)).collect(),
    };
    serde_json::to_string_pretty(&document).expect("strings and finite numbers can be serialised") + "\n"
}

fn json_member(member: &Member, precision: Precision) -> JsonMember {
    let architecture = &member.architecture;
    JsonMember {
        inputs: member.encoders.input_names(),
        encoders: serde_json::to_value(&member.encoders)
            .expect("strings and finite numbers can be serialised"),
        layers: (0..architecture.layers().len())
            .map(|l| json_layer(member, architecture, l, precision))
            .collect(),
    }
}

fn json_layer(member: &Member, architecture: &Architecture, l: usize, precision: Precision) -> JsonLayer {
    let layer = &architecture.layers()[l];
    let block = |part| architecture.block(l, part).map(|block| &member.parameters[block.range.clone()]);
    let weights = block(Part::Weights).expect("every layer has weights");
    let rows: Vec<String> = weights.chunks(layer.n_units).map(|row| list(row, precision)).collect();
    JsonLayer {
        name: architecture.layer_name(l),
        units: layer.n_units,
        activation: RegistryChoice::new(layer.activation.options()),
        formula: match layer.activation.formula() {
            Some(formula) => formula.to_string(),
            None => "exp(z_k)/Σ_j exp(z_j)".to_owned(),
        },
        weights: raw(format!("[\n{}\n]", rows.join(",\n"))),
        bias: block(Part::Bias).map(|bias| raw(list(bias, precision))),
    }
}

/// Returns numbers as a list on one line. Parsing them yields exactly the same numbers in the given
/// precision.
fn list(values: &[f64], precision: Precision) -> String {
    let number = |v: &f64| {
        let short = format!("{:?}", *v as f32);
        // JSON parsers read a double, which must round to the same number.
        let is_exact = short.parse::<f64>().is_ok_and(|read| read as f32 == *v as f32);
        if precision == Precision::F32 && is_exact { short } else { format!("{v:?}") }
    };
    format!("[{}]", values.iter().map(number).collect::<Vec<_>>().join(", "))
}

fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).expect("lists of numbers are valid JSON")
}
