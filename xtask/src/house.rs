//! The rules of the house that no compiler knows: how long a file may be, where `unsafe` may stand, and that what
//! CONTRIBUTING.md points at is there.

use std::fs;
use std::path::{Path, PathBuf};

/// A file that is longer holds more than one thing.
const MAX_LINES: usize = 500;

/// Where `unsafe` may stand: in the kernels, and in integration tests (an allocator that counts cannot do without).
const UNSAFE_PLACES: [&str; 2] = ["crates/chainrule/src/kernel/", "/tests/"];

/// The page whose paths are checked.
const GUIDE: &str = "CONTRIBUTING.md";

/// What is wrong in the repository at `root`, one line a fault.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut faults = Vec::new();
    if let Err(error) = rust_files(root, &mut files) {
        faults.push(format!("{} cannot be listed: {error}", root.display()));
    }
    files.sort();
    for file in files {
        let path = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        match fs::read_to_string(&file) {
            Ok(text) => faults.extend(faults_of(&path, &text)),
            Err(error) => faults.push(format!("{path} cannot be read: {error}")),
        }
    }
    match fs::read_to_string(root.join(GUIDE)) {
        Ok(text) => faults.extend(missing_paths(&text, |path| root.join(path).exists())),
        Err(error) => faults.push(format!("{GUIDE} cannot be read: {error}")),
    }
    faults
}

/// The paths that the guide names, between backticks and from the root on, and that do not exist.
fn missing_paths(text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let paths = quoted
        .filter(|quoted| ["crates/", "experiments/", "xtask/"].iter().any(|top| quoted.starts_with(top)));
    let missing = paths.filter(|path| !exists(path));
    missing.map(|path| format!("{GUIDE} names {path}, which does not exist: correct it there")).collect()
}

/// The faults of one file, `path` relative to the root with forward slashes.
fn faults_of(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let n_lines = text.lines().count();
    if n_lines > MAX_LINES {
        faults.push(format!(
            "{path} has {n_lines} lines, {MAX_LINES} at most: split it by what its parts are about"
        ));
    }
    if !UNSAFE_PLACES.iter().any(|place| path.contains(place)) {
        let found = text.lines().enumerate().filter(|(_, line)| says_unsafe(line));
        faults.extend(found.map(|(i, _)| {
            format!("{path}:{} says unsafe, which only {} may: move it there", i + 1, UNSAFE_PLACES[0])
        }));
    }
    faults
}

/// Whether the keyword stands in a line of code, outside comments and strings.
fn says_unsafe(line: &str) -> bool {
    let code = without_strings(line);
    let code = code.split("//").next().unwrap_or_default();
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
}

/// The line without what stands between double quotes.
fn without_strings(line: &str) -> String {
    let line = line.replace("\\\\", "").replace("\\\"", "").replace("'\"'", "");
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// Adds all Rust files below `directory`, but those of hidden directories and of build outputs.
fn rust_files(directory: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && name != "target" {
                rust_files(&entry.path(), files)?;
            }
        } else if name.ends_with(".rs") {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_have_500_lines_and_no_more() {
        assert!(faults_of("crates/a/src/lib.rs", &"\n".repeat(500)).is_empty());
        let faults = faults_of("crates/a/src/lib.rs", &"\n".repeat(501));
        assert_eq!(
            faults,
            ["crates/a/src/lib.rs has 501 lines, 500 at most: split it by what its parts are about"]
        );
    }

    #[test]
    fn the_keyword_is_found_but_not_the_word_in_prose() {
        assert!(says_unsafe("    let x = unsafe { *p };"));
        assert!(says_unsafe("pub unsafe fn f() {} // \"why\""));
        assert!(says_unsafe("f(\"text\", unsafe { *p })"));
        assert!(says_unsafe("match c { '\"' => unsafe { *p }, _ => 0 }"));
        assert!(!says_unsafe("// unsafe would be faster"));
        assert!(!says_unsafe("#![deny(unsafe_code)]"));
        assert!(!says_unsafe("let s = \"this is \\\" unsafe\";"));
        assert!(!says_unsafe("let is_unsafe = true;"));
    }

    #[test]
    fn unsafe_code_may_stand_in_the_kernels_and_in_integration_tests_alone() {
        let text = "fn f() {}\nunsafe fn g() {}\n";
        let faults = faults_of("crates/chainrule/src/network/mod.rs", text);
        assert_eq!(
            faults,
            [
                "crates/chainrule/src/network/mod.rs:2 says unsafe, which only crates/chainrule/src/kernel/ may: move it there"
            ]
        );
        assert!(faults_of("crates/chainrule/src/kernel/avx2.rs", text).is_empty());
        assert!(faults_of("crates/chainrule/tests/allocations.rs", text).is_empty());
    }

    #[test]
    fn a_path_named_in_the_guide_must_exist() {
        let text = "See `crates/a/` and `crates/b/mod.rs`;\nthen `cargo test` and crates/c.";
        let faults = missing_paths(text, |path| path == "crates/a/");
        assert_eq!(faults, ["CONTRIBUTING.md names crates/b/mod.rs, which does not exist: correct it there"]);
    }

    #[test]
    fn the_files_of_this_crate_are_found() {
        let mut files = Vec::new();
        rust_files(Path::new(env!("CARGO_MANIFEST_DIR")), &mut files).unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/house.rs");
        assert!(files.contains(&here), "{here:?} is not among {files:?}");
    }
}
