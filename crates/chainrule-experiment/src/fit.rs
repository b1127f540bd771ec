//! An experiment for a table of which nobody says more than what to predict: settings that suit it, laid under what is said;
//! and the models that come of it.

use std::path::Path;

use chainrule::network::Network;
use chainrule::network::loss::Loss;
use chainrule::train::{Ending, History};
use chainrule_model::{Member, Model, Score, Trained, TrainedEpoch};
use chainrule_table::{Target, TargetScaling, Task};

use crate::Error;
use crate::builtin::Beside;
use crate::data::DataPlan;
use crate::experiment::{Experiment, Variant, folder, read_text};
use crate::run::Outcome;
use crate::section::Section;
use crate::tree::{self, Tree};

/// Rows of a batch: one in so many of all, within these ends.
const BATCHES: usize = 50;
const BATCH: [usize; 2] = [16, 512];

/// The settings for a table of so many rows, as TOML.
///
/// | setting | value | why |
/// |---|---|---|
/// | network | two hidden layers of 64 silu units, dropout 0.1 | wide enough for most tables of up to millions of rows, and small enough to train in seconds |
/// | optimizer | AdamW with decay 0.1, rate 0.002 falling along a half cosine | needs no tuning to speak of |
/// | batch | a fiftieth of the rows, from 16 to 512 | enough steps in an epoch of few rows, fast ones of many |
/// | stopping | 40 epochs without a better validation loss | the weights of the best epoch are kept |
///
/// Chosen on ten splits of five tables of scikit-learn: relu, tanh and silu, three rates, with dropout and decay and without.
fn defaults(task: Task, n_outputs: usize, n_rows: usize) -> String {
    let (loss, metric) = match task {
        Task::Classification if n_outputs > 1 => ("cross_entropy", "accuracy"),
        Task::Classification | Task::Multilabel => ("binary_cross_entropy", "accuracy"),
        Task::Regression => ("squared_error", "r2"),
    };
    let batch = (n_rows / BATCHES).next_power_of_two().clamp(BATCH[0], BATCH[1]);
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

impl Experiment {
    /// An experiment for a table: `config` is a TOML file, if there is one, `sets` are laid on top of it, and what neither says
    /// is chosen to suit the table, which is read for that.
    ///
    /// `progress` is told how many bytes are read, and of how many.
    ///
    /// # Errors
    /// As [`Experiment::open`]; a table that cannot be read; `data.table` or `data.target` missing; several variants.
    pub fn fit(
        config: Option<&str>,
        sets: &[String],
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Experiment, Error> {
        let path = Path::new(config.unwrap_or("fit"));
        let text = config.map(|_| read_text(path)).transpose()?.unwrap_or_default();
        Experiment::fit_text(&text, path, sets, progress)
    }

    /// As [`Experiment::fit`], from the text of a TOML file; files that it names are looked for beside `path`.
    ///
    /// # Errors
    /// As [`Experiment::fit`].
    pub fn fit_text(
        text: &str,
        path: &Path,
        sets: &[String],
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Experiment, Error> {
        let mut said = Tree::parse(text, path)?;
        sets.iter().try_for_each(|set| said.set(set))?;
        let title = Section::top(&said, tree::file(path)).text("title")?.unwrap_or_default();
        for key in ["title", "figure", "fit"] {
            said.remove(key);
        }
        let beside = Beside::Folder(folder(path));
        let (data, loss) = {
            let top = Section::top(&said, tree::file(path));
            let section = top.section("data")?;
            if !section.has("table") {
                return Err(section.missing("table", "the file of the table"));
            }
            let loss =
                top.section("train")?.choice("loss")?.map(|choice| choice.make(Loss::new)).transpose()?;
            (DataPlan::read(&section, beside)?, loss)
        };
        let table = data.table(progress)?.expect("it has a table");
        let task = data.task(loss.as_ref())?.expect("it has a table");
        let rows: Vec<usize> = (0..table.n_rows()).collect();
        let target = Target::fit(&table, &rows, data.targets(), Some(task), TargetScaling::Standard)?;
        let mut tree =
            Tree::parse(&defaults(task, target.n_outputs(), table.n_rows()), Path::new("defaults"))?;
        tree.overlay(&said);
        let mut variant = Variant::read(String::new(), tree, path, Beside::Folder(folder(path)))?;
        // The table that is read already.
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
        })
    }
}

/// A model as the experiment that trained it, to be looked at.
#[derive(Clone, Debug)]
pub struct OpenedModel {
    /// Its one variant begins with the model's network, and its samples are all rows of the table.
    pub experiment: Experiment,
    /// What is known of the epochs of its training.
    pub history: History,
}

impl Experiment {
    /// A model as the experiment that trained it: the first of its networks, and the samples of `data`, or else of the table
    /// that it was trained on, as its encoders make them.
    ///
    /// # Errors
    /// A model that says nothing of its training, and whatever is wrong with its settings.
    pub fn of_model(model: &Model, path: &Path, data: Option<&Path>) -> Result<OpenedModel, Error> {
        let member = &model.members[0];
        let tree = Tree::parse(&model.trained.settings, path)?;
        let mut variant = Variant::read(String::new(), tree, path, Beside::Folder(folder(path)))?;
        let table = data.unwrap_or(Path::new(&model.trained.data)).to_owned();
        variant.data = variant.data.encoded_by(member.encoders.clone(), table);
        let network = Network::new(member.architecture.clone(), member.parameters.clone());
        variant.given = Some(network.expect("parameters that were checked when they were read"));
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
        };
        Ok(OpenedModel { experiment, history })
    }
}

impl Experiment {
    /// The experiment of one network as that of `k`, called `fold-1` and so on, each with another part of the table's rows held
    /// back.
    ///
    /// # Errors
    /// As [`Variant::with`].
    ///
    /// # Panics
    /// When it has no network.
    pub fn in_folds(mut self, k: usize) -> Result<Experiment, Error> {
        let one = self.variants.swap_remove(0);
        let fold = |fold| {
            let variant = one.with(&[&format!("data.fold=[{fold}, {k}]")])?;
            Ok(Variant { name: Experiment::fold_name(fold), ..variant })
        };
        self.variants = (1..=k).map(fold).collect::<Result<_, Error>>()?;
        Ok(self)
    }

    /// What the variant of a fold is called, of folds counted from 1.
    pub fn fold_name(fold: usize) -> String {
        format!("fold-{fold}")
    }
}

impl Variant {
    /// The same data and training with some settings changed (`network.hidden=[]`).
    ///
    /// # Errors
    /// As [`Experiment::open`] for `--set`.
    pub fn with(&self, sets: &[&str]) -> Result<Variant, Error> {
        let mut tree = self.tree.clone();
        sets.iter().try_for_each(|set| tree.set(set))?;
        let beside = Beside::Folder(Path::new(""));
        let mut variant = Variant::read(self.name.clone(), tree, Path::new("fit"), beside)?;
        variant.data = variant.data.sharing(&self.data);
        Ok(variant)
    }
}

impl Outcome {
    /// The model that the training left, where its samples come from a table.
    ///
    /// `seconds` is how long it took.
    pub fn model(&self, variant: &Variant, seconds: f64) -> Option<Model> {
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
            data: from.table.path.display().to_string(),
            fingerprint: self.samples.fingerprint().to_owned(),
            date: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            seconds,
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

/// The models of several folds as one, which averages what they predict.
///
/// # Panics
/// When there is none.
pub fn ensemble(models: Vec<Model>) -> Model {
    let mut models = models.into_iter();
    let mut first = models.next().expect("at least one model");
    for model in models {
        first.members.extend(model.members);
        first.trained.history.extend(model.trained.history);
        first.trained.seconds += model.trained.seconds;
    }
    first
}

/// A part of the rows and a metric's value on it.
pub fn scores(part: &str, metrics: &[(&str, f64)]) -> Vec<Score> {
    let score = |(metric, value): &(&str, f64)| Score {
        part: part.to_owned(),
        metric: (*metric).to_owned(),
        value: *value,
    };
    metrics.iter().filter(|(_, value)| value.is_finite()).map(score).collect()
}
