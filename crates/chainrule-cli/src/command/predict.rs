//! `chainrule predict`: the rows of a table through a model, piece by piece.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use chainrule_model::{Model, Predictions};
use chainrule_table::{ReadOptions, Stream, Table, Target, Want};

use crate::arguments::table::{Predict, Reading};
use crate::error::Failure;

pub(crate) fn run(arguments: &Predict) -> Result<(), Failure> {
    if !(0.0..=1.0).contains(&arguments.threshold) {
        let (value, allowed) = (arguments.threshold.to_string(), "from 0 to 1".to_owned());
        return Err(Failure::Argument { argument: "--threshold", value, allowed });
    }
    let model = Model::load(&arguments.model)?;
    let options = options(&arguments.reading)?;
    let mut stream = Stream::open(&arguments.data, &options, &model.wanted())?;
    let mut keep: Vec<(&str, Want)> = Vec::new();
    for name in &arguments.keep {
        if keep.iter().all(|(known, _)| known != name) {
            keep.push((name, Want::Texts));
        }
    }
    // A column that is kept is read as it is written, whatever the model takes it for: beside the inputs, in step with them.
    let mut kept = if keep.is_empty() { None } else { Some(Stream::open(&arguments.data, &options, &keep)?) };
    let form = Form::of(arguments.output.as_deref())?;
    let mut output = Output::open(arguments.output.as_deref(), form)?;
    let names = names(&model);
    let header: Vec<&str> =
        keep.iter().map(|(name, _)| *name).chain(names.iter().map(String::as_str)).collect();
    output.header(&header)?;
    let mut unseen: Vec<(String, u64)> = Vec::new();
    while let Some(inputs) = stream.next()? {
        let kept = kept.as_mut().map(Stream::next).transpose()?.flatten().unwrap_or_default();
        assert!(
            keep.is_empty() || kept.n_rows() == inputs.n_rows(),
            "pieces of one file are of the same rows"
        );
        let predictions = model.predict(&inputs)?;
        for (name, n) in &predictions.unseen {
            match unseen.iter_mut().find(|(known, _)| known == name) {
                Some((_, count)) => *count += n,
                None => unseen.push((name.clone(), *n)),
            }
        }
        for row in 0..inputs.n_rows() {
            let kept =
                kept.columns.iter().map(|column| Cell::Text(column.values.text(row).unwrap_or_default()));
            let cells = kept.chain(cells(&model, &predictions, row, arguments.threshold));
            output.row(&header, cells)?;
        }
    }
    output.finish()?;
    for (column, n) in unseen {
        anstream::eprintln!(
            "{column}: {n} cells were like none of the training's, and were taken for no particular ones"
        );
    }
    Ok(())
}

/// How a file is read, as the arguments say.
pub(super) fn options(reading: &Reading) -> Result<ReadOptions, Failure> {
    let delimiter = match reading.delimiter.as_deref() {
        None => None,
        Some("tab") => Some(b'\t'),
        Some(text) if text.len() == 1 => Some(text.as_bytes()[0]),
        Some(text) => {
            let (value, allowed) = (text.to_owned(), "one character, or `tab`".to_owned());
            return Err(Failure::Argument { argument: "--delimiter", value, allowed });
        }
    };
    Ok(ReadOptions {
        delimiter,
        encoding: reading.encoding.clone(),
        missing: reading.missing.clone(),
        ..ReadOptions::default()
    })
}

/// A whole table of these columns.
pub(super) fn whole(path: &Path, reading: &Reading, wanted: &[(&str, Want)]) -> Result<Table, Failure> {
    let mut stream = Stream::open(path, &options(reading)?, wanted)?;
    let mut table: Option<Table> = None;
    while let Some(piece) = stream.next()? {
        match &mut table {
            Some(table) => table.append(piece),
            None => table = Some(piece),
        }
    }
    Ok(table.unwrap_or_default())
}

/// What is written of each row.
fn names(model: &Model) -> Vec<String> {
    match model.target() {
        Target::Classes { classes, .. } => {
            let probabilities = classes.iter().map(|class| format!("probability_{class}"));
            std::iter::once("prediction".to_owned()).chain(probabilities).collect()
        }
        Target::Labels { columns, .. } => columns
            .iter()
            .flat_map(|column| [format!("prediction_{column}"), format!("probability_{column}")])
            .collect(),
        Target::Numbers { columns, .. } if columns.len() == 1 => vec!["prediction".to_owned()],
        Target::Numbers { columns, .. } => {
            columns.iter().map(|column| format!("prediction_{column}")).collect()
        }
    }
}

/// A cell of the output.
enum Cell {
    Text(String),
    Number(f64),
}

fn cells(model: &Model, predictions: &Predictions, row: usize, threshold: f64) -> Vec<Cell> {
    let y = predictions.row(row);
    match model.target() {
        Target::Classes { classes, .. } => {
            let p: Vec<f64> = if let [p] = y { vec![1.0 - p, *p] } else { y.to_vec() };
            let class = match y {
                [p] => usize::from(*p >= threshold),
                y => (1..y.len()).fold(0, |best, k| if y[k] > y[best] { k } else { best }),
            };
            std::iter::once(Cell::Text(classes[class].clone()))
                .chain(p.into_iter().map(Cell::Number))
                .collect()
        }
        Target::Labels { words, .. } => {
            let label = |(p, words): (&f64, &[String; 2])| {
                [Cell::Text(words[usize::from(*p >= threshold)].clone()), Cell::Number(*p)]
            };
            y.iter().zip(words).flat_map(label).collect()
        }
        Target::Numbers { .. } => y.iter().map(|v| Cell::Number(*v)).collect(),
    }
}

/// The form of the output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    JsonLines,
}

impl Form {
    fn of(path: Option<&Path>) -> Result<Form, Failure> {
        let Some(path) = path else { return Ok(Form::Csv) };
        match path.extension().unwrap_or_default().to_string_lossy().to_lowercase().as_str() {
            "csv" => Ok(Form::Csv),
            "jsonl" | "ndjson" => Ok(Form::JsonLines),
            _ => {
                let (value, allowed) =
                    (path.display().to_string(), "a file that ends in .csv or .jsonl".to_owned());
                Err(Failure::Argument { argument: "--output", value, allowed })
            }
        }
    }
}

/// Where predictions go: a file that has its name only once it is whole, or standard output.
struct Output<'p> {
    to: Sink,
    form: Form,
    path: Option<&'p Path>,
}

enum Sink {
    File(BufWriter<tempfile::NamedTempFile>),
    Standard(BufWriter<std::io::Stdout>),
}

impl Output<'_> {
    fn open(path: Option<&Path>, form: Form) -> Result<Output<'_>, Failure> {
        let to = match path {
            None => Sink::Standard(BufWriter::new(std::io::stdout())),
            Some(path) => {
                let folder =
                    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let file = tempfile::Builder::new().prefix(".unfinished-").tempfile_in(folder);
                let file = file.map_err(|source| Failure::Unwritable { path: path.to_owned(), source })?;
                Sink::File(BufWriter::new(file))
            }
        };
        Ok(Output { to, form, path })
    }

    fn failed(&self, source: std::io::Error) -> Failure {
        // Whoever reads only the first lines has what it wanted.
        if self.path.is_none() && source.kind() == std::io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        let path = self.path.unwrap_or(Path::new("standard output")).to_owned();
        Failure::Unwritable { path, source }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.to {
            Sink::File(file) => file.write_all(bytes),
            Sink::Standard(out) => out.write_all(bytes),
        };
        written.map_err(|source| self.failed(source))
    }

    fn header(&mut self, names: &[&str]) -> Result<(), Failure> {
        if self.form == Form::JsonLines {
            return Ok(());
        }
        let cells = names.iter().map(|name| Cell::Text((*name).to_owned()));
        self.csv(cells)
    }

    fn row(&mut self, names: &[&str], cells: impl Iterator<Item = Cell>) -> Result<(), Failure> {
        if self.form == Form::Csv {
            return self.csv(cells);
        }
        let value = |cell: Cell| match cell {
            Cell::Text(text) => serde_json::Value::from(text),
            Cell::Number(v) => serde_json::Value::from(v),
        };
        let object: serde_json::Map<_, _> =
            names.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), value(cell))).collect();
        let line = format!("{}\n", serde_json::Value::Object(object));
        self.write(line.as_bytes())
    }

    fn csv(&mut self, cells: impl Iterator<Item = Cell>) -> Result<(), Failure> {
        let mut line = csv::WriterBuilder::new().from_writer(Vec::with_capacity(128));
        for cell in cells {
            let written = match cell {
                Cell::Text(text) => line.write_field(text),
                Cell::Number(v) => line.write_field(v.to_string()),
            };
            written.expect("a line in memory");
        }
        line.write_record(None::<&[u8]>).expect("a line in memory");
        let line = line.into_inner().expect("a line in memory");
        self.write(&line)
    }

    fn finish(mut self) -> Result<(), Failure> {
        let path = self.path.map(Path::to_owned);
        let flushed = match &mut self.to {
            Sink::File(file) => file.flush(),
            Sink::Standard(out) => out.flush(),
        };
        flushed.map_err(|source| self.failed(source))?;
        let (Sink::File(file), Some(path)) = (self.to, path) else { return Ok(()) };
        let failed = |source| Failure::Unwritable { path: path.clone(), source };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        readable(file.as_file()).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        anstream::eprintln!("written to {}", path.display());
        Ok(())
    }
}

/// A temporary file is its maker's alone; predictions are as readable as any other file.
fn readable(file: &File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    let _ = file;
    Ok(())
}
