//! The settings of an experiment as a tree of tables and values that record where they were
//! written.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml_edit::{Document, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::{Error, renames};

/// Place where a setting was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A position in a file, with line and column counted from 1; line 0 stands for the whole file.
    File {
        /// Path of the file, or the name of a built-in experiment.
        path: Arc<Path>,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// A `--set` argument, by its key.
    Set(Arc<str>),
    /// An argument of `chainrule fit`, by the key of the setting.
    Argument(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { path, line: 0, .. } => write!(f, "{}", path.display()),
            Origin::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Origin::Set(key) => write!(f, "--set {key}"),
            Origin::Argument(key) => f.write_str(key),
        }
    }
}

impl Origin {
    /// Returns the origin of a whole file.
    pub(crate) fn file(path: &Path) -> Origin {
        Origin::File { path: PathBuf::from(path).into(), line: 0, column: 0 }
    }

    /// Returns the key that was set on the command line, if the setting comes from there.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Origin::File { .. } => None,
            Origin::Set(key) | Origin::Argument(key) => Some(key),
        }
    }

    /// Formats the origin and the path of a key (`network.hidden[0].units`). The key is not
    /// repeated if the origin names it.
    pub(crate) fn with_key(&self, key: &str) -> String {
        let dotted = key.replace('[', ".").replace(']', "");
        match self.key().and_then(|set| dotted.strip_prefix(set)) {
            Some("") => self.to_string(),
            Some(rest) if rest.starts_with('.') => format!("{self}: {}", &rest[1..]),
            _ => format!("{self}: {key}"),
        }
    }
}

/// A value or a table, with its origin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SettingNode {
    pub(crate) origin: Origin,
    pub(crate) value: SettingValue,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SettingValue {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<SettingNode>),
    Table(Tree),
}

/// A table, with its entries in the order in which they were written.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Tree {
    pub(crate) entries: Vec<(String, SettingNode)>,
}

impl Tree {
    /// Parses TOML. Old keys and values are replaced, with a note for each.
    pub(crate) fn parse(text: &str, path: &Path, notes: &mut Vec<String>) -> Result<Tree, Error> {
        let file = TomlFile::new(path, text);
        let document = Document::parse(text).map_err(|error| Error::Syntax {
            origin: file.position(error.span().map(|span| span.start)),
            message: error.message().to_owned(),
        })?;
        let mut tree = file.table(document.as_table())?;
        renames::apply(&mut tree, "", notes)?;
        Ok(tree)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&SettingNode> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut SettingNode> {
        self.entries.iter_mut().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// Returns the origin of the setting `path` (`train.stopping.monitor`), or of the innermost
    /// table on the path that exists.
    pub(crate) fn origin_of(&self, path: &str) -> Option<&Origin> {
        let (key, rest) = path.split_once('.').unwrap_or((path, ""));
        let node = self.get(key)?;
        match &node.value {
            SettingValue::Table(table) => table.origin_of(rest).or(Some(&node.origin)),
            _ => Some(&node.origin),
        }
    }

    /// Replaces the entry `key` of the table `table` with `text`, if both exist.
    pub(crate) fn replace_text(&mut self, table: &str, key: &str, text: &str) {
        if let Some(SettingNode { value: SettingValue::Table(table), .. }) = self.get_mut(table)
            && let Some(node) = table.get_mut(key)
        {
            node.value = SettingValue::Text(text.to_owned());
        }
    }

    /// Removes and returns an entry.
    pub(crate) fn remove(&mut self, key: &str) -> Option<SettingNode> {
        let index = self.entries.iter().position(|(name, _)| name == key)?;
        Some(self.entries.remove(index).1)
    }

    /// Adds or replaces an entry.
    pub(crate) fn insert(&mut self, key: &str, node: SettingNode) {
        match self.get_mut(key) {
            Some(present) => *present = node,
            None => self.entries.push((key.to_owned(), node)),
        }
    }

    /// Merges `over` into the tree: tables are merged entry by entry, other values are replaced. A
    /// table with a `name` (`{ name = "huber", delta = 2 }`) replaces a choice with all its
    /// options.
    pub(crate) fn overlay(&mut self, over: &Tree) {
        let indices: HashMap<&str, usize> =
            self.entries.iter().enumerate().map(|(i, (key, _))| (key.as_str(), i)).collect();
        let indices: Vec<Option<usize>> =
            over.entries.iter().map(|(key, _)| indices.get(&**key).copied()).collect();
        for ((key, node), index) in over.entries.iter().zip(indices) {
            let Some(index) = index else {
                self.entries.push((key.clone(), node.clone()));
                continue;
            };
            let present = &mut self.entries[index].1;
            match (&mut present.value, &node.value) {
                (SettingValue::Table(under), SettingValue::Table(table)) if table.get("name").is_none() => {
                    under.overlay(table);
                }
                _ => *present = node.clone(),
            }
        }
    }

    /// Applies one `KEY=VALUE` of the command line. A number in the key is an index into a list,
    /// counted from 0.
    ///
    /// `origin` makes the origin from the key. Old keys and values are replaced, with a note for
    /// each.
    pub(crate) fn set(
        &mut self,
        text: &str,
        origin: fn(Arc<str>) -> Origin,
        notes: &mut Vec<String>,
    ) -> Result<(), Error> {
        let refuse = |reason: String| Error::Set { text: text.to_owned(), reason };
        let parts = text.split_once('=').map(|(path, value)| (path.trim(), value.trim()));
        let (path, value) = parts.filter(|(path, _)| !path.is_empty()).ok_or_else(|| {
            refuse("this is not KEY=VALUE, for example train.learning_rate=0.05".to_owned())
        })?;
        let origin = origin(path.into());
        // Strings need no quotes on the command line: a value that is not TOML is a string.
        let value = match format!("value = {value}").parse::<DocumentMut>() {
            Ok(document) => document["value"]
                .as_value()
                .and_then(|value| setting_value(value, &origin))
                .ok_or_else(|| refuse("dates and times are not supported".to_owned()))?,
            Err(_) => SettingValue::Text(value.to_owned()),
        };
        let mut parts: Vec<&str> = path.split('.').collect();
        let last = parts.pop().expect("split returns at least one part");
        let mut parts = parts.into_iter().peekable();
        let (mut table, mut section) = (self, String::new());
        while let Some(part) = parts.next() {
            let (key, rename) = renames::current_key(&mut section, part);
            if let Some(rename) = rename.filter(|rename| !rename.is_alias) {
                renames::add(notes, renames::key_note(&origin, rename));
            }
            if table.get(key).is_none() {
                let empty =
                    SettingNode { origin: origin.clone(), value: SettingValue::Table(Tree::default()) };
                table.insert(key, empty);
            }
            let mut next = table.get_mut(key).expect("inserted above if missing");
            let mut shown = section.clone();
            if let (SettingValue::List(_), Some(index)) =
                (&next.value, parts.peek().and_then(|part| part.parse::<usize>().ok()))
            {
                parts.next();
                let SettingValue::List(list) = &mut next.value else { unreachable!("matched above") };
                let n_entries = list.len();
                next = list.get_mut(index).ok_or_else(|| refuse(out_of_range(&section, n_entries)))?;
                shown = format!("{shown}[{index}]");
            }
            table = match &mut next.value {
                SettingValue::Table(inner) => inner,
                SettingValue::Text(name) => {
                    let options = format!("write a name with options as {{ name = \"{name}\", ... }}");
                    return Err(refuse(format!("{shown} is \"{name}\", not a table; {options}")));
                }
                other => return Err(refuse(format!("{shown} is {}, not a table", other.describe()))),
            };
        }
        let mut entry = Tree { entries: vec![(last.to_owned(), SettingNode { origin, value })] };
        renames::apply(&mut entry, &section, notes)?;
        entry.entries.into_iter().for_each(|(key, node)| table.insert(&key, node));
        Ok(())
    }

    /// Formats the tree as TOML.
    pub(crate) fn to_toml(&self) -> String {
        let mut table = Table::new();
        for (key, node) in &self.entries {
            table.insert(key, item(node));
        }
        DocumentMut::from(table).to_string()
    }
}

fn out_of_range(path: &str, n_entries: usize) -> String {
    match n_entries {
        0 => format!("{path} is empty, so it has no entry to change"),
        1 => format!("{path} has 1 entry, so its index must be 0"),
        n => format!("{path} has {n} entries, so the index must be from 0 to {}", n - 1),
    }
}

impl SettingValue {
    /// Whether the value is neither a list nor a table.
    fn is_plain(&self) -> bool {
        !matches!(self, SettingValue::List(_) | SettingValue::Table(_))
    }

    /// Formats the value for an error message.
    pub(crate) fn describe(&self) -> String {
        match self {
            SettingValue::Text(v) => format!("\"{v}\""),
            SettingValue::Integer(v) => v.to_string(),
            SettingValue::Float(v) => format!("{v:?}").to_lowercase(),
            SettingValue::Bool(v) => v.to_string(),
            // A list of a few plain values is shown, longer ones are not.
            SettingValue::List(list) if list.len() <= 4 && list.iter().all(|node| node.value.is_plain()) => {
                let values: Vec<String> = list.iter().map(|node| node.value.describe()).collect();
                format!("[{}]", values.join(", "))
            }
            SettingValue::List(_) => "a list".to_owned(),
            SettingValue::Table(_) => "a table".to_owned(),
        }
    }
}

/// A TOML file that is being parsed.
struct TomlFile<'t> {
    path: Arc<Path>,
    text: &'t str,
    /// First byte of each line.
    lines: Vec<usize>,
    /// Number of characters that begin before each block of [`BLOCK_SIZE`] bytes. They bound the
    /// time in which a column is found in a line of any length.
    chars: Vec<usize>,
}

/// Number of bytes between two counts of characters.
const BLOCK_SIZE: usize = 256;

/// Counts the characters that begin in a part of a text.
fn count_chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count()
}

impl<'t> TomlFile<'t> {
    fn new(path: &Path, text: &'t str) -> TomlFile<'t> {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let blocks = text.as_bytes().chunks(BLOCK_SIZE).map(count_chars);
        let ends = blocks.scan(0, |n, block| {
            *n += block;
            Some(*n)
        });
        TomlFile { path: path.into(), text, lines, chars: std::iter::once(0).chain(ends).collect() }
    }

    /// Returns the number of characters before a byte.
    fn chars_before(&self, byte: usize) -> usize {
        let block = byte / BLOCK_SIZE;
        self.chars[block] + count_chars(&self.text.as_bytes()[block * BLOCK_SIZE..byte])
    }

    /// Returns the line and column of a byte.
    fn position(&self, byte: Option<usize>) -> Origin {
        let byte = byte.unwrap_or(0).min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= byte);
        let column = self.chars_before(byte) - self.chars_before(self.lines[line - 1]) + 1;
        Origin::File { path: self.path.clone(), line, column }
    }

    fn table(&self, table: &dyn TableLike) -> Result<Tree, Error> {
        let mut entries = Vec::new();
        for (name, item) in table.iter() {
            let key = table.key(name).and_then(toml_edit::Key::span);
            let origin = self.position(key.or(item.span()).map(|span| span.start));
            entries.push((name.to_owned(), self.node(item, origin)?));
        }
        Ok(Tree { entries })
    }

    fn node(&self, item: &Item, origin: Origin) -> Result<SettingNode, Error> {
        let value = match item {
            Item::None => unreachable!("an entry of a parsed table has a value"),
            Item::Value(value) => return self.value(value, origin),
            Item::Table(table) => SettingValue::Table(self.table(table)?),
            Item::ArrayOfTables(tables) => {
                let node = |table: &Table| {
                    let origin = self.position(table.span().map(|span| span.start));
                    Ok(SettingNode { origin, value: SettingValue::Table(self.table(table)?) })
                };
                SettingValue::List(tables.iter().map(node).collect::<Result<_, Error>>()?)
            }
        };
        Ok(SettingNode { origin, value })
    }

    fn value(&self, value: &Value, origin: Origin) -> Result<SettingNode, Error> {
        let element = |value: &Value| self.value(value, self.position(value.span().map(|span| span.start)));
        let value = match value {
            Value::Array(array) => SettingValue::List(array.iter().map(element).collect::<Result<_, _>>()?),
            Value::InlineTable(table) => SettingValue::Table(self.table(table)?),
            _ => {
                let message = "dates and times are not supported".to_owned();
                setting_value(value, &origin)
                    .ok_or_else(|| Error::Syntax { origin: origin.clone(), message })?
            }
        };
        Ok(SettingNode { origin, value })
    }
}

/// Converts a TOML value, with `origin` as the origin of everything in it; `None` for dates and
/// times.
fn setting_value(value: &Value, origin: &Origin) -> Option<SettingValue> {
    let node =
        |value: &Value| Some(SettingNode { origin: origin.clone(), value: setting_value(value, origin)? });
    Some(match value {
        Value::String(v) => SettingValue::Text(v.value().clone()),
        Value::Integer(v) => SettingValue::Integer(*v.value()),
        Value::Float(v) => SettingValue::Float(*v.value()),
        Value::Boolean(v) => SettingValue::Bool(*v.value()),
        Value::Datetime(_) => return None,
        Value::Array(array) => SettingValue::List(array.iter().map(node).collect::<Option<_>>()?),
        Value::InlineTable(table) => {
            let entry = |(key, value): (&str, &Value)| Some((key.to_owned(), node(value)?));
            SettingValue::Table(Tree { entries: table.iter().map(entry).collect::<Option<_>>()? })
        }
    })
}

/// Converts a top-level entry to TOML, in which a table has its own header.
fn item(node: &SettingNode) -> Item {
    match &node.value {
        SettingValue::Table(tree) => {
            let mut table = Table::new();
            tree.entries.iter().for_each(|(key, node)| {
                table.insert(key, Item::Value(toml_value(node)));
            });
            Item::Table(table)
        }
        _ => Item::Value(toml_value(node)),
    }
}

/// Converts a node to a TOML value.
pub(crate) fn toml_value(node: &SettingNode) -> Value {
    match &node.value {
        SettingValue::Text(v) => v.as_str().into(),
        SettingValue::Integer(v) => (*v).into(),
        SettingValue::Float(v) => (*v).into(),
        SettingValue::Bool(v) => (*v).into(),
        SettingValue::List(list) => Value::Array(list.iter().map(toml_value).collect()),
        SettingValue::Table(tree) => {
            let mut table = InlineTable::new();
            tree.entries.iter().for_each(|(key, node)| {
                table.insert(key, toml_value(node));
            });
            Value::InlineTable(table)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let long = "ü€𝄞x".repeat(BLOCK_SIZE);
        let text = format!("{long}\n\na\r\n{long}{long}\n");
        let file = TomlFile::new(Path::new("x.toml"), &text);
        for byte in text.char_indices().map(|(byte, _)| byte).chain([text.len()]) {
            let before = &text[..byte];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            assert_eq!(file.position(Some(byte)), Origin::File { path: file.path.clone(), line, column });
        }
    }

    #[test]
    fn tables_are_merged_and_other_values_replaced() {
        let parse = |text: &str| Tree::parse(text, Path::new("x.toml"), &mut Vec::new()).unwrap();
        let mut tree = parse("a = 1\nb = { c = 1, d = 2 }\ne = { name = \"x\", f = 1 }\n");
        tree.overlay(&parse("g = 3\nb = { d = [4], h = 5 }\ne = { name = \"y\" }\na = { i = 6 }\n"));
        let expected = parse("a = { i = 6 }\nb = { c = 1, d = [4], h = 5 }\ne = { name = \"y\" }\ng = 3\n");
        assert_eq!(tree.to_toml(), expected.to_toml());
    }
}
