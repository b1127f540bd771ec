//! Exports as ONNX: opset 17, with `LabelEncoder` of ai.onnx.ml 3 for words.
//!
//! Each column is an input of its own, (n, 1) and called as the column is: numbers in the model's precision (in double where
//! they are far from 0 and close to each other) and dates in double as days since 1970-01-01, NaN where one is missing; words as strings, empty where one is missing. A whole number that is a
//! word may be written `3` or `3.0`.
//!
//! | task | outputs |
//! |---|---|
//! | classes | `probability` (n, n_classes), `prediction` (n) of the classes' names |
//! | labels | `probability` (n, n_labels), `prediction` (n, n_labels) of 0 and 1 |
//! | numbers | `prediction` (n, n_numbers) in the table's units |
//!
//! A column of one of these two names keeps it, and the output has a number behind its own.

mod activation;
mod builder;
mod encoders;
mod messages;

use chainrule_table::Target;
use prost::Message;

use self::builder::{Builder, Element, integer};
use self::messages::{Dimension, OperatorSet, Shape, TensorType, Type, ValueInfo};
use super::columns::{Cells, Column};
use super::expression::Width;
use super::outputs;
use crate::{Error, Member, Model};

/// The file's bytes.
pub(super) fn export(model: &Model, columns: &[Column]) -> Result<Vec<u8>, Error> {
    if let Some(column) = columns.iter().find(|column| column.name.is_empty()) {
        let reason = "it has no name, and every input needs one";
        return Err(Error::NotInOnnx { column: column.name.clone(), reason });
    }
    let element = Element::from(model.precision);
    let mut builder = Builder::new(columns.iter().map(|column| column.name.as_str()));
    let names = [builder.name("probability"), builder.name("prediction")];
    let source = |column: &Column| encoders::source(&mut builder, column, &column.name);
    let sources = columns.iter().map(source).collect::<Result<Vec<_>, Error>>()?;
    let mut mean: Option<String> = None;
    for member in &model.members {
        let x = encoders::encode(&mut builder, member, columns, &sources, element);
        let y = network(&mut builder, member, x, element);
        let y = decoded(&mut builder, member, &y);
        mean = Some(match mean {
            Some(sum) => builder.node("Add", &[&sum, &y]),
            None => y,
        });
    }
    let mut y = mean.expect("a model has a member");
    if model.members.len() > 1 {
        let n = builder.number(model.members.len() as f64, Element::Double);
        y = builder.node("Div", &[&y, &n]);
    }
    let output = predictions(&mut builder, model.target(), &y, names, element);
    let mut graph = builder.graph();
    graph.input = columns.iter().map(|column| value(&column.name, of(column, element), &[1])).collect();
    graph.output = output;
    let set = |domain: &str, version| OperatorSet { domain: Some(domain.to_owned()), version: Some(version) };
    let file = messages::Model {
        ir_version: Some(8),
        producer_name: Some("chainrule".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        doc_string: Some(model.members[0].architecture.describe()),
        graph: Some(graph),
        opset_import: vec![set("", 17), set("ai.onnx.ml", 3)],
    };
    Ok(file.encode_to_vec())
}

/// What a column's input holds.
fn of(column: &Column, element: Element) -> Element {
    match column.cells {
        Cells::Numbers(Width::Own) => element,
        Cells::Numbers(Width::Wide) | Cells::Dates => Element::Double,
        Cells::Words(_) => Element::String,
    }
}

/// A member's outputs y for its inputs x.
fn network(builder: &mut Builder, member: &Member, x: String, element: Element) -> String {
    let architecture = &member.architecture;
    let mut a = x;
    for (l, layer) in architecture.layers().iter().enumerate() {
        let shape = [architecture.n_in(l), layer.n_units];
        let weights = architecture.weights(l, &member.parameters);
        let weights = builder.tensor(&format!("W{l}"), &shape, weights, element);
        let mut z = builder.node("MatMul", &[&a, &weights]);
        if let Some(bias) = architecture.bias(l, &member.parameters) {
            let bias = builder.tensor(&format!("b{l}"), &shape[1..], bias, element);
            z = builder.node("Add", &[&z, &bias]);
        }
        a = activation::activation(builder, &layer.activation, &z, element);
    }
    a
}

/// A member's outputs in the table's units, in double.
fn decoded(builder: &mut Builder, member: &Member, y: &str) -> String {
    let y = builder.cast(y, Element::Double);
    let Some(scales) = outputs::scales(&member.encoders.target) else { return y };
    let [means, deviations] = [0, 1].map(|k| scales.iter().map(|scale| scale[k]).collect::<Vec<_>>());
    let deviations = builder.tensor("deviations", &[scales.len()], &deviations, Element::Double);
    let means = builder.tensor("means", &[scales.len()], &means, Element::Double);
    let wide = builder.node("Mul", &[&y, &deviations]);
    builder.node("Add", &[&wide, &means])
}

/// The outputs of the graph, from the mean y over the members.
fn predictions(
    builder: &mut Builder,
    target: &Target,
    y: &str,
    [probability, prediction]: [String; 2],
    element: Element,
) -> Vec<ValueInfo> {
    let cast = vec![integer("to", element as i64)];
    let n = outputs::n_predicted(target);
    let holds = |builder: &mut Builder| {
        let half = builder.number(0.5, Element::Double);
        let holds = builder.node("GreaterOrEqual", &[y, &half]);
        builder.cast(&holds, Element::Int64)
    };
    match target {
        Target::Numbers { .. } => {
            builder.node_into("Cast", &[y], cast, prediction.clone());
            vec![value(&prediction, element, &[n])]
        }
        Target::Labels { .. } => {
            builder.node_into("Cast", &[y], cast, probability.clone());
            let labels = holds(builder);
            builder.node_into("Identity", &[&labels], Vec::new(), prediction.clone());
            vec![value(&probability, element, &[n]), value(&prediction, Element::Int64, &[n])]
        }
        Target::Classes { classes, .. } => {
            let (both, class) = if outputs::is_binary(target) {
                let one = builder.number(1.0, Element::Double);
                let other = builder.node("Sub", &[&one, y]);
                let both = builder.node_with("Concat", &[&other, y], vec![integer("axis", 1)]);
                let class = holds(builder);
                let flat = builder.tensor("flat", &[1], &[-1.0], Element::Int64);
                (both, builder.node("Reshape", &[&class, &flat]))
            } else {
                let largest = vec![integer("axis", 1), integer("keepdims", 0)];
                (y.to_owned(), builder.node_with("ArgMax", &[y], largest))
            };
            builder.node_into("Cast", &[&both], cast, probability.clone());
            let names = builder.texts("classes", classes);
            builder.node_into("Gather", &[&names, &class], vec![integer("axis", 0)], prediction.clone());
            vec![value(&probability, element, &[n]), value(&prediction, Element::String, &[])]
        }
    }
}

/// An input or output of n rows.
fn value(name: &str, element: Element, shape: &[usize]) -> ValueInfo {
    let rows = Dimension { dim_param: Some("n".to_owned()), dim_value: None };
    let length = |n: &usize| Dimension { dim_value: Some(*n as i64), dim_param: None };
    let dim = std::iter::once(rows).chain(shape.iter().map(length)).collect();
    let tensor_type = TensorType { elem_type: Some(element as i32), shape: Some(Shape { dim }) };
    ValueInfo {
        name: Some(name.to_owned()),
        r#type: Some(Type { tensor_type: Some(tensor_type) }),
        doc_string: None,
    }
}
