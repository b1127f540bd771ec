//! A named choice with its options, as JSON: `{"name": "leaky_relu", "options": {"slope": 0.1}}`.

use std::collections::BTreeMap;

use chainrule::registry::{Options, Value};
use serde::{Deserialize, Serialize};

/// A choice of a registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) options: BTreeMap<String, Given>,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Given {
    Number(f64),
    List(Vec<f64>),
    Word(String),
}

impl Choice {
    pub(crate) fn of(options: &Options) -> Choice {
        let given = |value: &Value| match value {
            Value::Number(v) => Given::Number(*v),
            Value::List(v) => Given::List(v.clone()),
            Value::Word(v) => Given::Word(v.clone()),
        };
        Choice {
            name: options.name().to_owned(),
            options: options.iter().map(|(key, value)| (key.to_owned(), given(value))).collect(),
        }
    }

    /// What was chosen, made by `new` as [`Activation::new`](chainrule::network::activation::Activation::new) makes it.
    pub(crate) fn make<X, E>(&self, new: impl Fn(&str, &[(&str, Value)]) -> Result<X, E>) -> Result<X, E> {
        let value = |given: &Given| match given {
            Given::Number(v) => Value::Number(*v),
            Given::List(v) => Value::List(v.clone()),
            Given::Word(v) => Value::Word(v.clone()),
        };
        let options: Vec<(&str, Value)> =
            self.options.iter().map(|(key, given)| (key.as_str(), value(given))).collect();
        new(&self.name, &options)
    }
}
