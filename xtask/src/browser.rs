//! The step `browser`: reports opened in a real browser, Debian's chromium in headless mode.

use std::path::Path;

use crate::packages::status;
use crate::step::ignored_tests;

/// Returns a message if the tests fail.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    status(ignored_tests(&["browser"]).current_dir(root)).err().into_iter().collect()
}
