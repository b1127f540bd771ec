//! `[data] table`: samples from a file of columns, encoded; which rows are trained on and which are held back.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chainrule::Dataset;
use chainrule::network::loss::{Link, Loss};
use chainrule::random::RandomState;
use chainrule_table::{
    ColumnHints, ColumnKind, ColumnKinds, DateParts, EncoderOptions, Encoders, Ignored, Problem, ReadOptions,
    Scaling, Split, Stream, Table, Target, TargetScaling, Task, Values, read, read_csv,
};

use crate::Error;
use crate::builtin::Named;
use crate::section::Section;
use crate::tree;

/// A file of columns and what is to be made of them.
#[derive(Clone, Debug)]
pub(crate) struct TablePlan {
    file: Named,
    options: ReadOptions,
    said: ColumnHints,
    task: Option<Task>,
    encoders: EncoderOptions,
    /// What is said of it.
    target_scaling: Option<TargetScaling>,
    weight: Option<String>,
    class_weight: ClassWeight,
    split: SplitPlan,
    /// Which fold is held back, and of how many.
    fold: Option<[usize; 2]>,
    /// The encoders of a model, with which all rows are encoded and none is held back.
    fitted: Option<Arc<Encoders>>,
    /// The table once it is read; all variants of an experiment share it.
    read: Arc<OnceLock<Arc<Table>>>,
}

/// Whether samples of rare classes count more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClassWeight {
    /// All count alike.
    None,
    /// `n / (k·n_class)`: each class as much as any other.
    Balanced,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum SplitPlan {
    /// By class where there are classes, else by chance.
    Stratified,
    Random,
    Group(String),
    Time(String),
}

/// Where samples that are encoded come from.
#[derive(Clone, Debug)]
pub struct FromTable {
    /// The whole table.
    pub table: Arc<Table>,
    /// What made numbers of it, fitted on the rows of the training.
    pub encoders: Encoders,
    /// The columns left out, with the reason.
    pub ignored: Vec<(String, Ignored)>,
    /// The rows that are trained on, and those that are held back.
    pub rows: [Vec<usize>; 2],
    /// The samples held back, if any are.
    pub validation: Option<Arc<Dataset<f64>>>,
}

impl TablePlan {
    /// Reads the keys of `[data]` beside `table`.
    pub(crate) fn read(section: &Section<'_>, file: Named) -> Result<TablePlan, Error> {
        let targets = section.texts("target")?;
        let targets = targets
            .filter(|targets| !targets.is_empty())
            .ok_or_else(|| section.missing("target", "the column to predict, or several"))?;
        if (1..targets.len()).any(|k| targets[..k].contains(&targets[k])) {
            return Err(section.refuse("target", "columns, each of them named once"));
        }
        let (group, time) = (section.text("group")?, section.text("time")?);
        let weight = section.text("weight")?;
        let mut ignore = section.texts("ignore")?.unwrap_or_default();
        // What says how much a row counts, or where it belongs, is no input unless somebody says so.
        let inputs = section.texts("inputs")?.unwrap_or_default();
        ignore.extend([&weight, &group].into_iter().flatten().filter(|name| !inputs.contains(name)).cloned());
        let is_random = section.word("split", &[("stratified", false), ("random", true)])?;
        let split = match (group, time) {
            (None, None) if is_random => SplitPlan::Random,
            (None, None) => SplitPlan::Stratified,
            (Some(group), None) => SplitPlan::Group(group),
            (None, Some(time)) => SplitPlan::Time(time),
            (Some(_), Some(_)) => {
                return Err(section.refuse("time", "left out beside \"group\": rows are parted one way"));
            }
        };
        let fold = match section.numbers("fold")?.as_deref() {
            None => None,
            Some([k, of]) if k.fract() == 0.0 && of.fract() == 0.0 && *k >= 1.0 && *of >= 2.0 && k <= of => {
                Some([*k as usize - 1, *of as usize])
            }
            Some(_) => {
                return Err(section.refuse("fold", "two whole numbers: which fold, from 1, and of how many"));
            }
        };
        let task = section.text("task")?;
        let task = match task.as_deref() {
            None | Some("guess") => None,
            Some(word) => match Task::ALL.iter().find(|(name, _)| *name == word) {
                Some((_, task)) => Some(*task),
                None => {
                    return Err(
                        section.refuse("task", "one of \"guess\", \"classes\", \"labels\", \"numbers\"")
                    );
                }
            },
        };
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
                ("guess", None),
                ("standard", Some(TargetScaling::Standard)),
                ("none", Some(TargetScaling::None)),
            ],
        )?;
        let kinds = kinds(section)?;
        // Categories are read as they are written: 007 is not 7.
        let texts = kinds
            .iter()
            .filter(|(_, kind)| *kind == ColumnKind::Category)
            .map(|(name, _)| name.clone())
            .collect();
        Ok(TablePlan {
            file,
            options: ReadOptions { texts, ..read_options(section)? },
            said: ColumnHints { targets, inputs, ignore, kinds },
            task,
            encoders: EncoderOptions { scaling, date_parts, ..EncoderOptions::default() },
            target_scaling,
            weight,
            class_weight: section
                .word("class_weight", &[("none", ClassWeight::None), ("balanced", ClassWeight::Balanced)])?,
            split,
            fold,
            fitted: None,
            read: Arc::default(),
        })
    }

    /// The table, read when it is first asked for; `progress` is told how many bytes are read, and of how many.
    pub(crate) fn table(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Arc<Table>, Error> {
        if let Some(table) = self.read.get() {
            return Ok(table.clone());
        }
        let table = Arc::new(match (&self.fitted, self.file.built_in) {
            (Some(encoders), _) => {
                let mut wanted = encoders.cell_types();
                wanted.extend(encoders.target.cell_types());
                Stream::open(&self.file.path, &self.options, &wanted)?.whole(progress)?
            }
            (None, Some(bytes)) => read_csv(&self.file.path, bytes, &self.options)?,
            (None, None) => read(&self.file.path, &self.options, progress)?,
        });
        Ok(self.read.get_or_init(|| table).clone())
    }

    /// The same plan for a table that a model's encoders turn into samples, all of them.
    pub(crate) fn encoded_by(self, encoders: Encoders, path: PathBuf) -> TablePlan {
        let file = Named { path, built_in: None };
        TablePlan { file, fitted: Some(Arc::new(encoders)), read: Arc::default(), ..self }
    }

    /// What is predicted: as it is said, or found from the targets and the loss, where one is said. Small counts look like
    /// classes, but not to a loss over numbers.
    pub(crate) fn task(&self, table: &Table, loss: Option<&Loss>) -> Result<Task, Error> {
        if let Some(task) = self.task {
            return Ok(task);
        }
        let targets = &self.said.targets;
        if loss.is_some_and(|loss| matches!(loss.link(), Link::Identity | Link::Exp)) {
            let columns = targets.iter().map(|name| table.column(name)).collect::<Result<Vec<_>, _>>()?;
            if columns.iter().all(|column| matches!(column.values, Values::Numbers(_))) {
                return Ok(Task::Regression);
            }
        }
        Ok(Task::find(table, targets)?)
    }

    /// The columns that are predicted.
    pub(crate) fn targets(&self) -> &[String] {
        &self.said.targets
    }

    /// The same plan with the table that another one has read.
    pub(crate) fn sharing(self, other: &TablePlan) -> TablePlan {
        TablePlan { file: other.file.clone(), read: other.read.clone(), ..self }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }

    /// Which fold is held back, from 1, and of how many.
    pub(crate) fn fold(&self) -> Option<[usize; 2]> {
        self.fold.map(|[k, of]| [k + 1, of])
    }

    /// How a file such as this is read.
    pub(crate) fn options(&self) -> &ReadOptions {
        &self.options
    }

    /// The samples of the training, `share` of all rows held back; numbers to predict are scaled so, unless it is said
    /// otherwise.
    pub(crate) fn samples(
        &self,
        random: &mut RandomState,
        share: Option<f64>,
        loss: &Loss,
        scaling: TargetScaling,
    ) -> Result<(Arc<Dataset<f64>>, FromTable), Error> {
        let table = self.table(&mut |_, _| ())?;
        if let Some(encoders) = &self.fitted {
            return self.encoded(table, encoders);
        }
        let kinds = ColumnKinds::find(&table, &self.said)?;
        let task = Some(self.task(&table, Some(loss))?);
        let all: Vec<usize> = (0..table.n_rows()).collect();
        // Classes are those of all rows, so that rows can be parted by them.
        let target = self.target_scaling.unwrap_or(scaling);
        let whole = Target::fit(&table, &all, &self.said.targets, task, target)?;
        let rows = self.rows(&table, &whole, share, random)?;
        let encoders = Encoders::fit(
            &table,
            &rows[0],
            &kinds,
            &self.said.targets,
            task,
            EncoderOptions { target, ..self.encoders },
        )?;
        let weights = self.weights(&table, &encoders.target, &rows[0])?;
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
        let encode = |rows: &[usize]| encode(rows).map(Arc::new).map_err(|source| self.refused(source));
        let dataset = encode(&rows[0])?;
        let validation = if rows[1].is_empty() { None } else { Some(encode(&rows[1])?) };
        Ok((dataset, FromTable { table, encoders, ignored: kinds.ignored, rows, validation }))
    }

    /// All rows of a table as a model sees them.
    fn encoded(
        &self,
        table: Arc<Table>,
        encoders: &Encoders,
    ) -> Result<(Arc<Dataset<f64>>, FromTable), Error> {
        let (x, _) = encoders.encode(&table);
        let t = encoders.target.encode(&table)?;
        let dataset = Dataset::new(x, encoders.n_inputs(), t, encoders.target.n_outputs());
        let dataset = Arc::new(dataset.map_err(|source| self.refused(source))?);
        let rows = [(0..table.n_rows()).collect(), Vec::new()];
        let encoders = encoders.clone();
        Ok((dataset, FromTable { table, encoders, ignored: Vec::new(), rows, validation: None }))
    }

    fn refused(&self, source: chainrule::Error) -> Error {
        Error::Engine { origin: tree::file(&self.file.path), source }
    }

    /// The rows of the training and those held back.
    fn rows(
        &self,
        table: &Table,
        target: &Target,
        share: Option<f64>,
        random: &mut RandomState,
    ) -> Result<[Vec<usize>; 2], Error> {
        let n = table.n_rows();
        let of = classes(target, table)?;
        let split = match (&self.split, &of) {
            (SplitPlan::Stratified, Some((of, names))) => Split::Stratified(of, names),
            (SplitPlan::Stratified | SplitPlan::Random, _) => Split::Random,
            (SplitPlan::Group(name), _) => Split::Group(table.column(name)?),
            (SplitPlan::Time(name), _) => Split::Time(table.column(name)?),
        };
        if let Some([fold, of]) = self.fold {
            let held = split.folds(table, of, random)?.swap_remove(fold);
            let mut is_held = vec![false; n];
            held.iter().for_each(|i| is_held[*i] = true);
            return Ok([(0..n).filter(|i| !is_held[*i]).collect(), held]);
        }
        match share {
            Some(share) => Ok(split.once(table, share, random)?),
            None => Ok([(0..n).collect(), Vec::new()]),
        }
    }

    /// How much each row counts, where not all count alike.
    fn weights(&self, table: &Table, target: &Target, rows: &[usize]) -> Result<Option<Vec<f64>>, Error> {
        let mut weights = match &self.weight {
            None => None,
            Some(name) => {
                let Values::Numbers(values) = &table.column(name)?.values else {
                    let problem = Problem::WrongKind { kind: "number", holds: "texts" };
                    return Err(chainrule_table::Error::new(&table.path, problem)
                        .column(name.clone())
                        .into());
                };
                if let Some(row) = values.iter().position(|w| w.is_nan() || *w < 0.0) {
                    return Err(table.wrong(row, name, Problem::Weight { got: values[row] }).into());
                }
                Some(values.clone())
            }
        };
        if self.class_weight == ClassWeight::Balanced
            && let Some((of, names)) = classes(target, table)?
        {
            let own = weights.get_or_insert_with(|| vec![1.0; table.n_rows()]);
            let mut sums = vec![0.0; names.len()];
            rows.iter().for_each(|i| sums[of[*i]] += own[*i]);
            let total: f64 = sums.iter().sum();
            let per_class: Vec<f64> = sums
                .iter()
                .map(|sum| if *sum > 0.0 { total / (names.len() as f64 * sum) } else { 0.0 })
                .collect();
            own.iter_mut().zip(&of).for_each(|(weight, class)| *weight *= per_class[*class]);
        }
        Ok(weights)
    }
}

/// The class of each row, and the names of the classes.
type Classes = (Vec<usize>, Vec<String>);

/// The classes of the rows, where targets are classes.
fn classes(target: &Target, table: &Table) -> Result<Option<Classes>, Error> {
    let Target::Classes { classes, .. } = target else { return Ok(None) };
    let t = target.encode(table)?;
    let of = |row: &[f64]| match row {
        [p] => *p as usize,
        several => several.iter().position(|t| *t == 1.0).unwrap_or(0),
    };
    Ok(Some((t.chunks_exact(target.n_outputs()).map(of).collect(), classes.clone())))
}

fn read_options(section: &Section<'_>) -> Result<ReadOptions, Error> {
    let delimiter = match section.text("delimiter")?.as_deref() {
        None => None,
        Some("tab" | "\t") => Some(b'\t'),
        Some(text) if text.len() == 1 && text.is_ascii() => Some(text.as_bytes()[0]),
        Some(_) => return Err(section.refuse("delimiter", "one character, or \"tab\"")),
    };
    let maybe = |key, [no, yes]: [&'static str; 2]| {
        section.word(key, &[("guess", None), (no, Some(false)), (yes, Some(true))])
    };
    Ok(ReadOptions {
        delimiter,
        header: maybe("header", ["absent", "present"])?,
        decimal_comma: maybe("decimal", ["point", "comma"])?,
        encoding: section.text("encoding")?,
        missing: section.texts("missing")?.unwrap_or_default(),
        texts: Vec::new(),
    })
}

/// `kinds = { size = "category" }`.
fn kinds(section: &Section<'_>) -> Result<Vec<(String, ColumnKind)>, Error> {
    let kinds = section.section("kinds")?;
    let mut said = Vec::new();
    for (name, node) in kinds.tree().into_iter().flat_map(|tree| &tree.entries) {
        let kind = match &node.kind {
            tree::Kind::Text(word) => {
                ColumnKind::ALL.iter().find(|(known, _)| known == word).map(|(_, kind)| *kind)
            }
            _ => None,
        };
        let allowed = "one of \"number\", \"boolean\", \"category\", \"date\"";
        said.push((name.clone(), kind.ok_or_else(|| kinds.refuse(name, allowed))?));
    }
    Ok(said)
}
