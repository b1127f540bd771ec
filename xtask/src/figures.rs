//! `cargo xtask figures`: draws all figures into a folder, for inspection, and updates their stored
//! hashes.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;

use crate::packages::status;
use crate::step::cargo;

/// Draw the gallery and the figures of the published experiments, and update their stored hashes.
///
/// The figures are written as SVG, PNG and HTML; look at them before committing the new hashes.
#[derive(Args)]
pub(crate) struct FigureOptions {
    /// Folder to write to
    #[arg(value_name = "FOLDER", default_value = "target/figures")]
    folder: PathBuf,
}

/// Figures shown in the README and in the documentation.
const SHOWN: [&str; 5] = [
    "xor-2-regions",
    "rbf-bias-3-loss-surface",
    "sine-classes-4-regions",
    "rbf-weights-6-projection",
    "gaussians-2-density",
];

fn copy(folder: &Path, root: &Path) -> Result<(), String> {
    SHOWN.iter().try_for_each(|name| {
        let file = format!("{name}.svg");
        let (from, to) = (root.join(folder).join(&file), root.join("pictures").join(&file));
        std::fs::copy(&from, &to)
            .map(drop)
            .map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
    })
}

pub(crate) fn run(options: &FigureOptions, root: &Path) -> ExitCode {
    let mut draw = Command::new(cargo());
    draw.args(["run", "--quiet", "--package", "chainrule-figures", "--example", "gallery", "--"]);
    draw.arg(&options.folder).current_dir(root);
    let mut store = Command::new(cargo());
    store.args(["test", "--package", "chainrule-figures", "--test", "drawings", "pictures_look_as_they_did"]);
    store.env("CHAINRULE_UPDATE_PICTURES", "1").current_dir(root);
    let done = status(&mut draw).and_then(|()| copy(&options.folder, root)).and_then(|()| status(&mut store));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}
