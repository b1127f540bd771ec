//! Options of a fit, and the settings that they stand for.

use std::path::PathBuf;

use chainrule_table::Task;

use crate::checkpoint_interval::CheckpointInterval;
use crate::table_source::TableSource;

/// Options of a fit; the default of each is the setting of [`config`](FitOptions::config), or else
/// one that suits the table.
#[derive(Clone, Debug, Default)]
pub struct FitOptions {
    /// Target columns.
    pub target: Vec<String>,
    /// Task; by default it is derived from the target columns.
    pub task: Option<Task>,
    /// Number of units of each hidden layer; an empty list gives a linear model.
    pub hidden: Option<Vec<usize>>,
    /// Maximum number of epochs.
    pub epochs: Option<u64>,
    /// Seed of the split, the initial weights and the shuffling.
    pub seed: Option<u32>,
    /// All other settings by their TOML key: `train.learning_rate=0.01`. They override the fields
    /// above.
    pub sets: Vec<String>,
    /// TOML file with settings, which all others override.
    pub config: Option<PathBuf>,
    /// Table to test the model on; its rows are never trained on.
    pub test: Option<TableSource>,
    /// Number of cross-validation folds; the model averages one network per fold.
    pub folds: Option<usize>,
    /// Folder for checkpoints, which are removed when training is completed; none by default.
    pub checkpoints: Option<PathBuf>,
    /// Interval between checkpoints.
    pub checkpoint_interval: Option<CheckpointInterval>,
    /// Checkpoint, or folder of checkpoints, to resume from; its settings take the place of
    /// [`config`](FitOptions::config) and [`folds`](FitOptions::folds).
    pub resume: Option<PathBuf>,
}

impl FitOptions {
    /// Returns the settings, as `KEY=VALUE` in TOML, for a table.
    pub(super) fn settings(&self, table: Option<&TableSource>) -> Vec<String> {
        let texts = |texts: &[String]| {
            let texts: Vec<String> = texts.iter().map(|item| text(item)).collect();
            format!("[{}]", texts.join(", "))
        };
        let task = |task: Task| {
            let known = Task::ALL.iter().find(|(_, known)| *known == task);
            text(known.map_or("auto", |(name, _)| name))
        };
        let typed = [
            ("data.table", table.map(|table| text(&table.setting()))),
            ("data.target", (!self.target.is_empty()).then(|| texts(&self.target))),
            ("data.task", self.task.map(task)),
            ("data.seed", self.seed.map(|seed| seed.to_string())),
            ("network.hidden", self.hidden.as_ref().map(|units| format!("{units:?}"))),
            ("train.epochs", self.epochs.map(|epochs| epochs.to_string())),
        ];
        let typed = typed.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?)));
        typed.chain(self.sets.iter().cloned()).collect()
    }
}

/// Quotes a text as TOML.
fn text(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}
