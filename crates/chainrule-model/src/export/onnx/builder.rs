//! Builds the graph of an ONNX file: nodes and constants, each with a name of its own.

use std::collections::{HashMap, HashSet};

use super::messages::{Attribute, Graph, Node, Tensor};
use crate::Precision;

/// What a tensor holds, by ONNX's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Element {
    Float = 1,
    Int64 = 7,
    String = 8,
    Double = 11,
}

/// The graph as far as it is built.
pub(super) struct Builder {
    nodes: Vec<Node>,
    initializers: Vec<Tensor>,
    taken: HashSet<String>,
    constants: HashMap<(u64, Element), String>,
}

impl From<Precision> for Element {
    fn from(precision: Precision) -> Element {
        match precision {
            Precision::F32 => Element::Float,
            Precision::F64 => Element::Double,
        }
    }
}

impl Builder {
    /// A graph in which these names are taken, by inputs.
    pub(super) fn new<'n>(taken: impl Iterator<Item = &'n str>) -> Builder {
        let taken = taken.map(str::to_owned).collect();
        Builder { nodes: Vec::new(), initializers: Vec::new(), taken, constants: HashMap::new() }
    }

    /// `name`, or with a number behind it where it is taken.
    pub(super) fn name(&mut self, name: &str) -> String {
        let mut own = name.to_owned();
        let mut n = 2;
        while !self.taken.insert(own.clone()) {
            own = format!("{name}_{n}");
            n += 1;
        }
        own
    }

    /// A node's one output.
    pub(super) fn node(&mut self, operator: &str, inputs: &[&str]) -> String {
        self.node_with(operator, inputs, Vec::new())
    }

    /// A node's one output, with settings.
    pub(super) fn node_with(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: Vec<Attribute>,
    ) -> String {
        let output = self.name(&operator.to_lowercase());
        self.node_into(operator, inputs, attributes, output.clone());
        output
    }

    /// A node whose output is called `output`.
    pub(super) fn node_into(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attribute: Vec<Attribute>,
        output: String,
    ) {
        let domain = (operator == "LabelEncoder").then(|| "ai.onnx.ml".to_owned());
        self.nodes.push(Node {
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            name: Some(format!("to {output}")),
            output: vec![output],
            op_type: Some(operator.to_owned()),
            attribute,
            domain,
        });
    }

    /// `x` as elements of another kind.
    pub(super) fn cast(&mut self, x: &str, to: Element) -> String {
        self.node_with("Cast", &[x], vec![integer("to", to as i64)])
    }

    /// A number.
    pub(super) fn number(&mut self, v: f64, element: Element) -> String {
        if let Some(name) = self.constants.get(&(v.to_bits(), element)) {
            return name.clone();
        }
        let name = self.tensor("number", &[], &[v], element);
        self.constants.insert((v.to_bits(), element), name.clone());
        name
    }

    /// Numbers of a shape.
    pub(super) fn tensor(&mut self, name: &str, shape: &[usize], values: &[f64], element: Element) -> String {
        let name = self.name(name);
        let raw = match element {
            Element::Float => values.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect(),
            Element::Int64 => values.iter().flat_map(|v| (*v as i64).to_le_bytes()).collect(),
            Element::Double => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Element::String => unreachable!("texts are no numbers"),
        };
        self.initializers.push(Tensor {
            dims: shape.iter().map(|n| *n as i64).collect(),
            data_type: Some(element as i32),
            raw_data: Some(raw),
            name: Some(name.clone()),
            string_data: Vec::new(),
        });
        name
    }

    /// Texts.
    pub(super) fn texts(&mut self, name: &str, texts: &[String]) -> String {
        let name = self.name(name);
        self.initializers.push(Tensor {
            dims: vec![texts.len() as i64],
            data_type: Some(Element::String as i32),
            raw_data: None,
            name: Some(name.clone()),
            string_data: texts.iter().map(|text| text.as_bytes().to_vec()).collect(),
        });
        name
    }

    /// The graph, but for its inputs and outputs.
    pub(super) fn graph(self) -> Graph {
        Graph {
            node: self.nodes,
            name: Some("multilayer perceptron".to_owned()),
            initializer: self.initializers,
            input: Vec::new(),
            output: Vec::new(),
        }
    }
}

/// A setting that is a whole number.
pub(super) fn integer(name: &str, value: i64) -> Attribute {
    Attribute { name: Some(name.to_owned()), i: Some(value), r#type: Some(2), ..Attribute::default() }
}

/// A setting that is a list of whole numbers.
pub(super) fn integers(name: &str, values: Vec<i64>) -> Attribute {
    Attribute { name: Some(name.to_owned()), ints: values, r#type: Some(7), ..Attribute::default() }
}

/// A setting that is a list of texts.
pub(super) fn strings<'s>(name: &str, values: impl Iterator<Item = &'s str>) -> Attribute {
    let strings = values.map(|text| text.as_bytes().to_vec()).collect();
    Attribute { name: Some(name.to_owned()), strings, r#type: Some(8), ..Attribute::default() }
}
