//! Registry entries with their options in JSON: `{"name": "leaky_relu", "options": {"slope":
//! 0.1}}`.

use std::collections::BTreeMap;

use chainrule::registry::{OptionValue, Options};
use serde::{Deserialize, Serialize};

/// Serialised name and options of a registry entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RegistryChoice {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) options: BTreeMap<String, StoredValue>,
}

/// Serialised value of an option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum StoredValue {
    Number(f64),
    List(Vec<f64>),
    Rows(Vec<Vec<f64>>),
    Text(String),
}

impl RegistryChoice {
    pub(crate) fn new(options: &Options) -> RegistryChoice {
        let stored = |value: &OptionValue| match value {
            OptionValue::Number(v) => StoredValue::Number(*v),
            OptionValue::List(v) => StoredValue::List(v.clone()),
            OptionValue::Rows(v) => StoredValue::Rows(v.clone()),
            OptionValue::Text(v) => StoredValue::Text(v.clone()),
        };
        RegistryChoice {
            name: options.name().to_owned(),
            options: options.iter().map(|(key, value)| (key.to_owned(), stored(value))).collect(),
        }
    }

    /// Creates the chosen object with a constructor such as
    /// [`Activation::new`](chainrule::network::activation::Activation::new).
    pub(crate) fn make<X, E>(
        &self,
        new: impl Fn(&str, &[(&str, OptionValue)]) -> Result<X, E>,
    ) -> Result<X, E> {
        let value = |stored: &StoredValue| match stored {
            StoredValue::Number(v) => OptionValue::Number(*v),
            StoredValue::List(v) => OptionValue::List(v.clone()),
            StoredValue::Rows(v) => OptionValue::Rows(v.clone()),
            StoredValue::Text(v) => OptionValue::Text(v.clone()),
        };
        let options: Vec<(&str, OptionValue)> =
            self.options.iter().map(|(key, stored)| (key.as_str(), value(stored))).collect();
        new(&self.name, &options)
    }
}
