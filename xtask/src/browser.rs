//! The step `browser`: reports opened in a real browser, Debian's chromium without a window.

use std::path::Path;
use std::process::Command;

use crate::packages::status;
use crate::step::cargo;

/// Returns the failure of the tests, if they fail.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    let mut command = Command::new(cargo());
    // The whole workspace, so that crates are built with the same features as in the step `tests`.
    command.args(["test", "--workspace", "--test", "browser", "--", "--ignored"]);
    status(command.current_dir(root)).err().into_iter().collect()
}
