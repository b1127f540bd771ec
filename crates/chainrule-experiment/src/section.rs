//! Reading of settings tables key by key. Keys that are never looked up are unknown and refused.

use std::cell::RefCell;

use chainrule::registry;
use chainrule::train::{SettingKind, SettingValue};

use crate::Error;
use crate::origin::Origin;
use crate::tree::{SettingNode, Tree, TreeValue};

/// A table of settings that is being read.
pub(crate) struct Section<'t> {
    tree: Option<&'t Tree>,
    /// Path of the table (`train`, `network.hidden[0]`); empty for the top level.
    path: String,
    origin: Origin,
    /// Keys that have been looked up.
    known: RefCell<Vec<&'static str>>,
}

/// A choice from a registry, such as `"relu"` or `{ name = "leaky_relu", slope = 0.1 }`.
#[derive(Clone)]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) options: Vec<(String, registry::OptionValue)>,
    pub(crate) origin: Origin,
}

impl Choice {
    /// Passes the choice to a constructor of the engine, and adds the origin to its error.
    pub(crate) fn make<X>(
        &self,
        new: impl Fn(&str, &[(&str, registry::OptionValue)]) -> Result<X, chainrule::Error>,
    ) -> Result<X, Error> {
        let options: Vec<_> = self.options.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        new(&self.name, &options).map_err(|source| Error::Engine { origin: self.origin.clone(), source })
    }
}

impl<'t> Section<'t> {
    /// Returns the section of the top level.
    pub(crate) fn top(tree: &'t Tree, origin: Origin) -> Section<'t> {
        Section { tree: Some(tree), path: String::new(), origin, known: RefCell::default() }
    }

    /// Returns the origin of the table.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the origin of a key, or of the table if the key is missing.
    pub(crate) fn origin_of(&self, key: &str) -> Origin {
        self.peek(key).map_or_else(|| self.origin.clone(), |node| node.origin.clone())
    }

    /// Returns the value of a key without marking the key as known.
    fn peek(&self, key: &str) -> Option<&'t SettingNode> {
        self.tree?.get(key)
    }

    /// Returns the value of a key.
    pub(crate) fn node(&self, key: &'static str) -> Option<&'t SettingNode> {
        self.known.borrow_mut().push(key);
        self.peek(key)
    }

    /// Returns the whole path of a key.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Builds the error for a value of `key` that is not allowed.
    pub(crate) fn refuse(&self, key: &str, allowed: &str) -> Error {
        let value = self.peek(key).map_or_else(|| "missing".to_owned(), |node| node.value.describe());
        Error::Value {
            origin: self.origin_of(key),
            key: self.path_of(key),
            value,
            allowed: allowed.to_owned(),
        }
    }

    /// Builds the error for a `key` that cannot be used where it is. `problem` completes a sentence
    /// whose subject is the key.
    pub(crate) fn misplaced(&self, key: &str, problem: impl Into<String>) -> Error {
        Error::Misplaced { origin: self.origin_of(key), key: self.path_of(key), problem: problem.into() }
    }

    /// Builds the error for a `key` that cannot be combined with `other`, a key of the same table.
    pub(crate) fn conflict(&self, key: &str, other: &str, reason: &str) -> Error {
        let other = self.path_of(other);
        self.misplaced(key, format!("cannot be combined with {other}: {reason}; remove one of them"))
    }

    /// Builds the error for a missing `key`.
    pub(crate) fn missing(&self, key: &str, purpose: &'static str) -> Error {
        let section = self.title();
        Error::MissingKey { origin: self.origin.clone(), section, key: key.to_owned(), purpose }
    }

    fn title(&self) -> String {
        match self.path.as_str() {
            "" => "the top level".to_owned(),
            path if path.ends_with(']') => path.to_owned(),
            path => format!("[{path}]"),
        }
    }

    /// Returns a table in this one, or an empty section if the key is missing.
    pub(crate) fn section(&self, key: &'static str) -> Result<Section<'t>, Error> {
        let node = self.node(key);
        let tree = match node.map(|node| &node.value) {
            None => None,
            Some(TreeValue::Table(tree)) => Some(tree),
            Some(_) => return Err(self.refuse(key, "a table")),
        };
        let origin = self.origin_of(key);
        Ok(Section { tree, path: self.path_of(key), origin, known: RefCell::default() })
    }

    /// Whether the table exists.
    pub(crate) fn is_written(&self) -> bool {
        self.tree.is_some()
    }

    /// Returns a list of tables, which is empty if the key is missing.
    pub(crate) fn sections(&self, key: &'static str) -> Result<Vec<Section<'t>>, Error> {
        let allowed = "a list of tables";
        let Some(node) = self.node(key) else { return Ok(Vec::new()) };
        let TreeValue::List(list) = &node.value else { return Err(self.refuse(key, allowed)) };
        let section = |(i, node): (usize, &'t SettingNode)| match &node.value {
            TreeValue::Table(tree) => Ok(Section {
                tree: Some(tree),
                path: format!("{}[{i}]", self.path_of(key)),
                origin: node.origin.clone(),
                known: RefCell::default(),
            }),
            _ => Err(self.refuse(key, allowed)),
        };
        list.iter().enumerate().map(section).collect()
    }

    /// Returns the table itself.
    pub(crate) fn tree(&self) -> Option<&'t Tree> {
        self.tree
    }

    /// Returns a string.
    pub(crate) fn text(&self, key: &'static str) -> Result<Option<String>, Error> {
        match self.node(key).map(|node| &node.value) {
            None => Ok(None),
            Some(TreeValue::Text(v)) => Ok(Some(v.clone())),
            Some(_) => Err(self.refuse(key, "a string in quotes")),
        }
    }

    /// Returns the meaning of one of several words, or of the first one if the key is missing.
    pub(crate) fn word<X: Copy>(&self, key: &'static str, words: &[(&str, X)]) -> Result<X, Error> {
        let Some(word) = self.text(key)? else { return Ok(words[0].1) };
        let names = || words.iter().map(|(name, _)| *name);
        words.iter().find(|(name, _)| *name == word).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let nearest = registry::nearest(&word, names());
            let choices: Vec<String> = names().map(|name| format!("\"{name}\"")).collect();
            self.refuse(key, &format!("one of {}{}", choices.join(", "), crate::error::hint(nearest)))
        })
    }

    /// Returns a number.
    pub(crate) fn number(&self, key: &'static str) -> Result<Option<f64>, Error> {
        match self.node(key).map(|node| &node.value) {
            None => Ok(None),
            Some(TreeValue::Float(v)) => Ok(Some(*v)),
            Some(TreeValue::Integer(v)) => Ok(Some(*v as f64)),
            Some(_) => Err(self.refuse(key, "a number")),
        }
    }

    /// Returns an integer in a range, which `allowed` describes.
    pub(crate) fn whole(
        &self,
        key: &'static str,
        range: std::ops::RangeInclusive<i64>,
        allowed: &str,
    ) -> Result<Option<i64>, Error> {
        match self.node(key).map(|node| &node.value) {
            None => Ok(None),
            Some(TreeValue::Integer(v)) if range.contains(v) => Ok(Some(*v)),
            Some(_) => Err(self.refuse(key, allowed)),
        }
    }

    /// Returns a seed of the random number generator.
    pub(crate) fn seed(&self, key: &'static str) -> Result<Option<u32>, Error> {
        let allowed = "a whole number from 0 to 4294967295";
        Ok(self.whole(key, 0..=i64::from(u32::MAX), allowed)?.map(|seed| seed as u32))
    }

    /// Returns a list of strings; a single string is a list of one.
    pub(crate) fn texts(&self, key: &'static str) -> Result<Option<Vec<String>>, Error> {
        let text = |node: &SettingNode| match &node.value {
            TreeValue::Text(v) => Ok(v.clone()),
            _ => Err(self.refuse(key, "a string in quotes or a list of strings")),
        };
        match self.node(key) {
            None => Ok(None),
            Some(SettingNode { value: TreeValue::List(list), .. }) => {
                list.iter().map(text).collect::<Result<_, _>>().map(Some)
            }
            Some(node) => Ok(Some(vec![text(node)?])),
        }
    }

    /// Returns a list of numbers; a single number is a list of one.
    pub(crate) fn numbers(&self, key: &'static str) -> Result<Option<Vec<f64>>, Error> {
        match self.node(key) {
            None => Ok(None),
            Some(node) => match number_or_list(node) {
                Some(registry::OptionValue::Number(v)) => Ok(Some(vec![v])),
                Some(registry::OptionValue::List(v)) => Ok(Some(v)),
                _ => Err(self.refuse(key, "a number or a list of numbers")),
            },
        }
    }

    /// Marks keys as known that are read elsewhere.
    pub(crate) fn known(&self, keys: &[&'static str]) {
        self.known.borrow_mut().extend(keys);
    }

    /// Whether a key is present.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.peek(key).is_some()
    }

    /// Whether the value of a key is a string.
    pub(crate) fn is_text(&self, key: &str) -> bool {
        matches!(self.peek(key), Some(SettingNode { value: TreeValue::Text(_), .. }))
    }

    /// Whether the value of a key is a list.
    pub(crate) fn is_list(&self, key: &str) -> bool {
        matches!(self.peek(key), Some(SettingNode { value: TreeValue::List(_), .. }))
    }

    /// Whether the value of a key is a list that starts with a number.
    pub(crate) fn is_number_list(&self, key: &str) -> bool {
        let Some(TreeValue::List(list)) = self.peek(key).map(|node| &node.value) else {
            return false;
        };
        list.first().is_some_and(|node| matches!(node.value, TreeValue::Integer(_) | TreeValue::Float(_)))
    }

    /// Returns the value of a training setting of this kind, if the key exists.
    ///
    /// # Errors
    /// Returns an error if the value has another type or is out of range.
    pub(crate) fn setting(
        &self,
        key: &'static str,
        kind: SettingKind,
    ) -> Result<Option<SettingValue>, Error> {
        let refuse = || self.refuse(key, &kind.allowed());
        let count = |min: u64| match self.whole(key, 0..=i64::MAX, &kind.allowed())? {
            Some(v) if (v as u64) < min => Err(refuse()),
            count => Ok(count.map(|v| SettingValue::Count(v as u64))),
        };
        match kind {
            SettingKind::Number(range) => match self.number(key)? {
                Some(v) if !(range.test)(v) => Err(refuse()),
                number => Ok(number.map(SettingValue::Number)),
            },
            SettingKind::Count(min) => count(min),
            SettingKind::CountOr(word) if self.is_text(key) => match self.text(key)? {
                Some(text) if text == word => Ok(Some(SettingValue::Text(text))),
                _ => Err(refuse()),
            },
            SettingKind::CountOr(_) => count(1),
            SettingKind::Word(words) => {
                let words: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
                let is_written = self.has(key);
                let word = self.word(key, &words)?;
                Ok(is_written.then(|| SettingValue::Text(word.to_owned())))
            }
            SettingKind::Name => Ok(self.text(key)?.map(SettingValue::Text)),
            SettingKind::Names => Ok(self.texts(key)?.map(SettingValue::Names)),
            SettingKind::Choice => {
                Ok(self.choice(key)?.map(|choice| SettingValue::Choice(choice.name, choice.options)))
            }
            SettingKind::Table => Ok(None),
        }
    }

    /// Returns a choice from a registry.
    pub(crate) fn choice(&self, key: &'static str) -> Result<Option<Choice>, Error> {
        let Some(node) = self.node(key) else { return Ok(None) };
        let allowed = "a name in quotes or a table with a name and options";
        let (name, options) = match &node.value {
            TreeValue::Text(name) => (name.clone(), Vec::new()),
            TreeValue::Table(tree) => {
                let Some(SettingNode { value: TreeValue::Text(name), .. }) = tree.get("name") else {
                    return Err(self.refuse(key, allowed));
                };
                (name.clone(), options(tree, "name")?)
            }
            _ => return Err(self.refuse(key, allowed)),
        };
        Ok(Some(Choice { name, options, origin: node.origin.clone() }))
    }

    /// Returns all entries of the table except `name` as options of a registry entry.
    pub(crate) fn options(&self, name: &str) -> Result<Vec<(String, registry::OptionValue)>, Error> {
        self.tree.map_or_else(|| Ok(Vec::new()), |tree| options(tree, name))
    }

    /// Ends the reading of the table.
    ///
    /// # Errors
    /// Returns [`Error::UnknownKey`] for the first key that was not looked up.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        let known = self.known.borrow();
        let unknown = self
            .tree
            .into_iter()
            .flat_map(|tree| &tree.entries)
            .find(|(key, _)| !known.contains(&key.as_str()));
        let Some((key, node)) = unknown else { return Ok(()) };
        let nearest = registry::nearest(key, known.iter().copied()).map(str::to_owned);
        let mut choices: Vec<String> = known.iter().map(|key| (*key).to_owned()).collect();
        choices.dedup();
        Err(Error::UnknownKey {
            origin: node.origin.clone(),
            section: self.title(),
            key: key.clone(),
            nearest,
            choices,
        })
    }
}

/// Returns the entries of a table except `name` as options of a registry entry.
fn options(tree: &Tree, name: &str) -> Result<Vec<(String, registry::OptionValue)>, Error> {
    let value = |node: &SettingNode| number_or_list(node).or_else(|| rows(node));
    let option = |(key, node): &(String, SettingNode)| match (&node.value, value(node)) {
        (_, Some(value)) => Ok((key.clone(), value)),
        (TreeValue::Text(word), None) => Ok((key.clone(), registry::OptionValue::Text(word.clone()))),
        _ => Err(Error::Value {
            origin: node.origin.clone(),
            key: key.clone(),
            value: node.value.describe(),
            allowed: "a number, a list of numbers or of rows of numbers, or a string in quotes".to_owned(),
        }),
    };
    tree.entries.iter().filter(|(key, _)| key != name).map(option).collect()
}

/// Returns the rows of a list of lists of numbers.
fn rows(node: &SettingNode) -> Option<registry::OptionValue> {
    let TreeValue::List(list) = &node.value else { return None };
    let row = |node: &SettingNode| match number_or_list(node) {
        Some(registry::OptionValue::List(row)) => Some(row),
        _ => None,
    };
    list.iter().map(row).collect::<Option<Vec<_>>>().map(registry::OptionValue::Rows)
}

fn number_or_list(node: &SettingNode) -> Option<registry::OptionValue> {
    let number = |node: &SettingNode| match node.value {
        TreeValue::Float(v) => Some(v),
        TreeValue::Integer(v) => Some(v as f64),
        _ => None,
    };
    match &node.value {
        TreeValue::List(list) => {
            list.iter().map(number).collect::<Option<Vec<f64>>>().map(registry::OptionValue::List)
        }
        _ => number(node).map(registry::OptionValue::Number),
    }
}
