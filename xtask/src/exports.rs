//! The step `exports`: exported models run in onnxruntime and, as C, on an emulated ARM; written tables are read by NumPy.

use std::path::Path;
use std::process::Command;

use crate::packages::status;
use crate::setup::PYTHON;
use crate::step::cargo;

/// Returns the failure of the tests, if they fail.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    let mut command = Command::new(cargo());
    // The whole workspace, so that crates are built with the same features as in the step `tests`.
    command.args(["test", "--workspace", "--test", "export", "--test", "numpy", "--", "--ignored"]);
    command.current_dir(root).env("CHAINRULE_PYTHON", root.join(PYTHON));
    status(&mut command).err().into_iter().collect()
}
