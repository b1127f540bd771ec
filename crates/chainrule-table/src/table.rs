//! A table: named columns of equal length, of numbers, dates or texts, any of which may be missing.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::{Error, Problem};

/// A table, whole or a piece of one.
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
    /// The columns, in the file's order.
    pub columns: Vec<Column>,
    /// The file, for messages; empty where the table comes from none.
    pub path: PathBuf,
    /// The line, counted from 1, at which each row begins; empty where a file has no lines.
    pub lines: Vec<u64>,
    n_rows: usize,
}

/// A column with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name, as the file has it.
    pub name: String,
    /// The cells.
    pub values: Values,
}

/// The cells of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Finite numbers; NaN where one is missing.
    Numbers(Vec<f64>),
    /// Days since 1970-01-01, with the time of day as their fraction; NaN where one is missing.
    Dates(Vec<f64>),
    /// Texts.
    Strings(Strings),
}

/// Texts as codes into a list of words: few distinct ones take little room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    /// The distinct texts in the order in which they first appear.
    pub words: Vec<String>,
    /// For each row its word's place, or [`MISSING`].
    pub codes: Vec<u32>,
}

/// The code of a text that is missing.
pub const MISSING: u32 = u32::MAX;

impl Table {
    /// A table of these columns, that comes from no file.
    ///
    /// # Panics
    /// When columns differ in length.
    pub fn new(columns: Vec<Column>) -> Table {
        let n_rows = columns.first().map_or(0, |column| column.values.len());
        assert!(columns.iter().all(|column| column.values.len() == n_rows), "columns of one length");
        Table { columns, path: PathBuf::new(), lines: Vec::new(), n_rows }
    }

    /// The same table with the file that it comes from and, for each row, its line there.
    ///
    /// # Panics
    /// When there are lines, but not one for each row.
    pub fn from_file(self, path: impl Into<PathBuf>, lines: Vec<u64>) -> Table {
        assert!(lines.is_empty() || lines.len() == self.n_rows, "a line for each row");
        Table { path: path.into(), lines, ..self }
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The column called `name`.
    ///
    /// # Errors
    /// [`Problem::NoColumn`], with the nearest name.
    pub fn column(&self, name: &str) -> Result<&Column, Error> {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| Error::new(&self.path, Problem::no_column(name, self.names())))
    }

    /// The error that something is wrong with a cell.
    pub fn wrong(&self, row: usize, column: &str, problem: Problem) -> Error {
        let error = Error::new(&self.path, problem).column(column);
        match self.lines.get(row) {
            Some(line) => error.line(*line),
            None => error.row(row as u64 + 1),
        }
    }

    /// Adds the rows of a table with the same columns.
    ///
    /// # Panics
    /// When columns differ in number or in what they hold.
    pub fn append(&mut self, other: Table) {
        assert_eq!(self.columns.len(), other.columns.len(), "tables of the same columns");
        self.n_rows += other.n_rows;
        self.lines.extend(other.lines);
        for (column, more) in self.columns.iter_mut().zip(other.columns) {
            column.values.append(more.values);
        }
    }

    /// The rows `rows`, in this order.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn subset(&self, rows: &[usize]) -> Table {
        let columns = self
            .columns
            .iter()
            .map(|column| Column { name: column.name.clone(), values: column.values.subset(rows) });
        let lines =
            if self.lines.is_empty() { Vec::new() } else { rows.iter().map(|i| self.lines[*i]).collect() };
        Table { columns: columns.collect(), path: self.path.clone(), lines, n_rows: rows.len() }
    }
}

impl Column {
    /// A column of these cells.
    pub fn new(name: impl Into<String>, values: Values) -> Column {
        Column { name: name.into(), values }
    }
}

impl Values {
    /// The number of cells.
    pub fn len(&self) -> usize {
        match self {
            Values::Numbers(values) | Values::Dates(values) => values.len(),
            Values::Strings(texts) => texts.codes.len(),
        }
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many cells are missing.
    pub fn n_missing(&self) -> usize {
        match self {
            Values::Numbers(values) | Values::Dates(values) => values.iter().filter(|v| v.is_nan()).count(),
            Values::Strings(texts) => texts.codes.iter().filter(|code| **code == MISSING).count(),
        }
    }

    /// Whether a cell is missing.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Values::Numbers(values) | Values::Dates(values) => values[row].is_nan(),
            Values::Strings(texts) => texts.codes[row] == MISSING,
        }
    }

    /// What the cells are, in a word.
    pub fn describe(&self) -> &'static str {
        match self {
            Values::Numbers(_) => "numbers",
            Values::Dates(_) => "dates",
            Values::Strings(_) => "texts",
        }
    }

    /// A cell as a file would have it; nothing where it is missing.
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
            _ => panic!("columns of the same kind"),
        }
    }

    /// The cells of some rows, in this order.
    ///
    /// # Panics
    /// When there is no such row.
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
    /// The text of a row, if it is there.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.words.get(self.codes[row] as usize).map(String::as_str)
    }
}

impl Strings {
    fn append(&mut self, other: &Strings) {
        let mut places: HashMap<String, u32> =
            self.words.iter().enumerate().map(|(k, word)| (word.clone(), k as u32)).collect();
        let mut place = |word: &String| {
            *places.entry(word.clone()).or_insert_with(|| {
                self.words.push(word.clone());
                self.words.len() as u32 - 1
            })
        };
        let places: Vec<u32> = other.words.iter().map(&mut place).collect();
        let code = |code: &u32| if *code == MISSING { MISSING } else { places[*code as usize] };
        self.codes.extend(other.codes.iter().map(code));
    }
}

impl<'a> FromIterator<Option<&'a str>> for Strings {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(cells: I) -> Strings {
        let mut places = HashMap::new();
        let mut texts = Strings::default();
        for cell in cells {
            let code = cell.map_or(MISSING, |word| {
                *places.entry(word).or_insert_with(|| {
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
        let part = Table::new(columns).from_file("t.csv", vec![2, 3, 5, 6]).subset(&[2, 0]);
        assert_eq!(part.lines, [5, 2]);
        let cell = |c: usize, row| part.columns[c].values.text(row);
        assert_eq!(
            [cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)].map(Option::unwrap_or_default),
            ["", "1", "b", "a"]
        );
        let wrong = part.wrong(0, "x", Problem::Infinite { cell: "inf".to_owned() }).to_string();
        assert!(wrong.starts_with("t.csv, line 5, column \"x\": "), "{wrong}");
    }
}
