//! An experiment's settings as a tree of tables and values, each of which knows where it was written.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml_edit::{Document, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::Error;

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A place in a file, line and column counted from 1.
    File {
        /// The file, or the name of a built-in experiment.
        path: Arc<Path>,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// An override, as it was given on the command line.
    Set(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { path, line: 0, .. } => write!(f, "{}", path.display()),
            Origin::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Origin::Set(text) => write!(f, "--set {text}"),
        }
    }
}

/// A value or table with its origin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) origin: Origin,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Node>),
    Table(Tree),
}

/// A table: its entries in the order in which they were written.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Tree {
    pub(crate) entries: Vec<(String, Node)>,
}

impl Tree {
    /// Reads TOML.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Tree, Error> {
        let place = Places { path: path.into(), text };
        let document = Document::parse(text).map_err(|error| Error::Syntax {
            origin: place.at(error.span().map(|span| span.start)),
            message: error.message().to_owned(),
        })?;
        place.table(document.as_table())
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// Where `path` (`train.stopping.monitor`) is written, or the innermost table on the way that is.
    pub(crate) fn origin_of(&self, path: &str) -> Option<&Origin> {
        let (key, rest) = path.split_once('.').unwrap_or((path, ""));
        let node = self.get(key)?;
        match &node.kind {
            Kind::Table(table) => table.origin_of(rest).or(Some(&node.origin)),
            _ => Some(&node.origin),
        }
    }

    /// Puts other text in the place of the entry `key` of the table `table`, if both are there.
    pub(crate) fn replace_text(&mut self, table: &str, key: &str, text: &str) {
        if let Some(Node { kind: Kind::Table(table), .. }) = self.get_mut(table)
            && let Some(node) = table.get_mut(key)
        {
            node.kind = Kind::Text(text.to_owned());
        }
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Node> {
        let place = self.entries.iter().position(|(name, _)| name == key)?;
        Some(self.entries.remove(place).1)
    }

    /// Sets or replaces an entry.
    pub(crate) fn insert(&mut self, key: &str, node: Node) {
        match self.get_mut(key) {
            Some(present) => *present = node,
            None => self.entries.push((key.to_owned(), node)),
        }
    }

    /// Lays `over` on top: tables are merged entry by entry, everything else is replaced. A table that names a
    /// choice (`{ name = "huber", delta = 2 }`) replaces the choice with all its options.
    pub(crate) fn overlay(&mut self, over: &Tree) {
        for (key, node) in &over.entries {
            match (self.get_mut(key).map(|present| &mut present.kind), &node.kind) {
                (Some(Kind::Table(under)), Kind::Table(table)) if table.get("name").is_none() => {
                    under.overlay(table)
                }
                _ => self.insert(key, node.clone()),
            }
        }
    }

    /// Applies one `path=value` of the command line; a part of the path that is a number counts through a list.
    pub(crate) fn set(&mut self, text: &str) -> Result<(), Error> {
        let refuse = |reason: String| Error::Set { text: text.to_owned(), reason };
        let (path, value) = text.split_once('=').ok_or_else(|| refuse("there is no \"=\"".to_owned()))?;
        let origin = Origin::Set(text.into());
        // Text needs no quotes here: what is no TOML value is text.
        let kind = match format!("value = {}", value.trim()).parse::<DocumentMut>() {
            Ok(document) => kind(&document["value"], &origin),
            Err(_) => Some(Kind::Text(value.trim().to_owned())),
        };
        let node = Node {
            kind: kind.ok_or_else(|| refuse("dates mean nothing here".to_owned()))?,
            origin: origin.clone(),
        };
        let parts: Vec<&str> = path.trim().split('.').collect();
        let (last, before) = parts.split_last().expect("split gives at least one part");
        let mut table = self;
        let mut parts = before.iter().peekable();
        while let Some(part) = parts.next() {
            if table.get(part).is_none() {
                let empty = Node { origin: origin.clone(), kind: Kind::Table(Tree::default()) };
                table.insert(part, empty);
            }
            let mut next = table.get_mut(part).expect("just made");
            if let (Kind::List(_), Some(index)) =
                (&next.kind, parts.peek().and_then(|part| part.parse::<usize>().ok()))
            {
                parts.next();
                let Kind::List(list) = &mut next.kind else { unreachable!("just seen") };
                let length = list.len();
                next = list
                    .get_mut(index)
                    .ok_or_else(|| refuse(format!("\"{part}\" has {length} entries, counted from 0")))?;
            }
            table = match &mut next.kind {
                Kind::Table(inner) => inner,
                _ => return Err(refuse(format!("\"{part}\" is no table"))),
            };
        }
        table.insert(last, node);
        Ok(())
    }

    /// The tree as TOML text.
    pub(crate) fn to_toml(&self) -> String {
        let mut table = Table::new();
        for (key, node) in &self.entries {
            table.insert(key, item(node));
        }
        DocumentMut::from(table).to_string()
    }
}

impl Kind {
    /// What it is, in an error's words.
    pub(crate) fn describe(&self) -> String {
        match self {
            Kind::Text(v) => format!("\"{v}\""),
            Kind::Integer(v) => v.to_string(),
            Kind::Float(v) => v.to_string(),
            Kind::Bool(v) => v.to_string(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Table(_) => "a table".to_owned(),
        }
    }
}

/// Finds lines and columns in one file.
struct Places<'t> {
    path: Arc<Path>,
    text: &'t str,
}

impl Places<'_> {
    fn at(&self, byte: Option<usize>) -> Origin {
        let before = &self.text[..byte.unwrap_or(0).min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Origin::File { path: self.path.clone(), line, column }
    }

    fn table(&self, table: &dyn TableLike) -> Result<Tree, Error> {
        let mut entries = Vec::new();
        for (name, item) in table.iter() {
            let key = table.key(name).and_then(toml_edit::Key::span);
            let origin = self.at(key.or(item.span()).map(|span| span.start));
            entries.push((name.to_owned(), self.node(item, origin)?));
        }
        Ok(Tree { entries })
    }

    fn node(&self, item: &Item, origin: Origin) -> Result<Node, Error> {
        let of_value = |value: &Value| {
            let origin = self.at(value.span().map(|span| span.start));
            self.node(&Item::Value(value.clone()), origin)
        };
        let kind = match item {
            Item::ArrayOfTables(tables) => {
                let node = |table: &Table| {
                    let origin = self.at(table.span().map(|span| span.start));
                    Ok(Node { origin, kind: Kind::Table(self.table(table)?) })
                };
                Kind::List(tables.iter().map(node).collect::<Result<_, Error>>()?)
            }
            Item::Value(Value::Array(array)) => {
                Kind::List(array.iter().map(of_value).collect::<Result<_, _>>()?)
            }
            _ => match (item.as_table_like(), kind(item, &origin)) {
                (Some(table), _) => Kind::Table(self.table(table)?),
                (None, Some(kind)) => kind,
                (None, None) => {
                    let message = "dates and times mean nothing in an experiment".to_owned();
                    return Err(Error::Syntax { origin, message });
                }
            },
        };
        Ok(Node { origin, kind })
    }
}

/// A value's kind, everything in it of one origin; none for dates.
fn kind(item: &Item, origin: &Origin) -> Option<Kind> {
    let node = |value: &Value| {
        Some(Node { origin: origin.clone(), kind: kind(&Item::Value(value.clone()), origin)? })
    };
    Some(match item.as_value()? {
        Value::String(v) => Kind::Text(v.value().clone()),
        Value::Integer(v) => Kind::Integer(*v.value()),
        Value::Float(v) => Kind::Float(*v.value()),
        Value::Boolean(v) => Kind::Bool(*v.value()),
        Value::Datetime(_) => return None,
        Value::Array(array) => Kind::List(array.iter().map(node).collect::<Option<_>>()?),
        Value::InlineTable(table) => {
            let entry = |(key, value): (&str, &Value)| Some((key.to_owned(), node(value)?));
            Kind::Table(Tree { entries: table.iter().map(entry).collect::<Option<_>>()? })
        }
    })
}

/// A top-level entry as TOML: tables and lists of tables get headers of their own.
fn item(node: &Node) -> Item {
    let table = |tree: &Tree| {
        let mut table = Table::new();
        tree.entries.iter().for_each(|(key, node)| {
            table.insert(key, Item::Value(value(node)));
        });
        table
    };
    match &node.kind {
        Kind::Table(tree) => Item::Table(table(tree)),
        _ => Item::Value(value(node)),
    }
}

fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Text(v) => v.as_str().into(),
        Kind::Integer(v) => (*v).into(),
        Kind::Float(v) => (*v).into(),
        Kind::Bool(v) => (*v).into(),
        Kind::List(list) => Value::Array(list.iter().map(value).collect()),
        Kind::Table(tree) => {
            let mut table = InlineTable::new();
            tree.entries.iter().for_each(|(key, node)| {
                table.insert(key, value(node));
            });
            Value::InlineTable(table)
        }
    }
}

/// The origin that names a file alone.
pub(crate) fn file(path: &Path) -> Origin {
    Origin::File { path: PathBuf::from(path).into(), line: 0, column: 0 }
}
