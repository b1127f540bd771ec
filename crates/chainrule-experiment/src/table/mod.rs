//! `[data] table`: samples from the columns of a file, encoded and split into training and
//! validation rows.

mod fitted;
mod options;
mod remarks;
mod split;
mod usable;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chainrule::Dataset;
use chainrule::network::loss::{Link, Loss};
use chainrule::random::RandomState;
use chainrule_table::{
    Column, ColumnHints, ColumnKinds, DateParts, EncoderOptions, Encoders, Ignored, ReadOptions, Scaling,
    Split, Table, Target, TargetScaling, Task, TrainingRows, Values, read, read_csv,
};

pub(crate) use self::fitted::FittedTable;
pub(crate) use self::options::column_names;
use self::options::{kinds, read_options};
pub use self::remarks::Remark;
use self::remarks::column_remarks;
use self::split::{SplitPlan, split_warning};
use self::usable::{UntargetedRows, UsableRows};
use crate::Error;
use crate::builtin::InputFile;
use crate::fingerprint;
use crate::origin::Origin;
use crate::section::Section;

/// Keys of `[data]` that apply only to a table.
pub(crate) const TABLE_KEYS: &[&str] = &[
    "target",
    "group",
    "time",
    "weight",
    "ignore",
    "inputs",
    "split",
    "fold",
    "task",
    "scaling",
    "date_parts",
    "target_scaling",
    "kinds",
    "delimiter",
    "header",
    "decimal",
    "encoding",
    "missing",
    "missing_only",
    "date_format",
    "missing_targets",
    "class_weight",
];

/// A file of columns, and how it is read, encoded and split.
#[derive(Clone, Debug)]
pub(crate) struct TablePlan {
    file: InputFile,
    options: ReadOptions,
    hints: ColumnHints,
    task: Option<Task>,
    encoders: EncoderOptions,
    /// Scaling of regression targets, if set.
    target_scaling: Option<TargetScaling>,
    weight: Option<String>,
    class_weight: ClassWeight,
    /// Origin of the class weights, for errors.
    class_weight_origin: Origin,
    /// Treatment of rows without a target.
    untargeted: UntargetedRows,
    split: SplitPlan,
    /// Fold that is held out, counted from 0, and the number of folds.
    fold: Option<[usize; 2]>,
    /// The model whose encoders encode the table, if any.
    fitted: Option<Arc<FittedTable>>,
    /// The table once it has been read, shared by all variants of an experiment.
    table: Arc<OnceLock<Arc<Table>>>,
    /// The usable rows of the table, once they have been selected.
    usable: Arc<OnceLock<UsableRows>>,
}

/// Weights of the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClassWeight {
    /// Equal weights for all samples.
    None,
    /// `n / (k·n_class)`: equal total weights of the classes.
    Balanced,
}

/// The table that samples come from, with its encoders and its split.
#[derive(Clone, Debug)]
pub struct TableSamples {
    /// The whole table.
    pub table: Arc<Table>,
    /// Encoders, fitted on the training rows.
    pub encoders: Encoders,
    /// Columns that are not used, with the reason.
    pub ignored: Vec<(String, Ignored)>,
    /// Training rows and held-out rows.
    pub rows: [Vec<usize>; 2],
    /// Samples of the training rows.
    pub training: Arc<Dataset<f64>>,
    /// Samples of the held-out rows, if there are any.
    pub validation: Option<Arc<Dataset<f64>>>,
    /// Column of sample weights, if there is one, with the weight of every row of the table; class
    /// weights are not included.
    pub weight: Option<Column>,
    /// What was assumed, converted or left out.
    pub remarks: Vec<Remark>,
}

impl TablePlan {
    /// Reads the keys of `[data]` that apply to a table.
    pub(crate) fn read(section: &Section<'_>, file: InputFile) -> Result<TablePlan, Error> {
        let targets = section.texts("target")?;
        let targets = targets
            .filter(|targets| !targets.is_empty())
            .ok_or_else(|| section.missing("target", "the column to predict, or a list of columns"))?;
        if targets.iter().collect::<HashSet<_>>().len() < targets.len() {
            return Err(section.refuse("target", "a list of distinct columns"));
        }
        let (group, time) = (section.text("group")?, section.text("time")?);
        let weight = section.text("weight")?;
        let mut ignore = section.texts("ignore")?.unwrap_or_default();
        // Weights and groups are inputs only if they are listed as such.
        let inputs = section.texts("inputs")?.unwrap_or_default();
        ignore.extend([&weight, &group].into_iter().flatten().filter(|name| !inputs.contains(name)).cloned());
        let is_random = section.word("split", &[("stratified", false), ("random", true)])?;
        let split = match (group, time) {
            (None, None) if is_random => SplitPlan::Random,
            (None, None) => SplitPlan::Stratified,
            (Some(group), None) => SplitPlan::Group(group),
            (None, Some(time)) => SplitPlan::Time(time),
            (Some(_), Some(_)) => {
                return Err(section.conflict("time", "group", "rows are split either by time or by group"));
            }
        };
        let fold = match section.numbers("fold")?.as_deref() {
            None => None,
            Some([fold, n_folds])
                if fold.fract() == 0.0
                    && n_folds.fract() == 0.0
                    && *fold >= 1.0
                    && *n_folds >= 2.0
                    && fold <= n_folds =>
            {
                Some([*fold as usize - 1, *n_folds as usize])
            }
            Some(_) => {
                let allowed =
                    "two whole numbers, the fold to hold out, counted from 1, and the number of folds";
                return Err(section.refuse("fold", allowed));
            }
        };
        let tasks = Task::ALL.map(|(name, task)| (name, Some(task)));
        let task = section.word("task", &[&[("auto", None)], &tasks[..]].concat())?;
        let scaling = section.word(
            "scaling",
            &[
                ("standard", Scaling::Standard),
                ("robust", Scaling::Robust),
                ("min_max", Scaling::MinMax),
                ("none", Scaling::None),
            ],
        )?;
        let date_parts =
            section.word("date_parts", &[("never", DateParts::Never), ("always", DateParts::Always)])?;
        let target_scaling = section.word(
            "target_scaling",
            &[
                ("auto", None),
                ("standard", Some(TargetScaling::Standard)),
                ("none", Some(TargetScaling::None)),
            ],
        )?;
        let kinds = kinds(section)?;
        Ok(TablePlan {
            file,
            options: ReadOptions { kinds: kinds.clone(), ..read_options(section)? },
            hints: ColumnHints { targets, inputs, ignore, kinds },
            task,
            encoders: EncoderOptions { scaling, date_parts, ..EncoderOptions::default() },
            target_scaling,
            weight,
            class_weight: section
                .word("class_weight", &[("none", ClassWeight::None), ("balanced", ClassWeight::Balanced)])?,
            class_weight_origin: section.origin_of("class_weight"),
            untargeted: section.word(
                "missing_targets",
                &[("drop", UntargetedRows::LeftOut), ("error", UntargetedRows::Refused)],
            )?,
            split,
            fold,
            fitted: None,
            table: Arc::default(),
            usable: Arc::default(),
        })
    }

    /// Returns the table. The first call reads it; `progress` receives the number of bytes read and
    /// the total.
    pub(crate) fn table(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Arc<Table>, Error> {
        if let Some(table) = self.table.get() {
            return Ok(table.clone());
        }
        let table = match (self.fitted.as_deref(), self.file.built_in) {
            (Some(FittedTable { encoders, fingerprint: None }), _) => self.read_as(encoders, progress)?,
            (_, Some(bytes)) => read_csv(&self.file.path, bytes, &self.options)?.into(),
            (_, None) => read(&self.file.path, &self.options, progress)?.into(),
        };
        Ok(self.table.get_or_init(|| table).clone())
    }

    /// Replaces the table with the one at `path`, encoded by a model's encoders.
    pub(crate) fn encoded_by(self, fitted: FittedTable, path: PathBuf) -> TablePlan {
        let file = InputFile { path, built_in: None };
        TablePlan {
            file,
            fitted: Some(Arc::new(fitted)),
            table: Arc::default(),
            usable: Arc::default(),
            ..self
        }
    }

    /// Replaces the file by a table in memory.
    pub(crate) fn with_table(self, table: Arc<Table>) -> TablePlan {
        let file = InputFile { path: table.path.clone(), built_in: None };
        TablePlan { file, table: Arc::new(OnceLock::from(table)), usable: Arc::default(), ..self }
    }

    /// Returns the task: as set, or else derived from the target columns and the loss, if given.
    /// Small counts look like classes, but a loss for regression shows that they are numbers.
    pub(crate) fn task(&self, table: &Table, loss: Option<&Loss>) -> Result<Task, Error> {
        if let Some(task) = self.task {
            return Ok(task);
        }
        let targets = &self.hints.targets;
        if loss.is_some_and(|loss| matches!(loss.link(), Link::Identity | Link::Exp)) {
            let columns = table.columns_named(targets.iter().map(String::as_str))?;
            if columns.iter().all(|column| matches!(column.values, Values::Numbers(_))) {
                return Ok(Task::Regression);
            }
        }
        Ok(Task::find(table, targets, &self.hints.kinds)?)
    }

    /// Returns the rows of the table that have a target and a positive weight. The first call selects
    /// them.
    fn usable(&self, table: &Arc<Table>) -> Result<&UsableRows, Error> {
        if let Some(usable) = self.usable.get() {
            return Ok(usable);
        }
        let rows = UsableRows::select(table, &self.hints.targets, self.weight.as_deref(), self.untargeted)?;
        Ok(self.usable.get_or_init(|| rows))
    }

    /// Returns the rows of the table that have a target and a positive weight.
    pub(crate) fn usable_table(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Arc<Table>, Error> {
        let table = self.table(progress)?;
        Ok(self.usable(&table)?.table.clone())
    }

    /// Returns the target columns.
    pub(crate) fn targets(&self) -> &[String] {
        &self.hints.targets
    }

    /// Shares the table that `other` reads.
    pub(crate) fn sharing(self, other: &TablePlan) -> TablePlan {
        let same_rows = self.hints.targets == other.hints.targets
            && self.weight == other.weight
            && self.untargeted == other.untargeted;
        let usable = if same_rows { other.usable.clone() } else { Arc::default() };
        TablePlan { file: other.file.clone(), table: other.table.clone(), usable, ..self }
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }

    /// Returns the fold that is held out, counted from 1, and the number of folds.
    pub(crate) fn fold(&self) -> Option<[usize; 2]> {
        self.fold.map(|[fold, n_folds]| [fold + 1, n_folds])
    }

    /// Returns the options with which the file is read.
    pub(crate) fn options(&self) -> &ReadOptions {
        &self.options
    }

    /// Returns the training samples. `validation_fraction` of the rows are held out, and `scaling`
    /// is the default scaling of regression targets.
    pub(crate) fn samples(
        &self,
        random: &mut RandomState,
        validation_fraction: Option<f64>,
        loss: &Loss,
        scaling: TargetScaling,
    ) -> Result<(Arc<Dataset<f64>>, TableSamples), Error> {
        let table = self.table(&mut |_, _| ())?;
        let mut split =
            |encoders| self.split_samples(&table, encoders, random, validation_fraction, loss, scaling);
        let Some(fitted) = &self.fitted else { return split(None) };
        if let Some(fingerprint) = &fitted.fingerprint
            && let Ok(samples) = split(Some(&fitted.encoders))
            && fingerprint::of_samples(&samples.0) == *fingerprint
        {
            return Ok(samples);
        }
        // Columns of a changed table can have other formats than in training.
        let is_read = fitted.fingerprint.is_none();
        let table = if is_read { table } else { self.read_as(&fitted.encoders, &mut |_, _| ())? };
        self.all_samples(&table, &fitted.encoders, validation_fraction)
    }

    /// Returns the training samples and the held-out ones, encoded by `encoders`, or else by
    /// encoders that are fitted to the training rows.
    fn split_samples(
        &self,
        table: &Arc<Table>,
        encoders: Option<&Encoders>,
        random: &mut RandomState,
        validation_fraction: Option<f64>,
        loss: &Loss,
        scaling: TargetScaling,
    ) -> Result<(Arc<Dataset<f64>>, TableSamples), Error> {
        let UsableRows { table, weights: row_weights, remarks } = self.usable(table)?.clone();
        let kinds = ColumnKinds::find(&table, &self.hints)?;
        let task = Some(self.task(&table, Some(loss))?);
        let all: Vec<usize> = (0..table.n_rows()).collect();
        // A stratified split requires the classes of all rows.
        let scaling = self.target_scaling.unwrap_or(scaling);
        let target = Target::fit(&table, all[..].into(), &self.hints.targets, task, scaling)?;
        let rows = self.rows(&table, &target, validation_fraction, random)?;
        let encoders = match encoders {
            Some(encoders) => encoders.clone(),
            None => Encoders::fit(
                &table,
                TrainingRows { rows: &rows[0], weights: row_weights.as_ref().map(|weights| &weights[..]) },
                &kinds,
                &self.hints.targets,
                task,
                EncoderOptions { target: scaling, ..self.encoders },
            )?,
        };
        let weights = self.weights(&table, row_weights.as_deref(), &encoders.target, &rows[0])?;
        let t = encoders.target.encode(&table)?;
        let n_outputs = encoders.target.n_outputs();
        let encode = |rows: &[usize]| {
            let (x, _) = encoders.encode_rows(&table, rows);
            let own = rows.iter().flat_map(|i| &t[i * n_outputs..][..n_outputs]).copied().collect();
            let dataset = Dataset::new(x, encoders.n_inputs(), own, n_outputs)?;
            match &weights {
                None => Ok(dataset),
                Some(weights) => dataset.with_weights(rows.iter().map(|i| weights[*i]).collect()),
            }
        };
        let encode = |rows: &[usize]| encode(rows).map(Arc::new).map_err(|source| self.engine_error(source));
        let dataset = encode(&rows[0])?;
        let validation = if rows[1].is_empty() { None } else { Some(encode(&rows[1])?) };
        let mut remarks = [column_remarks(&table, &encoders, &kinds, self.split.column()), remarks].concat();
        remarks.extend(split_warning(&self.split, self.fold, &rows, validation_fraction));
        let ignored = kinds.ignored;
        let weight = self.weight.as_deref().map(|name| table.column(name).cloned()).transpose()?;
        let training = dataset.clone();
        Ok((dataset, TableSamples { table, encoders, ignored, rows, training, validation, weight, remarks }))
    }

    fn engine_error(&self, source: chainrule::Error) -> Error {
        Error::Engine { origin: Origin::file(&self.file.path), source }
    }

    /// Splits the rows into training rows and held-out rows.
    fn rows(
        &self,
        table: &Table,
        target: &Target,
        validation_fraction: Option<f64>,
        random: &mut RandomState,
    ) -> Result<[Vec<usize>; 2], Error> {
        let n = table.n_rows();
        let labels = class_labels(target, table)?;
        let split = match (&self.split, &labels) {
            (SplitPlan::Stratified, Some(labels)) => Split::Stratified(&labels.class_of_row, &labels.names),
            (SplitPlan::Stratified | SplitPlan::Random, _) => Split::Random,
            (SplitPlan::Group(name), _) => Split::Group(table.column(name)?),
            (SplitPlan::Time(name), _) => Split::Time(table.column(name)?),
        };
        if let Some([fold, n_folds]) = self.fold {
            return Ok(split.folds(table, n_folds, random)?.swap_remove(fold));
        }
        match validation_fraction {
            Some(fraction) => Ok(split.once(table, fraction, random)?),
            None => Ok([(0..n).collect(), Vec::new()]),
        }
    }

    /// Returns the weight of each row, with class weights computed from `rows`; `None` if all
    /// weights are equal.
    fn weights(
        &self,
        table: &Table,
        row_weights: Option<&Vec<f64>>,
        target: &Target,
        rows: &[usize],
    ) -> Result<Option<Vec<f64>>, Error> {
        let mut weights = row_weights.cloned();
        if self.class_weight == ClassWeight::Balanced {
            let Some(labels) = class_labels(target, table)? else {
                return Err(Error::Value {
                    origin: self.class_weight_origin.clone(),
                    key: "data.class_weight".to_owned(),
                    value: "balanced".to_owned(),
                    allowed: format!("used with a classification only; the task is {}", target.task().name()),
                });
            };
            let row_weights = weights.get_or_insert_with(|| vec![1.0; table.n_rows()]);
            let mut sums = vec![0.0; labels.names.len()];
            rows.iter().for_each(|i| sums[labels.class_of_row[*i]] += row_weights[*i]);
            let total: f64 = sums.iter().sum();
            let class_weights: Vec<f64> = sums
                .iter()
                .map(|sum| if *sum > 0.0 { total / (sums.len() as f64 * sum) } else { 0.0 })
                .collect();
            row_weights
                .iter_mut()
                .zip(&labels.class_of_row)
                .for_each(|(weight, class)| *weight *= class_weights[*class]);
        }
        Ok(weights)
    }
}

/// Class labels of the rows of a table.
struct ClassLabels {
    class_of_row: Vec<usize>,
    names: Vec<String>,
}

/// Returns the class labels, if the task is classification.
fn class_labels(target: &Target, table: &Table) -> Result<Option<ClassLabels>, Error> {
    let Target::Classes { classes, .. } = target else { return Ok(None) };
    let t = target.encode(table)?;
    let class = |row: &[f64]| match row {
        [p] => *p as usize,
        several => several.iter().position(|t| *t == 1.0).unwrap_or(0),
    };
    let class_of_row = t.chunks_exact(target.n_outputs()).map(class).collect();
    Ok(Some(ClassLabels { class_of_row, names: classes.clone() }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::builtin::BaseFolder;
    use crate::data::DataPlan;
    use crate::tree::Tree;

    #[test]
    fn all_keys_of_tables_are_listed() {
        let text = "[data]\ntable = \"t.csv\"\ntarget = \"t\"\nunknown = 1\n";
        let tree = Tree::parse(text, Path::new("x.toml"), &mut Vec::new()).unwrap();
        let section = Section::top(&tree, Origin::file(Path::new("x.toml"))).section("data").unwrap();
        let error = DataPlan::read(&section, BaseFolder::BuiltIn).unwrap_err();
        let Error::UnknownKey { choices, .. } = error else { panic!("{error}") };
        let mut keys: Vec<&str> = choices.iter().map(String::as_str).collect();
        keys.retain(|key| !["seed", "generator", "table", "x", "t"].contains(key));
        keys.sort_unstable();
        let mut listed = TABLE_KEYS.to_vec();
        listed.sort_unstable();
        assert_eq!(keys, listed);
    }
}
