//! Settings and flags that have been renamed. Old names are still accepted, with a note that gives
//! the new one.
//!
//! Old names are replaced as soon as settings are read, so that the rest of the crate uses only
//! the current ones.

use std::ffi::OsString;

use crate::Error;
use crate::origin::Origin;
use crate::tree::{SettingNode, Tree, TreeValue};

/// A key, a flag or a value of a key that has been renamed.
#[derive(Clone, Copy, Debug)]
pub struct Rename {
    /// Place where the name is used.
    pub place: Place,
    /// Old key or flag; the same as `new` if only values were renamed.
    pub old: &'static str,
    /// Current key or flag.
    pub new: &'static str,
    /// Old and current values of the key.
    pub values: &'static [(&'static str, &'static str)],
    /// Whether the old key or flag is merely a short form, which is accepted without a note.
    pub is_alias: bool,
}

/// Place where a renamed name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// TOML tables, by their dotted paths. `network.hidden` is each table of that list; the empty
    /// path is the top level.
    Keys(&'static [&'static str]),
    /// The command line.
    Flag,
}

const LAYERS: Place = Place::Keys(&["network", "network.hidden", "network.output"]);
const DATA: Place = Place::Keys(&["data"]);
const TRAIN: Place = Place::Keys(&["train"]);
const PENALTY: Place = Place::Keys(&["train.penalty"]);
const FIT: Place = Place::Keys(&["fit"]);
const CLAIM: Place = Place::Keys(&["claim"]);
const DOCUMENT: Place = Place::Keys(&["document"]);

/// All renamed keys, values and flags.
pub static RENAMES: &[Rename] = &[
    renamed(LAYERS, "weights_from", "weight_init"),
    renamed(LAYERS, "bias_from", "bias_init"),
    Rename { values: &[("perfect", "deviance")], ..renamed(TRAIN, "loss_zero", "loss_offset") },
    renamed(TRAIN, "watch_units", "track_dead_units"),
    Rename {
        values: &[("constant", "none"), ("per_weight", "batch_weight")],
        ..renamed(PENALTY, "share", "divisor")
    },
    renamed(PENALTY, "on", "applies_to"),
    values(
        DATA,
        "task",
        &[
            ("guess", "auto"),
            ("classes", "classification"),
            ("labels", "multilabel"),
            ("numbers", "regression"),
        ],
    ),
    values(DATA, "target_scaling", &[("guess", "auto")]),
    values(DATA, "header", &[("guess", "auto")]),
    values(DATA, "decimal", &[("guess", "auto")]),
    renamed(FIT, "out", "output"),
    renamed(FIT, "checkpoint", "checkpoint_interval"),
    renamed(CLAIM, "found", "actual"),
    values(
        CLAIM,
        "quantity",
        &[("wrong", "misclassified"), ("largest_rise", "largest_increase"), ("rises", "increases")],
    ),
    renamed(DOCUMENT, "address", "url"),
    renamed(Place::Flag, "--out", "--output"),
    renamed(Place::Flag, "--checkpoint", "--checkpoint-interval"),
    alias(TRAIN, "lr", "learning_rate"),
    alias(TRAIN, "batch_size", "batch"),
    alias(Place::Flag, "--lr", "--learning-rate"),
    alias(Place::Flag, "--batch-size", "--batch"),
];

const fn renamed(place: Place, old: &'static str, new: &'static str) -> Rename {
    Rename { place, old, new, values: &[], is_alias: false }
}

const fn values(place: Place, key: &'static str, values: &'static [(&'static str, &'static str)]) -> Rename {
    Rename { place, old: key, new: key, values, is_alias: false }
}

const fn alias(place: Place, old: &'static str, new: &'static str) -> Rename {
    Rename { place, old, new, values: &[], is_alias: true }
}

impl Rename {
    /// Whether the rename concerns the keys of the table with the path `section`.
    fn applies_in(&self, section: &str) -> bool {
        matches!(self.place, Place::Keys(sections) if sections.contains(&section))
    }
}

/// Replaces old flags (`--out`, `--out=model.safetensors`) with the current ones, up to an argument
/// `--`.
///
/// Returns the arguments and a note for each old flag.
///
/// ```
/// use chainrule_experiment::renames::current_flags;
///
/// let (arguments, notes) = current_flags(["fit", "iris.csv", "--out=m.safetensors"].map(Into::into));
/// assert_eq!(arguments, ["fit", "iris.csv", "--output=m.safetensors"]);
/// assert_eq!(notes, ["--out is now called --output"]);
/// ```
pub fn current_flags(arguments: impl IntoIterator<Item = OsString>) -> (Vec<OsString>, Vec<String>) {
    let mut notes = Vec::new();
    let mut are_flags = true;
    let current = |argument: OsString| {
        are_flags = are_flags && argument != "--";
        let text = argument.to_str().filter(|_| are_flags).unwrap_or_default();
        let (flag, value) = text.split_at(text.find('=').unwrap_or(text.len()));
        let Some(rename) = RENAMES.iter().find(|rename| rename.place == Place::Flag && rename.old == flag)
        else {
            return argument;
        };
        if !rename.is_alias {
            add(&mut notes, format!("{flag} is now called {}", rename.new));
        }
        format!("{}{value}", rename.new).into()
    };
    (arguments.into_iter().map(current).collect(), notes)
}

/// Returns the current dotted path of a setting: `train.track_dead_units` for `train.watch_units`.
pub(crate) fn current_path(path: &str) -> String {
    let mut section = String::new();
    path.split('.').map(|key| current_key(&mut section, key).0).collect::<Vec<_>>().join(".")
}

/// Returns the current name of a key in the table with the path `section`, and the rename if the
/// key is an old one. `section` becomes the path of that key; indices into lists are not part of
/// it.
pub(crate) fn current_key<'k>(section: &mut String, key: &'k str) -> (&'k str, Option<&'static Rename>) {
    let rename = RENAMES.iter().find(|rename| rename.applies_in(section) && rename.old == key);
    let rename = rename.filter(|rename| rename.old != rename.new);
    let key = rename.map_or(key, |rename| rename.new);
    if key.parse::<usize>().is_err() {
        *section = join(section, key);
    }
    (key, rename)
}

fn join(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// Adds a note unless it is there already.
pub(crate) fn add(notes: &mut Vec<String>, note: String) {
    if !notes.contains(&note) {
        notes.push(note);
    }
}

/// Adds a note on the setting at `origin`, unless it is there already. Notes on a file are distinct,
/// as they contain the position.
fn add_at(origin: &Origin, notes: &mut Vec<String>, note: String) {
    match origin {
        Origin::File { .. } => notes.push(note),
        Origin::Set(_) | Origin::Argument(_) => add(notes, note),
    }
}

/// Returns the note for an old key.
pub(crate) fn key_note(origin: &Origin, rename: &Rename) -> String {
    let key_of_set = origin.key().and_then(|path| path.rsplit('.').next());
    let old = if key_of_set == Some(rename.old) { String::new() } else { format!(": {}", rename.old) };
    format!("{origin}{old} is now called {}", rename.new)
}

/// Replaces old keys and values in the table with the path `section` and in the tables in it, and
/// adds a note for each.
///
/// # Errors
/// Returns [`Error::DuplicateKey`] if a table has both the old and the current key.
pub(crate) fn apply(tree: &mut Tree, section: &str, notes: &mut Vec<String>) -> Result<(), Error> {
    for i in 0..tree.entries.len() {
        let mut path = section.to_owned();
        let (key, rename) = current_key(&mut path, &tree.entries[i].0);
        let key = key.to_owned();
        if let Some(rename) = rename {
            if tree.get(&key).is_some() {
                return Err(Error::DuplicateKey {
                    origin: tree.entries[i].1.origin.clone(),
                    section: section.to_owned(),
                    old: rename.old,
                    new: rename.new,
                });
            }
            tree.entries[i].0.clone_from(&key);
        }
        let node = &mut tree.entries[i].1;
        let renamed_value = rename_value(node, section, &key);
        if let Some((old, new)) = renamed_value {
            let old_key = rename.map_or(key.as_str(), |rename| rename.old);
            add_at(
                &node.origin,
                notes,
                format!("{}: {old_key} = \"{old}\" is now {key} = \"{new}\"", node.origin),
            );
        } else if let Some(rename) = rename.filter(|rename| !rename.is_alias) {
            add_at(&node.origin, notes, key_note(&node.origin, rename));
        }
        // A variant is a table of settings like the top level.
        let inner = if path == "variant" { "" } else { &path };
        match &mut node.value {
            TreeValue::Table(table) => apply(table, inner, notes)?,
            TreeValue::List(list) => {
                for node in list {
                    if let TreeValue::Table(table) = &mut node.value {
                        apply(table, inner, notes)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Replaces an old value of a key, and returns the old and the current one.
fn rename_value(node: &mut SettingNode, section: &str, key: &str) -> Option<(&'static str, &'static str)> {
    let TreeValue::Text(text) = &mut node.value else { return None };
    let renames = RENAMES.iter().filter(|rename| rename.applies_in(section) && rename.new == key);
    let (old, new) = renames.flat_map(|rename| rename.values).copied().find(|(old, _)| *old == text)?;
    *text = new.to_owned();
    Some((old, new))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;

    /// Returns the renames of keys, each with one of its sections.
    fn keys() -> impl Iterator<Item = (&'static str, &'static Rename)> {
        RENAMES.iter().flat_map(|rename| {
            let sections = if let Place::Keys(sections) = rename.place { sections } else { &[] };
            sections.iter().map(move |section| (*section, rename))
        })
    }

    /// Returns the old and current key-value pairs of a rename.
    fn pairs(rename: &'static Rename) -> Vec<[(&'static str, &'static str); 2]> {
        let mut pairs = Vec::new();
        if rename.old != rename.new {
            pairs.push([(rename.old, "x"), (rename.new, "x")]);
        }
        for (old, new) in rename.values {
            pairs.push([(rename.new, *old), (rename.new, *new)]);
            pairs.push([(rename.old, *old), (rename.new, *new)]);
        }
        pairs
    }

    /// Writes a table with one key at the top level or in a variant.
    fn toml(section: &str, variant: bool, (key, value): (&str, &str)) -> String {
        let prefix = if variant { "variant." } else { "" };
        let header = if ["network.hidden", "claim"].contains(&section) {
            format!("[[{prefix}{section}]]")
        } else {
            format!("[{prefix}{section}]")
        };
        format!("{}{header}\n{key} = \"{value}\"\n", if variant { "[[variant]]\n" } else { "" })
    }

    fn parse(text: &str) -> (String, Vec<String>) {
        let mut notes = Vec::new();
        let tree = Tree::parse(text, Path::new("x.toml"), &mut notes).unwrap();
        (tree.to_toml(), notes)
    }

    #[test]
    fn old_keys_and_values_give_the_same_tree_and_one_note() {
        for (section, rename) in keys() {
            let n_notes = usize::from(!rename.is_alias);
            for [old, new] in pairs(rename) {
                for variant in [false, true] {
                    let (expected, notes) = parse(&toml(section, variant, new));
                    assert_eq!(notes, [""; 0], "{section}: {new:?}");
                    let (tree, notes) = parse(&toml(section, variant, old));
                    assert_eq!(tree, expected, "{section}: {old:?}");
                    assert_eq!(notes.len(), n_notes, "{section}: {old:?}: {notes:?}");
                }
            }
        }
    }

    #[test]
    fn old_keys_and_values_can_be_set() {
        for (section, rename) in keys() {
            let n_notes = usize::from(!rename.is_alias);
            for [old, new] in pairs(rename) {
                let set = |(key, value): (&str, &str), origin: fn(Arc<str>) -> Origin| {
                    let mut notes = Vec::new();
                    let text = "[network]\nhidden = [{ units = 1 }]\n";
                    let mut tree = Tree::parse(text, Path::new("x.toml"), &mut notes).unwrap();
                    let index = if section == "network.hidden" { ".0" } else { "" };
                    tree.set(&format!("{section}{index}.{key}={value}"), origin, &mut notes).unwrap();
                    (tree.to_toml(), notes)
                };
                let (expected, notes) = set(new, Origin::Set);
                assert_eq!(notes, [""; 0], "{section}: {new:?}");
                for origin in [Origin::Set, Origin::Argument] {
                    let (tree, notes) = set(old, origin);
                    assert_eq!(tree, expected, "{section}: {old:?}");
                    assert_eq!(notes.len(), n_notes, "{section}: {old:?}: {notes:?}");
                }
            }
        }
    }

    #[test]
    fn notes_have_a_location_and_the_new_name() {
        let text = "[train]\nwatch_units = \"never\"\nloss_zero = \"perfect\"\n[data]\ntask = \"classes\"\n";
        let notes = [
            "x.toml:2:1: watch_units is now called track_dead_units",
            "x.toml:3:1: loss_zero = \"perfect\" is now loss_offset = \"deviance\"",
            "x.toml:5:1: task = \"classes\" is now task = \"classification\"",
        ];
        assert_eq!(parse(text).1, notes);
        let mut notes = Vec::new();
        let mut tree = Tree::default();
        for set in ["train.watch_units=never", "train={ watch_units = \"never\" }", "network.bias_from.std=1"]
        {
            tree.set(set, Origin::Set, &mut notes).unwrap();
        }
        let expected = [
            "--set train.watch_units is now called track_dead_units",
            "--set train: watch_units is now called track_dead_units",
            "--set network.bias_from.std: bias_from is now called bias_init",
        ];
        assert_eq!(notes, expected);
    }

    #[test]
    fn new_names_are_not_old_names() {
        for (section, rename) in keys() {
            let clash = keys().find(|(other, r)| *other == section && r.old == rename.new && r.old != r.new);
            assert!(clash.is_none(), "{section}: {} is renamed twice", rename.new);
            for (_, new) in rename.values {
                assert!(rename.values.iter().all(|(old, _)| old != new), "{section}: {new} is renamed twice");
            }
        }
    }

    #[test]
    fn old_and_new_keys_in_one_table_are_refused() {
        for (section, rename) in keys().filter(|(_, rename)| rename.old != rename.new) {
            for keys in [[rename.old, rename.new], [rename.new, rename.old]] {
                let mut text = toml(section, false, (keys[0], "x"));
                text += &format!("{} = \"x\"\n", keys[1]);
                let error = Tree::parse(&text, Path::new("x.toml"), &mut Vec::new()).unwrap_err().to_string();
                for key in keys {
                    assert!(error.contains(&format!("\"{key}\"")), "{error}");
                }
            }
        }
    }

    #[test]
    fn old_flags_become_current_ones() {
        for rename in RENAMES.iter().filter(|rename| rename.place == Place::Flag) {
            let n_notes = usize::from(!rename.is_alias);
            for suffix in ["", "=a=b"] {
                let arguments = |flag: &str| ["fit".into(), format!("{flag}{suffix}").into(), "x".into()];
                let (current, notes) = current_flags(arguments(rename.old));
                assert_eq!(current, arguments(rename.new));
                assert_eq!(notes.len(), n_notes, "{notes:?}");
                assert_eq!(current_flags(arguments(rename.new)), (current, Vec::new()));
            }
            let after = || ["--".into(), rename.old.into()];
            assert_eq!(current_flags(after()), (after().to_vec(), Vec::new()));
        }
    }
}
