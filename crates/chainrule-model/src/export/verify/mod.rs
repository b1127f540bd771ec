//! Verification of exports: an export is compiled or loaded with the usual tools and run on a
//! table, and its predictions are compared with those of the model.

mod c;
mod json;
mod onnx;
mod rust;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use chainrule_table::Table;

use super::columns::{self, ExportColumn};
use super::comparison::{Verified, compare};
use super::{Export, ExportFormat, outputs};
use crate::{Error, Model};

/// Programs that verify exports.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `cc` | environment variable `CC`, or `cc` | C compiler |
/// | `cc_options` | none | additional options of the C compiler |
/// | `runner` | none | emulator of compiled C, with its options: `qemu-arm -L /usr/arm-linux-gnueabihf` |
/// | `rustc` | environment variable `RUSTC`, or `rustc` | Rust compiler |
/// | `python` | environment variable `CHAINRULE_PYTHON`, or `python3` | Python with `onnxruntime` and `numpy`, for ONNX |
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the table above documents the fields")]
pub struct Tools {
    pub cc: OsString,
    pub cc_options: Vec<String>,
    pub runner: Vec<String>,
    pub rustc: OsString,
    pub python: OsString,
}

impl Default for Tools {
    fn default() -> Self {
        let program = |variable, default: &str| std::env::var_os(variable).unwrap_or_else(|| default.into());
        Tools {
            cc: program("CC", "cc"),
            cc_options: Vec::new(),
            runner: Vec::new(),
            rustc: program("RUSTC", "rustc"),
            python: program("CHAINRULE_PYTHON", "python3"),
        }
    }
}

/// Runs an export on the rows of a table and compares its predictions with those of its model.
///
/// Probabilities are compared as they are, numbers in standard deviations of the target (see
/// [`DifferenceUnit`](crate::DifferenceUnit)).
///
/// # Errors
/// Returns [`Error::ToolNotFound`] or [`Error::ToolFailed`] if a tool is missing or fails,
/// [`Error::Table`] or [`Error::TextColumn`] if a column does not exist or has the wrong type,
/// [`Error::MembersDiffer`] if the model cannot be exported, and [`Error::Unwritable`] if a
/// temporary file cannot be written.
pub fn verify(model: &Model, export: &Export, tools: &Tools, table: &Table) -> Result<Verified, Error> {
    let mut verified = verify_all(&[(model, export)], tools, table)?;
    Ok(verified.pop().expect("there is one result per export"))
}

/// Verifies several exports of one format, like [`verify`].
///
/// All exports are compiled as one program, because compilation takes most of the time. Each C
/// export must have a different prefix.
///
/// # Errors
/// The same as those of [`verify`].
///
/// # Panics
/// Panics if the exports have different formats.
pub fn verify_all(
    exports: &[(&Model, &Export)],
    tools: &Tools,
    table: &Table,
) -> Result<Vec<Verified>, Error> {
    let Some(format) = exports.first().map(|(_, export)| export.format) else { return Ok(Vec::new()) };
    assert!(exports.iter().all(|(_, export)| export.format == format), "the exports have different formats");
    let cases: Result<Vec<_>, Error> =
        exports.iter().map(|(model, export)| ExportCase::new(model, export, table)).collect();
    let cases = cases?;
    let folder =
        tempfile::tempdir().map_err(|source| Error::Unwritable { path: std::env::temp_dir(), source })?;
    let outputs = match format {
        ExportFormat::C => c::run(&cases, tools, folder.path())?,
        ExportFormat::Rust => rust::run(&cases, tools, folder.path())?,
        ExportFormat::Onnx => onnx::run(&cases, tools, folder.path())?,
        ExportFormat::Json => cases.iter().map(|case| json::run(case, table)).collect::<Result<_, _>>()?,
    };
    cases.iter().zip(outputs).map(|(case, output)| case.compare(table, &output)).collect()
}

/// An export with its inputs.
struct ExportCase<'m> {
    model: &'m Model,
    export: &'m Export,
    columns: Vec<ExportColumn>,
    /// Cells of each column as numbers or category codes.
    cells: Vec<Vec<f64>>,
    /// Cells of each column as text; missing cells are empty.
    texts: Vec<Vec<String>>,
    n_rows: usize,
}

/// Outputs of an export for all rows, and its decisions (the predicted class or labels).
#[derive(Debug, Default, PartialEq)]
struct ExportOutput {
    y: Vec<f64>,
    decisions: Vec<usize>,
}

impl<'m> ExportCase<'m> {
    fn new(model: &'m Model, export: &'m Export, table: &Table) -> Result<ExportCase<'m>, Error> {
        let columns = columns::columns(model)?;
        let cells = columns.iter().map(|column| column.cells(table)).collect::<Result<_, _>>()?;
        let texts = |column: &ExportColumn| {
            let values = &table.column(&column.name)?.values;
            Ok((0..values.len()).map(|row| values.text(row).unwrap_or_default()).collect())
        };
        let texts = columns.iter().map(texts).collect::<Result<_, Error>>()?;
        Ok(ExportCase { model, export, columns, cells, texts, n_rows: table.n_rows() })
    }

    /// Returns the number of rows, followed by the cells of one row per line.
    fn input(&self) -> String {
        let row =
            |i: usize| self.cells.iter().map(|cells| format!("{:?}", cells[i])).collect::<Vec<_>>().join(" ");
        format!("{}\n", self.n_rows) + &(0..self.n_rows).map(|i| row(i) + "\n").collect::<String>()
    }

    /// Parses the output of a program for [`input`](ExportCase::input), one row per line.
    fn parse_output<'l>(&self, lines: &mut impl Iterator<Item = &'l str>) -> Result<ExportOutput, Error> {
        let n = outputs::n_predicted(self.model.target());
        let mut output = ExportOutput::default();
        for _ in 0..self.n_rows {
            let line = lines.next().unwrap_or("");
            let numbers: Option<Vec<f64>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
            let Some(numbers) = numbers.filter(|numbers| numbers.len() >= n) else {
                return Err(Error::ToolFailed {
                    tool: "the export".to_owned(),
                    message: format!("it wrote \"{line}\" as the output of a row"),
                });
            };
            output.y.extend(&numbers[..n]);
            output.decisions.extend(numbers[n..].iter().map(|v| *v as usize));
        }
        Ok(output)
    }

    fn compare(&self, table: &Table, output: &ExportOutput) -> Result<Verified, Error> {
        let target = self.model.target();
        let n = outputs::n_predicted(target);
        let y = outputs::expanded(self.model, self.model.predict(table)?.y);
        let verified = compare(self.model, &y, &output.y, |row| {
            let n_decisions = output.decisions.len() / self.n_rows;
            outputs::decisions(target, &y[row * n..][..n])
                == output.decisions[row * n_decisions..][..n_decisions]
        });
        // Quantisation errors are not rounding errors.
        Ok(Verified { tolerance: verified.tolerance.filter(|_| self.export.int8.is_none()), ..verified })
    }
}

/// Writes a file in the temporary folder.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|source| Error::Unwritable { path: path.to_owned(), source })
}

/// Runs a program with `input` on standard input and returns its standard output. `install` is the
/// installation instruction in the error if the program does not exist.
pub(super) fn output(command: &mut Command, install: &'static str, input: &str) -> Result<String, Error> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let failed = |message: String| Error::ToolFailed { tool: tool.clone(), message };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| Error::ToolNotFound { tool: tool.clone(), source, install })?;
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let input = input.to_owned();
    // A separate thread writes the input to avoid a deadlock while both pipes are full. Write
    // errors are ignored: a program that stops early reports the reason itself.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    let _ = writer.join();
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(failed(format!("{} ({})", message.trim(), output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
