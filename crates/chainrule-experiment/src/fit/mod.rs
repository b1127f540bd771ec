//! Fits: a network is trained on a table with settings that suit it, joined into a model with its
//! encoders, and assessed.
//!
//! [`fit`] does all of it. Its stages are [`OpenedFit::open`], which reads the settings and the
//! table, [`OpenedFit::prepare`], [`PreparedFit::train`] and [`TrainedFit::assess`].

mod assess;
mod defaults;
mod fitted;
mod open;
mod options;
pub(crate) mod plan;
mod progress;
mod score_table;
mod summary;
mod train;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

pub use assess::{Comparison, FoldMetrics, ReferencePredictor, Scores, Spread};
pub use defaults::fit_default;
pub use fitted::Fitted;
pub use open::{OpenedFit, PreparedFit};
pub use options::FitOptions;
pub use plan::FitPlan;
pub use progress::{AssessmentStep, FitProgress};
pub use score_table::ScoreTable;
pub use summary::{
    FitSummary, IgnoredColumn, ImportanceSummary, MetricValue, PlanSummary, RowCounts, TableSummary,
    TrainingSummary,
};
pub use train::TrainedFit;

use crate::Error;
use crate::checkpoint_interval::CheckpointInterval;
use crate::table_source::TableSource;

/// Trains a network on a table, with default settings that suit it, and assesses the model.
///
/// When `cancel` is set, training ends with the weights of the best epoch so far, and the result
/// has the metrics of this model. Its checkpoints remain. Divergence is recorded in the outcomes.
///
/// ```
/// use std::sync::atomic::AtomicBool;
///
/// use chainrule_experiment::{FitOptions, fit};
/// use chainrule_table::{Column, Table, Values};
///
/// let x: Vec<f64> = (0..60).map(|i| f64::from(i) / 30.0 - 1.0).collect();
/// let y = x.iter().map(|x| x.sin()).collect();
/// let table = Table::new(vec![Column::new("x", Values::Numbers(x)), Column::new("y", Values::Numbers(y))]);
/// let options =
///     FitOptions { target: vec!["y".to_owned()], hidden: Some(vec![8]), seed: Some(1), ..FitOptions::default() };
/// let fitted = fit(table, &options, &mut (), &AtomicBool::new(false))?;
/// let [x, y] = ["x", "y"].map(|name| fitted.summary().table.inputs.iter().any(|input| input.column == name));
/// assert!(x && !y && fitted.model.trained.scores.iter().any(|score| score.part == "validation"));
/// # Ok::<(), chainrule_experiment::Error>(())
/// ```
///
/// # Errors
/// Returns an error if the table, the test table or a checkpoint cannot be used, or if a setting is
/// invalid.
pub fn fit(
    table: impl Into<TableSource>,
    options: &FitOptions,
    progress: &mut dyn FitProgress,
    cancel: &AtomicBool,
) -> Result<Fitted, Error> {
    let opened = OpenedFit::open(Some(&table.into()), options, progress)?;
    opened.experiment.notes.iter().for_each(|note| progress.note(note));
    let interval = options.checkpoint_interval.or(opened.plan.checkpoint_interval).unwrap_or_default();
    let mut checkpoints = match (&options.checkpoints, &options.resume) {
        (None, None) => None,
        (Some(folder), _) => Some(opened.checkpoints(folder, interval)?),
        (None, Some(from)) if from.is_dir() => Some(opened.checkpoints(from, interval)?),
        (None, Some(from)) => Some(opened.checkpoints(from, CheckpointInterval::Never)?),
    };
    let prepared = opened.prepare()?;
    let trained = prepared.train(&BTreeSet::new(), checkpoints.as_mut(), progress, cancel)?;
    let fitted = trained.assess(progress, cancel)?;
    if let Some(checkpoints) = checkpoints.filter(|_| !fitted.is_cancelled) {
        checkpoints.remove();
    }
    Ok(fitted)
}
