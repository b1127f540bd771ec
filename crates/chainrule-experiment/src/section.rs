//! Reading a table of settings key by key: every key that is asked for is known, and any other is refused.

use std::cell::RefCell;

use chainrule::registry;

use crate::Error;
use crate::tree::{Kind, Node, Origin, Tree};

/// One table of settings being read.
pub(crate) struct Section<'t> {
    tree: Option<&'t Tree>,
    /// Its path, for messages: `train`, `network.hidden[0]`; empty for the file itself.
    path: String,
    origin: Origin,
    asked: RefCell<Vec<&'static str>>,
}

/// A choice from a registry, as it was written: `"relu"` or `{ name = "leaky_relu", slope = 0.1 }`.
#[derive(Clone)]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) options: Vec<(String, registry::OptionValue)>,
    pub(crate) origin: Origin,
}

impl Choice {
    /// Hands the choice to a constructor of the engine, and puts the place to its error.
    pub(crate) fn make<X>(
        &self,
        new: impl Fn(&str, &[(&str, registry::OptionValue)]) -> Result<X, chainrule::Error>,
    ) -> Result<X, Error> {
        let options: Vec<_> = self.options.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        new(&self.name, &options).map_err(|source| Error::Engine { origin: self.origin.clone(), source })
    }
}

impl<'t> Section<'t> {
    /// The top of a tree.
    pub(crate) fn top(tree: &'t Tree, origin: Origin) -> Section<'t> {
        Section { tree: Some(tree), path: String::new(), origin, asked: RefCell::default() }
    }

    /// Where the section is.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where a key is written; the section's place when it is not.
    pub(crate) fn origin_of(&self, key: &str) -> Origin {
        self.tree
            .and_then(|tree| tree.get(key))
            .map_or_else(|| self.origin.clone(), |node| node.origin.clone())
    }

    fn node(&self, key: &'static str) -> Option<&'t Node> {
        self.asked.borrow_mut().push(key);
        self.tree?.get(key)
    }

    /// A key's whole path.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The error that `key` has a value that it must not have.
    pub(crate) fn refuse(&self, key: &str, allowed: &str) -> Error {
        let node = self.tree.and_then(|tree| tree.get(key));
        let value = node.map_or_else(|| "missing".to_owned(), |node| node.kind.describe());
        Error::Value {
            origin: self.origin_of(key),
            key: self.path_of(key),
            value,
            allowed: allowed.to_owned(),
        }
    }

    /// The error that `key` is missing.
    pub(crate) fn missing(&self, key: &str, purpose: &'static str) -> Error {
        let section = self.title();
        Error::MissingKey { origin: self.origin.clone(), section, key: key.to_owned(), purpose }
    }

    fn title(&self) -> String {
        if self.path.is_empty() { "the file's top".to_owned() } else { format!("[{}]", self.path) }
    }

    /// A table within this one; an empty one when it is not written.
    pub(crate) fn section(&self, key: &'static str) -> Result<Section<'t>, Error> {
        let node = self.node(key);
        let tree = match node.map(|node| &node.kind) {
            None => None,
            Some(Kind::Table(tree)) => Some(tree),
            Some(_) => return Err(self.refuse(key, "a table")),
        };
        let origin = self.origin_of(key);
        Ok(Section { tree, path: self.path_of(key), origin, asked: RefCell::default() })
    }

    /// Whether anything is written here.
    pub(crate) fn is_written(&self) -> bool {
        self.tree.is_some()
    }

    /// A list of tables; empty when it is not written.
    pub(crate) fn sections(&self, key: &'static str) -> Result<Vec<Section<'t>>, Error> {
        let allowed = "a list of tables";
        let Some(node) = self.node(key) else { return Ok(Vec::new()) };
        let Kind::List(list) = &node.kind else { return Err(self.refuse(key, allowed)) };
        let section = |(i, node): (usize, &'t Node)| match &node.kind {
            Kind::Table(tree) => Ok(Section {
                tree: Some(tree),
                path: format!("{}[{i}]", self.path_of(key)),
                origin: node.origin.clone(),
                asked: RefCell::default(),
            }),
            _ => Err(self.refuse(key, allowed)),
        };
        list.iter().enumerate().map(section).collect()
    }

    /// The table itself.
    pub(crate) fn tree(&self) -> Option<&'t Tree> {
        self.tree
    }

    /// Text.
    pub(crate) fn text(&self, key: &'static str) -> Result<Option<String>, Error> {
        match self.node(key).map(|node| &node.kind) {
            None => Ok(None),
            Some(Kind::Text(v)) => Ok(Some(v.clone())),
            Some(_) => Err(self.refuse(key, "text in quotes")),
        }
    }

    /// One of some words; the first is what a missing key means.
    pub(crate) fn word<X: Copy>(&self, key: &'static str, words: &[(&str, X)]) -> Result<X, Error> {
        let Some(word) = self.text(key)? else { return Ok(words[0].1) };
        let names = || words.iter().map(|(name, _)| *name);
        words.iter().find(|(name, _)| *name == word).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let nearest = registry::nearest(&word, names());
            let choices: Vec<String> = names().map(|name| format!("\"{name}\"")).collect();
            self.refuse(key, &format!("one of {}{}", choices.join(", "), crate::error::hint(nearest)))
        })
    }

    /// A number, whole or not.
    pub(crate) fn number(&self, key: &'static str) -> Result<Option<f64>, Error> {
        match self.node(key).map(|node| &node.kind) {
            None => Ok(None),
            Some(Kind::Float(v)) => Ok(Some(*v)),
            Some(Kind::Integer(v)) => Ok(Some(*v as f64)),
            Some(_) => Err(self.refuse(key, "a number")),
        }
    }

    /// A whole number within a range, which `allowed` says in words.
    pub(crate) fn whole(
        &self,
        key: &'static str,
        range: std::ops::RangeInclusive<i64>,
        allowed: &str,
    ) -> Result<Option<i64>, Error> {
        match self.node(key).map(|node| &node.kind) {
            None => Ok(None),
            Some(Kind::Integer(v)) if range.contains(v) => Ok(Some(*v)),
            Some(_) => Err(self.refuse(key, allowed)),
        }
    }

    /// A seed of the generator.
    pub(crate) fn seed(&self, key: &'static str) -> Result<Option<u32>, Error> {
        let allowed = "a whole number from 0 to 4294967295";
        Ok(self.whole(key, 0..=i64::from(u32::MAX), allowed)?.map(|seed| seed as u32))
    }

    /// A list of texts; one text is a list of one.
    pub(crate) fn texts(&self, key: &'static str) -> Result<Option<Vec<String>>, Error> {
        let text = |node: &Node| match &node.kind {
            Kind::Text(v) => Ok(v.clone()),
            _ => Err(self.refuse(key, "text in quotes, or a list of texts")),
        };
        match self.node(key) {
            None => Ok(None),
            Some(Node { kind: Kind::List(list), .. }) => {
                list.iter().map(text).collect::<Result<_, _>>().map(Some)
            }
            Some(node) => Ok(Some(vec![text(node)?])),
        }
    }

    /// A list of numbers; one number is a list of one.
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

    /// Makes keys known that somebody else reads.
    pub(crate) fn known(&self, keys: &[&'static str]) {
        self.asked.borrow_mut().extend(keys);
    }

    /// Whether a key is written.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.tree.is_some_and(|tree| tree.get(key).is_some())
    }

    /// Whether a key holds text.
    pub(crate) fn holds_text(&self, key: &str) -> bool {
        matches!(self.tree.and_then(|tree| tree.get(key)), Some(Node { kind: Kind::Text(_), .. }))
    }

    /// Whether a key holds a list that begins with a number.
    pub(crate) fn holds_numbers(&self, key: &str) -> bool {
        let Some(Kind::List(list)) = self.tree.and_then(|tree| tree.get(key)).map(|node| &node.kind) else {
            return false;
        };
        list.first().is_some_and(|node| matches!(node.kind, Kind::Integer(_) | Kind::Float(_)))
    }

    /// A choice from a registry.
    pub(crate) fn choice(&self, key: &'static str) -> Result<Option<Choice>, Error> {
        let Some(node) = self.node(key) else { return Ok(None) };
        let allowed = "a name in quotes, or a table with a name and options";
        let (name, options) = match &node.kind {
            Kind::Text(name) => (name.clone(), Vec::new()),
            Kind::Table(tree) => {
                let Some(Node { kind: Kind::Text(name), .. }) = tree.get("name") else {
                    return Err(self.refuse(key, allowed));
                };
                (name.clone(), options(tree, "name")?)
            }
            _ => return Err(self.refuse(key, allowed)),
        };
        Ok(Some(Choice { name, options, origin: node.origin.clone() }))
    }

    /// All of the table but `name` as options of an entry of a registry.
    pub(crate) fn options(&self, name: &str) -> Result<Vec<(String, registry::OptionValue)>, Error> {
        self.tree.map_or_else(|| Ok(Vec::new()), |tree| options(tree, name))
    }

    /// Ends the reading of this table: refuses the first key that was never asked for.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        let asked = self.asked.borrow();
        let unknown = self
            .tree
            .into_iter()
            .flat_map(|tree| &tree.entries)
            .find(|(key, _)| !asked.contains(&key.as_str()));
        let Some((key, node)) = unknown else { return Ok(()) };
        let nearest = registry::nearest(key, asked.iter().copied()).map(str::to_owned);
        let mut choices: Vec<String> = asked.iter().map(|key| (*key).to_owned()).collect();
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

/// A table's entries but for `name`, as options of an entry of a registry.
fn options(tree: &Tree, name: &str) -> Result<Vec<(String, registry::OptionValue)>, Error> {
    let option = |(key, node): &(String, Node)| match (&node.kind, number_or_list(node)) {
        (_, Some(value)) => Ok((key.clone(), value)),
        (Kind::Text(word), None) => Ok((key.clone(), registry::OptionValue::Text(word.clone()))),
        _ => Err(Error::Value {
            origin: node.origin.clone(),
            key: key.clone(),
            value: node.kind.describe(),
            allowed: "a number, a list of numbers or a word in quotes".to_owned(),
        }),
    };
    tree.entries.iter().filter(|(key, _)| key != name).map(option).collect()
}

fn number_or_list(node: &Node) -> Option<registry::OptionValue> {
    let number = |node: &Node| match node.kind {
        Kind::Float(v) => Some(v),
        Kind::Integer(v) => Some(v as f64),
        _ => None,
    };
    match &node.kind {
        Kind::List(list) => {
            list.iter().map(number).collect::<Option<Vec<f64>>>().map(registry::OptionValue::List)
        }
        _ => number(node).map(registry::OptionValue::Number),
    }
}
