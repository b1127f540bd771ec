//! The settings of an experiment as a tree of tables and values that record where they were
//! written.

use std::collections::HashMap;

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value};

use crate::origin::Origin;

/// A value or a table, with its origin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SettingNode {
    pub(crate) origin: Origin,
    pub(crate) value: TreeValue,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TreeValue {
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
    pub(crate) fn get(&self, key: &str) -> Option<&SettingNode> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut SettingNode> {
        self.entries.iter_mut().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// Returns the origin of the setting `path` (`train.stopping.monitor`), or of the innermost
    /// table on the path that exists.
    pub(crate) fn origin_of(&self, path: &str) -> Option<&Origin> {
        let (key, rest) = path.split_once('.').unwrap_or((path, ""));
        let node = self.get(key)?;
        match &node.value {
            TreeValue::Table(table) => table.origin_of(rest).or(Some(&node.origin)),
            _ => Some(&node.origin),
        }
    }

    /// Replaces the entry `key` of the table `table` with `text`, if both exist.
    pub(crate) fn replace_text(&mut self, table: &str, key: &str, text: &str) {
        if let Some(SettingNode { value: TreeValue::Table(table), .. }) = self.get_mut(table)
            && let Some(node) = table.get_mut(key)
        {
            node.value = TreeValue::Text(text.to_owned());
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
                (TreeValue::Table(under), TreeValue::Table(table)) if table.get("name").is_none() => {
                    under.overlay(table);
                }
                _ => *present = node.clone(),
            }
        }
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

impl TreeValue {
    /// Whether the value is neither a list nor a table.
    fn is_plain(&self) -> bool {
        !matches!(self, TreeValue::List(_) | TreeValue::Table(_))
    }

    /// Formats the value for an error message.
    pub(crate) fn describe(&self) -> String {
        match self {
            TreeValue::Text(v) => format!("\"{v}\""),
            TreeValue::Integer(v) => v.to_string(),
            TreeValue::Float(v) => format!("{v:?}").to_lowercase(),
            TreeValue::Bool(v) => v.to_string(),
            // A list of a few plain values is shown, longer ones are not.
            TreeValue::List(list) if list.len() <= 4 && list.iter().all(|node| node.value.is_plain()) => {
                let values: Vec<String> = list.iter().map(|node| node.value.describe()).collect();
                format!("[{}]", values.join(", "))
            }
            TreeValue::List(_) => "a list".to_owned(),
            TreeValue::Table(_) => "a table".to_owned(),
        }
    }
}

/// Converts a top-level entry to TOML, in which a table has its own header.
fn item(node: &SettingNode) -> Item {
    match &node.value {
        TreeValue::Table(tree) => {
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
        TreeValue::Text(v) => v.as_str().into(),
        TreeValue::Integer(v) => (*v).into(),
        TreeValue::Float(v) => (*v).into(),
        TreeValue::Bool(v) => (*v).into(),
        TreeValue::List(list) => Value::Array(list.iter().map(toml_value).collect()),
        TreeValue::Table(tree) => {
            let mut table = InlineTable::new();
            tree.entries.iter().for_each(|(key, node)| {
                table.insert(key, toml_value(node));
            });
            Value::InlineTable(table)
        }
    }
}
