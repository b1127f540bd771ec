//! `cargo xtask setup`: installs the programs that the test suites need.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::packages::{self, status, succeed};

/// Requirement of a test suite besides cargo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// A browser and its driver, for reports.
    Chromium,
    /// A C compiler for ARM and an emulator, for exported models.
    Arm,
    /// A Python environment with onnx, onnxruntime and numpy in `target/`, for exported models and
    /// tables.
    Python,
    /// The Rust target and the emulator of the step `neon`.
    Neon,
    /// pdflatex with amsmath, geometry and longtable, for traces.
    Latex,
}

/// Requirements of the steps of `cargo xtask test` without `--long`.
pub(crate) const REQUIREMENTS: [Requirement; 3] =
    [Requirement::Chromium, Requirement::Arm, Requirement::Python];

/// The target of the step `neon`, linked statically by the linker of the Rust toolchain, so that no
/// ARM libraries are needed.
pub(crate) const NEON_TARGET: &str = "aarch64-unknown-linux-musl";

/// The folder of the Python environment, and its interpreter.
const PYTHON_FOLDER: &str = "target/exports-venv";
pub(crate) const PYTHON: &str = "target/exports-venv/bin/python";
const PYTHON_PACKAGES: [&str; 3] = ["onnx", "onnxruntime", "numpy"];

impl Requirement {
    /// Installs the requirement, if it is missing, for the repository at `root`.
    ///
    /// Debian packages are installed by apt-get, which needs root.
    pub(crate) fn install(self, root: &Path) -> Result<(), String> {
        match self {
            Requirement::Chromium => {
                packages::install(&[("chromium", "chromium"), ("chromedriver", "chromium-driver")])
            }
            // The compiler package does not depend on the C library.
            Requirement::Arm => packages::install(&[
                ("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf"),
                ("arm-linux-gnueabihf-gcc", "libc6-dev-armhf-cross"),
                ("qemu-arm", "qemu-user"),
            ]),
            Requirement::Python => install_python(root),
            Requirement::Neon => {
                // Does nothing if the target is installed.
                succeed("rustup", &["target", "add", NEON_TARGET])?;
                packages::install(&[("qemu-aarch64", "qemu-user")])
            }
            Requirement::Latex => packages::install(&[("pdflatex", "texlive-latex-base")]),
        }
    }
}

fn install_python(root: &Path) -> Result<(), String> {
    let python = root.join(PYTHON);
    let imports = format!("import {}", PYTHON_PACKAGES.join(", "));
    let mut test = Command::new(&python);
    test.args(["-c", &imports]).stdout(Stdio::null()).stderr(Stdio::null());
    if test.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    if !python.exists() {
        status(Command::new("python3").args(["-m", "venv"]).arg(root.join(PYTHON_FOLDER)))?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PYTHON_PACKAGES);
    status(&mut pip)
}

/// Installs everything that `cargo xtask test` needs.
pub(crate) fn run(root: &Path) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for requirement in REQUIREMENTS {
        match requirement.install(root) {
            Ok(()) => println!("{requirement:?}: installed"),
            Err(fault) => {
                eprintln!("error: {fault}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
