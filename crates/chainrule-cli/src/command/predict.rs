//! `chainrule predict`: the rows of a table through a model, piece by piece.

use std::io::{ErrorKind, IsTerminal};
use std::path::Path;

use chainrule_model::{Model, Predictions};
use chainrule_table::{
    CellType, Column, Destination, Error, FileFormat, OutputColumn, Problem, ReadOptions, Stream, Strings,
    Table, TableWriter, Target, Values,
};

use crate::arguments::table::{Decimal, Header, Predict, Reading};
use crate::error::Failure;
use crate::progress::ReadingBar;

pub(crate) fn run(arguments: &Predict) -> Result<(), Failure> {
    if !(0.0..=1.0).contains(&arguments.threshold) {
        let (value, allowed) = (arguments.threshold.to_string(), "from 0 to 1".to_owned());
        return Err(Failure::Argument { argument: "--threshold", value, allowed });
    }
    let terminal = if std::io::stdout().is_terminal() { Terminal::Yes } else { Terminal::No };
    let form = form(arguments.output.as_deref(), arguments.to, terminal)?;
    let model = Model::load(&arguments.model)?;
    let options = options(&arguments.reading)?;
    let mut stream = Stream::open(&arguments.data, &options, &model.wanted())?;
    let mut keep: Vec<(&str, CellType)> = Vec::new();
    for name in &arguments.keep {
        if keep.iter().all(|(known, _)| known != name) {
            keep.push((name, CellType::Strings));
        }
    }
    // A column that is kept is read as it is written, whatever the model takes it for: beside the inputs, in step with them.
    let mut kept = if keep.is_empty() { None } else { Some(Stream::open(&arguments.data, &options, &keep)?) };
    let predicted = predicted(&model);
    if let Some((name, _)) = keep.iter().find(|(name, _)| predicted.iter().any(|(other, _)| name == other)) {
        let data = arguments.data.display();
        let allowed = format!("called otherwise than what is predicted; rename the column in {data}");
        return Err(Failure::Argument { argument: "--keep", value: (*name).to_owned(), allowed });
    }
    let columns = keep.iter().map(|(name, _)| (*name, OutputColumn::Strings { longest: None }));
    let columns: Vec<(&str, OutputColumn)> =
        columns.chain(predicted.iter().map(|(name, holds)| (name.as_str(), *holds))).collect();
    let destination = match &arguments.output {
        Some(path) => Destination::File(path),
        None => Destination::Stream(Box::new(std::io::stdout())),
    };
    let mut writer = TableWriter::open(destination, form, &columns).map_err(unwritten)?;
    let mut unseen: Vec<(String, u64)> = Vec::new();
    let mut bar = ReadingBar::new(Some(&arguments.data));
    while let Some(inputs) = stream.next()? {
        let kept = kept.as_mut().map(Stream::next).transpose()?.flatten().unwrap_or_default();
        assert!(
            keep.is_empty() || kept.n_rows() == inputs.n_rows(),
            "pieces of one file are of the same rows"
        );
        let (done, of) = stream.done();
        bar.show(done, of);
        let predictions = model.predict(&inputs)?;
        for (name, n) in &predictions.unseen {
            match unseen.iter_mut().find(|(known, _)| known == name) {
                Some((_, count)) => *count += n,
                None => unseen.push((name.clone(), *n)),
            }
        }
        let cells = cells(&model, &predictions, arguments.threshold);
        let said = predicted.iter().zip(cells).map(|((name, _), values)| Column::new(name, values));
        writer.write(&Table::new(kept.columns.into_iter().chain(said).collect())).map_err(unwritten)?;
    }
    writer.finish().map_err(unwritten)?;
    drop(bar);
    if let Some(path) = &arguments.output {
        anstream::eprintln!("written to {}", path.display());
    }
    for (column, n) in unseen {
        anstream::eprintln!(
            "{column}: {n} cells were like none of the training's, and were taken for no particular ones"
        );
    }
    Ok(())
}

/// Whether standard output is a terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Terminal {
    No,
    Yes,
}

/// The form of the output: as it is said, or as the file's ending says.
fn form(output: Option<&Path>, to: Option<FileFormat>, terminal: Terminal) -> Result<FileFormat, Failure> {
    let Some(path) = output else {
        let form = to.unwrap_or(FileFormat::Csv);
        if form.is_text() || terminal == Terminal::No {
            return Ok(form);
        }
        let known = FileFormat::ALL.iter().find(|(.., known)| *known == form);
        let value = known.map_or("", |(name, ..)| *name).to_owned();
        let allowed = "csv or jsonl on a terminal; name a file with --output, or send it to one with >";
        return Err(Failure::Argument { argument: "--to", value, allowed: allowed.to_owned() });
    };
    to.or(FileFormat::of(path)).ok_or_else(|| {
        let endings: Vec<String> =
            FileFormat::ALL.iter().map(|(_, endings, _)| format!(".{}", endings[0])).collect();
        let allowed = format!("a file that ends in {}, or come with --to FORM", endings.join(", "));
        Failure::Argument { argument: "--output", value: path.display().to_string(), allowed }
    })
}

/// What it means that something cannot be written.
fn unwritten(error: Error) -> Failure {
    let to_file = !error.path.as_os_str().is_empty();
    match error.problem {
        // Whoever reads only the first lines has what it wanted.
        Problem::Unwritable(source) if !to_file && source.kind() == ErrorKind::BrokenPipe => {
            std::process::exit(0)
        }
        Problem::Unwritable(source) => {
            let path = if to_file { error.path } else { "standard output".into() };
            Failure::Unwritable { path, source }
        }
        _ => error.into(),
    }
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
        header: reading.header.map(|header| header == Header::Present),
        decimal_comma: reading.decimal.map(|decimal| decimal == Decimal::Comma),
        encoding: reading.encoding.clone(),
        missing: reading.missing.clone(),
        texts: Vec::new(),
    })
}

/// A whole table of these columns.
pub(super) fn whole(path: &Path, reading: &Reading, wanted: &[(&str, CellType)]) -> Result<Table, Failure> {
    let mut bar = ReadingBar::new(Some(path));
    Ok(Stream::open(path, &options(reading)?, wanted)?.whole(&mut |done, of| bar.show(done, of))?)
}

/// The columns that are predicted, with what they hold.
fn predicted(model: &Model) -> Vec<(String, OutputColumn)> {
    let texts = |words: &[String]| OutputColumn::Strings {
        longest: words.iter().map(|word| word.chars().count()).max(),
    };
    match model.target() {
        Target::Classes { classes, .. } => {
            let probabilities =
                classes.iter().map(|class| (format!("probability_{class}"), OutputColumn::Numbers));
            std::iter::once(("prediction".to_owned(), texts(classes))).chain(probabilities).collect()
        }
        Target::Labels { columns, words } => columns
            .iter()
            .zip(words)
            .flat_map(|(column, words)| {
                let label = (format!("prediction_{column}"), texts(words));
                [label, (format!("probability_{column}"), OutputColumn::Numbers)]
            })
            .collect(),
        Target::Numbers { columns, .. } if columns.len() == 1 => {
            vec![("prediction".to_owned(), OutputColumn::Numbers)]
        }
        Target::Numbers { columns, .. } => {
            columns.iter().map(|column| (format!("prediction_{column}"), OutputColumn::Numbers)).collect()
        }
    }
}

/// The cells of these columns.
fn cells(model: &Model, predictions: &Predictions, threshold: f64) -> Vec<Values> {
    let (y, n_outputs) = (&predictions.y, predictions.n_outputs);
    let rows = || y.chunks_exact(n_outputs);
    let output = |k: usize| y.iter().skip(k).step_by(n_outputs).copied();
    let second = |p: f64| u32::from(p >= threshold);
    let texts = |words: &[String], codes| Values::Strings(Strings { words: words.to_vec(), codes });
    match model.target() {
        Target::Classes { classes, .. } if n_outputs == 1 => vec![
            texts(classes, output(0).map(second).collect()),
            Values::Numbers(output(0).map(|p| 1.0 - p).collect()),
            Values::Numbers(output(0).collect()),
        ],
        Target::Classes { classes, .. } => {
            let likeliest = |y: &[f64]| (1..y.len()).fold(0, |best, k| if y[k] > y[best] { k } else { best });
            let codes = rows().map(|y| likeliest(y) as u32).collect();
            let probabilities = (0..n_outputs).map(|k| Values::Numbers(output(k).collect()));
            std::iter::once(texts(classes, codes)).chain(probabilities).collect()
        }
        Target::Labels { words, .. } => words
            .iter()
            .enumerate()
            .flat_map(|(k, words)| {
                [texts(words, output(k).map(second).collect()), Values::Numbers(output(k).collect())]
            })
            .collect(),
        Target::Numbers { .. } => (0..n_outputs).map(|k| Values::Numbers(output(k).collect())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_said_or_found_and_no_terminal_gets_bytes() {
        let of = |output: Option<&str>, to, terminal| {
            form(output.map(Path::new), to, terminal).map_err(|failure| failure.to_string())
        };
        assert_eq!(of(None, None, Terminal::Yes), Ok(FileFormat::Csv));
        assert_eq!(of(None, Some(FileFormat::Parquet), Terminal::No), Ok(FileFormat::Parquet));
        assert_eq!(of(Some("p.NPY"), None, Terminal::Yes), Ok(FileFormat::Numpy));
        assert_eq!(of(Some("p.csv"), Some(FileFormat::JsonLines), Terminal::No), Ok(FileFormat::JsonLines));
        for (name, form) in [("parquet", FileFormat::Parquet), ("npy", FileFormat::Numpy)] {
            let said = of(None, Some(form), Terminal::Yes).unwrap_err();
            let expected =
                "but must be csv or jsonl on a terminal; name a file with --output, or send it to one with >";
            assert_eq!(said, format!("--to is {name}, {expected}"));
        }
    }
}
