//! Parsing of settings: a TOML file, and `KEY=VALUE` on the command line. Old names are replaced by
//! the current ones.

use std::path::Path;
use std::sync::Arc;

use toml_edit::{Document, DocumentMut, Item, Table, TableLike, Value};

use crate::origin::Origin;
use crate::tree::{SettingNode, Tree, TreeValue};
use crate::{Error, renames};

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
            Err(_) => TreeValue::Text(value.to_owned()),
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
                let empty = SettingNode { origin: origin.clone(), value: TreeValue::Table(Tree::default()) };
                table.insert(key, empty);
            }
            let mut next = table.get_mut(key).expect("inserted above if missing");
            let mut shown = section.clone();
            if let (TreeValue::List(_), Some(index)) =
                (&next.value, parts.peek().and_then(|part| part.parse::<usize>().ok()))
            {
                parts.next();
                let TreeValue::List(list) = &mut next.value else { unreachable!("matched above") };
                let n_entries = list.len();
                next = list.get_mut(index).ok_or_else(|| refuse(out_of_range(&section, n_entries)))?;
                shown = format!("{shown}[{index}]");
            }
            table = match &mut next.value {
                TreeValue::Table(inner) => inner,
                TreeValue::Text(name) => {
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
}

fn out_of_range(path: &str, n_entries: usize) -> String {
    match n_entries {
        0 => format!("{path} is empty, so it has no entry to change"),
        1 => format!("{path} has 1 entry, so its index must be 0"),
        n => format!("{path} has {n} entries, so the index must be from 0 to {}", n - 1),
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
            Item::Table(table) => TreeValue::Table(self.table(table)?),
            Item::ArrayOfTables(tables) => {
                let node = |table: &Table| {
                    let origin = self.position(table.span().map(|span| span.start));
                    Ok(SettingNode { origin, value: TreeValue::Table(self.table(table)?) })
                };
                TreeValue::List(tables.iter().map(node).collect::<Result<_, Error>>()?)
            }
        };
        Ok(SettingNode { origin, value })
    }

    fn value(&self, value: &Value, origin: Origin) -> Result<SettingNode, Error> {
        let element = |value: &Value| self.value(value, self.position(value.span().map(|span| span.start)));
        let value = match value {
            Value::Array(array) => TreeValue::List(array.iter().map(element).collect::<Result<_, _>>()?),
            Value::InlineTable(table) => TreeValue::Table(self.table(table)?),
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
fn setting_value(value: &Value, origin: &Origin) -> Option<TreeValue> {
    let node =
        |value: &Value| Some(SettingNode { origin: origin.clone(), value: setting_value(value, origin)? });
    Some(match value {
        Value::String(v) => TreeValue::Text(v.value().clone()),
        Value::Integer(v) => TreeValue::Integer(*v.value()),
        Value::Float(v) => TreeValue::Float(*v.value()),
        Value::Boolean(v) => TreeValue::Bool(*v.value()),
        Value::Datetime(_) => return None,
        Value::Array(array) => TreeValue::List(array.iter().map(node).collect::<Option<_>>()?),
        Value::InlineTable(table) => {
            let entry = |(key, value): (&str, &Value)| Some((key.to_owned(), node(value)?));
            TreeValue::Table(Tree { entries: table.iter().map(entry).collect::<Option<_>>()? })
        }
    })
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
