//! Debian packages that a step needs: installed where their program is missing.

use std::ffi::OsString;
use std::process::{Command, Stdio};

/// Installs each package, `(program, package)`, whose program is not there.
pub(crate) fn install(packages: &[(&str, &str)]) -> Result<(), String> {
    let missing: Vec<&str> =
        packages.iter().filter(|(program, _)| !there(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let why = |fault| format!("Debian's {} must be installed, and {fault}", missing.join(" and "));
    succeed("apt-get", &["update", "--quiet"]).map_err(why)?;
    let arguments = ["install", "--quiet", "--yes", "--no-install-recommends"];
    succeed("apt-get", &[&arguments[..], &missing].concat()).map_err(why)
}

fn there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs a program to its end.
pub(crate) fn succeed(program: &str, arguments: &[&str]) -> Result<(), String> {
    status(Command::new(program).args(arguments))
}

/// Runs a command, shown as one would type it, with its output going where ours goes.
pub(crate) fn status(command: &mut Command) -> Result<(), String> {
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
