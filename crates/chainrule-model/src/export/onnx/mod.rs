//! Export to ONNX: opset 17, with `LabelEncoder` of ai.onnx.ml 3 for categories.
//!
//! Each column is a separate input (n, 1) with the name of the column:
//!
//! - numbers in the precision of the model (in double precision if they are far from 0 and close to
//!   each other), NaN if missing,
//! - dates as days since 1970-01-01 in double precision, NaN if missing,
//! - categories as strings, empty if missing; an integer category can be given as `3` or `3.0`.
//!
//! | task | outputs |
//! |---|---|
//! | classification | `probability` (n, n_classes), `prediction` (n): class names |
//! | multilabel | `probability` (n, n_labels), `prediction` (n, n_labels): 0 or 1 |
//! | regression | `prediction` (n, n_targets) in the units of the table |
//!
//! Probabilities and predicted numbers are in the precision of the model; the predicted numbers of
//! all targets are in double precision if one target is far from 0 compared with its standard
//! deviation.
//!
//! If a column has the name of an output, a number is appended to the name of the output.

mod activation;
mod builder;
mod encoders;
mod messages;

use chainrule_table::Target;
use prost::Message;

use self::builder::{Builder, ElementType, integer};
use self::messages::{
    ModelProto, OperatorSetIdProto, TensorShapeProto, TensorShapeProtoDimension, TypeProto, TypeProtoTensor,
    ValueInfoProto,
};
use super::columns::{ExportColumn, InputType};
use super::language::Width;
use super::outputs;
use crate::{Error, Member, Model};

/// Exports a model to ONNX.
pub(super) fn export(model: &Model, columns: &[ExportColumn]) -> Result<Vec<u8>, Error> {
    if let Some(column) = columns.iter().find(|column| column.name.is_empty()) {
        let reason = "it has no name; give it one";
        return Err(Error::UnsupportedOnnxInput { column: column.name.clone(), reason });
    }
    let element = ElementType::from(model.precision);
    let mut builder = Builder::new(columns.iter().map(|column| column.name.as_str()));
    let names = [builder.name("probability"), builder.name("prediction")];
    let column_tensor = |column: &ExportColumn| encoders::column_tensor(&mut builder, column, &column.name);
    let column_tensors = columns.iter().map(column_tensor).collect::<Result<Vec<_>, Error>>()?;
    let mut mean: Option<String> = None;
    for member in &model.members {
        let x = encoders::encode(&mut builder, member, columns, &column_tensors, model.precision);
        let y = network(&mut builder, member, x, element);
        let y = decoded(&mut builder, member, &y);
        mean = Some(match mean {
            Some(sum) => builder.node("Add", &[&sum, &y]),
            None => y,
        });
    }
    let mut y = mean.expect("a model has at least one member");
    if model.members.len() > 1 {
        let n = builder.number(model.members.len() as f64, ElementType::Double);
        y = builder.node("Div", &[&y, &n]);
    }
    let output = predictions(&mut builder, model, &y, names);
    let mut graph = builder.graph();
    graph.input =
        columns.iter().map(|column| value_info(&column.name, input_element(column, element), &[1])).collect();
    graph.output = output;
    let opset = |domain: &str, version| OperatorSetIdProto {
        domain: Some(domain.to_owned()),
        version: Some(version),
    };
    let file = ModelProto {
        ir_version: Some(8),
        producer_name: Some("chainrule".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        doc_string: Some(model.members[0].architecture.describe()),
        graph: Some(graph),
        opset_import: vec![opset("", 17), opset("ai.onnx.ml", 3)],
    };
    Ok(file.encode_to_vec())
}

/// Returns the element type of the input of a column.
fn input_element(column: &ExportColumn, element: ElementType) -> ElementType {
    match column.input_type {
        InputType::Number(Width::Model) => element,
        InputType::Number(Width::Double) | InputType::Date => ElementType::Double,
        InputType::Category(_) => ElementType::String,
    }
}

/// Adds the network of a member for inputs x and returns the name of its outputs.
fn network(builder: &mut Builder, member: &Member, x: String, element: ElementType) -> String {
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

/// Converts outputs of a member to the units of the table, in double precision.
fn decoded(builder: &mut Builder, member: &Member, y: &str) -> String {
    let y = builder.cast(y, ElementType::Double);
    let Some(scales) = outputs::scales(&member.encoders.target) else { return y };
    let [means, deviations] = [0, 1].map(|k| scales.iter().map(|scale| scale[k]).collect::<Vec<_>>());
    let deviations = builder.tensor("deviations", &[scales.len()], &deviations, ElementType::Double);
    let means = builder.tensor("means", &[scales.len()], &means, ElementType::Double);
    let scaled = builder.node("Mul", &[&y, &deviations]);
    builder.node("Add", &[&scaled, &means])
}

/// Adds the outputs of the graph, computed from the mean y over the members.
fn predictions(
    builder: &mut Builder,
    model: &Model,
    y: &str,
    [probability, prediction]: [String; 2],
) -> Vec<ValueInfoProto> {
    let target = model.target();
    let (element, note) = match outputs::width(model) {
        Width::Model => (ElementType::from(model.precision), None),
        Width::Double => {
            let note = format!("in double precision, because {}", outputs::DOUBLE_REASON);
            (ElementType::Double, Some(note))
        }
    };
    let cast = vec![integer("to", element as i64)];
    let n = outputs::n_predicted(target);
    let is_positive = |builder: &mut Builder| {
        let half = builder.number(0.5, ElementType::Double);
        let is_positive = builder.node("GreaterOrEqual", &[y, &half]);
        builder.cast(&is_positive, ElementType::Int64)
    };
    match target {
        Target::Numbers { .. } => {
            builder.node_into("Cast", &[y], cast, prediction.clone());
            vec![ValueInfoProto { doc_string: note, ..value_info(&prediction, element, &[n]) }]
        }
        Target::Labels { .. } => {
            builder.node_into("Cast", &[y], cast, probability.clone());
            let labels = is_positive(builder);
            builder.node_into("Identity", &[&labels], Vec::new(), prediction.clone());
            vec![value_info(&probability, element, &[n]), value_info(&prediction, ElementType::Int64, &[n])]
        }
        Target::Classes { classes, .. } => {
            let (probabilities, class) = if outputs::is_binary(target) {
                let one = builder.number(1.0, ElementType::Double);
                let other = builder.node("Sub", &[&one, y]);
                let probabilities = builder.node_with("Concat", &[&other, y], vec![integer("axis", 1)]);
                let class = is_positive(builder);
                let flat = builder.tensor("flat", &[1], &[-1.0], ElementType::Int64);
                (probabilities, builder.node("Reshape", &[&class, &flat]))
            } else {
                let attributes = vec![integer("axis", 1), integer("keepdims", 0)];
                (y.to_owned(), builder.node_with("ArgMax", &[y], attributes))
            };
            builder.node_into("Cast", &[&probabilities], cast, probability.clone());
            let names = builder.string_tensor("classes", classes);
            builder.node_into("Gather", &[&names, &class], vec![integer("axis", 0)], prediction.clone());
            vec![value_info(&probability, element, &[n]), value_info(&prediction, ElementType::String, &[])]
        }
    }
}

/// Returns the name and type of an input or output with n rows.
fn value_info(name: &str, element: ElementType, shape: &[usize]) -> ValueInfoProto {
    let rows = TensorShapeProtoDimension { dim_param: Some("n".to_owned()), dim_value: None };
    let length = |n: &usize| TensorShapeProtoDimension { dim_value: Some(*n as i64), dim_param: None };
    let dim = std::iter::once(rows).chain(shape.iter().map(length)).collect();
    let tensor_type =
        TypeProtoTensor { elem_type: Some(element as i32), shape: Some(TensorShapeProto { dim }) };
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto { tensor_type: Some(tensor_type) }),
        doc_string: None,
    }
}
