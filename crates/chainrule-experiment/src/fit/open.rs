//! The first stages of a fit: the settings and the table are read, and the samples are prepared.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainrule_table::Table;

use super::defaults::FitSettings;
use super::options::FitOptions;
use super::plan::FitPlan;
use super::progress::FitProgress;
use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::checkpoint_interval::CheckpointInterval;
use crate::checkpoints::Checkpoints;
use crate::experiment::Experiment;
use crate::prepare::PreparedTraining;
use crate::table::{Remark, TableSamples};
use crate::table_source::TableSource;
use crate::text_file::read_text;
use crate::tree::Tree;

/// A fit whose settings and table have been read.
#[derive(Clone, Debug)]
pub struct OpenedFit {
    /// Experiment with one network, or one for each fold.
    pub experiment: Experiment,
    /// `[fit]` of the TOML file: outputs and other options besides training.
    pub plan: FitPlan,
    /// Rows of the table that have a target and a positive weight.
    pub table: Arc<Table>,
    pub(super) test: Option<TableSource>,
    /// Settings as `KEY=VALUE`.
    sets: Vec<String>,
    resume: Option<PathBuf>,
}

/// A fit whose samples are encoded and split, ready to train.
#[derive(Clone, Debug)]
pub struct PreparedFit {
    /// The fit.
    pub opened: OpenedFit,
    /// Samples and initial network; with folds, those of the first one.
    pub network: PreparedTraining,
    /// What was assumed about the table, converted or left out.
    pub remarks: Vec<Remark>,
}

impl OpenedFit {
    /// Reads the settings and the table. Without `table`, `data.table` of the settings specifies
    /// its file.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read or a setting is invalid, [`Error::NoTable`] or
    /// [`Error::NoTarget`] if there is no table or no target column, and [`Error::OneFold`] if only
    /// one of several folds would be resumed.
    pub fn open(
        table: Option<&TableSource>,
        options: &FitOptions,
        progress: &mut dyn FitProgress,
    ) -> Result<OpenedFit, Error> {
        let sets = options.settings(table);
        let config = options.config.as_deref().filter(|_| options.resume.is_none());
        let plan = FitPlan::open(config, &sets)?;
        let in_memory = table.map(TableSource::in_memory).transpose()?.flatten();
        let file = table.map_or(Path::new(""), TableSource::path);
        let mut reading = |done, total| progress.reading(file, done, total);
        let (experiment, folds) = if let Some(resume) = &options.resume {
            let checkpoint = Checkpoint::open(resume)?;
            let path = checkpoint.path.as_path();
            // No user wrote the settings, so there are no notes about renamed keys.
            let tree = Tree::parse(&checkpoint.settings, path, &mut Vec::new())?;
            let settings = FitSettings { tree, path, notes: Vec::new(), sets: &sets, table: in_memory };
            let experiment = settings.experiment(&mut reading)?;
            let folds = resumed_folds(&experiment, path, resume)?;
            (experiment, folds)
        } else {
            let path = config.unwrap_or(Path::new("fit"));
            let text = config.map(read_text).transpose()?.unwrap_or_default();
            let mut notes = Vec::new();
            let tree = Tree::parse(&text, path, &mut notes)?;
            let settings = FitSettings { tree, path, notes, sets: &sets, table: in_memory };
            (settings.experiment(&mut reading)?, options.folds.or(plan.folds))
        };
        let experiment = match folds {
            Some(k) => experiment.in_folds(k)?,
            None => experiment,
        };
        let data = &experiment.variants[0].data;
        let table = data.usable_table(&mut |_, _| ())?.expect("the data of a fit are a table");
        let test = options.test.clone().or(plan.test.clone().map(TableSource::File));
        Ok(OpenedFit { experiment, plan, table, test, sets, resume: options.resume.clone() })
    }

    /// Returns the checkpoints of the training runs: in `folder`, or in the folder to resume from.
    ///
    /// # Errors
    /// Returns the errors of [`Checkpoints::resume_from`].
    pub fn checkpoints(&self, folder: &Path, interval: CheckpointInterval) -> Result<Checkpoints, Error> {
        self.experiment.checkpoints(folder, interval, self.resume.as_deref(), &self.sets)
    }

    /// Splits and encodes the rows and draws the initial weights; with folds, those of the first.
    ///
    /// # Errors
    /// Returns the errors of [`Variant::prepare`](crate::Variant::prepare).
    pub fn prepare(self) -> Result<PreparedFit, Error> {
        let network = self.experiment.variants[0].prepare()?;
        let from = network.samples.of_fit();
        let mut remarks = from.remarks.clone();
        remarks.extend(few_rows(from.rows[0].len(), network.architecture.n_parameters()));
        Ok(PreparedFit { opened: self, network, remarks })
    }
}

impl PreparedFit {
    /// Returns the table with its encoders and its split.
    pub fn from_table(&self) -> &TableSamples {
        self.network.samples.of_fit()
    }
}

impl Experiment {
    /// Returns checkpoints in the folder `resume`, if it is one, or else in `folder`. With
    /// `resume`, the training runs resume from the checkpoints there; `sets` are the settings of
    /// the user, which may differ from those of the checkpoints.
    ///
    /// # Errors
    /// Returns the errors of [`Checkpoints::resume_from`].
    pub fn checkpoints(
        &self,
        folder: &Path,
        interval: CheckpointInterval,
        resume: Option<&Path>,
        sets: &[String],
    ) -> Result<Checkpoints, Error> {
        let folder = resume.filter(|path| path.is_dir()).unwrap_or(folder);
        let checkpoints = Checkpoints::new(folder, interval);
        match resume {
            Some(path) => checkpoints.resume_from(path, self, sets),
            None => Ok(checkpoints),
        }
    }
}

/// Returns the number of folds of the training that a checkpoint belongs to, if it has folds.
fn resumed_folds(experiment: &Experiment, checkpoint: &Path, resume: &Path) -> Result<Option<usize>, Error> {
    // Each fold has a folder of its own within the folder of all folds.
    let own = checkpoint.parent().unwrap_or(Path::new(""));
    let fold = experiment.variants[0].data.fold();
    let fold = fold.filter(|[k, _]| own.ends_with(Experiment::fold_name(*k)));
    if let (Some([fold, n_folds]), Some(all)) = (fold, own.parent().filter(|all| *all != resume)) {
        let (path, all) = (resume.to_owned(), all.to_owned());
        return Err(Error::OneFold { path, fold, n_folds, all });
    }
    Ok(fold.map(|[_, n_folds]| n_folds))
}

/// Number of parameters per training row above which there is a warning for a small table.
const MAX_PARAMETERS_PER_ROW: usize = 10;
/// Number of training rows below which a table is small.
const FEW_ROWS: usize = 50;

/// Returns a warning if a large network has few training rows.
fn few_rows(n_rows: usize, n_parameters: usize) -> Option<Remark> {
    (n_rows < FEW_ROWS && n_parameters > MAX_PARAMETERS_PER_ROW * n_rows).then(|| Remark {
        is_warning: true,
        text: format!(
            "{n_rows} training rows are few for {n_parameters} parameters; use a smaller network (--hidden 8), and \
             cross-validation (--folds 5) to assess it"
        ),
    })
}
