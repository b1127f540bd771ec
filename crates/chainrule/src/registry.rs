//! Registries of activations, losses, initializers, optimizers, schedules, metrics and datasets by
//! name.
//!
//! Each registry is a table of [`Entry`]s, one per source file. The command-line help, the parser
//! of experiment files, the documentation and the tests iterate over these tables, so that adding
//! an entry takes one new file and one line in a table.

use std::fmt;

use crate::Error;

/// A named entry of a registry, with its options and its constructor.
#[derive(Debug)]
pub struct Entry<F: 'static> {
    /// Name used in experiment files: `leaky_relu`.
    pub name: &'static str,
    /// Alternative names that are also accepted: `sigmoid` for `logistic`.
    pub aliases: &'static [&'static str],
    /// One-line description for lists and help, starting with the formula if there is one.
    pub summary: &'static str,
    /// Options of the entry, in display order.
    pub options: &'static [OptionSpec],
    /// Constructor from validated options.
    pub make: fn(&Options) -> F,
}

/// An option of an [`Entry`].
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Key of the option: `slope`.
    pub name: &'static str,
    /// Type, default and allowed values.
    pub kind: OptionKind,
    /// One-line description for help.
    pub summary: &'static str,
}

/// Type of an option's value, with its default and its allowed values.
#[derive(Clone, Copy, Debug)]
pub enum OptionKind {
    /// A number within a range.
    Number(f64, NumberRange),
    /// A list of numbers, each within a range.
    List(&'static [f64], NumberRange),
    /// A list of numbers, or a list of rows of numbers of equal length, each number within a range;
    /// empty by default.
    Rows(NumberRange),
    /// One of these words; the first is the default.
    Choice(&'static [&'static str]),
    /// An arbitrary name, which the registry does not validate; empty by default.
    Name,
}

impl OptionKind {
    /// Returns the default value.
    fn default(self) -> OptionValue {
        match self {
            OptionKind::Number(v, _) => OptionValue::Number(v),
            OptionKind::List(v, _) => OptionValue::List(v.to_vec()),
            OptionKind::Rows(_) => OptionValue::List(Vec::new()),
            OptionKind::Choice(words) => OptionValue::Text(words[0].to_owned()),
            OptionKind::Name => OptionValue::Text(String::new()),
        }
    }
}

/// A range of numbers with its description.
#[derive(Clone, Copy)]
pub struct NumberRange {
    /// Description of the range that can follow "must be": `a number above 0`.
    pub text: &'static str,
    /// Predicate that is true for numbers in the range.
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
    /// Finite and greater than zero.
    pub const POSITIVE: NumberRange =
        NumberRange { text: "a number above 0", test: |v| v.is_finite() && v > 0.0 };
    /// Finite and at least zero.
    pub const NON_NEGATIVE: NumberRange =
        NumberRange { text: "a number of at least 0", test: |v| v.is_finite() && v >= 0.0 };
    /// At least zero and less than one.
    pub const BELOW_ONE: NumberRange =
        NumberRange { text: "a number in [0, 1)", test: |v| (0.0..1.0).contains(&v) };
    /// Finite and greater than one.
    pub const ABOVE_ONE: NumberRange =
        NumberRange { text: "a number above 1", test: |v| v.is_finite() && v > 1.0 };
    /// From zero to one, inclusive.
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

/// Value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// A number.
    Number(f64),
    /// A list of numbers.
    List(Vec<f64>),
    /// Rows of numbers.
    Rows(Vec<Vec<f64>>),
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

impl From<Vec<Vec<f64>>> for OptionValue {
    fn from(value: Vec<Vec<f64>>) -> Self {
        OptionValue::Rows(value)
    }
}

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionValue::Number(v) if *v != 0.0 && v.abs() < 1e-4 => write!(f, "{v:e}"),
            OptionValue::Number(v) => write!(f, "{v}"),
            OptionValue::List(v) => write!(f, "{v:?}"),
            OptionValue::Rows(v) => write!(f, "{v:?}"),
            OptionValue::Text(v) => f.write_str(v),
        }
    }
}

/// A choice from a registry: the name with the values of all options, validated and including
/// defaults.
///
/// `Display` gives the name with all options: `leaky_relu(slope = 0.1)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    name: &'static str,
    values: Vec<(&'static str, OptionValue)>,
    /// Whether each value equals its default.
    defaults: Vec<bool>,
}

impl Options {
    /// Returns the chosen name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Iterates over all options and their values, in the order of the registry.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &OptionValue)> {
        self.values.iter().map(|(key, value)| (*key, value))
    }

    /// Returns the name with the options that differ from their defaults: `adam`,
    /// `huber(delta = 2)`.
    pub fn short(&self) -> String {
        let changed = self.values.iter().zip(&self.defaults).filter(|(_, default)| !**default);
        let changed: Vec<String> = changed.map(|((key, value), _)| format!("{key} = {value}")).collect();
        if changed.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}({})", self.name, changed.join(", "))
        }
    }

    /// Returns the value of the option `key`, a number.
    ///
    /// # Panics
    /// Panics if the entry does not declare such a number, which is a bug in the entry's file.
    pub fn number(&self, key: &str) -> f64 {
        match self.get(key) {
            OptionValue::Number(v) => *v,
            other => panic!("option {key} of {} is not a number: {other}", self.name),
        }
    }

    /// Returns the value of the option `key`, a list of numbers.
    ///
    /// # Panics
    /// Panics if the entry does not declare such a list, which is a bug in the entry's file.
    pub fn list(&self, key: &str) -> &[f64] {
        match self.get(key) {
            OptionValue::List(v) => v,
            other => panic!("option {key} of {} is not a list: {other}", self.name),
        }
    }

    /// Returns the value of the option `key`, a list of numbers or of rows. The numbers of rows are
    /// concatenated and returned with their shape, the number of rows and of columns.
    ///
    /// # Panics
    /// Panics if the entry does not declare such an option, which is a bug in the entry's file.
    pub fn rows(&self, key: &str) -> (Vec<f64>, Option<[usize; 2]>) {
        match self.get(key) {
            OptionValue::List(v) => (v.clone(), None),
            OptionValue::Rows(v) => (v.concat(), Some([v.len(), v.first().map_or(0, Vec::len)])),
            other => panic!("option {key} of {} is not a list of numbers or rows: {other}", self.name),
        }
    }

    /// Returns the value of the option `key`, a word or a name; empty if a name is not set.
    ///
    /// # Panics
    /// Panics if the entry does not declare such an option, which is a bug in the entry's file.
    pub fn text(&self, key: &str) -> &str {
        match self.get(key) {
            OptionValue::Text(v) => v,
            other => panic!("option {key} of {} is not a word: {other}", self.name),
        }
    }

    fn get(&self, key: &str) -> &OptionValue {
        let found = self.values.iter().find(|(name, _)| *name == key);
        &found.unwrap_or_else(|| panic!("{} does not declare the option {key}", self.name)).1
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

/// What the entries of a registry make.
#[doc(hidden)]
pub trait Registered: Sized + 'static {
    /// Name of the registry for errors: `optimizer`.
    const WHAT: &'static str;

    /// Returns all entries, in display order.
    fn entries() -> &'static [Entry<Self>];
}

/// An entry of a registry, chosen by name, with its options: an optimizer, a metric, ...
///
/// Choices are equal if their names and options are equal. `Display` gives the name with all
/// options: `leaky_relu(slope = 0.1)`.
#[derive(Clone, Debug)]
pub struct Chosen<F> {
    options: Options,
    /// What the constructor of the entry returned.
    pub(crate) made: F,
}

impl<F: Registered> Chosen<F> {
    /// Creates the entry called `name` with the options `given`; omitted options have their default
    /// values.
    ///
    /// # Errors
    /// Returns [`Error::UnknownName`] or [`Error::UnknownOption`], with the most similar name, if
    /// the name or an option is unknown, and [`Error::OptionRange`] if a value is out of range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Chosen<F>, Error> {
        let (options, made) = choose(F::WHAT, F::entries(), name, given)?;
        Ok(Chosen { options, made })
    }

    /// Creates the entry called `name`; panics if the options `given` are invalid.
    pub(crate) fn of(name: &str, given: &[(&str, OptionValue)]) -> Chosen<F> {
        Chosen::new(name, given).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl<F> Chosen<F> {
    /// Returns the name, such as `leaky_relu`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// Returns the name with the values of all options.
    pub fn options(&self) -> &Options {
        &self.options
    }
}

impl<F> PartialEq for Chosen<F> {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

impl<F> fmt::Display for Chosen<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

/// Creates the entry called `name` with the options `given`; other options take their defaults.
///
/// `what` is the name of the registry for errors: `activation`.
///
/// # Errors
/// Returns [`Error::UnknownName`] if `registry` has no entry called `name`,
/// [`Error::UnknownOption`] if the entry does not have one of the options, and
/// [`Error::OptionRange`] if a value is out of range.
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
    /// Returns the validated value given for this option, or its default.
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
            (OptionKind::List(_, allowed), _) => Err(refused(format!("a list, each entry {}", allowed.text))),
            (OptionKind::Rows(allowed), OptionValue::List(v)) if v.iter().all(|v| (allowed.test)(*v)) => {
                Ok(value.clone())
            }
            (OptionKind::Rows(allowed), OptionValue::Rows(rows))
                if rows
                    .iter()
                    .all(|row| row.len() == rows[0].len() && row.iter().all(|v| (allowed.test)(*v))) =>
            {
                Ok(value.clone())
            }
            (OptionKind::Rows(allowed), _) => Err(refused(format!(
                "a list of numbers or of rows of equal length, each entry {}",
                allowed.text
            ))),
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

/// Returns the name among `choices` that is most similar to `name`, if any is similar enough.
pub fn nearest<'a>(name: &str, choices: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let similarity = |choice: &str| strsim::jaro_winkler(name, choice);
    choices.max_by(|a, b| similarity(a).total_cmp(&similarity(b))).filter(|choice| similarity(choice) > 0.75)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{activation, initializer, loss};
    use crate::train::{optimizer, schedule};
    use crate::{datasets, metrics};

    /// Asserts that no name or alias of a registry is used twice, and that each alias finds its
    /// entry.
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
