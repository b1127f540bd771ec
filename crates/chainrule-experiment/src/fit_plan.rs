//! `[fit]`: what `chainrule fit` does besides training, where nobody says otherwise on the command line.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::checkpoints::CheckpointInterval;
use crate::experiment::{folder, read_text};
use crate::section::Section;
use crate::tree::{self, Tree};

/// What `chainrule fit` does besides training. Files are found from the folder of the TOML file.
///
/// | key | default | purpose |
/// |---|---|---|
/// | `out` | the table's name with `.safetensors` | the model's file |
/// | `report` | none | a report with settings, history and figures |
/// | `test` | none | a table to evaluate on |
/// | `runs` | none | where a run folder is left too |
/// | `folds` | none | so many networks, each with another part of the rows held back, as one model |
/// | `checkpoint` | 30 seconds | how often the whole state is saved |
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the table above says what each is")]
pub struct FitPlan {
    pub out: Option<PathBuf>,
    pub report: Option<PathBuf>,
    pub test: Option<PathBuf>,
    pub runs: Option<PathBuf>,
    pub folds: Option<usize>,
    pub checkpoint: Option<CheckpointInterval>,
}

/// How many folds there may be.
const FOLDS: RangeInclusive<i64> = 2..=100;

impl FitPlan {
    /// `[fit]` of a TOML file, if there is one, with `sets` laid on top.
    ///
    /// # Errors
    /// A file that cannot be read, or says something that makes no sense.
    pub fn open(config: Option<&Path>, sets: &[String]) -> Result<FitPlan, Error> {
        let path = config.unwrap_or(Path::new("fit"));
        let text = config.map(read_text).transpose()?.unwrap_or_default();
        let mut tree = Tree::parse(&text, path)?;
        sets.iter().try_for_each(|set| tree.set(set))?;
        FitPlan::read(&Section::top(&tree, tree::file(path)), folder(path))
    }

    /// Reads `[fit]` of a file in `folder`.
    pub(crate) fn read(top: &Section<'_>, folder: &Path) -> Result<FitPlan, Error> {
        let section = top.section("fit")?;
        let file = |key| Ok::<_, Error>(section.text(key)?.map(|file| folder.join(file)));
        let folds = section.whole("folds", FOLDS, "a whole number from 2 to 100")?.map(|k| k as usize);
        let every = if section.holds_text("checkpoint") {
            section.text("checkpoint")?
        } else {
            section.number("checkpoint")?.map(|seconds| seconds.to_string())
        };
        let allowed = "seconds (30), epochs (\"10 epochs\") or \"never\"";
        let every = every.map(|text| text.parse()).transpose();
        let checkpoint = every.map_err(|_| section.refuse("checkpoint", allowed))?;
        let plan = FitPlan {
            out: file("out")?,
            report: file("report")?,
            test: file("test")?,
            runs: file("runs")?,
            folds,
            checkpoint,
        };
        section.finish()?;
        Ok(plan)
    }
}
