//! The built-in experiments: the files of `experiments/`, embedded in the program.

use std::path::{Path, PathBuf};

use chainrule_model::path_from_text;
use include_dir::{Dir, include_dir};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../experiments");

/// Returns the names of the built-in experiments.
pub fn names() -> Vec<String> {
    let stem = |file: &include_dir::File<'_>| {
        let toml = file.path().extension().is_some_and(|extension| extension == "toml");
        toml.then(|| file.path().file_stem().expect("a file has a name").to_string_lossy().into_owned())
    };
    let mut names: Vec<String> = FILES.files().filter_map(stem).collect();
    names.sort();
    names
}

/// Returns the text of the built-in experiment called `name`.
pub fn text(name: &str) -> Option<&'static str> {
    FILES.get_file(format!("{name}.toml"))?.contents_utf8()
}

/// Folder to which the paths in an experiment are relative.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BaseFolder<'a> {
    /// The embedded folder `experiments/`.
    BuiltIn,
    /// A folder on disk; embedded files are the fallback.
    Disk(&'a Path),
}

/// A file named in an experiment.
#[derive(Clone, Debug)]
pub(crate) struct InputFile {
    pub(crate) path: PathBuf,
    /// Contents of an embedded file.
    pub(crate) built_in: Option<&'static [u8]>,
}

impl BaseFolder<'_> {
    pub(crate) fn find(self, file: &str) -> InputFile {
        let path = path_from_text(file);
        let built_in = FILES.get_file(file).map(include_dir::File::contents);
        match self {
            BaseFolder::Disk(folder) if built_in.is_none() || folder.join(&path).exists() => {
                InputFile { path: folder.join(path), built_in: None }
            }
            _ => InputFile { path, built_in },
        }
    }
}
