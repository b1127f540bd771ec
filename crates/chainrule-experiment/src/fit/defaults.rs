//! The experiment of a fit: the settings of the user over default settings that suit the table.

use std::path::Path;
use std::sync::Arc;

use chainrule::network::loss::{Link, Loss};
use chainrule::train::solver::Solver;
use chainrule_table::{Table, Target, TargetScaling, Task};
use toml_edit::DocumentMut;

use crate::Error;
use crate::builtin::BaseFolder;
use crate::data::DataPlan;
use crate::experiment::{Experiment, Variant};
use crate::origin::Origin;
use crate::section::Section;
use crate::table::column_names;
use crate::text_file::parent;
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
///
/// With a solver other than the optimizer, the settings of the optimizer are replaced by a full batch
/// without dropout, an L2 penalty of 0.001 and f64, and with Levenberg-Marquardt, whose time per epoch
/// grows with the cube of the number of parameters, the network has one hidden layer of 16 tanh units.
///
/// The metric suits the loss of the user, if one is given.
fn defaults(
    task: Task,
    n_outputs: usize,
    n_rows: usize,
    given_loss: Option<&Loss>,
    solver: &Solver,
) -> String {
    let (loss, mut metric) = match task {
        Task::Classification if n_outputs > 1 => ("cross_entropy", "accuracy"),
        Task::Classification | Task::Multilabel => ("binary_cross_entropy", "accuracy"),
        Task::Regression => ("squared_error", "r2"),
    };
    if given_loss.is_some_and(|loss| matches!(loss.link(), Link::Identity | Link::Exp)) {
        metric = "r2";
    }
    let batch = (n_rows / N_BATCHES).next_power_of_two().clamp(MIN_BATCH, MAX_BATCH);
    let (precision, network, updates, penalty) = if solver.uses_optimizer() {
        let updates = format!(
            "batch = {batch}\noptimizer = {{ name = \"adamw\", weight_decay = 0.1 }}\nlearning_rate = 0.002\n\
             schedule = \"cosine\""
        );
        ("f32", "hidden = [64, 64]\nactivation = \"silu\"\ndropout = 0.1", updates, "")
    } else {
        let network = match solver.name() {
            "levenberg_marquardt" => "hidden = [16]\nactivation = \"tanh\"",
            _ => "hidden = [64, 64]\nactivation = \"silu\"",
        };
        ("f64", network, "batch = \"full\"".to_owned(), "[train.penalty]\nl2 = 0.001\n")
    };
    format!(
        r#"precision = "{precision}"
[network]
{network}
[train]
loss = "{loss}"
epochs = 400
{updates}
validation_fraction = 0.2
metrics = ["{metric}"]
track_dead_units = "never"
{penalty}[train.stopping]
patience = 40
"#
    )
}

/// Settings of the user, and the table in memory, if there is one.
pub(super) struct FitSettings<'s> {
    /// Settings of a file or of a checkpoint.
    pub(super) tree: Tree,
    /// Path of the file; paths in the settings are relative to its folder.
    pub(super) path: &'s Path,
    /// Notes about renamed keys in the file.
    pub(super) notes: Vec<String>,
    /// Settings that override those of the file, as `KEY=VALUE`.
    pub(super) sets: &'s [String],
    /// The table, if it is not read from a file.
    pub(super) table: Option<&'s Arc<Table>>,
}

impl FitSettings<'_> {
    /// Creates the experiment. Settings that are not given get default values that suit the table,
    /// which is read for this.
    ///
    /// `progress` receives the number of bytes read and the total.
    pub(super) fn experiment(self, progress: &mut dyn FnMut(u64, u64)) -> Result<Experiment, Error> {
        let FitSettings { tree: mut settings, path, mut notes, sets, table: in_memory } = self;
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
        let (data, loss, solver) = {
            let top = Section::top(&settings, Origin::file(path));
            let section = top.section("data")?;
            check_table(&section, folder, in_memory)?;
            let train = top.section("train")?;
            let loss = train.choice("loss")?.map(|choice| choice.make(Loss::new)).transpose()?;
            let solver = train.choice("solver")?.map(|choice| choice.make(Solver::new)).transpose()?;
            let solver = solver.unwrap_or_else(Solver::optimizer);
            let data = DataPlan::read(&section, folder)?;
            let data = match in_memory {
                Some(table) => data.with_table(table.clone()),
                None => data,
            };
            (data, loss, solver)
        };
        let table = data.usable_table(progress)?.expect("the samples come from a table");
        let task = data.task(loss.as_ref())?.expect("the samples come from a table");
        let rows: Vec<usize> = (0..table.n_rows()).collect();
        let target =
            Target::fit(&table, rows[..].into(), data.targets(), Some(task), TargetScaling::Standard)?;
        let holds_out =
            Section::top(&settings, Origin::file(path)).section("train")?.number("validation_fraction")?;
        let mut defaults = defaults(task, target.n_outputs(), table.n_rows(), loss.as_ref(), &solver);
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
fn check_table(
    section: &Section<'_>,
    folder: BaseFolder<'_>,
    in_memory: Option<&Arc<Table>>,
) -> Result<(), Error> {
    let Some(file) = section.text("table")? else {
        let other = ["generator", "x", "t"].into_iter().find(|key| section.has(key));
        if let Some(key) = other {
            let problem = "cannot be used with `chainrule fit`, which trains on a table; use `chainrule run`, or \
                           replace it with data.table";
            return Err(section.misplaced(key, problem));
        }
        return Err(Error::NoTable);
    };
    if section.texts("target")?.is_some_and(|targets| !targets.is_empty()) {
        return Ok(());
    }
    if let Some(table) = in_memory {
        let columns = table.names().map(str::to_owned).collect();
        return Err(Error::NoTarget { path: table.path.clone(), columns });
    }
    let file = folder.find(&file);
    let columns = column_names(section, &file)?;
    Err(Error::NoTarget { path: file.path, columns })
}

/// Returns the default of a training setting of `chainrule fit`, if it does not depend on the table:
/// `0.002` for `learning_rate`.
pub fn fit_default(setting: &str) -> Option<String> {
    // These depend on the number of rows, and on the task.
    if ["batch", "metrics"].contains(&setting) {
        return None;
    }
    let defaults: DocumentMut =
        defaults(Task::Regression, 1, 0, None, &Solver::optimizer()).parse().expect("the defaults are TOML");
    let mut value = defaults.get("train")?;
    for key in setting.split('.') {
        value = value.get(key)?;
    }
    let name = value.get("name").unwrap_or(value);
    Some(name.as_str().map_or_else(|| name.to_string().trim().to_owned(), str::to_owned))
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
