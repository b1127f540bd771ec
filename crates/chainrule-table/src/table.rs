//! Tables: named columns of equal length with numbers, dates or strings, any of which may be
//! missing.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use crate::{CellType, ColumnFormat, ColumnNote, Error, Problem};

/// A table, or a chunk of a table.
///
/// ```
/// use chainrule_table::{Column, Table, Strings, Values};
///
/// let table = Table::new(vec![
///     Column::new("age", Values::Numbers(vec![31.0, f64::NAN])),
///     Column::new("town", Values::Strings(Strings::from_iter([Some("Bern"), Some("Turin")]))),
/// ]);
/// assert_eq!((table.n_rows(), table.column("town")?.values.n_missing()), (2, 0));
/// assert!(table.column("ages").unwrap_err().to_string().contains("did you mean \"age\"?"));
/// # Ok::<(), chainrule_table::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Columns, in the order of the file.
    pub columns: Vec<Column>,
    /// Path of the file, for messages; empty if the table was not read from a file.
    pub path: PathBuf,
    /// Line, counted from 1, at which each row begins; empty if the file has no lines.
    pub lines: Vec<u64>,
    n_rows: usize,
}

/// A named column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name of the column.
    pub name: String,
    /// Cells of the column.
    pub values: Values,
    /// How the cells were read.
    pub format: ColumnFormat,
    /// What was assumed about the cells when they were read.
    pub notes: Vec<ColumnNote>,
}

/// The cells of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Finite numbers; NaN if missing.
    Numbers(Vec<f64>),
    /// Days since 1970-01-01, with the time of day as the fraction; NaN if missing.
    Dates(Vec<f64>),
    /// Strings.
    Strings(Strings),
}

/// Dictionary-encoded strings: columns with few distinct strings take little memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    /// Distinct strings, in order of first appearance.
    pub words: Vec<String>,
    /// Index into `words` for each row, or [`MISSING`].
    pub codes: Vec<u32>,
}

/// Code of a missing string.
pub const MISSING: u32 = u32::MAX;

impl Table {
    /// Creates a table from columns in memory.
    ///
    /// # Panics
    /// Panics if the columns differ in length.
    pub fn new(columns: Vec<Column>) -> Table {
        let n_rows = columns.first().map_or(0, |column| column.values.len());
        assert!(columns.iter().all(|column| column.values.len() == n_rows), "columns have equal length");
        Table { columns, path: PathBuf::new(), lines: Vec::new(), n_rows }
    }

    /// Sets the path of the file and the line of each row.
    ///
    /// # Panics
    /// Panics if `lines` is neither empty nor one per row.
    pub fn from_file(self, path: impl Into<PathBuf>, lines: Vec<u64>) -> Table {
        assert!(lines.is_empty() || lines.len() == self.n_rows, "there is one line per row");
        Table { path: path.into(), lines, ..self }
    }

    /// Returns the number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Returns the names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Returns the column called `name`.
    ///
    /// # Errors
    /// Returns [`Problem::NoColumn`], with the most similar name, if there is no such column.
    pub fn column(&self, name: &str) -> Result<&Column, Error> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| self.no_column(name))
    }

    /// Returns the columns called `names`, in that order. The time grows with the number of columns
    /// plus the number of names.
    ///
    /// # Errors
    /// Returns [`Problem::NoColumn`], with the most similar name, for the first name that is not
    /// that of a column.
    pub fn columns_named<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<Vec<&Column>, Error> {
        let columns = self.by_name();
        let column = |name| columns.get(name).copied().ok_or_else(|| self.no_column(name));
        names.into_iter().map(column).collect()
    }

    /// Returns the columns by name; of several columns with the same name, the first one.
    fn by_name(&self) -> HashMap<&str, &Column> {
        self.columns.iter().rev().map(|column| (column.name.as_str(), column)).collect()
    }

    fn no_column(&self, name: &str) -> Error {
        Error::new(&self.path, Problem::no_column(name, self.names()))
    }

    /// Expands a list whose items are column names, or several of them separated by commas. A name
    /// may itself contain commas.
    ///
    /// # Errors
    /// Returns [`Problem::NoColumn`] for the first name that is not that of a column.
    pub fn named_columns(&self, items: &[String]) -> Result<Vec<String>, Error> {
        let columns = self.by_name();
        // Numbers of parts into which commas divide the names of the columns.
        let lengths: BTreeSet<usize> = self.names().map(|name| name.split(',').count()).collect();
        let mut names = Vec::new();
        for item in items {
            let parts: Vec<&str> = item.split(',').collect();
            let mut rest = &parts[..];
            while let [first, ..] = rest {
                // The longest run of parts that is a name.
                let found = lengths.iter().rev().find_map(|n| {
                    let name = rest.get(..*n)?.join(",");
                    Some((columns.get(&*name).or_else(|| columns.get(name.trim()))?, n))
                });
                let (column, n) = found.ok_or_else(|| self.no_column(first.trim()))?;
                names.push(column.name.clone());
                rest = &rest[*n..];
            }
        }
        Ok(names)
    }

    /// Returns for each row whether all of these columns have a value.
    ///
    /// # Errors
    /// Returns [`Problem::NoColumn`] if a column does not exist.
    pub fn complete_rows(&self, columns: &[String]) -> Result<Vec<bool>, Error> {
        let columns = self.columns_named(columns.iter().map(String::as_str))?;
        let is_complete = |row| columns.iter().all(|column| !column.values.is_missing(row));
        Ok((0..self.n_rows).map(is_complete).collect())
    }

    /// Returns the place of a row for messages, such as `line 7`.
    pub fn place(&self, row: usize) -> String {
        match self.lines.get(row) {
            Some(line) => format!("line {line}"),
            None => format!("row {}", row + 1),
        }
    }

    /// Creates an error about a cell.
    pub fn wrong(&self, row: usize, column: &str, problem: Problem) -> Error {
        let error = Error::new(&self.path, problem).column(column);
        match self.lines.get(row) {
            Some(line) => error.line(*line),
            None => error.row(row as u64 + 1),
        }
    }

    /// Appends the rows of a table with the same columns.
    ///
    /// # Panics
    /// Panics if the tables differ in the number or types of their columns.
    pub fn append(&mut self, other: Table) {
        assert_eq!(self.columns.len(), other.columns.len(), "tables have the same columns");
        self.n_rows += other.n_rows;
        self.lines.extend(other.lines);
        for (column, more) in self.columns.iter_mut().zip(other.columns) {
            column.values.append(more.values);
        }
    }

    /// Returns a table of the given rows, in the given order.
    ///
    /// # Panics
    /// Panics if a row is out of range.
    pub fn subset(&self, rows: &[usize]) -> Table {
        let columns = self
            .columns
            .iter()
            .map(|column| Column { values: column.values.subset(rows), ..column.without_cells() });
        let lines =
            if self.lines.is_empty() { Vec::new() } else { rows.iter().map(|i| self.lines[*i]).collect() };
        Table { columns: columns.collect(), path: self.path.clone(), lines, n_rows: rows.len() }
    }
}

impl Column {
    /// Creates a column in the default format: plain numbers, ISO 8601 dates, or text without marks
    /// of missing cells.
    pub fn new(name: impl Into<String>, values: Values) -> Column {
        let format = match &values {
            Values::Numbers(_) => CellType::Numbers.into(),
            Values::Dates(_) => CellType::Dates.into(),
            Values::Strings(_) => ColumnFormat::text(Vec::new()),
        };
        Column { name: name.into(), values, format, notes: Vec::new() }
    }

    /// Returns an empty column with the same name, format and notes.
    fn without_cells(&self) -> Column {
        let (name, format, notes) = (self.name.clone(), self.format.clone(), self.notes.clone());
        Column { name, values: Values::Numbers(Vec::new()), format, notes }
    }
}

impl Values {
    /// Returns the number of cells.
    pub fn len(&self) -> usize {
        match self {
            Values::Numbers(values) | Values::Dates(values) => values.len(),
            Values::Strings(texts) => texts.codes.len(),
        }
    }

    /// Returns whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of missing cells.
    pub fn n_missing(&self) -> usize {
        match self {
            Values::Numbers(values) | Values::Dates(values) => values.iter().filter(|v| v.is_nan()).count(),
            Values::Strings(texts) => texts.codes.iter().filter(|code| **code == MISSING).count(),
        }
    }

    /// Returns whether the cell of a row is missing.
    ///
    /// # Panics
    /// Panics if the row is out of range.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Values::Numbers(values) | Values::Dates(values) => values[row].is_nan(),
            Values::Strings(texts) => texts.codes[row] == MISSING,
        }
    }

    /// Returns the type of the cells as a word for messages.
    pub fn describe(&self) -> &'static str {
        match self {
            Values::Numbers(_) => "numbers",
            Values::Dates(_) => "dates",
            Values::Strings(_) => "text",
        }
    }

    /// Returns the cell of a row as text; `None` if it is missing. Dates are formatted as days.
    ///
    /// # Panics
    /// Panics if the row is out of range.
    pub fn text(&self, row: usize) -> Option<String> {
        match self {
            Values::Numbers(values) | Values::Dates(values) => {
                Some(values[row]).filter(|v| !v.is_nan()).map(|v| v.to_string())
            }
            Values::Strings(texts) => texts.get(row).map(str::to_owned),
        }
    }

    fn append(&mut self, other: Values) {
        match (self, other) {
            (Values::Numbers(values), Values::Numbers(more))
            | (Values::Dates(values), Values::Dates(more)) => values.extend(more),
            (Values::Strings(texts), Values::Strings(more)) => texts.append(&more),
            _ => panic!("columns have the same type"),
        }
    }

    /// Returns the cells of the given rows, in the given order.
    ///
    /// # Panics
    /// Panics if a row is out of range.
    pub fn subset(&self, rows: &[usize]) -> Values {
        match self {
            Values::Numbers(values) => Values::Numbers(rows.iter().map(|i| values[*i]).collect()),
            Values::Dates(values) => Values::Dates(rows.iter().map(|i| values[*i]).collect()),
            Values::Strings(texts) => Values::Strings(Strings {
                words: texts.words.clone(),
                codes: rows.iter().map(|i| texts.codes[*i]).collect(),
            }),
        }
    }
}

impl Strings {
    /// Returns the string of a row; `None` if it is missing.
    ///
    /// # Panics
    /// Panics if the row is out of range.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.words.get(self.codes[row] as usize).map(String::as_str)
    }
}

impl Strings {
    /// Returns numbers as strings; NaN is missing.
    pub(crate) fn from_numbers(numbers: &[f64]) -> Strings {
        let mut indices = HashMap::new();
        let mut strings = Strings::default();
        for v in numbers {
            let code = if v.is_nan() {
                MISSING
            } else {
                *indices.entry(v.to_bits()).or_insert_with(|| {
                    strings.words.push(v.to_string());
                    strings.words.len() as u32 - 1
                })
            };
            strings.codes.push(code);
        }
        strings
    }

    /// Removes the words of the dictionary for which `is_removed` is true; their cells become
    /// missing.
    pub(crate) fn remove_words(&mut self, is_removed: &[bool]) {
        let mut codes = Vec::with_capacity(self.words.len());
        let mut n_kept = 0;
        for is_removed in is_removed {
            codes.push(if *is_removed { MISSING } else { n_kept });
            n_kept += u32::from(!is_removed);
        }
        let mut is_removed = is_removed.iter();
        self.words.retain(|_| !*is_removed.next().expect("there is one flag per word"));
        for code in &mut self.codes {
            *code = codes.get(*code as usize).copied().unwrap_or(MISSING);
        }
    }

    fn append(&mut self, other: &Strings) {
        let mut indices: HashMap<String, u32> =
            self.words.iter().enumerate().map(|(k, word)| (word.clone(), k as u32)).collect();
        let mut index = |word: &String| {
            *indices.entry(word.clone()).or_insert_with(|| {
                self.words.push(word.clone());
                self.words.len() as u32 - 1
            })
        };
        let new_codes: Vec<u32> = other.words.iter().map(&mut index).collect();
        let code = |code: &u32| if *code == MISSING { MISSING } else { new_codes[*code as usize] };
        self.codes.extend(other.codes.iter().map(code));
    }
}

impl<'a> FromIterator<Option<&'a str>> for Strings {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(cells: I) -> Strings {
        let mut indices = HashMap::new();
        let mut texts = Strings::default();
        for cell in cells {
            let code = cell.map_or(MISSING, |word| {
                *indices.entry(word).or_insert_with(|| {
                    texts.words.push(word.to_owned());
                    texts.words.len() as u32 - 1
                })
            });
            texts.codes.push(code);
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subset_keeps_cells_lines_and_words() {
        let texts = Strings::from_iter([Some("a"), None, Some("b"), Some("a")]);
        let columns = vec![
            Column::new("x", Values::Numbers(vec![1.0, 2.0, f64::NAN, 4.0])),
            Column::new("w", Values::Strings(texts)),
        ];
        let subset = Table::new(columns).from_file("t.csv", vec![2, 3, 5, 6]).subset(&[2, 0]);
        assert_eq!(subset.lines, [5, 2]);
        let cell = |c: usize, row| subset.columns[c].values.text(row);
        assert_eq!(
            [cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)].map(Option::unwrap_or_default),
            ["", "1", "b", "a"]
        );
        let error = subset.wrong(0, "x", Problem::NotFinite { cell: "inf".to_owned() }).to_string();
        assert!(error.starts_with("t.csv, line 5, column \"x\": "), "{error}");
    }

    #[test]
    fn names_with_commas_take_precedence_over_their_parts() {
        let column = |name: &str| Column::new(name, Values::Numbers(vec![1.0]));
        let table = Table::new(["a", "b", "a,b", "a,b,c", " d"].map(column).to_vec());
        let names = |item: &str| table.named_columns(&[item.to_owned()]).map_err(|error| error.to_string());
        assert_eq!(names("a,b,c,b").unwrap(), ["a,b,c", "b"]);
        assert_eq!(names("b,a, a,b,a").unwrap(), ["b", "a", "a,b", "a"]);
        assert_eq!(names(" d").unwrap(), [" d"]);
        assert!(names("a, e,b").unwrap_err().starts_with("there is no column \"e\""));
        let twice = Table { columns: vec![column("a"), column("a")], ..table };
        let named = twice.columns_named(["a"]).unwrap();
        assert!(std::ptr::eq(named[0], &raw const twice.columns[0]));
    }
}
