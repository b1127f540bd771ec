//! The programs that verify exports, and how they are run.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Error;

/// Programs that verify exports.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `cc` | environment variable `CC`, or `cc` | C compiler |
/// | `cc_options` | none | additional options of the C compiler |
/// | `runner` | none | emulator of compiled C, with its options: `qemu-arm -L /usr/arm-linux-gnueabihf` |
/// | `rustc` | environment variable `RUSTC`, or `rustc` | Rust compiler |
/// | `python` | environment variable `CHAINRULE_PYTHON`, or `python3` | Python with `onnxruntime` and `numpy`, for ONNX |
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the table above documents the fields")]
pub struct Tools {
    pub cc: OsString,
    pub cc_options: Vec<String>,
    pub runner: Vec<String>,
    pub rustc: OsString,
    pub python: OsString,
}

impl Default for Tools {
    fn default() -> Self {
        let program = |variable, default: &str| std::env::var_os(variable).unwrap_or_else(|| default.into());
        Tools {
            cc: program("CC", "cc"),
            cc_options: Vec::new(),
            runner: Vec::new(),
            rustc: program("RUSTC", "rustc"),
            python: program("CHAINRULE_PYTHON", "python3"),
        }
    }
}

/// Writes a file in the temporary folder.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|source| Error::Unwritable { path: path.to_owned(), source })
}

/// Runs a program with `input` on standard input and returns its standard output. `install` is the
/// installation instruction in the error if the program does not exist.
pub(in crate::export) fn output(
    command: &mut Command,
    install: &'static str,
    input: &str,
) -> Result<String, Error> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let failed = |message: String| Error::ToolFailed { tool: tool.clone(), message };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| Error::ToolNotFound { tool: tool.clone(), source, install })?;
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let input = input.to_owned();
    // A separate thread writes the input to avoid a deadlock while both pipes are full. Write
    // errors are ignored: a program that stops early reports the reason itself.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    let _ = writer.join();
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(failed(format!("{} ({})", message.trim(), output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
