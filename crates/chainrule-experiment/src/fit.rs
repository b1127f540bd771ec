//! `chainrule fit`: experiments for a table with default settings that suit it, and the models that
//! they train.

use std::path::Path;

use chainrule::network::Network;
use chainrule::network::loss::Loss;
use chainrule::train::{Ending, History};
use chainrule_model::{Member, Model, Score, Trained, TrainedEpoch};
use chainrule_table::{Target, TargetScaling, Task};
use toml_edit::DocumentMut;

use crate::Error;
use crate::builtin::BaseFolder;
use crate::data::DataPlan;
use crate::experiment::{Experiment, Variant};
use crate::origin::Origin;
use crate::outcome::Outcome;
use crate::section::Section;
use crate::table::column_names;
use crate::text_file::{parent, read_text};
use crate::tree::Tree;

/// Number of batches per epoch, subject to the bounds on the batch size.
const N_BATCHES: usize = 50;
const MIN_BATCH: usize = 16;
const MAX_BATCH: usize = 512;

/// Returns the default settings for a table with `n_rows` rows, as TOML.
///
/// | setting | value | reason |
/// |---|---|---|
/// | network | two hidden layers of 64 SiLU units, dropout rate 0.1 | wide enough for most tables of up to millions of rows, and small enough to train in seconds |
/// | optimizer | AdamW with weight decay 0.1, learning rate 0.002 with cosine decay | needs hardly any tuning |
/// | batch | a fiftieth of the rows, rounded up to a power of two, from 16 to 512 | enough steps per epoch for small tables, fast epochs for large ones |
/// | stopping | patience of 40 epochs on the validation loss | the weights of the best epoch are kept |
///
/// They were chosen on ten splits of five scikit-learn tables, among ReLU, tanh and SiLU, three
/// learning rates, and with and without dropout and weight decay.
fn defaults(task: Task, n_outputs: usize, n_rows: usize) -> String {
    let (loss, metric) = match task {
        Task::Classification if n_outputs > 1 => ("cross_entropy", "accuracy"),
        Task::Classification | Task::Multilabel => ("binary_cross_entropy", "accuracy"),
        Task::Regression => ("squared_error", "r2"),
    };
    let batch = (n_rows / N_BATCHES).next_power_of_two().clamp(MIN_BATCH, MAX_BATCH);
    format!(
        r#"precision = "f32"
[network]
hidden = [64, 64]
activation = "silu"
dropout = 0.1
[train]
loss = "{loss}"
epochs = 400
batch = {batch}
optimizer = {{ name = "adamw", weight_decay = 0.1 }}
learning_rate = 0.002
schedule = "cosine"
validation_fraction = 0.2
metrics = ["{metric}"]
track_dead_units = "never"
[train.stopping]
patience = 40
"#
    )
}

/// Returns the default of a training setting of `chainrule fit`, if it does not depend on the table:
/// `0.002` for `learning_rate`.
pub fn fit_default(setting: &str) -> Option<String> {
    // These depend on the number of rows, and on the task.
    if ["batch", "metrics"].contains(&setting) {
        return None;
    }
    let defaults: DocumentMut = defaults(Task::Regression, 1, 0).parse().expect("the defaults are TOML");
    let mut value = defaults.get("train")?;
    for key in setting.split('.') {
        value = value.get(key)?;
    }
    let name = value.get("name").unwrap_or(value);
    Some(name.as_str().map_or_else(|| name.to_string().trim().to_owned(), str::to_owned))
}

impl Experiment {
    /// Creates an experiment for a table from the TOML file `config`, if given, and `sets`.
    /// Settings that neither specifies get default values that suit the table, which is read for
    /// this.
    ///
    /// `progress` receives the number of bytes read and the total.
    ///
    /// # Errors
    /// Returns the errors of [`Experiment::open`]; [`Error::NoTable`] or [`Error::NoTarget`] if
    /// `data.table` or `data.target` is missing; an error if the table cannot be read or the file
    /// has variants.
    pub fn fit(
        config: Option<&Path>,
        sets: &[String],
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Experiment, Error> {
        let path = config.unwrap_or(Path::new("fit"));
        let text = config.map(read_text).transpose()?.unwrap_or_default();
        let mut notes = Vec::new();
        let settings = Tree::parse(&text, path, &mut notes)?;
        Experiment::fit_settings(settings, path, sets, notes, progress)
    }

    /// Does the same as [`Experiment::fit`] with the settings of a checkpoint as TOML. Paths in
    /// them are relative to the folder of `path`. There are no notes about renamed keys in `text`,
    /// because no user wrote it.
    ///
    /// # Errors
    /// Returns the errors of [`Experiment::fit`].
    pub fn fit_text(
        text: &str,
        path: &Path,
        sets: &[String],
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Experiment, Error> {
        let settings = Tree::parse(text, path, &mut Vec::new())?;
        Experiment::fit_settings(settings, path, sets, Vec::new(), progress)
    }

    fn fit_settings(
        mut settings: Tree,
        path: &Path,
        sets: &[String],
        mut notes: Vec<String>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Experiment, Error> {
        sets.iter().try_for_each(|set| settings.set(set, Origin::Argument, &mut notes))?;
        let top = Section::top(&settings, Origin::file(path));
        for key in ["document", "claim", "variant"] {
            if top.has(key) {
                let problem =
                    "cannot be used with `chainrule fit`, which trains a single model; use `chainrule run`";
                return Err(top.misplaced(key, problem));
            }
        }
        let title = top.text("title")?.unwrap_or_default();
        for key in ["title", "figure", "fit"] {
            settings.remove(key);
        }
        let folder = BaseFolder::Disk(parent(path));
        let (data, loss) = {
            let top = Section::top(&settings, Origin::file(path));
            let section = top.section("data")?;
            check_table(&section, folder)?;
            let loss =
                top.section("train")?.choice("loss")?.map(|choice| choice.make(Loss::new)).transpose()?;
            (DataPlan::read(&section, folder)?, loss)
        };
        let table = data.usable_table(progress)?.expect("the samples come from a table");
        let task = data.task(loss.as_ref())?.expect("the samples come from a table");
        let rows: Vec<usize> = (0..table.n_rows()).collect();
        let target =
            Target::fit(&table, rows[..].into(), data.targets(), Some(task), TargetScaling::Standard)?;
        let holds_out =
            Section::top(&settings, Origin::file(path)).section("train")?.number("validation_fraction")?;
        let mut defaults = defaults(task, target.n_outputs(), table.n_rows());
        if holds_out == Some(0.0) {
            // Without validation rows, the number of epochs is fixed.
            defaults.truncate(defaults.find("[train.stopping]").unwrap_or(defaults.len()));
        }
        let mut tree = Tree::parse(&defaults, Path::new("defaults"), &mut Vec::new())?;
        tree.overlay(&settings);
        let mut variant = Variant::read(String::new(), tree, path, folder)?;
        // This plan has read the table already.
        variant.data = data;
        let name =
            variant.data.file().and_then(Path::file_stem).unwrap_or_default().to_string_lossy().into_owned();
        Ok(Experiment {
            name,
            title,
            document: None,
            variants: vec![variant],
            claims: Vec::new(),
            figures: Vec::new(),
            notes,
        })
    }
}

/// Checks that `[data]` has a table and a target column.
fn check_table(section: &Section<'_>, folder: BaseFolder<'_>) -> Result<(), Error> {
    let Some(file) = section.text("table")? else {
        if section.has("generator") {
            let problem = "cannot be used with `chainrule fit`, which trains on a table; use `chainrule run`, or \
                           replace it with data.table";
            return Err(section.misplaced("generator", problem));
        }
        return Err(Error::NoTable);
    };
    if section.texts("target")?.is_none_or(|targets| targets.is_empty()) {
        let file = folder.find(&file);
        let columns = column_names(section, &file)?;
        return Err(Error::NoTarget { path: file.path, columns });
    }
    Ok(())
}

/// A model, opened as the experiment that trained it.
#[derive(Clone, Debug)]
pub struct OpenedModel {
    /// Experiment with one variant, whose initial network is that of the model and whose samples
    /// are all rows of the table.
    pub experiment: Experiment,
    /// Training history, as far as the model file records it.
    pub history: History,
}

impl Experiment {
    /// Opens a model as the experiment that trained it, with the first of its networks. The samples
    /// are those of `data`, or else of the table that it was trained on, encoded by the model's
    /// encoders.
    ///
    /// # Errors
    /// Returns an error if the model's settings are missing or invalid.
    pub fn of_model(model: &Model, path: &Path, data: Option<&Path>) -> Result<OpenedModel, Error> {
        let member = &model.members[0];
        let tree = Tree::parse(&model.trained.settings, path, &mut Vec::new())?;
        let mut variant = Variant::read(String::new(), tree, path, BaseFolder::Disk(parent(path)))?;
        let table = data.unwrap_or(&model.trained.data).to_owned();
        variant.data = variant.data.encoded_by(member.encoders.clone(), table);
        let network = Network::new(member.architecture.clone(), member.parameters.clone());
        variant.given = Some(network.expect("checked when the model was read"));
        let epoch = |epoch: &TrainedEpoch| chainrule::train::Epoch {
            epoch: epoch.epoch,
            loss: epoch.loss,
            validation_loss: epoch.validation_loss,
            metrics: Vec::new(),
            learning_rate: 0.0,
            gradient_norm: Vec::new(),
            dead: Vec::new(),
            saturated: Vec::new(),
            seconds: 0.0,
        };
        let epochs = if model.members.len() == 1 { &model.trained.history[..] } else { &[] };
        let history = History { epochs: epochs.iter().map(epoch).collect(), warnings: Vec::new() };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let experiment = Experiment {
            name,
            title: String::new(),
            document: None,
            variants: vec![variant],
            claims: Vec::new(),
            figures: Vec::new(),
            notes: Vec::new(),
        };
        Ok(OpenedModel { experiment, history })
    }
}

impl Experiment {
    /// Turns an experiment with one network into one with `k` networks, called `fold-1` and so on,
    /// each of which holds out one of `k` folds of the table's rows.
    ///
    /// # Errors
    /// Returns the errors of [`Variant::with`].
    ///
    /// # Panics
    /// Panics if the experiment has no network.
    pub fn in_folds(mut self, k: usize) -> Result<Experiment, Error> {
        let variant = self.variants.swap_remove(0);
        let fold = |fold| {
            let variant = variant.with(&[&format!("data.fold=[{fold}, {k}]")])?;
            Ok(Variant { name: Experiment::fold_name(fold), ..variant })
        };
        self.variants = (1..=k).map(fold).collect::<Result<_, Error>>()?;
        Ok(self)
    }

    /// Returns the name of the variant of a fold, counted from 1.
    pub fn fold_name(fold: usize) -> String {
        format!("fold-{fold}")
    }
}

impl Variant {
    /// Returns a copy with changed settings (`network.hidden=[]`) that shares the table.
    ///
    /// # Errors
    /// Returns the errors of [`Experiment::open`] for `--set`.
    pub fn with(&self, sets: &[&str]) -> Result<Variant, Error> {
        let mut tree = self.tree.clone();
        sets.iter().try_for_each(|set| tree.set(set, Origin::Set, &mut Vec::new()))?;
        let folder = BaseFolder::Disk(Path::new(""));
        let mut variant = Variant::read(self.name.clone(), tree, Path::new("fit"), folder)?;
        variant.data = variant.data.sharing(&self.data);
        Ok(variant)
    }
}

impl Outcome {
    /// Returns the trained model, if the samples come from a table.
    pub fn model(&self, variant: &Variant) -> Option<Model> {
        let from = self.samples.from_table.as_ref()?;
        let member = Member {
            encoders: from.encoders.clone(),
            architecture: self.architecture.clone(),
            parameters: self.parameters.clone(),
        };
        let epoch = |epoch: &chainrule::train::Epoch| TrainedEpoch {
            epoch: epoch.epoch,
            loss: epoch.loss,
            validation_loss: epoch.validation_loss,
        };
        let trained = Trained {
            settings: variant.settings(),
            data: from.table.path.clone(),
            fingerprint: self.samples.fingerprint().to_owned(),
            date: chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            seconds: self.seconds,
            ending: match &self.ending {
                Ok(Ending::Completed) => "completed".to_owned(),
                Ok(Ending::Stopped) => "stopped early".to_owned(),
                Ok(Ending::Cancelled) => "cancelled".to_owned(),
                Err(error) => error.to_string(),
            },
            rows: [from.rows[0].len(), from.rows[1].len()],
            scores: Vec::new(),
            history: self.history.epochs.iter().map(epoch).collect(),
        };
        Some(Model { members: vec![member], loss: self.loss.clone(), precision: self.precision, trained })
    }
}

/// Combines the models of several folds into one that averages their predictions.
///
/// # Panics
/// Panics if `models` is empty.
pub fn ensemble(models: Vec<Model>) -> Model {
    let mut models = models.into_iter();
    let mut first = models.next().expect("there is at least one model");
    for model in models {
        first.members.extend(model.members);
        first.trained.history.extend(model.trained.history);
        first.trained.seconds += model.trained.seconds;
    }
    first
}

/// Returns the scores of a part of the rows (`validation`) from the values of metrics; values that
/// are not finite are left out.
pub fn scores(part: &str, metrics: &[(&str, f64)]) -> Vec<Score> {
    let score = |(metric, value): &(&str, f64)| Score {
        part: part.to_owned(),
        metric: (*metric).to_owned(),
        value: *value,
    };
    metrics.iter().filter(|(_, value)| value.is_finite()).map(score).collect()
}
