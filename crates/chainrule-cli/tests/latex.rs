//! Traces compiled by LaTeX.
//!
//! `cargo xtask test latex` installs pdflatex and runs these tests, which are ignored by default.

use std::path::Path;
use std::process::Command;

/// Writes the trace of a command as LaTeX, compiles it and returns the log.
fn compiled(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trace = Command::new(env!("CARGO_BIN_EXE_chainrule"))
        .arg("trace")
        .args(arguments)
        .args(["--format", "latex"])
        .output()
        .expect("the command runs");
    assert!(trace.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&trace.stderr));
    std::fs::write(folder.path().join("trace.tex"), &trace.stdout).expect("a file");
    // The second pass aligns the columns of long tables.
    for _ in 0..2 {
        let pdflatex = pdflatex(folder.path());
        let log = String::from_utf8_lossy(&pdflatex.stdout);
        assert!(pdflatex.status.success(), "{arguments:?}: {log}");
    }
    let log = std::fs::read(folder.path().join("trace.log")).expect("a log");
    String::from_utf8_lossy(&log).into_owned()
}

fn pdflatex(folder: &Path) -> std::process::Output {
    Command::new("pdflatex")
        .args(["-halt-on-error", "-interaction=nonstopmode", "trace.tex"])
        .current_dir(folder)
        .output()
        .expect("pdflatex runs")
}

#[test]
#[ignore = "requires pdflatex; run by cargo xtask test latex"]
fn traces_compile_without_overfull_lines() {
    for arguments in [
        &["worked-example"][..],
        &["worked-example", "--digits", "9"],
        &["xor", "--sample", "1-4"],
        &["three-rings"],
        &["three-rings", "--sample", "1-10", "--step", "3"],
        // A table, whose columns have underscores in their names.
        &["iris", "--sample", "1,2"],
    ] {
        let log = compiled(arguments);
        let overfull: Vec<&str> = log.lines().filter(|line| line.starts_with("Overfull")).collect();
        assert!(overfull.is_empty(), "{arguments:?}: {overfull:#?}");
    }
}
