//! `[data]`: the source of the samples, a generator of the engine, a table, or the samples
//! themselves.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chainrule::datasets::{self, Curve, Generator};
use chainrule::network::loss::Loss;
use chainrule::random::RandomState;
use chainrule::{Dataset, Error as EngineError};
use chainrule_table::{ReadOptions, Table, Target, TargetScaling, Task};

use crate::Error;
use crate::builtin::BaseFolder;
use crate::fingerprint;
use crate::inline::{INLINE_KEYS, InlineSamples};
use crate::section::Section;
use crate::table::{FittedTable, TABLE_KEYS, TablePlan, TableSamples};

/// Source of the samples of an experiment.
#[derive(Clone, Debug)]
pub struct DataPlan {
    source: SampleSource,
    /// Seed of the random number generator.
    pub seed: u32,
}

#[derive(Clone, Debug)]
enum SampleSource {
    Generator(Generator),
    Table(Box<TablePlan>),
    Inline(InlineSamples),
}

/// Samples with the names of their inputs and classes.
#[derive(Clone, Debug)]
pub struct Samples {
    /// Inputs and targets.
    pub dataset: Arc<Dataset<f64>>,
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// Names of the classes by index; empty unless the task is classification.
    pub classes: Vec<String>,
    /// Curves x2 = f(x1) of the classes, if the generator defines any.
    pub curves: &'static [Curve],
    /// The table that the samples come from, with its encoders, if they come from one.
    pub from_table: Option<TableSamples>,
    /// Locations of the samples in their file.
    locations: Option<SampleLocations>,
    fingerprint: OnceLock<String>,
}

/// Locations of samples in a file.
#[derive(Clone, Debug)]
struct SampleLocations {
    path: PathBuf,
    /// Line of each sample, counted from 1.
    lines: Vec<u64>,
    /// Name of the target column.
    target: String,
}

impl Samples {
    /// Returns the SHA-256 of the inputs and targets, in hexadecimal.
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| fingerprint::of_samples(&self.dataset))
    }

    /// Returns the names of the outputs: those of the classes, if each has an output, or of the
    /// target columns of a table; otherwise none.
    pub(crate) fn outputs(&self) -> &[String] {
        match &self.from_table {
            Some(from) if self.classes.len() <= 2 => from.encoders.target.columns(),
            _ => &self.classes,
        }
    }

    /// Returns the table of the samples of a fit.
    ///
    /// # Panics
    /// Panics if the samples do not come from a table.
    pub(crate) fn of_fit(&self) -> &TableSamples {
        self.from_table.as_ref().expect("the samples of a fit come from a table")
    }

    /// Replaces the inputs and targets.
    pub(crate) fn with_dataset(self, dataset: Arc<Dataset<f64>>) -> Samples {
        Samples { dataset, fingerprint: OnceLock::new(), ..self }
    }

    /// Converts an error about a value to one with the line and column of the value, if the samples
    /// come from a file.
    pub(crate) fn locate(&self, error: &EngineError) -> Option<Error> {
        let locations = self.locations.as_ref()?;
        let (row, column, reason) = match error {
            EngineError::TargetDomain { loss, row, value, allowed, .. } => (
                row,
                &locations.target,
                format!("the target is {value}, but for the loss {loss} it must be {allowed}"),
            ),
            EngineError::TooLarge { what: "x", row, column, value, precision } => {
                let reason = format!(
                    "{value:e} is too large for {precision}; scale the column, or set precision = \"f64\""
                );
                (row, &self.inputs[column - 1], reason)
            }
            _ => return None,
        };
        let line = locations.lines.get(row - 1).copied();
        Some(Error::Table { path: locations.path.clone(), line, column: Some(column.clone()), reason })
    }
}

impl DataPlan {
    /// Reads `[data]`. Paths are relative to `folder`.
    pub(crate) fn read(section: &Section<'_>, folder: BaseFolder<'_>) -> Result<DataPlan, Error> {
        check_source(section)?;
        section.known(&INLINE_KEYS);
        let seed = section.seed("seed")?.unwrap_or(0);
        let source = match (section.choice("generator")?, section.text("table")?) {
            (Some(choice), _) => SampleSource::Generator(choice.make(Generator::new)?),
            (None, Some(file)) => {
                SampleSource::Table(Box::new(TablePlan::read(section, folder.find(&file))?))
            }
            (None, None) if INLINE_KEYS.iter().any(|key| section.has(key)) => {
                SampleSource::Inline(InlineSamples::read(section)?)
            }
            (None, None) => {
                let purpose = "the source of the samples, for example \"moons\" (or \"table\", the path of a file, or \
                               \"x\" and \"t\", the samples themselves)";
                return Err(section.missing("generator", purpose));
            }
        };
        section.finish()?;
        Ok(DataPlan { source, seed })
    }

    /// Whether the samples come from a table.
    pub fn is_table(&self) -> bool {
        matches!(self.source, SampleSource::Table(_))
    }

    /// Returns the path of the table, if the samples come from one.
    pub fn file(&self) -> Option<&Path> {
        match &self.source {
            SampleSource::Table(plan) => Some(plan.path()),
            SampleSource::Generator(_) | SampleSource::Inline(_) => None,
        }
    }

    /// Returns the table, if the samples come from one. The first call reads it.
    ///
    /// `progress` receives the number of bytes read and the total.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read.
    pub fn table(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Option<Arc<Table>>, Error> {
        match &self.source {
            SampleSource::Table(plan) => plan.table(progress).map(Some),
            SampleSource::Generator(_) | SampleSource::Inline(_) => Ok(None),
        }
    }

    /// Returns the rows of the table that have a target and a positive weight, if the samples come from
    /// a table. The first call reads it.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read, or if rows without a target are refused.
    pub fn usable_table(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Option<Arc<Table>>, Error> {
        match &self.source {
            SampleSource::Table(plan) => plan.usable_table(progress).map(Some),
            SampleSource::Generator(_) | SampleSource::Inline(_) => Ok(None),
        }
    }

    /// Returns the target columns of the table; none for other samples.
    pub fn targets(&self) -> &[String] {
        match &self.source {
            SampleSource::Table(plan) => plan.targets(),
            SampleSource::Generator(_) | SampleSource::Inline(_) => &[],
        }
    }

    /// Returns the path of the table and the options with which it is read, if the samples come from
    /// one.
    pub(crate) fn table_source(&self) -> Option<(&Path, &ReadOptions)> {
        match &self.source {
            SampleSource::Table(plan) => Some((plan.path(), plan.options())),
            SampleSource::Generator(_) | SampleSource::Inline(_) => None,
        }
    }

    /// Returns the fold of a table's rows that is held out, counted from 1, and the number of
    /// folds.
    pub fn fold(&self) -> Option<[usize; 2]> {
        match &self.source {
            SampleSource::Table(plan) => plan.fold(),
            SampleSource::Generator(_) | SampleSource::Inline(_) => None,
        }
    }

    /// Shares the table that `other` reads, if both plans have one.
    pub(crate) fn sharing(self, other: &DataPlan) -> DataPlan {
        let source = match (self.source, &other.source) {
            (SampleSource::Table(plan), SampleSource::Table(other)) => {
                SampleSource::Table(Box::new(plan.sharing(other)))
            }
            (source, _) => source,
        };
        DataPlan { source, ..self }
    }

    /// Replaces the table with the one at `path`, encoded by a model's encoders.
    pub(crate) fn encoded_by(self, fitted: FittedTable, path: PathBuf) -> DataPlan {
        let source = match self.source {
            SampleSource::Table(plan) => SampleSource::Table(Box::new(plan.encoded_by(fitted, path))),
            source @ (SampleSource::Generator(_) | SampleSource::Inline(_)) => source,
        };
        DataPlan { source, ..self }
    }

    /// Replaces the file by a table in memory, if the samples come from a table.
    pub(crate) fn with_table(self, table: Arc<Table>) -> DataPlan {
        let source = match self.source {
            SampleSource::Table(plan) => SampleSource::Table(Box::new(plan.with_table(table))),
            source @ (SampleSource::Generator(_) | SampleSource::Inline(_)) => source,
        };
        DataPlan { source, ..self }
    }

    /// Returns the task of a table: as set, or else derived from the target columns and the loss,
    /// if given.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read or lacks a target column.
    pub fn task(&self, loss: Option<&Loss>) -> Result<Option<Task>, Error> {
        match &self.source {
            SampleSource::Table(plan) => Ok(Some(plan.task(&*plan.table(&mut |_, _| ())?, loss)?)),
            SampleSource::Generator(_) | SampleSource::Inline(_) => Ok(None),
        }
    }

    /// Returns the options with which the table is read.
    pub fn read_options(&self) -> ReadOptions {
        match &self.source {
            SampleSource::Table(plan) => plan.options().clone(),
            SampleSource::Generator(_) | SampleSource::Inline(_) => ReadOptions::default(),
        }
    }

    /// Generates or reads the samples. For a table, `validation_fraction` of the rows are held out,
    /// `loss` helps to derive the task, and `scaling` is the default scaling of regression targets.
    /// Whether the targets of inline samples are classes depends on the loss too.
    pub(crate) fn samples(
        &self,
        random: &mut RandomState,
        validation_fraction: Option<f64>,
        loss: &Loss,
        scaling: TargetScaling,
    ) -> Result<Samples, Error> {
        match &self.source {
            SampleSource::Table(plan) => {
                let (dataset, from) = plan.samples(random, validation_fraction, loss, scaling)?;
                let classes = match &from.encoders.target {
                    Target::Classes { classes, .. } => classes.clone(),
                    _ => Vec::new(),
                };
                let lines = from.rows[0].iter().filter_map(|i| from.table.lines.get(*i).copied()).collect();
                let target = from.encoders.target.columns().join(", ");
                let locations = Some(SampleLocations { path: plan.path().to_owned(), lines, target });
                let inputs = from.encoders.input_names();
                Ok(Samples {
                    dataset,
                    inputs,
                    classes,
                    curves: &[],
                    from_table: Some(from),
                    locations,
                    fingerprint: OnceLock::new(),
                })
            }
            SampleSource::Generator(generator) => {
                let generated = generator.generate(random);
                let n_inputs = generated.n_inputs;
                let classes = generated.class_names.clone();
                let dataset = Arc::new(generated.into_dataset());
                let inputs = (1..=n_inputs).map(|i| format!("x{i}")).collect();
                let curves = generator.curves();
                let fingerprint = OnceLock::new();
                Ok(Samples {
                    dataset,
                    inputs,
                    classes,
                    curves,
                    from_table: None,
                    locations: None,
                    fingerprint,
                })
            }
            SampleSource::Inline(samples) => Ok(Samples {
                dataset: samples.dataset.clone(),
                inputs: samples.inputs(),
                classes: samples.classes(loss),
                curves: &[],
                from_table: None,
                locations: None,
                fingerprint: OnceLock::new(),
            }),
        }
    }
}

/// Checks that `[data]` has the keys of one source only.
fn check_source(section: &Section<'_>) -> Result<(), Error> {
    let sources: Vec<&str> =
        ["table", "generator", "x", "t"].into_iter().filter(|key| section.has(key)).collect();
    let is_inline = |key: &str| INLINE_KEYS.contains(&key);
    if let [first, second, ..] = sources[..]
        && !is_inline(first)
    {
        // The error concerns the key given on the command line, if there is one.
        let is_set = section.origin_of(second).key().is_some();
        let [key, other] = if is_set { [second, first] } else { [first, second] };
        return Err(section.conflict(key, other, "samples come from one source"));
    }
    let source = sources.first().copied();
    for (key, _) in section.tree().into_iter().flat_map(|tree| &tree.entries) {
        let of_table = TABLE_KEYS.contains(&key.as_str());
        if source == Some("generator") && of_table {
            let problem = "applies only to a table, but the samples come from a generator, which has no columns; \
                           replace data.generator with data.table, or use `chainrule fit`";
            return Err(section.misplaced(key, problem));
        }
        if source.is_some_and(is_inline) && of_table {
            let problem = "applies only to a table, but the samples are given by data.x and data.t, which are used as \
                           written; remove it";
            return Err(section.misplaced(key, problem));
        }
        let is_known = ["seed", "generator", "table"].contains(&key.as_str()) || is_inline(key);
        let mut options = datasets::REGISTRY.iter().flat_map(|entry| entry.options);
        if !is_known && !of_table && options.any(|option| option.name == key) {
            let problem = match source {
                Some("table") => {
                    "is an option of generators, but the samples come from a table; remove it".to_owned()
                }
                Some("x" | "t") => {
                    "is an option of generators, but the samples are given by data.x and data.t; remove it"
                        .to_owned()
                }
                _ => {
                    format!("is an option of generators; write generator = {{ name = \"...\", {key} = ... }}")
                }
            };
            return Err(section.misplaced(key, problem));
        }
    }
    Ok(())
}
