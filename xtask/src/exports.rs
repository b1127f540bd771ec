//! The step `exports`: exported models run in onnxruntime and, as C, on an emulated ARM processor;
//! written tables are read by NumPy.

use std::path::Path;

use crate::packages::status;
use crate::setup::PYTHON;
use crate::step::ignored_tests;

/// Returns a message if the tests fail.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    let mut command = ignored_tests(&["export", "numpy"]);
    command.current_dir(root).env("CHAINRULE_PYTHON", root.join(PYTHON));
    status(&mut command).err().into_iter().collect()
}
