//! Whether an export says what its model says: it is compiled or loaded by the tools that users have, run over a table, compared.

mod c;
mod json;
mod onnx;
mod rust;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use chainrule_table::Table;

use super::columns::{self, Column};
use super::{Export, Format, outputs};
use crate::{Error, Model};

/// How far an export is from its model.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The largest difference between a prediction of the export and the model's own: of probabilities as they are, of numbers
    /// over the largest that the model predicts there.
    pub largest_difference: f64,
    /// How many rows were compared.
    pub n_rows: usize,
    /// How many rows are given the same class, or all the same labels; none where numbers are predicted.
    pub agreeing_predictions: Option<usize>,
}

/// The programs that run exports.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `cc` | the variable `CC`, else `cc` | compiles C |
/// | `cc_options` | none | further options for it |
/// | `runner` | none | runs what it made, with its options: `qemu-arm -L /usr/arm-linux-gnueabihf` |
/// | `rustc` | the variable `RUSTC`, else `rustc` | compiles Rust |
/// | `python` | the variable `CHAINRULE_PYTHON`, else `python3` | runs ONNX, with `onnxruntime` and `numpy` |
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the table above says what each is")]
pub struct Tools {
    pub cc: OsString,
    pub cc_options: Vec<String>,
    pub runner: Vec<String>,
    pub rustc: OsString,
    pub python: OsString,
}

impl Default for Tools {
    fn default() -> Self {
        let of = |variable, otherwise: &str| std::env::var_os(variable).unwrap_or_else(|| otherwise.into());
        Tools {
            cc: of("CC", "cc"),
            cc_options: Vec::new(),
            runner: Vec::new(),
            rustc: of("RUSTC", "rustc"),
            python: of("CHAINRULE_PYTHON", "python3"),
        }
    }
}

/// Runs a file that a model was exported to over a table, and says how far it is from the model's own predictions.
///
/// # Errors
/// A tool that is missing or fails; a column that the table lacks; what [`export`](super::export) refuses.
pub fn verify(model: &Model, export: &Export, tools: &Tools, table: &Table) -> Result<Verified, Error> {
    let mut verified = verify_all(&[(model, export)], tools, table)?;
    Ok(verified.pop().expect("one for each file"))
}

/// [`verify`] for several files at once, in one program where they are compiled, which takes most of the time. The names of
/// each C file need a prefix of their own.
///
/// # Errors
/// As [`verify`].
///
/// # Panics
/// When the files are not all of one format.
pub fn verify_all(
    exports: &[(&Model, &Export)],
    tools: &Tools,
    table: &Table,
) -> Result<Vec<Verified>, Error> {
    let Some(format) = exports.first().map(|(_, export)| export.format) else { return Ok(Vec::new()) };
    assert!(exports.iter().all(|(_, export)| export.format == format), "files of one format");
    let cases: Result<Vec<_>, Error> =
        exports.iter().map(|(model, export)| Case::new(model, export, table)).collect();
    let cases = cases?;
    let folder =
        tempfile::tempdir().map_err(|source| Error::Unwritable { path: std::env::temp_dir(), source })?;
    let said = match format {
        Format::C => c::run(&cases, tools, folder.path())?,
        Format::Rust => rust::run(&cases, tools, folder.path())?,
        Format::Onnx => onnx::run(&cases, tools, folder.path())?,
        Format::Json => cases.iter().map(|case| json::run(case, table)).collect::<Result<_, _>>()?,
    };
    cases.iter().zip(said).map(|(case, said)| case.compare(table, &said)).collect()
}

/// An export with what it is given.
struct Case<'m> {
    model: &'m Model,
    export: &'m Export,
    columns: Vec<Column>,
    /// Each column's cells as numbers or codes, and for words as texts.
    cells: Vec<Vec<f64>>,
    texts: Vec<Vec<String>>,
    n_rows: usize,
}

/// What an export says of each row: its outputs, and what they decide.
#[derive(Debug, Default, PartialEq)]
struct Said {
    y: Vec<f64>,
    decided: Vec<usize>,
}

impl<'m> Case<'m> {
    fn new(model: &'m Model, export: &'m Export, table: &Table) -> Result<Case<'m>, Error> {
        let columns = columns::columns(model)?;
        let cells = columns.iter().map(|column| column.cells_of(table)).collect::<Result<_, _>>()?;
        let texts = |column: &Column| {
            let values = &table.column(&column.name)?.values;
            Ok((0..values.len()).map(|row| values.text(row).unwrap_or_default()).collect())
        };
        let texts = columns.iter().map(texts).collect::<Result<_, Error>>()?;
        Ok(Case { model, export, columns, cells, texts, n_rows: table.n_rows() })
    }

    /// The cells of all rows, a row a line, after their number.
    fn rows(&self) -> String {
        let row =
            |i: usize| self.cells.iter().map(|cells| format!("{:?}", cells[i])).collect::<Vec<_>>().join(" ");
        format!("{}\n", self.n_rows) + &(0..self.n_rows).map(|i| row(i) + "\n").collect::<String>()
    }

    /// What a program that was given [`rows`](Case::rows) wrote for them, a row a line.
    fn read<'l>(&self, lines: &mut impl Iterator<Item = &'l str>) -> Result<Said, Error> {
        let n = outputs::n_predicted(self.model.target());
        let mut said = Said::default();
        for _ in 0..self.n_rows {
            let line = lines.next().unwrap_or("");
            let numbers: Option<Vec<f64>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
            let Some(numbers) = numbers.filter(|numbers| numbers.len() >= n) else {
                return Err(Error::Tool {
                    tool: "the export".to_owned(),
                    said: format!("\"{line}\" for a row"),
                });
            };
            said.y.extend(&numbers[..n]);
            said.decided.extend(numbers[n..].iter().map(|v| *v as usize));
        }
        Ok(said)
    }

    fn compare(&self, table: &Table, said: &Said) -> Result<Verified, Error> {
        let target = self.model.target();
        let n = outputs::n_predicted(target);
        let y = outputs::expanded(self.model, self.model.predict(table)?.y);
        Ok(compare(self.model, &y, &said.y, |row| {
            let n_decided = said.decided.len() / self.n_rows;
            outputs::decided(target, &y[row * n..][..n]) == said.decided[row * n_decided..][..n_decided]
        }))
    }
}

/// The largest difference of `said` from `y`, and the number of rows that agree.
pub(super) fn compare(model: &Model, y: &[f64], said: &[f64], agrees: impl Fn(usize) -> bool) -> Verified {
    let target = model.target();
    let n = outputs::n_predicted(target);
    let n_rows = y.len() / n;
    let largest = |k: usize| y.iter().skip(k).step_by(n).fold(0.0_f64, |largest, v| largest.max(v.abs()));
    let is_number = outputs::scales(target).is_some();
    let scales: Vec<f64> =
        (0..n).map(|k| if is_number && largest(k) > 0.0 { largest(k) } else { 1.0 }).collect();
    let difference = |(i, (a, b)): (usize, (&f64, &f64))| {
        // The same infinity or NaN is no difference.
        if a == b || a.is_nan() && b.is_nan() { 0.0 } else { (a - b).abs() / scales[i % n] }
    };
    let differences = y.iter().zip(said).enumerate().map(difference);
    Verified {
        largest_difference: differences.fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a }),
        n_rows,
        agreeing_predictions: (!is_number).then(|| (0..n_rows).filter(|row| agrees(*row)).count()),
    }
}

/// Writes a file of the temporary folder.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|source| Error::Unwritable { path: path.to_owned(), source })
}

/// What a program writes, given `input`; `install` says how to come by it.
pub(super) fn output(command: &mut Command, install: &'static str, input: &str) -> Result<String, Error> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let failed = |said: String| Error::Tool { tool: tool.clone(), said };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| Error::NoTool { tool: tool.clone(), source, install })?;
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_owned();
    // Of its own, that neither waits for the other's pipe; a program that stops early closes its end, and says why itself.
    let writing = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    let _ = writing.join();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(format!("{} ({})", said.trim(), output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
