//! A temporary folder with files, in which the command is run as a user types it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder in which commands are run.
pub(crate) struct Session {
    folder: tempfile::TempDir,
}

impl Session {
    pub(crate) fn new() -> Session {
        Session { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Session {
        fs::write(self.path(name), text).expect("a file in a temporary folder");
        self
    }

    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        fs::read_to_string(self.folder.path().join(path)).expect("a file that the command wrote")
    }

    /// Runs `chainrule` with these arguments: standard output, standard error and the exit code.
    pub(crate) fn run(&self, arguments: &[&str]) -> (String, String, i32) {
        let output = Command::new(env!("CARGO_BIN_EXE_chainrule"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("RUST_BACKTRACE")
            .env("COLUMNS", "100")
            .output()
            .expect("the command runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (text(output.stdout), text(output.stderr), output.status.code().expect("no signal"))
    }

    /// The command as typed, what it printed and its exit code, for a snapshot.
    pub(crate) fn transcript(&self, arguments: &[&str]) -> String {
        let (out, err, code) = self.run(arguments);
        format!("$ chainrule {}\n{out}{err}[exit code {code}]\n\n", arguments.join(" "))
    }

    /// The folders that runs have left, hidden ones too.
    pub(crate) fn runs(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path("runs")) else { return Vec::new() };
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}
