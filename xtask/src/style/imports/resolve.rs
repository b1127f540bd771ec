//! The files that each file of a crate imports: paths followed, through re-exports, to the file that
//! defines their item.

use std::collections::{BTreeMap, HashMap};

use super::source::{self, ModuleSource};

/// The imports of one file: for each imported file a path by which it is imported.
pub(super) type FileImports = BTreeMap<String, String>;

/// Returns the imports of each file of a crate, from its root file (`lib.rs` or `main.rs`) on.
///
/// `files` contains the text of each file by its path below `src`. Files of modules for tests are not
/// reached. The error starts with the path of the file.
pub(super) fn imports(
    files: &BTreeMap<&str, &str>,
    root: &str,
) -> Result<BTreeMap<String, FileImports>, String> {
    let mut tree = ModuleTree { modules: Vec::new() };
    tree.add_file(files, root, "", None)?;
    let mut imports: BTreeMap<String, FileImports> = BTreeMap::new();
    for (id, module) in tree.modules.iter().enumerate() {
        let file = imports.entry(module.file.clone()).or_default();
        for path in &module.source.paths {
            if let Some(PathTarget::Item { file: imported }) = tree.follow(id, path, &mut Vec::new())
                && imported != module.file
            {
                file.entry(imported.to_owned()).or_insert_with(|| path.join("::"));
            }
        }
    }
    Ok(imports)
}

/// The modules of a crate; the first is its root.
struct ModuleTree {
    modules: Vec<ModuleNode>,
}

/// A module in the tree.
struct ModuleNode {
    file: String,
    parent: usize,
    children: HashMap<String, usize>,
    source: ModuleSource,
}

/// What a path leads to.
#[derive(Clone, Copy)]
enum PathTarget<'t> {
    Module(usize),
    /// An item, or a member of one.
    Item {
        file: &'t str,
    },
}

impl ModuleTree {
    /// Adds the module of a file and its child modules; `folder` is the folder of the children's
    /// files, empty or with a slash at its end.
    fn add_file(
        &mut self,
        files: &BTreeMap<&str, &str>,
        path: &str,
        folder: &str,
        parent: Option<usize>,
    ) -> Result<usize, String> {
        let source = source::read(files[path]).map_err(|error| format!("{path} {error}"))?;
        self.add(files, source, path, folder, parent)
    }

    fn add(
        &mut self,
        files: &BTreeMap<&str, &str>,
        mut source: ModuleSource,
        file: &str,
        folder: &str,
        parent: Option<usize>,
    ) -> Result<usize, String> {
        let id = self.modules.len();
        let (declared, nested) = (source.declared.clone(), std::mem::take(&mut source.nested));
        let parent = parent.unwrap_or(id);
        self.modules.push(ModuleNode { file: file.to_owned(), parent, children: HashMap::new(), source });
        for name in declared {
            let folder_of_child = format!("{folder}{name}/");
            let candidates = [format!("{folder}{name}.rs"), format!("{folder_of_child}mod.rs")];
            let Some(path) = candidates.iter().find(|path| files.contains_key(path.as_str())) else {
                return Err(format!("{file} declares the module {name}, which has no file"));
            };
            let child = self.add_file(files, path, &folder_of_child, Some(id))?;
            self.modules[id].children.insert(name, child);
        }
        for (name, source) in nested {
            let child = self.add(files, source, file, &format!("{folder}{name}/"), Some(id))?;
            self.modules[id].children.insert(name, child);
        }
        Ok(id)
    }

    /// Follows a path that is written in module `at`; none if it leads out of the crate or is the
    /// name of a variable.
    fn follow<'t>(
        &'t self,
        at: usize,
        path: &[String],
        pending: &mut Vec<(usize, String)>,
    ) -> Option<PathTarget<'t>> {
        let mut module = at;
        for (i, name) in path.iter().enumerate() {
            let definition = match name.as_str() {
                "crate" => PathTarget::Module(0),
                "self" => PathTarget::Module(module),
                "super" => PathTarget::Module(self.modules[module].parent),
                _ => self.find(module, name, i + 1 == path.len(), pending)?,
            };
            match definition {
                PathTarget::Module(next) => module = next,
                PathTarget::Item { .. } => return Some(definition),
            }
        }
        Some(PathTarget::Module(module))
    }

    /// Finds a name in a module. A module and a function may share their name: the last one of a path
    /// is the function's.
    fn find<'t>(
        &'t self,
        at: usize,
        name: &str,
        is_last: bool,
        pending: &mut Vec<(usize, String)>,
    ) -> Option<PathTarget<'t>> {
        // An import such as `use png;` leads to itself.
        if pending.iter().any(|(module, searched)| *module == at && searched == name) {
            return None;
        }
        pending.push((at, name.to_owned()));
        let module = &self.modules[at];
        let child = module.children.get(name).map(|id| PathTarget::Module(*id));
        let item = module.source.items.contains(name).then_some(PathTarget::Item { file: &module.file });
        let mut imported = None;
        for import in &module.source.imports {
            let found = if import.name == name {
                self.follow(at, &import.path, pending)
            } else if import.name == "*"
                && let Some(PathTarget::Module(id)) = self.follow(at, &import.path, pending)
            {
                self.find(id, name, is_last, pending)
            } else {
                None
            };
            imported = imported.or(found);
        }
        pending.pop();
        let candidates = [child, item, imported];
        let is_item = |found: &&Option<PathTarget>| matches!(found, Some(PathTarget::Item { .. }));
        let preferred = candidates.iter().find(|found| is_item(found) == is_last && found.is_some());
        preferred.copied().flatten().or_else(|| candidates.into_iter().flatten().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The imports of a crate of the given files, as lines `file -> imported file`.
    fn arrows(files: &[(&str, &str)]) -> Vec<String> {
        let imports = imports(&files.iter().copied().collect(), "lib.rs").unwrap();
        let arrows = imports.iter().flat_map(|(file, imported)| {
            imported.keys().map(move |imported| format!("{file} -> {imported}"))
        });
        arrows.collect()
    }

    #[test]
    fn paths_are_followed_from_the_root_the_parent_and_the_module_itself() {
        let files = [
            ("lib.rs", "mod a; mod b; pub struct Root;"),
            ("a.rs", "use crate::b::c::C; pub struct A; fn f() { super::Root::new() }"),
            ("b/mod.rs", "pub mod c; mod d; fn g() { self::d::h(); c::C.k() }"),
            ("b/c.rs", "pub struct C;"),
            ("b/d.rs", "pub fn h(_: super::super::a::A) {}"),
        ];
        assert_eq!(
            arrows(&files),
            [
                "a.rs -> b/c.rs",
                "a.rs -> lib.rs",
                "b/d.rs -> a.rs",
                "b/mod.rs -> b/c.rs",
                "b/mod.rs -> b/d.rs"
            ]
        );
    }

    #[test]
    fn re_exports_lead_to_the_file_that_defines_the_item() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::*; pub use b::Bee as Insect;"),
            ("a/mod.rs", "mod deep; pub use deep::Item;"),
            ("a/deep.rs", "pub struct Item;"),
            ("b.rs", "use crate::Item; pub struct Bee; fn f() { crate::Insect; }"),
        ];
        assert_eq!(arrows(&files), ["b.rs -> a/deep.rs"]);
        // Code that uses the re-exported name imports it.
        let files = [("lib.rs", "mod a; pub use a::A; fn f(_: A) {}"), ("a.rs", "pub struct A;")];
        assert_eq!(arrows(&files), ["lib.rs -> a.rs"]);
    }

    #[test]
    fn a_function_and_its_module_may_share_their_name() {
        let files = [
            ("lib.rs", "mod sum; mod b; pub use sum::sum;"),
            ("sum.rs", "pub fn sum() {} pub struct Sum;"),
            ("b.rs", "use crate::sum; fn f() { sum(); sum::Sum; }"),
        ];
        assert_eq!(arrows(&files), ["b.rs -> sum.rs"]);
    }

    #[test]
    fn names_of_other_crates_and_of_tests_are_no_imports() {
        let files = [
            ("lib.rs", "mod a; #[cfg(test)] mod tests; use png; use std::fmt::*; fn f() { fmt(a) }"),
            ("a.rs", "use png::Encoder; #[cfg(test)] mod tests { use crate::f; }"),
            ("tests.rs", "use crate::a;"),
        ];
        assert!(arrows(&files).is_empty());
    }

    #[test]
    fn a_module_without_a_file_is_an_error() {
        let error = imports(&[("lib.rs", "mod a;")].into(), "lib.rs").unwrap_err();
        assert_eq!(error, "lib.rs declares the module a, which has no file");
    }
}
