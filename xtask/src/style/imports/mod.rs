//! Imports between the files of a crate have one direction: no two files import each other, directly
//! or through others, unless `ARCHITECTURE.md` lists them with the reason.
//!
//! A file imports the files that define the items that it names. Declaring or re-exporting the items
//! of child modules does not count; using them does. Code that is compiled for tests only is ignored.

mod circles;
mod resolve;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use super::extension::extension;

/// The file with the table of accepted circles.
const LIST: &str = "ARCHITECTURE.md";

/// The heading of the table.
const HEADING: &str = "## Files that import each other";

/// Returns the circles that are not listed, and the listed ones that do not exist.
pub(super) fn faults<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> Vec<String> {
    let mut crates: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    let mut list = "";
    for (path, text) in files {
        if path == LIST {
            list = text;
        } else if let Some((krate, file)) = path.split_once("/src/").filter(|_| extension(path) == "rs") {
            crates.entry(krate).or_default().insert(file, text);
        }
    }
    let (mut accepted, mut faults) = listed(list);
    for (krate, files) in &crates {
        let root = if files.contains_key("lib.rs") { "lib.rs" } else { "main.rs" };
        let imports = match resolve::imports(files, root) {
            Ok(imports) => imports,
            Err(error) => {
                faults.push(format!("{krate}/src/{error}"));
                continue;
            }
        };
        for circle in circles::circles(&imports) {
            if !accepted.remove(&(krate.to_string(), circle.files.clone())) {
                faults.push(fault(krate, &circle));
            }
        }
    }
    for (krate, files) in accepted {
        let files: Vec<_> = files.iter().map(String::as_str).collect();
        faults.push(format!(
            "{LIST} lists files of {krate} that do not import each other: {}; delete the row",
            files.join(", ")
        ));
    }
    faults
}

fn fault(krate: &str, circle: &circles::ImportCircle) -> String {
    let arrows: Vec<_> =
        circle.shortest.iter().map(|(file, path)| format!("{file} imports {path}")).collect();
    let files: Vec<_> = circle.files.iter().map(String::as_str).collect();
    format!(
        "{krate}/src: {} import each other ({}): move what they share into a file of its own, \
         or list them in {LIST} with the reason",
        files.join(", "),
        arrows.join(", ")
    )
}

/// The circles listed in the table, each a folder of a crate and its files, and the rows that are not
/// valid.
///
/// A row is `` | `crates/name` | `a.rs`, `b.rs` | reason | ``.
fn listed(text: &str) -> (BTreeSet<(String, BTreeSet<String>)>, Vec<String>) {
    let (mut circles, mut faults) = (BTreeSet::new(), Vec::new());
    let section = text.lines().skip_while(|line| *line != HEADING).skip(1);
    for row in section.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `")) {
        let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        match cells[..] {
            [krate, files, reason] if quoted(krate).len() == 1 && !reason.is_empty() => {
                circles.insert((quoted(krate).remove(0), quoted(files).into_iter().collect()));
            }
            _ => faults.push(format!("{LIST}: a row without a crate, files and a reason: {row}")),
        }
    }
    (circles, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIRCLE: [(&str, &str); 3] = [
        ("crates/x/src/lib.rs", "mod a; mod b;"),
        ("crates/x/src/a.rs", "use crate::b::B; pub struct A;"),
        ("crates/x/src/b.rs", "pub struct B(super::a::A);"),
    ];

    fn with_list(rows: &str) -> impl Iterator<Item = (&str, &str)> {
        CIRCLE.into_iter().chain([(LIST, rows)])
    }

    #[test]
    fn a_circle_is_reported_with_its_imports() {
        assert_eq!(
            faults(CIRCLE.into_iter()),
            [
                "crates/x/src: a.rs, b.rs import each other (a.rs imports crate::b::B, b.rs imports super::a::A): \
              move what they share into a file of its own, or list them in ARCHITECTURE.md with the reason"
            ]
        );
    }

    #[test]
    fn a_circle_of_three_files_is_found_through_a_re_export() {
        let files = [
            ("crates/x/src/main.rs", "mod a; mod b; mod c; use b::*;"),
            ("crates/x/src/a.rs", "use super::B; pub const A: B = B;"),
            ("crates/x/src/b.rs", "pub struct B; pub fn f() -> crate::c::C { todo!() }"),
            ("crates/x/src/c.rs", "pub struct C; fn g() { crate::a::A; }"),
        ];
        let faults = faults(files.into_iter());
        assert_eq!(faults.len(), 1);
        let circle = "a.rs imports super::B, b.rs imports crate::c::C, c.rs imports crate::a::A";
        assert!(faults[0].starts_with("crates/x/src: a.rs, b.rs, c.rs import each other"), "{faults:?}");
        assert!(faults[0].contains(circle), "{faults:?}");
    }

    #[test]
    fn a_parent_and_its_child_import_each_other_if_the_code_of_both_does() {
        let parent = "crates/x/src/lib.rs";
        let child = ("crates/x/src/a.rs", "pub fn f(_: super::Options) {}");
        let of = |text| faults([(parent, text), child].into_iter());
        assert!(of("mod a; pub use a::f; pub struct Options;").is_empty());
        assert_eq!(of("mod a; pub struct Options; fn g() { a::f(Options) }").len(), 1);
        assert!(of("mod a; pub struct Options; #[cfg(test)] mod tests { use super::a::f; }").is_empty());
    }

    #[test]
    fn a_listed_circle_is_accepted_and_a_stale_row_is_not() {
        let row = |files: &str| format!("{HEADING}\n\n| crate | files | reason |\n|---|---|---|\n{files}\n");
        let list = row("| `crates/x` | `a.rs`, `b.rs` | Each contains the other. |");
        assert!(faults(with_list(&list)).is_empty());
        let list = row("| `crates/x` | `a.rs`, `b.rs` | |");
        assert_eq!(faults(with_list(&list)).len(), 2);
        let list = row("| `crates/x` | `a.rs`, `c.rs` | Moved since. |");
        let faults = faults(with_list(&list));
        assert_eq!(
            faults[1],
            "ARCHITECTURE.md lists files of crates/x that do not import each other: a.rs, c.rs; delete the row"
        );
    }
}
