//! `[fit]`: the outputs of `chainrule fit` and other options besides training.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use chainrule_model::path_from_text;

use crate::Error;
use crate::checkpoint_interval::CheckpointInterval;
use crate::origin::Origin;
use crate::section::Section;
use crate::text_file::{parent, read_text};
use crate::tree::Tree;

/// The settings of `[fit]`. Paths in a TOML file are relative to its folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FitPlan {
    /// `output`: path of the model; by default that of the table with the extension `.safetensors`.
    pub output: Option<PathBuf>,
    /// `report`: path of an HTML report; none by default.
    pub report: Option<PathBuf>,
    /// `test`: path of a table to evaluate the model on; none by default.
    pub test: Option<PathBuf>,
    /// `runs`: folder in which a run folder is written; none by default.
    pub runs: Option<PathBuf>,
    /// `folds`: number of cross-validation folds; the model has one network per fold. By default a
    /// single network is trained.
    pub folds: Option<usize>,
    /// `checkpoint_interval`: interval between checkpoints; 30 seconds by default.
    pub checkpoint_interval: Option<CheckpointInterval>,
}

/// Allowed numbers of folds.
const FOLDS: RangeInclusive<i64> = 2..=100;

impl FitPlan {
    /// Reads `[fit]` of a TOML file, if one is given, and applies `sets`.
    ///
    /// Notes about renamed keys are those of the [opened experiment](crate::OpenedFit::open).
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or a setting is invalid.
    pub fn open(config: Option<&Path>, sets: &[String]) -> Result<FitPlan, Error> {
        let path = config.unwrap_or(Path::new("fit"));
        let text = config.map(read_text).transpose()?.unwrap_or_default();
        let notes = &mut Vec::new();
        let mut tree = Tree::parse(&text, path, notes)?;
        sets.iter().try_for_each(|set| tree.set(set, Origin::Argument, notes))?;
        FitPlan::read(&Section::top(&tree, Origin::file(path)), parent(path))
    }

    /// Reads `[fit]` of a file in `folder`.
    pub(crate) fn read(top: &Section<'_>, folder: &Path) -> Result<FitPlan, Error> {
        let section = top.section("fit")?;
        let file = |key| Ok::<_, Error>(section.text(key)?.map(|file| folder.join(path_from_text(&file))));
        let folds = section.whole("folds", FOLDS, "a whole number from 2 to 100")?.map(|k| k as usize);
        let interval = if section.is_text("checkpoint_interval") {
            section.text("checkpoint_interval")?
        } else {
            section.number("checkpoint_interval")?.map(|seconds| seconds.to_string())
        };
        let allowed = "a number of seconds (30), a number of epochs (\"10 epochs\") or \"never\"";
        let interval = interval.map(|text| text.parse()).transpose();
        let checkpoint_interval = interval.map_err(|_| section.refuse("checkpoint_interval", allowed))?;
        let plan = FitPlan {
            output: file("output")?,
            report: file("report")?,
            test: file("test")?,
            runs: file("runs")?,
            folds,
            checkpoint_interval,
        };
        section.finish()?;
        Ok(plan)
    }
}
