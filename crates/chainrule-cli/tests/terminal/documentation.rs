//! The examples of the README and of the pages in `docs/` are executed as printed.
//!
//! Blocks in `sh` are run by a shell, each page in a folder of its own with a link to `experiments`.
//! A block of `toml` with a name (`toml xor.toml`) is written to that file, and a block of `text` after
//! one in `sh` is its expected output, in which `...` stands for omitted lines. Commands of cargo are
//! left out, since the test suite itself is one. Rust blocks are doctests of the crate.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A fenced block: the words after the fence, and the lines.
struct Block {
    words: Vec<String>,
    lines: Vec<String>,
    /// Line of the fence in the page.
    line: usize,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut open) = (Vec::new(), None::<Block>);
    for (i, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(words), None) => {
                let words = words.split_whitespace().map(str::to_owned).collect();
                open = Some(Block { words, lines: Vec::new(), line: i + 1 });
            }
            (None, Some(block)) => block.lines.push(line.to_owned()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// Runs commands in `folder` and returns their standard output.
fn run(commands: &[&str], folder: &Path, place: &str) -> String {
    let command = Path::new(env!("CARGO_BIN_EXE_chainrule")).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &commands.join("\n")]).current_dir(folder);
    shell.env("PATH", format!("{}:{path}", command.display()));
    let output = shell.output().expect("sh is installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{place}: {} {errors}", output.status);
    String::from_utf8(output.stdout).expect("text in UTF-8")
}

/// Checks that the lines occur in `output` in this order, without lines between them unless these
/// are replaced by `...`.
fn compare(expected: &[String], output: &str, place: &str) {
    let mut lines = output.lines().map(str::trim_end);
    let mut may_skip = true;
    for expected in expected {
        if expected.trim() == "..." {
            may_skip = true;
            continue;
        }
        let found = if may_skip { lines.find(|line| line == expected) } else { lines.next() };
        assert_eq!(found, Some(expected.as_str()), "{place} is not the output:\n{output}");
        may_skip = false;
    }
}

/// Executes the examples of a page, and returns the number of executed blocks.
fn execute(page: &Path) -> usize {
    let text = std::fs::read_to_string(page).expect("the page exists");
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::os::unix::fs::symlink(root().join("experiments"), folder.path().join("experiments"))
        .expect("a link");
    let (mut n, mut output) = (0, None);
    for block in blocks(&text) {
        let place = format!("{}:{}", page.display(), block.line);
        let words: Vec<&str> = block.words.iter().map(String::as_str).collect();
        match words[..] {
            ["sh"] => {
                let is_run = |line: &&str| !line.starts_with("cargo ");
                let commands: Vec<&str> = block.lines.iter().map(String::as_str).filter(is_run).collect();
                output = Some(run(&commands, folder.path(), &place));
            }
            ["toml", name] => {
                std::fs::write(folder.path().join(name), block.lines.join("\n")).expect("a file")
            }
            ["text"] => {
                let output = output.take().unwrap_or_else(|| panic!("{place}: no command comes before"));
                compare(&block.lines, &output, &place);
            }
            ["rust"] => {}
            _ => panic!("{place}: the block {words:?} is not executed"),
        }
        n += 1;
    }
    n
}

#[test]
fn examples_of_the_readme_are_executed() {
    assert!(execute(&root().join("README.md")) >= 4);
}

#[test]
fn examples_of_the_documentation_are_executed() {
    let entries = std::fs::read_dir(root().join("docs")).expect("the folder docs");
    let pages = entries.map(|entry| entry.expect("an entry").path());
    let mut pages: Vec<PathBuf> = pages.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    pages.sort();
    let n: usize = pages.iter().map(|page| execute(page)).sum();
    assert!(n >= 15, "only {n} blocks");
}
