//! Installation of Debian packages whose programs are missing, and commands that are printed before
//! they run.

use std::ffi::OsString;
use std::process::{Command, Stdio};

/// Installs each `(program, package)` whose program is missing.
pub(crate) fn install(packages: &[(&str, &str)]) -> Result<(), String> {
    let missing: Vec<&str> =
        packages.iter().filter(|(program, _)| !is_installed(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let explain = |fault| {
        format!("{fault}; install the Debian packages {} as root, or use --allow-skip", missing.join(" "))
    };
    succeed("apt-get", &["update", "--quiet"]).map_err(explain)?;
    let arguments = ["install", "--quiet", "--yes", "--no-install-recommends"];
    succeed("apt-get", &[&arguments[..], &missing].concat()).map_err(explain)
}

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs a program.
pub(crate) fn succeed(program: &str, arguments: &[&str]) -> Result<(), String> {
    status(Command::new(program).args(arguments))
}

/// Prints and runs a command, which inherits standard output and error.
pub(crate) fn status(command: &mut Command) -> Result<(), String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let shown = words.collect::<Vec<_>>().join(&OsString::from(" "));
    let shown = shown.to_string_lossy();
    println!("-- {shown}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown} failed with {status}")),
        Err(error) => Err(format!("cannot run {shown}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_or_missing_command_is_named() {
        assert_eq!(succeed("cargo", &["--version"]), Ok(()));
        let failed = succeed("cargo", &["--no-such-flag"]).unwrap_err();
        assert!(failed.starts_with("cargo --no-such-flag failed with exit"), "{failed}");
        let missing = succeed("no-such-program", &["-x"]).unwrap_err();
        assert!(missing.starts_with("cannot run no-such-program -x: "), "{missing}");
        assert!(is_installed("cargo") && !is_installed("no-such-program"));
    }
}
