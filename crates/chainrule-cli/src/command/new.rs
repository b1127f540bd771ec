//! `chainrule new`: writes an experiment file to start from.

use std::io::{ErrorKind, Write};

use chainrule_experiment::{Experiment, builtin};

use crate::arguments::NewArguments;
use crate::error::Failure;
use crate::output::outln;

pub(crate) fn run(arguments: &NewArguments) -> Result<(), Failure> {
    let Some(text) = builtin::text(&arguments.from) else {
        // If there is no experiment of this name, the error lists those that exist.
        Experiment::open(&arguments.from, &[])?;
        let (value, allowed) = (arguments.from.clone(), "the name of a built-in experiment".to_owned());
        return Err(Failure::Argument { argument: "--from", value, allowed });
    };
    let mut path = arguments.name.clone();
    if path.extension().is_none_or(|extension| extension != "toml") {
        path.as_mut_os_string().push(".toml");
    }
    let unwritable = |source: std::io::Error| match source.kind() {
        ErrorKind::AlreadyExists => Failure::Argument {
            argument: "NAME",
            value: arguments.name.display().to_string(),
            allowed: format!("a new name, since {} exists", path.display()),
        },
        _ => Failure::Unwritable { path: path.clone(), source },
    };
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)?;
    outln!("{0} written; train it with: chainrule run {0}", path.display());
    Ok(())
}
