//! `chainrule new`: an experiment to start from.

use std::io::Write;
use std::path::PathBuf;

use chainrule_experiment::{Experiment, builtin};

use crate::arguments::New;
use crate::error::Failure;

pub(crate) fn run(arguments: &New) -> Result<(), Failure> {
    let Some(text) = builtin::text(&arguments.from) else {
        // Opening it says what there is.
        Experiment::open(&arguments.from, &[])?;
        let (value, allowed) = (arguments.from.clone(), "the name of a built-in experiment".to_owned());
        return Err(Failure::Argument { argument: "--from", value, allowed });
    };
    let path = PathBuf::from(format!("{}.toml", arguments.name.trim_end_matches(".toml")));
    let unwritable = |source| Failure::Unwritable { path: path.clone(), source };
    // Never over a file that is there.
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)?;
    anstream::println!("{} is written; train it with: chainrule run {}", path.display(), path.display());
    Ok(())
}
