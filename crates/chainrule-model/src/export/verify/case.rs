//! An export with the inputs of all rows, and the comparison of its outputs.

use chainrule_table::Table;

use super::super::columns::{self, ExportColumn};
use super::super::comparison::{Verified, compare};
use super::super::{Export, outputs};
use crate::{Error, Model};

/// An export with its inputs.
pub(super) struct ExportCase<'m> {
    pub(super) model: &'m Model,
    pub(super) export: &'m Export,
    pub(super) columns: Vec<ExportColumn>,
    /// Cells of each column as numbers or category codes.
    pub(super) cells: Vec<Vec<f64>>,
    /// Cells of each column as text; missing cells are empty.
    pub(super) texts: Vec<Vec<String>>,
    pub(super) n_rows: usize,
}

/// Outputs of an export for all rows, and its decisions (the predicted class or labels).
#[derive(Debug, Default, PartialEq)]
pub(super) struct ExportOutput {
    pub(super) y: Vec<f64>,
    pub(super) decisions: Vec<usize>,
}

impl<'m> ExportCase<'m> {
    pub(super) fn new(model: &'m Model, export: &'m Export, table: &Table) -> Result<ExportCase<'m>, Error> {
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
    pub(super) fn input(&self) -> String {
        let row =
            |i: usize| self.cells.iter().map(|cells| format!("{:?}", cells[i])).collect::<Vec<_>>().join(" ");
        format!("{}\n", self.n_rows) + &(0..self.n_rows).map(|i| row(i) + "\n").collect::<String>()
    }

    /// Parses the output of a program for [`input`](ExportCase::input), one row per line.
    pub(super) fn parse_output<'l>(
        &self,
        lines: &mut impl Iterator<Item = &'l str>,
    ) -> Result<ExportOutput, Error> {
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

    pub(super) fn compare(&self, table: &Table, output: &ExportOutput) -> Result<Verified, Error> {
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
