//! Keys of `[data]` that describe a table: how it is read, encoded and split.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chainrule::network::loss::{Link, Loss};
use chainrule_table::{
    ColumnHints, DateParts, EncoderOptions, Encoders, ReadOptions, Scaling, Stream, Table, TargetScaling,
    Task, Values, read, read_csv,
};

use super::options::{kinds, read_options};
use super::split::SplitPlan;
use super::usable::{UntargetedRows, UsableRows};
use crate::Error;
use crate::builtin::InputFile;
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
    pub(super) file: InputFile,
    pub(super) options: ReadOptions,
    pub(super) hints: ColumnHints,
    pub(super) task: Option<Task>,
    pub(super) encoders: EncoderOptions,
    /// Scaling of regression targets, if set.
    pub(super) target_scaling: Option<TargetScaling>,
    pub(super) weight: Option<String>,
    pub(super) class_weight: ClassWeight,
    /// Origin of the class weights, for errors.
    pub(super) class_weight_origin: Origin,
    /// Treatment of rows without a target.
    pub(super) untargeted: UntargetedRows,
    pub(super) split: SplitPlan,
    /// Fold that is held out, counted from 0, and the number of folds.
    pub(super) fold: Option<[usize; 2]>,
    /// The model whose encoders encode the table, if any.
    pub(super) fitted: Option<Arc<FittedTable>>,
    /// The table once it has been read, shared by all variants of an experiment.
    pub(super) table: Arc<OnceLock<Arc<Table>>>,
    /// The usable rows of the table, once they have been selected.
    pub(super) usable: Arc<OnceLock<UsableRows>>,
}

/// The encoders of a model.
#[derive(Clone, Debug)]
pub(crate) struct FittedTable {
    /// Encoders of one of the model's networks.
    pub(crate) encoders: Encoders,
    /// SHA-256 of the training samples, if the rows are to be split as they were for training. If
    /// the samples are others, or if there is none, no rows are held out.
    pub(crate) fingerprint: Option<String>,
}

/// Weights of the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClassWeight {
    /// Equal weights for all samples.
    None,
    /// `n / (k·n_class)`: equal total weights of the classes.
    Balanced,
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
    pub(super) fn usable(&self, table: &Arc<Table>) -> Result<&UsableRows, Error> {
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

    /// Reads the table, with the formats of the columns that a model's encoders encode.
    pub(super) fn read_as(
        &self,
        encoders: &Encoders,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Arc<Table>, Error> {
        let formats = [encoders.formats(), encoders.target_formats()].concat();
        Ok(Arc::new(Stream::open(&self.file.path, &self.options, &formats)?.whole(progress)?))
    }
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
