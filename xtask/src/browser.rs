//! The step `browser`: reports opened in a real browser, Debian's chromium without a window.

use std::path::Path;

use crate::packages::status;
use crate::step::ignored_tests;

/// Returns the failure of the tests, if they fail.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    status(ignored_tests(&["browser"]).current_dir(root)).err().into_iter().collect()
}
