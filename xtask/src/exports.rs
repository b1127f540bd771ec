//! The step `exports`: exported models run by what will run them, onnxruntime and C on an ARM under QEMU, and tables that
//! are written read by NumPy.

use std::path::Path;
use std::process::Command;

use crate::packages::{install, status};
use crate::step::cargo;

/// The C compiler of ARM comes without ARM's C library.
const PACKAGES: &[(&str, &str)] = &[
    ("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf"),
    ("arm-linux-gnueabihf-gcc", "libc6-dev-armhf-cross"),
    ("qemu-arm", "qemu-user"),
];

/// What is wrong in the repository at `root`: that something needed cannot be installed, or a test that fails.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    install(PACKAGES).and_then(|()| run(root)).err().into_iter().collect()
}

fn run(root: &Path) -> Result<(), String> {
    let environment = root.join("target/exports-venv");
    let python = environment.join("bin/python");
    if !python.exists() {
        status(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "onnx",
        "onnxruntime",
        "numpy",
    ]);
    status(&mut pip)?;
    let mut command = Command::new(cargo());
    // Of the workspace, as all tests are built: the same crates with the same features.
    command.args(["test", "--workspace", "--test", "export", "--test", "numpy", "--", "--ignored"]);
    status(command.current_dir(root).env("CHAINRULE_PYTHON", python))
}
