//! The experiments that come with the program: the files of `experiments/`, embedded.

use std::path::PathBuf;

use include_dir::{Dir, include_dir};

use crate::Error;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../experiments");

/// The names of the built-in experiments.
pub fn names() -> Vec<String> {
    let stem = |file: &include_dir::File<'_>| {
        let toml = file.path().extension().is_some_and(|extension| extension == "toml");
        toml.then(|| file.path().file_stem().expect("a file has a name").to_string_lossy().into_owned())
    };
    let mut names: Vec<String> = FILES.files().filter_map(stem).collect();
    names.sort();
    names
}

/// The text of the built-in experiment called `name`.
pub fn text(name: &str) -> Option<&'static str> {
    FILES.get_file(format!("{name}.toml"))?.contents_utf8()
}

/// A file that a built-in experiment names.
pub(crate) fn open_data(file: &str) -> Result<(PathBuf, Vec<u8>), Error> {
    let found = FILES.get_file(file).ok_or_else(|| {
        let source = std::io::Error::new(std::io::ErrorKind::NotFound, "it does not come with the program");
        Error::Unreadable { path: file.into(), source }
    })?;
    Ok((PathBuf::from(file), found.contents().to_vec()))
}
