//! Groups of files that import each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::resolve::FileImports;

/// Files each of which imports every other one, directly or through others of the group.
pub(super) struct ImportCircle {
    pub(super) files: BTreeSet<String>,
    /// The shortest circle among them: each file with the path by which the next one is imported.
    pub(super) shortest: Vec<(String, String)>,
}

/// Returns the groups of files that import each other.
pub(super) fn circles(imports: &BTreeMap<String, FileImports>) -> Vec<ImportCircle> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|file| (file.as_str(), reached(imports, file))).collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for (&file, from_file) in &reached {
        if !from_file.contains(file) || !seen.insert(file) {
            continue;
        }
        let group: BTreeSet<&str> =
            from_file.iter().copied().filter(|other| reached[other].contains(file)).collect();
        seen.extend(&group);
        let paths = group.iter().map(|file| shortest_circle(imports, file));
        let shortest = paths.min_by_key(Vec::len).unwrap_or_default();
        circles.push(ImportCircle { files: group.into_iter().map(str::to_owned).collect(), shortest });
    }
    circles
}

/// The files that `file` imports, directly or through others.
fn reached<'i>(imports: &'i BTreeMap<String, FileImports>, file: &str) -> BTreeSet<&'i str> {
    let mut reached = BTreeSet::new();
    let mut pending: Vec<&str> = imports[file].keys().map(String::as_str).collect();
    while let Some(next) = pending.pop() {
        if reached.insert(next) {
            pending.extend(imports[next].keys().map(String::as_str));
        }
    }
    reached
}

/// The shortest circle from a file that is in one back to itself, by breadth-first search.
fn shortest_circle(imports: &BTreeMap<String, FileImports>, start: &str) -> Vec<(String, String)> {
    let mut previous: BTreeMap<&str, &str> = BTreeMap::new();
    let mut pending = VecDeque::from([start]);
    while let Some(file) = pending.pop_front() {
        for imported in imports[file].keys().map(String::as_str) {
            if !previous.contains_key(imported) {
                previous.insert(imported, file);
                pending.push_back(imported);
            }
        }
    }
    let mut circle = Vec::new();
    let mut imported = start;
    loop {
        let file = previous[imported];
        circle.push((file.to_owned(), imports[file][imported].clone()));
        imported = file;
        if file == start {
            break;
        }
    }
    circle.reverse();
    circle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(arrows: &[(&str, &str)]) -> BTreeMap<String, FileImports> {
        let mut imports: BTreeMap<String, FileImports> = BTreeMap::new();
        for (file, imported) in arrows {
            imports.entry((*imported).to_owned()).or_default();
            let path = format!("{file} to {imported}");
            imports.entry((*file).to_owned()).or_default().insert((*imported).to_owned(), path);
        }
        imports
    }

    fn files(circle: &ImportCircle) -> Vec<&str> {
        circle.files.iter().map(String::as_str).collect()
    }

    #[test]
    fn circles_of_two_and_of_three_are_found() {
        assert!(circles(&graph(&[("a", "b"), ("b", "c"), ("a", "c")])).is_empty());
        let found = circles(&graph(&[("a", "b"), ("b", "a"), ("b", "c")]));
        assert_eq!(found.iter().map(files).collect::<Vec<_>>(), [["a", "b"]]);
        let found = circles(&graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "e"), ("e", "d")]));
        assert_eq!(found.iter().map(files).collect::<Vec<_>>(), [vec!["a", "b", "c"], vec!["d", "e"]]);
    }

    #[test]
    fn the_shortest_circle_of_a_group_gives_the_paths() {
        let found = circles(&graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "b")]));
        assert_eq!(files(&found[0]), ["a", "b", "c"]);
        let shortest = [("b".to_owned(), "b to c".to_owned()), ("c".to_owned(), "c to b".to_owned())];
        assert_eq!(found[0].shortest, shortest);
    }
}
