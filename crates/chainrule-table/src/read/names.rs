//! Names of columns: that they are unique and exist, and their indices.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::{Error, Problem};

/// Checks that no two columns have the same name.
pub(crate) fn check_unique<S: AsRef<str>>(names: &[S]) -> Result<(), Problem> {
    let mut positions = HashMap::new();
    for (i, name) in names.iter().enumerate() {
        let name = name.as_ref();
        if let Some(first) = positions.insert(name, i + 1) {
            return Err(Problem::DuplicateName { name: name.to_owned(), first, second: i + 1 });
        }
    }
    Ok(())
}

/// Returns the index of each name.
pub(super) fn indices(names: &[String]) -> HashMap<&str, usize> {
    names.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect()
}

/// Checks that all requested columns are among those of the file.
pub(super) fn check_columns<'a>(
    path: &Path,
    names: impl Iterator<Item = &'a str>,
    choices: &[String],
) -> Result<(), Error> {
    let known: HashSet<&str> = choices.iter().map(String::as_str).collect();
    for name in names {
        if !known.contains(name) {
            let problem = Problem::no_column(name, choices.iter().map(String::as_str));
            return Err(Error::new(path, problem));
        }
    }
    Ok(())
}
