//! `chainrule predict`: predicts the rows of a table, chunk by chunk.

use std::io::{ErrorKind, IsTerminal};
use std::path::Path;

use chainrule_model::{Model, Predictions};
use chainrule_table::{
    CellFormat, CellType, Column, ColumnFormat, Destination, Error, FileFormat, OutputColumn, Problem,
    ReadOptions, Stream, Strings, Table, TableWriter, Target, Values,
};

use crate::arguments::{PredictArguments, Reading};
use crate::error::{Failure, STANDARD_OUTPUT};
use crate::output::errln;
use crate::progress::ReadingBar;

pub(crate) fn run(arguments: &PredictArguments) -> Result<(), Failure> {
    if !(0.0..=1.0).contains(&arguments.threshold) {
        let (value, allowed) = (arguments.threshold.to_string(), "from 0 to 1".to_owned());
        return Err(Failure::Argument { argument: "--threshold", value, allowed });
    }
    let terminal = if std::io::stdout().is_terminal() { Terminal::Yes } else { Terminal::No };
    let format = format(arguments.output.as_deref(), arguments.to, terminal)?;
    let outputs: Vec<(&Path, &str)> =
        arguments.output.iter().map(|output| (output.as_path(), "--output")).collect();
    super::refuse_same_files(&outputs, &[(&arguments.model, "the model"), (&arguments.data, "the table")])?;
    let model = Model::load(&arguments.model)?;
    let options = read_options(&arguments.reading)?;
    let mut stream = Stream::open(&arguments.data, &options, &model.formats())?;
    let mut keep: Vec<(&str, CellType)> = Vec::new();
    for name in &arguments.keep {
        if keep.iter().all(|(known, _)| known != name) {
            keep.push((name, CellType::Strings));
        }
    }
    // Kept columns are copied as text, whatever their kind, by a second stream in step with the inputs.
    let mut kept = if keep.is_empty() { None } else { Some(Stream::open(&arguments.data, &options, &keep)?) };
    let outputs = output_columns(&model);
    if let Some((name, _)) = keep.iter().find(|(name, _)| outputs.iter().any(|(other, _)| name == other)) {
        let data = arguments.data.display();
        let allowed = format!("a column whose name is not also that of a prediction; rename it in {data}");
        return Err(Failure::Argument { argument: "--keep", value: (*name).to_owned(), allowed });
    }
    let columns = keep.iter().map(|(name, _)| (*name, OutputColumn::Strings { longest: None }));
    let columns: Vec<(&str, OutputColumn)> =
        columns.chain(outputs.iter().map(|(name, column)| (name.as_str(), *column))).collect();
    let escape = |text: &str| if arguments.escape_formulas { escaped(text) } else { text.to_owned() };
    let names: Vec<String> = columns.iter().map(|(name, _)| escape(name)).collect();
    // An apostrophe makes a text longer by one.
    let longer = |column: OutputColumn| match column {
        OutputColumn::Strings { longest } => OutputColumn::Strings { longest: longest.map(|n| n + 1) },
        OutputColumn::Numbers => column,
    };
    let columns: Vec<(&str, OutputColumn)> = names
        .iter()
        .zip(&columns)
        .map(|(name, (_, column))| {
            (name.as_str(), if arguments.escape_formulas { longer(*column) } else { *column })
        })
        .collect();
    let destination = match &arguments.output {
        Some(path) => Destination::File(path),
        None => Destination::Stream(Box::new(std::io::stdout())),
    };
    let mut writer = TableWriter::open(destination, format, &columns).map_err(unwritten)?;
    let mut unseen: Vec<(String, u64)> = Vec::new();
    let (mut n_predicted, mut n_nan) = (0_u64, 0_u64);
    let mut bar = ReadingBar::new(Some(&arguments.data));
    while let Some(inputs) = stream.next()? {
        let kept = kept.as_mut().map(Stream::next).transpose()?.flatten().unwrap_or_default();
        assert!(
            keep.is_empty() || kept.n_rows() == inputs.n_rows(),
            "chunks of one file cover the same rows"
        );
        let (done, total) = stream.done();
        bar.show(done, total);
        let predictions = model.predict(&inputs)?;
        for (name, n) in &predictions.unseen {
            match unseen.iter_mut().find(|(known, _)| known == name) {
                Some((_, count)) => *count += n,
                None => unseen.push((name.clone(), *n)),
            }
        }
        n_predicted += predictions.y.len() as u64;
        n_nan += predictions.y.iter().filter(|y| y.is_nan()).count() as u64;
        let values = output_values(&model, &predictions, arguments.threshold);
        let predicted = outputs.iter().zip(values).map(|((name, _), values)| Column::new(name, values));
        let mut rows: Vec<Column> = kept.columns.into_iter().chain(predicted).collect();
        for (column, name) in rows.iter_mut().zip(&names) {
            column.name.clone_from(name);
            if let Values::Strings(strings) = &mut column.values {
                strings.words.iter_mut().for_each(|word| *word = escape(word));
            }
        }
        writer.write(&Table::new(rows)).map_err(unwritten)?;
    }
    writer.finish().map_err(unwritten)?;
    drop(bar);
    if let Some(path) = &arguments.output {
        errln!("written to {}", path.display());
    }
    print_unseen(&unseen);
    if n_nan > 0 && n_nan == n_predicted { Err(Failure::NotANumber) } else { Ok(()) }
}

/// Warns of values that did not occur in training.
pub(super) fn print_unseen(unseen: &[(String, u64)]) {
    for (column, n) in unseen {
        errln!("warning: {column}: {n} cells have values that did not occur in training");
    }
}

/// Returns a text with an apostrophe in front if a spreadsheet would take it for a formula.
fn escaped(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

/// Whether standard output is a terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Terminal {
    No,
    Yes,
}

/// The output format: `--to`, else by the extension of the file.
fn format(output: Option<&Path>, to: Option<FileFormat>, terminal: Terminal) -> Result<FileFormat, Failure> {
    let Some(path) = output else {
        let format = to.unwrap_or(FileFormat::Csv);
        if format.is_text() || terminal == Terminal::No {
            return Ok(format);
        }
        let known = FileFormat::ALL.iter().find(|(.., known)| *known == format);
        let value = known.map_or("", |(name, ..)| *name).to_owned();
        let allowed = "csv or jsonl on a terminal; write to a file with --output or >";
        return Err(Failure::Argument { argument: "--to", value, allowed: allowed.to_owned() });
    };
    to.or(FileFormat::of(path)).ok_or_else(|| {
        let extensions: Vec<String> =
            FileFormat::ALL.iter().map(|(_, extensions, _)| format!(".{}", extensions[0])).collect();
        let allowed = format!(
            "a file with one of the extensions {}, or --to must name a format",
            extensions.join(", ")
        );
        Failure::Argument { argument: "--output", value: path.display().to_string(), allowed }
    })
}

/// Converts an error of the writer to a failure.
fn unwritten(error: Error) -> Failure {
    let to_file = !error.path.as_os_str().is_empty();
    match error.problem {
        // The reader of a pipe, such as head, has closed it.
        Problem::Unwritable(source) if !to_file && source.kind() == ErrorKind::BrokenPipe => {
            std::process::exit(0)
        }
        Problem::Unwritable(source) => {
            let path = if to_file { error.path } else { STANDARD_OUTPUT.into() };
            Failure::Unwritable { path, source }
        }
        _ => error.into(),
    }
}

/// Returns the options for reading a file.
pub(super) fn read_options(reading: &Reading) -> Result<ReadOptions, Failure> {
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
        header: reading.header.as_deref().map(|header| header == "present"),
        decimal_comma: reading.decimal.as_deref().map(|decimal| decimal == "comma"),
        encoding: reading.encoding.clone(),
        missing: reading.missing.clone(),
        ..ReadOptions::default()
    })
}

/// Reads these columns of a whole table.
pub(super) fn read_whole(
    path: &Path,
    reading: &Reading,
    columns: &[(&str, ColumnFormat)],
) -> Result<Table, Failure> {
    let mut bar = ReadingBar::new(Some(path));
    Ok(Stream::open(path, &read_options(reading)?, columns)?
        .whole(&mut |done, total| bar.show(done, total))?)
}

/// Names and types of the output columns.
fn output_columns(model: &Model) -> Vec<(String, OutputColumn)> {
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
        Target::Numbers { columns, .. } => {
            let name = |column: &String| match &columns[..] {
                [_] => "prediction".to_owned(),
                _ => format!("prediction_{column}"),
            };
            let output = |format: &ColumnFormat| match &format.cells {
                CellFormat::Date(dates) => OutputColumn::Strings { longest: Some(dates.write(0.0).len()) },
                _ => OutputColumn::Numbers,
            };
            let formats = model.target_formats();
            columns.iter().zip(&formats).map(|(column, (_, format))| (name(column), output(format))).collect()
        }
    }
}

/// Values of the output columns.
fn output_values(model: &Model, predictions: &Predictions, threshold: f64) -> Vec<Values> {
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
        Target::Numbers { .. } => {
            let values = |(k, (_, format)): (usize, (&str, ColumnFormat))| match &format.cells {
                CellFormat::Date(dates) => {
                    let cells: Vec<String> = output(k).map(|days| dates.write(days)).collect();
                    Values::Strings(cells.iter().map(|cell| Some(cell.as_str())).collect())
                }
                _ => Values::Numbers(output(k).collect()),
            };
            model.target_formats().into_iter().enumerate().map(values).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_given_or_inferred_and_binary_formats_are_refused_on_a_terminal() {
        let choose = |output: Option<&str>, to, terminal| {
            format(output.map(Path::new), to, terminal).map_err(|failure| failure.to_string())
        };
        assert_eq!(choose(None, None, Terminal::Yes), Ok(FileFormat::Csv));
        assert_eq!(choose(None, Some(FileFormat::Parquet), Terminal::No), Ok(FileFormat::Parquet));
        assert_eq!(choose(Some("p.NPY"), None, Terminal::Yes), Ok(FileFormat::Numpy));
        assert_eq!(
            choose(Some("p.csv"), Some(FileFormat::JsonLines), Terminal::No),
            Ok(FileFormat::JsonLines)
        );
        for (name, binary) in [("parquet", FileFormat::Parquet), ("npy", FileFormat::Numpy)] {
            let message = choose(None, Some(binary), Terminal::Yes).unwrap_err();
            let expected = "but must be csv or jsonl on a terminal; write to a file with --output or >";
            assert_eq!(message, format!("--to is {name}, {expected}"));
        }
    }
}
