//! `chainrule man`: prints or writes the man pages.

use clap::CommandFactory;

use crate::arguments::{Arguments, ManArguments};
use crate::error::{Failure, STANDARD_OUTPUT};

pub(crate) fn run(arguments: &ManArguments) -> Result<(), Failure> {
    let command = Arguments::command();
    let Some(folder) = &arguments.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(unwritable(STANDARD_OUTPUT))?;
        crate::output::print(&String::from_utf8_lossy(&page));
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(unwritable(folder))?;
    clap_mangen::generate_to(command, folder).map_err(unwritable(folder))
}

fn unwritable(path: impl Into<std::path::PathBuf>) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.into();
    move |source| Failure::Unwritable { path, source }
}
