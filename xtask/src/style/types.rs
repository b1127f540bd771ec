//! Type names have one meaning in the workspace.

use std::collections::BTreeMap;

use super::extension::extension;

/// Names that every crate may define.
const SHARED: [&str; 1] = ["Error"];

/// Returns the types that are defined in more than one place; tests and examples do not count.
pub(super) fn faults<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, text) in files.filter(|(path, _)| extension(path) == "rs" && path.contains("/src/")) {
        for (i, line) in text.lines().enumerate() {
            if let Some(name) = defined(line).filter(|name| !SHARED.contains(name)) {
                places.entry(name).or_default().push(format!("{path}:{}", i + 1));
            }
        }
    }
    let repeated = places.iter().filter(|(_, places)| places.len() > 1);
    repeated
        .map(|(name, places)| {
            format!("the type {name} is defined in {}: rename all but one", places.join(" and "))
        })
        .collect()
}

/// The type that a line defines, if any; indented lines define associated types or items of tests.
fn defined(line: &str) -> Option<&str> {
    let mut words = line
        .split([' ', '<', '(', ';', ':'])
        .skip_while(|word| matches!(*word, "pub" | "crate)" | "super)" | "unsafe"));
    let keyword = words.next()?;
    let is_type = matches!(keyword, "struct" | "enum" | "trait" | "type" | "union");
    words.next().filter(|_| is_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_found() {
        for line in [
            "struct Kind {",
            "pub enum Kind<T> {",
            "pub(crate) trait Kind: Send {",
            "type Kind = f64;",
            "pub(super) struct Kind(u8);",
        ] {
            assert_eq!(defined(line), Some("Kind"), "{line}");
        }
        for line in ["    type Kind = f64;", "impl Kind {", "// struct Kind", "fn f() {}", ""] {
            assert_eq!(defined(line), None, "{line}");
        }
    }

    #[test]
    fn a_name_with_two_meanings_is_reported_with_its_places() {
        let files = [
            ("crates/a/src/x.rs", "struct Kind;\n"),
            ("crates/b/src/y.rs", "\nenum Kind {}\n"),
            ("crates/b/tests/z.rs", "struct Kind;\n"),
        ];
        assert_eq!(
            faults(files.into_iter()),
            ["the type Kind is defined in crates/a/src/x.rs:1 and crates/b/src/y.rs:2: rename all but one"]
        );
    }
}
