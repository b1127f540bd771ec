//! The step `style`: rules of `CONTRIBUTING.md` that neither the compiler nor clippy checks.

mod extension;
mod imports;
mod prose;
mod types;

use std::fs;
use std::path::Path;

use extension::extension;

/// Maximum number of lines of a Rust file.
const MAX_LINES: usize = 500;

/// Paths that may contain `unsafe`: the kernels, and integration tests (which replace the allocator).
const UNSAFE_PLACES: [&str; 2] = ["crates/chainrule/src/kernel/", "/tests/"];

/// The page whose paths are checked.
const GUIDE: &str = "CONTRIBUTING.md";

/// File extensions of the text files that are checked.
const EXTENSIONS: [&str; 7] = ["rs", "md", "toml", "py", "js", "html", "in"];

/// Returns the violations of the rules in the repository at `root`, one line each.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    if let Err(error) = collect(root, root, &mut files) {
        return vec![format!("cannot list {}: {error}", root.display())];
    }
    files.sort();
    let mut faults = Vec::new();
    for (path, text) in &files {
        if extension(path) == "rs" {
            faults.extend(code_faults(path, text));
        }
        faults.extend(prose::faults(path, text));
    }
    faults.extend(types::faults(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))));
    faults.extend(imports::faults(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))));
    match fs::read_to_string(root.join(GUIDE)) {
        Ok(text) => faults.extend(missing_paths(&text, |path| root.join(path).exists())),
        Err(error) => faults.push(format!("cannot read {GUIDE}: {error}")),
    }
    faults
}

/// Returns the paths in backticks of the guide that do not exist.
fn missing_paths(text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let paths = quoted
        .filter(|quoted| ["crates/", "experiments/", "xtask/"].iter().any(|top| quoted.starts_with(top)));
    let missing = paths.filter(|path| !exists(path));
    missing.map(|path| format!("{GUIDE} names {path}, which does not exist")).collect()
}

/// Returns the violations in one Rust file; `path` is relative to the root, with forward slashes.
fn code_faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let n_lines = text.lines().count();
    if n_lines > MAX_LINES {
        faults.push(format!("{path} has {n_lines} lines, more than {MAX_LINES}: split it by topic"));
    }
    if !UNSAFE_PLACES.iter().any(|place| path.contains(place)) {
        let found = text.lines().enumerate().filter(|(_, line)| contains_unsafe(line));
        faults.extend(
            found.map(|(i, _)| format!("{path}:{}: unsafe is only allowed in {}", i + 1, UNSAFE_PLACES[0])),
        );
    }
    faults
}

/// Whether a line contains the keyword outside comments and strings.
fn contains_unsafe(line: &str) -> bool {
    let code = without_strings(line);
    let code = code.split("//").next().unwrap_or_default();
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
}

/// Removes the contents of string literals from a line.
fn without_strings(line: &str) -> String {
    let line = line.replace("\\\\", "").replace("\\\"", "").replace("'\"'", "");
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// Collects the text files below `folder`, with paths relative to `root`; skips hidden folders and
/// build output.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            // A build folder contains CACHEDIR.TAG, whatever its name.
            if !name.starts_with('.') && !path.join("CACHEDIR.TAG").exists() {
                collect(root, &path, files)?;
            }
        } else if path.extension().is_some_and(|e| EXTENSIONS.iter().any(|known| e == *known)) {
            let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push((relative, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_500_lines_at_most() {
        assert!(code_faults("crates/a/src/lib.rs", &"\n".repeat(500)).is_empty());
        let faults = code_faults("crates/a/src/lib.rs", &"\n".repeat(501));
        assert_eq!(faults, ["crates/a/src/lib.rs has 501 lines, more than 500: split it by topic"]);
    }

    #[test]
    fn the_keyword_is_found_but_not_the_word_in_prose() {
        assert!(contains_unsafe("    let x = unsafe { *p };"));
        assert!(contains_unsafe("pub unsafe fn f() {} // \"why\""));
        assert!(contains_unsafe("f(\"text\", unsafe { *p })"));
        assert!(contains_unsafe("match c { '\"' => unsafe { *p }, _ => 0 }"));
        assert!(!contains_unsafe("// unsafe would be faster"));
        assert!(!contains_unsafe("#![deny(unsafe_code)]"));
        assert!(!contains_unsafe("let s = \"this is \\\" unsafe\";"));
        assert!(!contains_unsafe("let is_unsafe = true;"));
    }

    #[test]
    fn unsafe_code_is_allowed_in_kernels_and_integration_tests_only() {
        let text = "fn f() {}\nunsafe fn g() {}\n";
        let faults = code_faults("crates/chainrule/src/network/mod.rs", text);
        assert_eq!(
            faults,
            ["crates/chainrule/src/network/mod.rs:2: unsafe is only allowed in crates/chainrule/src/kernel/"]
        );
        assert!(code_faults("crates/chainrule/src/kernel/avx2.rs", text).is_empty());
        assert!(code_faults("crates/chainrule/tests/allocations.rs", text).is_empty());
    }

    #[test]
    fn paths_in_the_guide_must_exist() {
        let text = "See `crates/a/` and `crates/b/mod.rs`;\nthen `cargo test` and crates/c.";
        let faults = missing_paths(text, |path| path == "crates/a/");
        assert_eq!(faults, ["CONTRIBUTING.md names crates/b/mod.rs, which does not exist"]);
    }

    #[test]
    fn the_files_of_this_crate_are_collected() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        collect(root, root, &mut files).unwrap();
        assert!(files.iter().any(|(path, _)| path == "src/style.rs"));
    }
}
