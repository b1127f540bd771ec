//! The step `neon`: the engine built for ARM and run under QEMU, its bits held to those that x86 stored.

use std::path::Path;
use std::process::Command;

use crate::packages::{self, status, succeed};
use crate::step::cargo;

/// Linked statically by the linker that comes with Rust, so that neither an ARM compiler nor ARM libraries are needed.
const TARGET: &str = "aarch64-unknown-linux-musl";
const LINKER: (&str, &str) = ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "rust-lld");
const RUNNER: (&str, &str) = ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER", "qemu-aarch64");
/// QEMU takes some ten times as long as the machine itself: properties are tried on fewer cases than the usual 256.
const CASES: (&str, &str) = ("PROPTEST_CASES", "32");

/// What is run: arguments of `cargo test`.
const TESTS: &[&[&str]] = &[
    &["--test", "same_bits", "every_level_gives_the_stored_bits", "--", "--nocapture"],
    &["--test", "prediction"],
    &["--lib", "kernel::"],
];

/// What is wrong in the repository at `root`: that something needed cannot be installed, or a test that fails.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    install().and_then(|()| TESTS.iter().try_for_each(|tests| run(tests, root))).err().into_iter().collect()
}

/// Installs what is missing: the target by rustup, QEMU by apt-get.
fn install() -> Result<(), String> {
    // Asked again where it is there already, rustup does nothing and says so.
    succeed("rustup", &["target", "add", TARGET])?;
    packages::install(&[("qemu-aarch64", "qemu-user")])
}

fn run(tests: &[&str], root: &Path) -> Result<(), String> {
    let mut command = Command::new(cargo());
    command.args(["test", "--package", "chainrule", "--target", TARGET]).args(tests);
    status(command.envs([LINKER, RUNNER, CASES]).current_dir(root))
}
