//! The experiments that come with the program: the files of `experiments/`, embedded.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

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

/// Where an experiment looks for the files that it names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Beside<'a> {
    /// Among those that come with the program.
    Program,
    /// In this folder, and where there is none, among those that come with the program.
    Folder(&'a Path),
}

/// A file that an experiment names: its path, and what is in it where it comes with the program.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) path: PathBuf,
    pub(crate) built_in: Option<&'static [u8]>,
}

impl Beside<'_> {
    pub(crate) fn find(self, file: &str) -> Named {
        let built_in = FILES.get_file(file).map(include_dir::File::contents);
        match self {
            Beside::Folder(folder) if built_in.is_none() || folder.join(file).exists() => {
                Named { path: folder.join(file), built_in: None }
            }
            _ => Named { path: PathBuf::from(file), built_in },
        }
    }
}
