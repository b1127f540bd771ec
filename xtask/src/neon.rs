//! The step `neon`: the engine built for ARM and run under QEMU must give the bits stored from x86.

use std::path::Path;
use std::process::Command;

use crate::packages::status;
use crate::setup::NEON_TARGET;
use crate::step::cargo;

const LINKER: (&str, &str) = ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "rust-lld");
const RUNNER: (&str, &str) = ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER", "qemu-aarch64");

/// QEMU is about ten times slower than the machine, so property tests run with fewer cases than the
/// default of 256.
const CASES: (&str, &str) = ("PROPTEST_CASES", "32");

/// Arguments of `cargo test`.
const TESTS: &[&[&str]] = &[
    &["--test", "same_bits", "every_level_gives_the_stored_bits", "--", "--nocapture"],
    &["--test", "prediction"],
    &["--lib", "kernel::"],
];

/// Returns a message if the tests fail.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    TESTS.iter().try_for_each(|tests| run(tests, root)).err().into_iter().collect()
}

fn run(tests: &[&str], root: &Path) -> Result<(), String> {
    let mut command = Command::new(cargo());
    command.args(["test", "--package", "chainrule", "--target", NEON_TARGET]).args(tests);
    status(command.envs([LINKER, RUNNER, CASES]).current_dir(root))
}
