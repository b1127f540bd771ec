//! External subcommands: `chainrule NAME` runs the program `chainrule-NAME`, as cargo does.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use chainrule::registry::nearest;
use clap::CommandFactory;

use crate::arguments::Arguments;
use crate::error::Failure;

/// Runs `chainrule-NAME` with the remaining words and returns its exit code; `words` begins with NAME.
pub(crate) fn run(words: &[OsString]) -> ExitCode {
    let (name, rest) = words.split_first().expect("clap passes the name");
    let name = name.to_string_lossy();
    let failure = match find(&program(&name)) {
        Some(path) => match Command::new(&path).args(rest).status() {
            // A child ended by a signal has no code of its own.
            Ok(status) => return ExitCode::from(status.code().map_or(1, |code| code as u8)),
            Err(source) => Failure::Unreadable { path, source },
        },
        None => unknown(&name),
    };
    failure.report();
    ExitCode::from(failure.exit_code())
}

/// The file name of the program behind a subcommand.
fn program(name: &str) -> String {
    format!("chainrule-{name}{}", env::consts::EXE_SUFFIX)
}

/// Finds a program in the folder of this one, else in the folders of `PATH`.
fn find(program: &str) -> Option<PathBuf> {
    let own = env::current_exe().ok();
    let own = own.as_deref().and_then(Path::parent).map(Path::to_owned);
    let path = env::var_os("PATH").unwrap_or_default();
    own.into_iter()
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// The error for a name that is neither a subcommand nor an installed program.
fn unknown(name: &str) -> Failure {
    let command = Arguments::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    Failure::UnknownCommand { name: name.to_owned(), nearest: nearest(name, names).map(str::to_owned) }
}
