//! `[data]`: where the samples come from, a generator of the engine or a table.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chainrule::datasets::{Curve, Generator};
use chainrule::network::loss::Loss;
use chainrule::random::RandomState;
use chainrule::{Dataset, Error as EngineError};
use chainrule_model::sha256;
use chainrule_table::{Encoders, ReadOptions, Table, Target, TargetScaling, Task};

use crate::Error;
use crate::builtin::Beside;
use crate::section::Section;
use crate::table::{FromTable, TablePlan};

/// Where the samples come from.
#[derive(Clone, Debug)]
pub struct DataPlan {
    source: Source,
    /// The seed of the one random stream.
    pub seed: u32,
}

#[derive(Clone, Debug)]
enum Source {
    Generator(Generator),
    Table(Box<TablePlan>),
}

/// Samples, and what their columns are called.
#[derive(Clone, Debug)]
pub struct Samples {
    /// The numbers.
    pub dataset: Arc<Dataset<f64>>,
    /// The names of the inputs.
    pub inputs: Vec<String>,
    /// The names of the classes, in the order of their indices; empty where targets are numbers.
    pub classes: Vec<String>,
    /// The curves x2 = f(x1) on which the samples of each class lie, where they are known.
    pub curves: &'static [Curve],
    /// The table that they come from, with what was made of it.
    pub from_table: Option<FromTable>,
    /// Where the samples are written, if they come from a file.
    places: Option<Places>,
    sum: OnceLock<String>,
}

/// Where samples are written.
#[derive(Clone, Debug)]
struct Places {
    path: PathBuf,
    /// The line of each sample, counted from 1.
    lines: Vec<u64>,
    target: String,
}

impl Samples {
    /// The SHA-256 of the samples, in hexadecimal: what tells them from others.
    pub fn fingerprint(&self) -> &str {
        self.sum.get_or_init(|| {
            let numbers = [self.dataset.x(), self.dataset.t()].into_iter();
            let pieces = numbers.flat_map(|numbers| numbers.chunks(4096));
            sha256(pieces.map(|piece| piece.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()))
        })
    }

    /// The same with other numbers.
    pub(crate) fn holding(self, dataset: Arc<Dataset<f64>>) -> Samples {
        Samples { dataset, sum: OnceLock::new(), ..self }
    }

    /// An error about one of the numbers, with its line and column where the samples come from a file.
    pub(crate) fn placed(&self, error: &EngineError) -> Option<Error> {
        let places = self.places.as_ref()?;
        let (row, column, reason) = match error {
            EngineError::TargetDomain { loss, row, value, allowed, .. } => {
                (row, &places.target, format!("the target is {value}, but for {loss} it must be {allowed}"))
            }
            EngineError::TooLarge { what: "x", row, column, value, precision } => {
                let reason = format!(
                    "{value:e} is too large for {precision}; scale the column, or set precision = \"f64\""
                );
                (row, &self.inputs[column - 1], reason)
            }
            _ => return None,
        };
        let line = places.lines.get(row - 1).copied();
        Some(Error::Table { path: places.path.clone(), line, column: Some(column.clone()), reason })
    }
}

impl DataPlan {
    /// Reads `[data]`.
    pub(crate) fn read(section: &Section<'_>, beside: Beside<'_>) -> Result<DataPlan, Error> {
        let seed = section.seed("seed")?.unwrap_or(0);
        let source = match (section.choice("generator")?, section.text("table")?) {
            (Some(choice), None) => Source::Generator(choice.make(Generator::new)?),
            (None, Some(file)) => Source::Table(Box::new(TablePlan::read(section, beside.find(&file))?)),
            (Some(_), Some(_)) => {
                let allowed = "left out beside \"generator\": data come from one place";
                return Err(section.refuse("table", allowed));
            }
            (None, None) => {
                let purpose = "where the samples come from (or the key \"table\", a file)";
                return Err(section.missing("generator", purpose));
            }
        };
        section.finish()?;
        Ok(DataPlan { source, seed })
    }

    /// Whether the samples come from a table that is encoded.
    pub fn is_table(&self) -> bool {
        matches!(self.source, Source::Table(_))
    }

    /// The file the samples come from, if any.
    pub fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::Table(plan) => Some(plan.path()),
            Source::Generator(_) => None,
        }
    }

    /// The table that the samples come from, if they do, read when it is first asked for.
    ///
    /// `progress` is told how many bytes are read, and of how many.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub fn table(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Option<Arc<Table>>, Error> {
        match &self.source {
            Source::Table(plan) => plan.table(progress).map(Some),
            Source::Generator(_) => Ok(None),
        }
    }

    /// The columns that are predicted of a table; none where the samples come from elsewhere.
    pub fn targets(&self) -> &[String] {
        match &self.source {
            Source::Table(plan) => plan.targets(),
            Source::Generator(_) => &[],
        }
    }

    /// Whether both read the same table in the same way.
    pub(crate) fn reads_as(&self, other: &DataPlan) -> bool {
        match (&self.source, &other.source) {
            (Source::Table(one), Source::Table(other)) => {
                one.path() == other.path() && one.options() == other.options()
            }
            _ => false,
        }
    }

    /// Which fold of a table's rows is held back, from 1, and of how many.
    pub fn fold(&self) -> Option<[usize; 2]> {
        match &self.source {
            Source::Table(plan) => plan.fold(),
            Source::Generator(_) => None,
        }
    }

    /// The same plan with the table that another one has read, if both are of one table.
    pub(crate) fn sharing(self, other: &DataPlan) -> DataPlan {
        let source = match (self.source, &other.source) {
            (Source::Table(plan), Source::Table(read)) => Source::Table(Box::new(plan.sharing(read))),
            (source, _) => source,
        };
        DataPlan { source, ..self }
    }

    /// The same plan for a table that a model's encoders turn into samples.
    pub(crate) fn encoded_by(self, encoders: Encoders, path: PathBuf) -> DataPlan {
        let source = match self.source {
            Source::Table(plan) => Source::Table(Box::new(plan.encoded_by(encoders, path))),
            source @ Source::Generator(_) => source,
        };
        DataPlan { source, ..self }
    }

    /// What is predicted of a table, as it is said or found from its targets and the loss, where one is said.
    ///
    /// # Errors
    /// A table that cannot be read, or has no such column.
    pub fn task(&self, loss: Option<&Loss>) -> Result<Option<Task>, Error> {
        match &self.source {
            Source::Table(plan) => Ok(Some(plan.task(&*plan.table(&mut |_, _| ())?, loss)?)),
            Source::Generator(_) => Ok(None),
        }
    }

    /// How a file such as the table's is read.
    pub fn read_options(&self) -> ReadOptions {
        match &self.source {
            Source::Table(plan) => plan.options().clone(),
            Source::Generator(_) => ReadOptions::default(),
        }
    }

    /// Draws or reads the samples: of a table `share` of the rows held back, and what is predicted taken for what suits
    /// the loss, numbers scaled so, unless it is said otherwise.
    pub(crate) fn samples(
        &self,
        random: &mut RandomState,
        share: Option<f64>,
        loss: &Loss,
        scaling: TargetScaling,
    ) -> Result<Samples, Error> {
        match &self.source {
            Source::Table(plan) => {
                let (dataset, from) = plan.samples(random, share, loss, scaling)?;
                let classes = match &from.encoders.target {
                    Target::Classes { classes, .. } => classes.clone(),
                    _ => Vec::new(),
                };
                let lines = from.rows[0].iter().filter_map(|i| from.table.lines.get(*i).copied()).collect();
                let target = from.encoders.target.columns().join(", ");
                let places = Some(Places { path: plan.path().to_owned(), lines, target });
                let inputs = from.encoders.input_names();
                Ok(Samples {
                    dataset,
                    inputs,
                    classes,
                    curves: &[],
                    from_table: Some(from),
                    places,
                    sum: OnceLock::new(),
                })
            }
            Source::Generator(generator) => {
                let generated = generator.generate(random);
                let n_inputs = generated.n_inputs;
                let classes = generated.class_names.clone();
                let dataset = Arc::new(generated.into_dataset());
                let inputs = (1..=n_inputs).map(|i| format!("x{i}")).collect();
                let curves = generator.curves();
                let sum = OnceLock::new();
                Ok(Samples { dataset, inputs, classes, curves, from_table: None, places: None, sum })
            }
        }
    }
}
