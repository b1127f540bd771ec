//! Tables that are passed to fits and evaluations: files, and tables in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainrule_model::{path_to_text, sample_weights};
use chainrule_table::{
    CellType, ColumnFormat, Error as TableError, Problem, ReadOptions, Stream, Table, Values,
};

use crate::Error;

/// A table, in a file or in memory.
///
/// A file is read with the settings of `[data]`, and the formats of its columns are inferred. The
/// columns of a table in memory are used as they are.
#[derive(Clone, Debug)]
pub enum TableSource {
    /// CSV, Parquet, NPY, NPZ or JSON Lines file.
    File(PathBuf),
    /// Table in memory.
    Memory(Arc<Table>),
}

/// Path of a table in memory that was not read from a file.
const IN_MEMORY: &str = "(memory)";

impl From<PathBuf> for TableSource {
    fn from(path: PathBuf) -> TableSource {
        TableSource::File(path)
    }
}

impl From<&Path> for TableSource {
    fn from(path: &Path) -> TableSource {
        TableSource::File(path.to_owned())
    }
}

impl From<Table> for TableSource {
    fn from(mut table: Table) -> TableSource {
        if table.path.as_os_str().is_empty() {
            table.path = IN_MEMORY.into();
        }
        TableSource::Memory(Arc::new(table))
    }
}

/// Receives the progress of reading tables, and notes about rows that are left out.
pub trait TableProgress {
    /// `done` of `total` bytes or rows of the file `path` have been read.
    fn reading(&mut self, _path: &Path, _done: u64, _total: u64) {}
    /// A note for the user.
    fn note(&mut self, _text: &str) {}
}

/// Ignores all progress.
impl TableProgress for () {}

impl TableSource {
    /// Returns the path of the file, or the path that the table in memory was read from.
    pub fn path(&self) -> &Path {
        match self {
            TableSource::File(path) => path,
            TableSource::Memory(table) => &table.path,
        }
    }

    /// Returns the value of `data.table`. The path of a file is absolute: paths of callers are
    /// relative to the working directory, paths in a TOML file to its folder.
    pub(crate) fn setting(&self) -> String {
        let path = self.path();
        let absolute = if path == Path::new(IN_MEMORY) { None } else { std::path::absolute(path).ok() };
        path_to_text(absolute.as_deref().unwrap_or(path))
    }

    /// Returns the table in memory, if it is one.
    ///
    /// # Errors
    /// Returns an error if the table has no rows, two columns with the same name, or an infinite
    /// number.
    pub(crate) fn in_memory(&self) -> Result<Option<&Arc<Table>>, Error> {
        let TableSource::Memory(table) = self else { return Ok(None) };
        let error = |problem| Error::Data(TableError::new(&table.path, problem));
        if table.n_rows() == 0 {
            return Err(error(Problem::NoRows));
        }
        for (k, column) in table.columns.iter().enumerate() {
            if let Some(first) = table.columns[..k].iter().position(|other| other.name == column.name) {
                let (name, first, second) = (column.name.clone(), first + 1, k + 1);
                return Err(error(Problem::DuplicateName { name, first, second }));
            }
            let (Values::Numbers(values) | Values::Dates(values)) = &column.values else { continue };
            if let Some(row) = values.iter().position(|v| v.is_infinite()) {
                let problem = Problem::NotFinite { cell: values[row].to_string() };
                return Err(table.wrong(row, &column.name, problem).into());
            }
        }
        Ok(Some(table))
    }

    /// Returns a table with at least these columns, in their formats.
    fn read(
        &self,
        options: &ReadOptions,
        columns: &[(&str, ColumnFormat)],
        progress: &mut dyn TableProgress,
    ) -> Result<Arc<Table>, Error> {
        let Some(table) = self.in_memory()? else {
            let stream = Stream::open(self.path(), options, columns)?;
            return Ok(Arc::new(
                stream.whole(&mut |done, total| progress.reading(self.path(), done, total))?,
            ));
        };
        for (name, format) in columns {
            let kind = match (format.cell_type(), &table.column(name)?.values) {
                (CellType::Numbers, Values::Strings(_)) => "number",
                (CellType::Dates, Values::Strings(_)) => "date",
                _ => continue,
            };
            let problem = Problem::WrongKind { kind, found: table.column(name)?.values.describe() };
            return Err(TableError::new(&table.path, problem).column(*name).into());
        }
        Ok(table.clone())
    }
}

/// The rows of a table that have all targets, on which a model is evaluated.
#[derive(Clone, Debug)]
pub(crate) struct TargetedTable {
    pub(crate) table: Arc<Table>,
    /// Sample weight of each row, if there is a column of weights.
    pub(crate) weight: Option<Vec<f64>>,
}

impl TargetedTable {
    /// Reads `columns`, which include the `targets`, and the column `weight` of sample weights.
    pub(crate) fn read<'n>(
        source: &TableSource,
        options: &ReadOptions,
        mut columns: Vec<(&'n str, ColumnFormat)>,
        targets: &[String],
        weight: Option<&'n str>,
        progress: &mut dyn TableProgress,
    ) -> Result<TargetedTable, Error> {
        if let Some(weight) = weight
            && columns.iter().all(|(name, _)| *name != weight)
        {
            columns.push((weight, CellType::Numbers.into()));
        }
        let table = with_targets(source.read(options, &columns, progress)?, targets, progress)?;
        let weight = weight.map(|name| sample_weights(&table, name)).transpose()?;
        Ok(TargetedTable { table, weight })
    }
}

/// Leaves out the rows of a table that have no target, with a note.
fn with_targets(
    table: Arc<Table>,
    targets: &[String],
    progress: &mut dyn TableProgress,
) -> Result<Arc<Table>, Error> {
    let has_target = table.complete_rows(targets)?;
    let Some(first) = has_target.iter().position(|has_target| !has_target) else { return Ok(table) };
    let rows: Vec<usize> = (0..table.n_rows()).filter(|i| has_target[*i]).collect();
    let (n, n_rows) = (table.n_rows() - rows.len(), table.n_rows());
    if rows.is_empty() {
        let problem = Problem::MissingTargets { n, n_rows };
        return Err(TableError::new(&table.path, problem).column(targets.join(", ")).into());
    }
    let place = table.place(first);
    progress.note(&format!("{n} of {n_rows} rows without a target are left out (first: {place})"));
    Ok(Arc::new(table.subset(&rows)))
}
