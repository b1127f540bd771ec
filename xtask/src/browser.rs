//! The step `browser`: reports opened in a real browser, Debian's chromium without a window.

use std::path::Path;
use std::process::Command;

use crate::packages::{install, status};
use crate::step::cargo;

const PACKAGES: &[(&str, &str)] = &[("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// What is wrong in the repository at `root`: that something needed cannot be installed, or a test that fails.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    install(PACKAGES).and_then(|()| run(root)).err().into_iter().collect()
}

fn run(root: &Path) -> Result<(), String> {
    let mut command = Command::new(cargo());
    // Of the workspace, as all tests are built: the same crates with the same features.
    command.args(["test", "--workspace", "--test", "browser", "--", "--ignored"]);
    status(command.current_dir(root))
}
