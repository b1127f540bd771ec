//! Exports as JSON: all of a model as text, every number in the fewest digits that give it again.

use chainrule::network::{Architecture, Part};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::choice::Choice;
use crate::{Member, Model, Precision};

/// What stands in `format`.
pub(super) const FORMAT: &str = "chainrule-json";
/// What stands in `version`.
pub(super) const VERSION: u64 = 1;

#[derive(Serialize)]
struct Document {
    format: &'static str,
    version: u64,
    made_by: String,
    precision: Precision,
    loss: Choice,
    predicts: Value,
    members: Vec<MemberDocument>,
}

#[derive(Serialize)]
struct MemberDocument {
    inputs: Vec<String>,
    encoders: Value,
    layers: Vec<LayerDocument>,
}

#[derive(Serialize)]
struct LayerDocument {
    name: String,
    units: usize,
    activation: Choice,
    formula: String,
    #[serde(rename = "W")]
    weights: Box<RawValue>,
    #[serde(rename = "b")]
    bias: Option<Box<RawValue>>,
}

/// The document's text. `W` is (n_in, n_out), a list for each input; `b` is null where a layer has none.
pub(super) fn export(model: &Model) -> String {
    let document = Document {
        format: FORMAT,
        version: VERSION,
        made_by: format!("chainrule {}", env!("CARGO_PKG_VERSION")),
        precision: model.precision,
        loss: Choice::of(model.loss.options()),
        predicts: json!({ "task": model.target().task(), "columns": model.target().columns() }),
        members: model.members.iter().map(|member| of(member, model.precision)).collect(),
    };
    serde_json::to_string_pretty(&document).expect("texts and finite numbers") + "\n"
}

fn of(member: &Member, precision: Precision) -> MemberDocument {
    let architecture = &member.architecture;
    MemberDocument {
        inputs: member.encoders.input_names(),
        encoders: serde_json::to_value(&member.encoders).expect("texts and finite numbers"),
        layers: (0..architecture.layers().len()).map(|l| layer(member, architecture, l, precision)).collect(),
    }
}

fn layer(member: &Member, architecture: &Architecture, l: usize, precision: Precision) -> LayerDocument {
    let layer = &architecture.layers()[l];
    let block = |part| architecture.block(l, part).map(|block| &member.parameters[block.range.clone()]);
    let weights = block(Part::Weights).expect("every layer has weights");
    let rows: Vec<String> = weights.chunks(layer.n_units).map(|row| list(row, precision)).collect();
    LayerDocument {
        name: architecture.layer_name(l),
        units: layer.n_units,
        activation: Choice::of(layer.activation.options()),
        formula: match layer.activation.formula() {
            Some(formula) => formula.to_string(),
            None => "exp(z_k)/Σ_j exp(z_j)".to_owned(),
        },
        weights: raw(format!("[\n{}\n]", rows.join(",\n"))),
        bias: block(Part::Bias).map(|bias| raw(list(bias, precision))),
    }
}

/// Numbers on one line, as a reader of JSON reads them exactly in their own precision.
fn list(values: &[f64], precision: Precision) -> String {
    let number = |v: &f64| {
        let short = format!("{:?}", *v as f32);
        // What is read in double and then rounded must be the same number.
        let same = short.parse::<f64>().is_ok_and(|read| read as f32 == *v as f32);
        if precision == Precision::F32 && same { short } else { format!("{v:?}") }
    };
    format!("[{}]", values.iter().map(number).collect::<Vec<_>>().join(", "))
}

fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).expect("lists of numbers")
}
