//! `[data]`: where the samples come from, a generator of the engine or a CSV file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainrule::datasets::{Curve, Generator};
use chainrule::random::RandomState;
use chainrule::{Dataset, Error as EngineError};
use chainrule_table::{Encoders, ReadOptions, Table, Target, Task};

use crate::Error;
use crate::section::Section;
use crate::table::{FromTable, TablePlan};

/// Finds a file that an experiment names: its path for messages, and its bytes.
pub(crate) type Open<'o> = &'o dyn Fn(&str) -> Result<(PathBuf, Vec<u8>), Error>;

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
    Csv(Csv),
    Table(TablePlan),
}

#[derive(Clone, Debug)]
struct Csv {
    /// As it was written, for messages.
    path: PathBuf,
    /// The whole file; built-in experiments carry theirs along.
    bytes: Vec<u8>,
    target: String,
    inputs: Option<Vec<String>>,
    classes: Classes,
}

/// How a CSV's target column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Classes {
    /// As class names when the loss wants classes or a value is no number, else as numbers.
    Guess,
    /// As class names.
    Names,
    /// As numbers.
    Numbers,
}

/// Samples, and what their columns are called.
#[derive(Clone, Debug)]
pub struct Samples {
    /// The numbers.
    pub dataset: Dataset<f64>,
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
    /// Reads `[data]`; files are looked for beside the experiment by `open`.
    pub(crate) fn read(section: &Section<'_>, folder: &Path, open: Open<'_>) -> Result<DataPlan, Error> {
        let seed = section.seed("seed")?.unwrap_or(0);
        if let Some(file) = section.text("table")? {
            let plan = TablePlan::read(section, &file, folder)?;
            section.finish()?;
            return Ok(DataPlan { source: Source::Table(plan), seed });
        }
        let source = match (section.choice("generator")?, section.text("csv")?) {
            (Some(choice), None) => Source::Generator(choice.make(Generator::new)?),
            (None, Some(file)) => {
                let purpose = "the name of the column to predict";
                let target = section.text("target")?.ok_or_else(|| section.missing("target", purpose))?;
                let inputs = section.texts("inputs")?;
                let words =
                    [("guess", Classes::Guess), ("classes", Classes::Names), ("numbers", Classes::Numbers)];
                let classes = section.word("target_kind", &words)?;
                let (path, bytes) = open(&file)?;
                Source::Csv(Csv { path, bytes, target, inputs, classes })
            }
            (Some(_), Some(_)) => {
                return Err(section.refuse("csv", "left out beside \"generator\": data come from one place"));
            }
            (None, None) => {
                return Err(
                    section.missing("generator", "where the samples come from (or the key \"csv\", a file)")
                );
            }
        };
        // Asked for so that they are known keys beside a generator too; there they are refused with their reason.
        for key in ["target", "inputs", "target_kind"] {
            if matches!(source, Source::Generator(_)) && section.has(key) {
                return Err(section.refuse(key, "left out: it belongs to a CSV file"));
            }
        }
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
            Source::Csv(csv) => Some(&csv.path),
            Source::Table(plan) => Some(&plan.path),
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
            _ => Ok(None),
        }
    }

    /// The columns that are predicted of a table; none where the samples come from elsewhere.
    pub fn targets(&self) -> &[String] {
        match &self.source {
            Source::Table(plan) => plan.targets(),
            _ => &[],
        }
    }

    /// The same plan with the table that another one has read, if both are of one table.
    pub(crate) fn sharing(self, other: &DataPlan) -> DataPlan {
        let source = match (self.source, &other.source) {
            (Source::Table(plan), Source::Table(read)) => Source::Table(plan.sharing(read)),
            (source, _) => source,
        };
        DataPlan { source, ..self }
    }

    /// The same plan for a table that a model's encoders turn into samples.
    pub(crate) fn encoded_by(self, encoders: Encoders, path: PathBuf) -> DataPlan {
        let source = match self.source {
            Source::Table(plan) => Source::Table(plan.encoded_by(encoders, path)),
            source => source,
        };
        DataPlan { source, ..self }
    }

    /// What is predicted of a table, as it is said or found from its targets.
    ///
    /// # Errors
    /// A table that cannot be read, or has no such column.
    pub fn task(&self) -> Result<Option<Task>, Error> {
        match &self.source {
            Source::Table(plan) => Ok(Some(plan.task(&*plan.table(&mut |_, _| ())?)?)),
            _ => Ok(None),
        }
    }

    /// How a file such as the table's is read.
    pub fn read_options(&self) -> ReadOptions {
        match &self.source {
            Source::Table(plan) => plan.options().clone(),
            _ => ReadOptions::default(),
        }
    }

    /// Draws or reads the samples. `wants_classes`: the loss is over class probabilities; `share`: that of a table's rows held
    /// back.
    pub(crate) fn samples(
        &self,
        random: &mut RandomState,
        wants_classes: bool,
        share: Option<f64>,
    ) -> Result<Samples, Error> {
        match &self.source {
            Source::Table(plan) => {
                let (dataset, from) = plan.samples(share, random)?;
                let classes = match &from.encoders.target {
                    Target::Classes { classes, .. } => classes.clone(),
                    _ => Vec::new(),
                };
                let lines = from.rows[0].iter().filter_map(|i| from.table.lines.get(*i).copied()).collect();
                let target = from.encoders.target.columns().join(", ");
                let places = Some(Places { path: plan.path.clone(), lines, target });
                let inputs = from.encoders.input_names();
                Ok(Samples { dataset, inputs, classes, curves: &[], from_table: Some(from), places })
            }
            Source::Generator(generator) => {
                let generated = generator.generate(random);
                let n_inputs = generated.n_inputs;
                let classes = generated.class_names.clone();
                let dataset = generated.into_dataset();
                let inputs = (1..=n_inputs).map(|i| format!("x{i}")).collect();
                let curves = generator.curves();
                Ok(Samples { dataset, inputs, classes, curves, from_table: None, places: None })
            }
            Source::Csv(csv) => csv.read(wants_classes),
        }
    }
}

impl Csv {
    fn error(&self, line: Option<u64>, column: Option<&str>, reason: impl Into<String>) -> Error {
        Error::Table {
            path: self.path.clone(),
            line,
            column: column.map(str::to_owned),
            reason: reason.into(),
        }
    }

    fn read(&self, wants_classes: bool) -> Result<Samples, Error> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(self.bytes.as_slice());
        let broken = |error: csv::Error| {
            let line = error.position().map(csv::Position::line);
            self.error(line, None, format!("this is not a readable CSV table: {}", reason(&error)))
        };
        let header: Vec<String> = reader.headers().map_err(broken)?.iter().map(str::to_owned).collect();
        if header.is_empty() {
            return Err(self.error(None, None, "the file is empty; its first line names the columns"));
        }
        let find = |name: &str| {
            header.iter().position(|column| column == name).ok_or_else(|| {
                let nearest = chainrule::registry::nearest(name, header.iter().map(String::as_str));
                let hint = crate::error::hint(nearest);
                self.error(
                    Some(1),
                    Some(name),
                    format!("there is no such column{hint}; there are: {}", header.join(", ")),
                )
            })
        };
        if let Some((i, name)) = header.iter().enumerate().find(|(i, name)| header[..*i].contains(name)) {
            return Err(self.error(
                Some(1),
                Some(name),
                format!("column {} has the name of an earlier one", i + 1),
            ));
        }
        let target = find(&self.target)?;
        let inputs: Vec<usize> = match &self.inputs {
            Some(names) => names.iter().map(|name| find(name)).collect::<Result<_, _>>()?,
            None => (0..header.len()).filter(|column| *column != target).collect(),
        };
        if inputs.is_empty() || inputs.contains(&target) {
            let reason = "the inputs must be at least one column other than the target";
            return Err(self.error(Some(1), Some(&self.target), reason));
        }
        let (mut x, mut targets) = (Vec::new(), Vec::new());
        for record in reader.records() {
            let record = record.map_err(broken)?;
            let line = record.position().map(csv::Position::line);
            for &column in &inputs {
                x.push(self.number(&record[column], line, &header[column])?);
            }
            targets.push((record[target].to_owned(), line));
        }
        let lines = targets.iter().map(|(_, line)| line.unwrap_or(0)).collect();
        let places = Some(Places { path: self.path.clone(), lines, target: self.target.clone() });
        if targets.is_empty() {
            return Err(self.error(None, None, "the table has a header and no rows; give it samples"));
        }
        let numeric = || targets.iter().all(|(t, _)| t.parse::<f64>().is_ok());
        let as_classes = match self.classes {
            Classes::Names => true,
            Classes::Numbers => false,
            Classes::Guess => wants_classes || !numeric(),
        };
        let engine = |source: EngineError| self.error(None, None, source.to_string());
        let names: Vec<String> = inputs.iter().map(|&column| header[column].clone()).collect();
        if !as_classes {
            let t = targets
                .iter()
                .map(|(t, line)| self.number(t, *line, &self.target))
                .collect::<Result<_, _>>()?;
            let dataset = Dataset::new(x, inputs.len(), t, 1).map_err(engine)?;
            let (inputs, classes) = (names, Vec::new());
            return Ok(Samples { dataset, inputs, classes, curves: &[], from_table: None, places });
        }
        if let Some((_, line)) = targets.iter().find(|(t, _)| t.is_empty()) {
            return Err(self.error(
                *line,
                Some(&self.target),
                "there is no class here; name one or leave the row out",
            ));
        }
        let mut classes: Vec<String> = targets.iter().map(|(t, _)| t.clone()).collect();
        // Numbers by size, names by letter.
        classes.sort_by(|a, b| match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => a.total_cmp(&b),
            _ => a.cmp(b),
        });
        classes.dedup();
        if classes.len() < 2 {
            let reason =
                format!("every row is of the class \"{}\": there is nothing to tell apart", classes[0]);
            return Err(self.error(None, Some(&self.target), reason));
        }
        let index = |(t, _): &(String, _)| {
            classes.iter().position(|class| class == t).expect("a class of the column")
        };
        let indices: Vec<usize> = targets.iter().map(index).collect();
        let dataset = if classes.len() == 2 && !wants_classes {
            let t = indices.iter().map(|&class| class as f64).collect();
            Dataset::new(x, inputs.len(), t, 1)
        } else {
            Dataset::from_classes(x, inputs.len(), &indices, classes.len())
        };
        let dataset = dataset.map_err(engine)?;
        Ok(Samples { dataset, inputs: names, classes, curves: &[], from_table: None, places })
    }

    /// A finite number in a cell.
    fn number(&self, cell: &str, line: Option<u64>, column: &str) -> Result<f64, Error> {
        match cell.parse::<f64>() {
            Ok(v) if v.is_finite() => Ok(v),
            Ok(_) => Err(self.error(
                line,
                Some(column),
                format!("\"{cell}\" is no finite number; fill it in or leave the row out"),
            )),
            Err(_) if cell.is_empty() => Err(self.error(
                line,
                Some(column),
                "there is no number here; fill it in or leave the row out",
            )),
            Err(_) => Err(self.error(line, Some(column), format!("\"{cell}\" is no number"))),
        }
    }
}

/// A CSV error without the place, which is said before it.
fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("this row has {len} fields where the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8; save the file in that encoding".to_owned(),
        _ => error.to_string(),
    }
}
