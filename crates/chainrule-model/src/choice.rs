//! A named choice with its options, as JSON: `{"name": "leaky_relu", "options": {"slope": 0.1}}`.

use std::collections::BTreeMap;

use chainrule::registry::{OptionValue, Options};
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
        let given = |value: &OptionValue| match value {
            OptionValue::Number(v) => Given::Number(*v),
            OptionValue::List(v) => Given::List(v.clone()),
            OptionValue::Text(v) => Given::Word(v.clone()),
        };
        Choice {
            name: options.name().to_owned(),
            options: options.iter().map(|(key, value)| (key.to_owned(), given(value))).collect(),
        }
    }

    /// What was chosen, made by `new` as [`Activation::new`](chainrule::network::activation::Activation::new) makes it.
    pub(crate) fn make<X, E>(
        &self,
        new: impl Fn(&str, &[(&str, OptionValue)]) -> Result<X, E>,
    ) -> Result<X, E> {
        let value = |given: &Given| match given {
            Given::Number(v) => OptionValue::Number(*v),
            Given::List(v) => OptionValue::List(v.clone()),
            Given::Word(v) => OptionValue::Text(v.clone()),
        };
        let options: Vec<(&str, OptionValue)> =
            self.options.iter().map(|(key, given)| (key.as_str(), value(given))).collect();
        new(&self.name, &options)
    }
}
