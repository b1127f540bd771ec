//! Builder of ONNX graphs, which gives each node and constant a unique name.

use std::collections::{HashMap, HashSet};

use super::messages::{AttributeProto, GraphProto, NodeProto, TensorProto};
use crate::Precision;

/// Element type of a tensor, with the values of `TensorProto.DataType`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ElementType {
    Float = 1,
    Int64 = 7,
    String = 8,
    Double = 11,
}

/// A graph under construction.
pub(super) struct Builder {
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    taken: HashSet<String>,
    constants: HashMap<(u64, ElementType), String>,
}

impl From<Precision> for ElementType {
    fn from(precision: Precision) -> ElementType {
        match precision {
            Precision::F32 => ElementType::Float,
            Precision::F64 => ElementType::Double,
        }
    }
}

impl Builder {
    /// Creates a graph in which the names of the inputs are already used.
    pub(super) fn new<'n>(taken: impl Iterator<Item = &'n str>) -> Builder {
        let taken = taken.map(str::to_owned).collect();
        Builder { nodes: Vec::new(), initializers: Vec::new(), taken, constants: HashMap::new() }
    }

    /// Returns `name`, followed by a number if it is already used.
    pub(super) fn name(&mut self, name: &str) -> String {
        let mut unique = name.to_owned();
        let mut n = 2;
        while !self.taken.insert(unique.clone()) {
            unique = format!("{name}_{n}");
            n += 1;
        }
        unique
    }

    /// Adds a node and returns the name of its output.
    pub(super) fn node(&mut self, operator: &str, inputs: &[&str]) -> String {
        self.node_with(operator, inputs, Vec::new())
    }

    /// Adds a node with attributes and returns the name of its output.
    pub(super) fn node_with(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let output = self.name(&operator.to_lowercase());
        self.node_into(operator, inputs, attributes, output.clone());
        output
    }

    /// Adds a node whose output has the name `output`.
    pub(super) fn node_into(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attribute: Vec<AttributeProto>,
        output: String,
    ) {
        let domain = (operator == "LabelEncoder").then(|| "ai.onnx.ml".to_owned());
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            name: Some(format!("to {output}")),
            output: vec![output],
            op_type: Some(operator.to_owned()),
            attribute,
            domain,
        });
    }

    /// Adds a cast of `x` and returns the name of its output.
    pub(super) fn cast(&mut self, x: &str, to: ElementType) -> String {
        self.node_with("Cast", &[x], vec![integer("to", to as i64)])
    }

    /// Returns the name of a scalar constant, which is added on its first use.
    pub(super) fn number(&mut self, v: f64, element: ElementType) -> String {
        if let Some(name) = self.constants.get(&(v.to_bits(), element)) {
            return name.clone();
        }
        let name = self.tensor("number", &[], &[v], element);
        self.constants.insert((v.to_bits(), element), name.clone());
        name
    }

    /// Adds a constant tensor of numbers and returns its name.
    pub(super) fn tensor(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[f64],
        element: ElementType,
    ) -> String {
        let name = self.name(name);
        let raw = match element {
            ElementType::Float => values.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect(),
            ElementType::Int64 => values.iter().flat_map(|v| (*v as i64).to_le_bytes()).collect(),
            ElementType::Double => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            ElementType::String => unreachable!("the values are numbers"),
        };
        self.initializers.push(TensorProto {
            dims: shape.iter().map(|n| *n as i64).collect(),
            data_type: Some(element as i32),
            raw_data: Some(raw),
            name: Some(name.clone()),
            string_data: Vec::new(),
        });
        name
    }

    /// Adds a constant vector of strings and returns its name.
    pub(super) fn string_tensor(&mut self, name: &str, values: &[String]) -> String {
        let name = self.name(name);
        self.initializers.push(TensorProto {
            dims: vec![values.len() as i64],
            data_type: Some(ElementType::String as i32),
            raw_data: None,
            name: Some(name.clone()),
            string_data: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
        });
        name
    }

    /// Returns the graph without its inputs and outputs.
    pub(super) fn graph(self) -> GraphProto {
        GraphProto {
            node: self.nodes,
            name: Some("multilayer perceptron".to_owned()),
            initializer: self.initializers,
            input: Vec::new(),
            output: Vec::new(),
        }
    }
}

/// Returns an attribute of type INT.
pub(super) fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        i: Some(value),
        r#type: Some(2),
        ..AttributeProto::default()
    }
}

/// Returns an attribute of type INTS.
pub(super) fn integers(name: &str, values: Vec<i64>) -> AttributeProto {
    AttributeProto { name: Some(name.to_owned()), ints: values, r#type: Some(7), ..AttributeProto::default() }
}

/// Returns an attribute of type STRINGS.
pub(super) fn strings<'s>(name: &str, values: impl Iterator<Item = &'s str>) -> AttributeProto {
    let strings = values.map(|value| value.as_bytes().to_vec()).collect();
    AttributeProto { name: Some(name.to_owned()), strings, r#type: Some(8), ..AttributeProto::default() }
}
