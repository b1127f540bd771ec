//! The registries: every activation, loss, initializer, optimizer, schedule, metric and dataset by name.
//!
//! Each registry is a table of [`Entry`]s, one from each file. Whatever offers a choice (the command's
//! help, an experiment's TOML, the documentation, the tests) iterates the table, so that adding a thing is one
//! new file and one line in its table.

use std::fmt;

use crate::Error;

/// One named thing of a registry, with the options it takes and the way it is made.
#[derive(Debug)]
pub struct Entry<F: 'static> {
    /// The name, as an experiment file writes it: `leaky_relu`.
    pub name: &'static str,
    /// Other names that are accepted and stand for this one: `sigmoid` for `logistic`.
    pub aliases: &'static [&'static str],
    /// One line for lists and help, the formula first where there is one.
    pub summary: &'static str,
    /// The options it takes, in the order in which they are shown.
    pub options: &'static [OptionSpec],
    /// Makes it from checked options.
    pub make: fn(&Options) -> F,
}

/// One option of an [`Entry`].
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// The option's key: `slope`.
    pub name: &'static str,
    /// What values it takes, and the one when nobody says.
    pub kind: OptionKind,
    /// One line for help.
    pub summary: &'static str,
}

/// The kind of an option's value, what is allowed, and the value when nobody says.
#[derive(Clone, Copy, Debug)]
pub enum OptionKind {
    /// A number within a range.
    Number(f64, NumberRange),
    /// A list of numbers, each within a range.
    List(&'static [f64], NumberRange),
    /// One of these words, the first by default.
    Choice(&'static [&'static str]),
    /// A name of something that the registry does not know, none by default.
    Name,
}

impl OptionKind {
    /// The value when nobody says.
    fn default(self) -> OptionValue {
        match self {
            OptionKind::Number(v, _) => OptionValue::Number(v),
            OptionKind::List(v, _) => OptionValue::List(v.to_vec()),
            OptionKind::Choice(words) => OptionValue::Text(words[0].to_owned()),
            OptionKind::Name => OptionValue::Text(String::new()),
        }
    }
}

/// A range of numbers with its name.
#[derive(Clone, Copy)]
pub struct NumberRange {
    /// The range in words, to follow "must be": `a number above 0`.
    pub text: &'static str,
    /// Whether a number lies in the range.
    pub test: fn(f64) -> bool,
}

impl fmt::Debug for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl NumberRange {
    /// Any finite number.
    pub const FINITE: NumberRange = NumberRange { text: "a finite number", test: f64::is_finite };
    /// Finite and above zero.
    pub const POSITIVE: NumberRange =
        NumberRange { text: "a number above 0", test: |v| v.is_finite() && v > 0.0 };
    /// Finite and at least zero.
    pub const NON_NEGATIVE: NumberRange =
        NumberRange { text: "a number of at least 0", test: |v| v.is_finite() && v >= 0.0 };
    /// From zero to below one.
    pub const BELOW_ONE: NumberRange =
        NumberRange { text: "a number from 0 to below 1", test: |v| (0.0..1.0).contains(&v) };
    /// From zero to one, both included.
    pub const UNIT: NumberRange =
        NumberRange { text: "a number from 0 to 1", test: |v| (0.0..=1.0).contains(&v) };
    /// Strictly between zero and one.
    pub const INSIDE_UNIT: NumberRange =
        NumberRange { text: "a number between 0 and 1", test: |v| v > 0.0 && v < 1.0 };
    /// A whole number of at least one.
    pub const COUNT: NumberRange = NumberRange {
        text: "a whole number of at least 1",
        test: |v| v >= 1.0 && v.fract() == 0.0 && v.is_finite(),
    };
    /// A whole number of at least zero.
    pub const WHOLE: NumberRange = NumberRange {
        text: "a whole number of at least 0",
        test: |v| v >= 0.0 && v.fract() == 0.0 && v.is_finite(),
    };
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// A number.
    Number(f64),
    /// A list of numbers.
    List(Vec<f64>),
    /// A word.
    Text(String),
}

impl From<f64> for OptionValue {
    fn from(value: f64) -> Self {
        OptionValue::Number(value)
    }
}

impl From<&str> for OptionValue {
    fn from(value: &str) -> Self {
        OptionValue::Text(value.to_owned())
    }
}

impl From<Vec<f64>> for OptionValue {
    fn from(value: Vec<f64>) -> Self {
        OptionValue::List(value)
    }
}

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionValue::Number(v) if *v != 0.0 && v.abs() < 1e-4 => write!(f, "{v:e}"),
            OptionValue::Number(v) => write!(f, "{v}"),
            OptionValue::List(v) => write!(f, "{v:?}"),
            OptionValue::Text(v) => f.write_str(v),
        }
    }
}

/// A choice from a registry: the name with all its options, checked, defaults filled in.
///
/// Displayed as an experiment would say it: `leaky_relu(slope = 0.1)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    name: &'static str,
    values: Vec<(&'static str, OptionValue)>,
    /// Which of them are what they would be if nobody had said.
    defaults: Vec<bool>,
}

impl Options {
    /// The name chosen.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Every option with its value, in the registry's order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &OptionValue)> {
        self.values.iter().map(|(key, value)| (*key, value))
    }

    /// The choice as somebody in a hurry would say it: `adam`, `huber(delta = 2)`; what is as by default is left out.
    pub fn short(&self) -> String {
        let said = self.values.iter().zip(&self.defaults).filter(|(_, default)| !**default);
        let said: Vec<String> = said.map(|((key, value), _)| format!("{key} = {value}")).collect();
        if said.is_empty() { self.name.to_owned() } else { format!("{}({})", self.name, said.join(", ")) }
    }

    /// The option `key`, a number.
    ///
    /// # Panics
    /// When the entry declares no such number: a fault of the entry's file.
    pub fn number(&self, key: &str) -> f64 {
        match self.get(key) {
            OptionValue::Number(v) => *v,
            other => panic!("option {key} of {} is no number: {other}", self.name),
        }
    }

    /// The option `key`, a list of numbers.
    ///
    /// # Panics
    /// When the entry declares no such list: a fault of the entry's file.
    pub fn list(&self, key: &str) -> &[f64] {
        match self.get(key) {
            OptionValue::List(v) => v,
            other => panic!("option {key} of {} is no list: {other}", self.name),
        }
    }

    /// The option `key`, a word or a name; empty for a name that nobody gave.
    ///
    /// # Panics
    /// When the entry declares no such word: a fault of the entry's file.
    pub fn text(&self, key: &str) -> &str {
        match self.get(key) {
            OptionValue::Text(v) => v,
            other => panic!("option {key} of {} is no word: {other}", self.name),
        }
    }

    fn get(&self, key: &str) -> &OptionValue {
        let found = self.values.iter().find(|(name, _)| *name == key);
        &found.unwrap_or_else(|| panic!("{} declares no option {key}", self.name)).1
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        for (i, (key, value)) in self.values.iter().enumerate() {
            write!(f, "{}{key} = {value}", if i == 0 { "(" } else { ", " })?;
        }
        if self.values.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

/// Makes the thing called `name` with the options `given`; those not given take their defaults.
///
/// `what` names the registry in errors: `activation`.
///
/// # Errors
/// [`Error::UnknownName`], [`Error::UnknownOption`] or [`Error::OptionRange`].
pub fn choose<F>(
    what: &'static str,
    registry: &[Entry<F>],
    name: &str,
    given: &[(&str, OptionValue)],
) -> Result<(Options, F), Error> {
    let entry = find(registry, name).ok_or_else(|| Error::UnknownName {
        what,
        name: name.to_owned(),
        nearest: nearest(name, registry.iter().map(|entry| entry.name)),
        choices: registry.iter().map(|entry| entry.name).collect(),
    })?;
    if let Some((key, _)) =
        given.iter().find(|(key, _)| entry.options.iter().all(|option| option.name != *key))
    {
        return Err(Error::UnknownOption {
            of: entry.name,
            key: (*key).to_owned(),
            nearest: nearest(key, entry.options.iter().map(|option| option.name)),
            choices: entry.options.iter().map(|option| option.name).collect(),
        });
    }
    let value = |option: &OptionSpec| Ok((option.name, option.value(entry.name, given)?));
    let values = entry.options.iter().map(value).collect::<Result<Vec<_>, Error>>()?;
    let defaults =
        entry.options.iter().zip(&values).map(|(option, (_, v))| *v == option.kind.default()).collect();
    let options = Options { name: entry.name, values, defaults };
    let made = (entry.make)(&options);
    Ok((options, made))
}

impl OptionSpec {
    /// The value given for this option, checked, or its default.
    fn value(&self, of: &'static str, given: &[(&str, OptionValue)]) -> Result<OptionValue, Error> {
        let Some((_, value)) = given.iter().find(|(key, _)| *key == self.name) else {
            return Ok(self.kind.default());
        };
        let refused =
            |allowed: String| Error::OptionRange { of, key: self.name, value: value.to_string(), allowed };
        match (self.kind, value) {
            (OptionKind::Number(_, allowed), OptionValue::Number(v)) if (allowed.test)(*v) => {
                Ok(value.clone())
            }
            (OptionKind::Number(_, allowed), _) => Err(refused(allowed.text.to_owned())),
            (OptionKind::List(_, allowed), OptionValue::List(v)) if v.iter().all(|v| (allowed.test)(*v)) => {
                Ok(value.clone())
            }
            (OptionKind::List(_, allowed), _) => Err(refused(format!("a list, each of it {}", allowed.text))),
            (OptionKind::Choice(words), OptionValue::Text(v)) if words.contains(&v.as_str()) => {
                Ok(value.clone())
            }
            (OptionKind::Choice(words), _) => Err(refused(format!("one of {}", words.join(", ")))),
            (OptionKind::Name, OptionValue::Text(_)) => Ok(value.clone()),
            (OptionKind::Name, _) => Err(refused("a name in quotes".to_owned())),
        }
    }
}

/// Returns the entry with this name or alias, if any.
pub fn find<'r, F>(registry: &'r [Entry<F>], name: &str) -> Option<&'r Entry<F>> {
    registry.iter().find(|entry| entry.name == name || entry.aliases.contains(&name))
}

/// The name among `choices` that `name` was probably meant to be, if any is close.
pub fn nearest<'a>(name: &str, choices: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let closeness = |choice: &str| strsim::jaro_winkler(name, choice);
    choices.max_by(|a, b| closeness(a).total_cmp(&closeness(b))).filter(|choice| closeness(choice) > 0.75)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{activation, initializer, loss};
    use crate::train::{optimizer, schedule};
    use crate::{datasets, metrics};

    /// Asserts that no name or alias of a registry is used twice, and that each alias finds its entry.
    fn check<F>(registry: &[Entry<F>]) {
        let mut names: Vec<&str> = Vec::new();
        for entry in registry {
            for name in entry.aliases.iter().chain([&entry.name]) {
                assert!(!names.contains(name), "{name} is used twice");
                assert_eq!(find(registry, name).unwrap().name, entry.name);
                names.push(name);
            }
        }
    }

    #[test]
    fn aliases_are_unique_and_find_their_entry() {
        check(activation::REGISTRY);
        check(loss::REGISTRY);
        check(initializer::REGISTRY);
        check(metrics::REGISTRY);
        check(optimizer::REGISTRY);
        check(schedule::REGISTRY);
        check(datasets::REGISTRY);
    }

    #[test]
    fn an_alias_gives_the_entry_under_its_own_name() {
        let sigmoid = activation::Activation::new("sigmoid", &[]).unwrap();
        assert_eq!(sigmoid, activation::Activation::logistic());
        assert_eq!(loss::Loss::new("mse", &[]).unwrap().name(), "squared_error");
    }
}
