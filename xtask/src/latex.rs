//! The step `latex`: traces written as LaTeX are compiled by pdflatex.

use std::path::Path;

use crate::packages::status;
use crate::step::ignored_tests;

/// Returns a message if the tests fail.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    status(ignored_tests(&["latex"]).current_dir(root)).err().into_iter().collect()
}
