//! The step `neon`: the engine built for ARM and run under QEMU, its bits held to those that x86 stored.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

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
    if there("qemu-aarch64") {
        return Ok(());
    }
    let why = |fault| format!("qemu-aarch64 is missing (Debian's package qemu-user), and {fault}");
    succeed("apt-get", &["update", "--quiet"]).map_err(why)?;
    succeed("apt-get", &["install", "--quiet", "--yes", "--no-install-recommends", "qemu-user"]).map_err(why)
}

fn run(tests: &[&str], root: &Path) -> Result<(), String> {
    let mut command = Command::new(cargo());
    command.args(["test", "--package", "chainrule", "--target", TARGET]).args(tests);
    status(command.envs([LINKER, RUNNER, CASES]).current_dir(root))
}

fn there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn succeed(program: &str, arguments: &[&str]) -> Result<(), String> {
    status(Command::new(program).args(arguments))
}

/// Runs a command, shown as one would type it, with its output going where ours goes.
fn status(command: &mut Command) -> Result<(), String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let shown = words.collect::<Vec<_>>().join(&OsString::from(" "));
    let shown = shown.to_string_lossy();
    println!("-- {shown}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown} failed with {status}")),
        Err(error) => Err(format!("{shown} cannot be started: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_or_is_not_there_is_a_fault_that_names_it() {
        assert_eq!(succeed("cargo", &["--version"]), Ok(()));
        let failed = succeed("cargo", &["--no-such-flag"]).unwrap_err();
        assert!(failed.starts_with("cargo --no-such-flag failed with exit"), "{failed}");
        let missing = succeed("no-such-program", &["-x"]).unwrap_err();
        assert!(missing.starts_with("no-such-program -x cannot be started: "), "{missing}");
        assert!(there("cargo") && !there("no-such-program"));
    }
}
