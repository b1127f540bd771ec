//! What can be wrong with a table, and how to fix it.

use chainrule::registry::nearest;

/// A problem with a table, without its location.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file cannot be opened or read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file cannot be written.
    #[error("cannot be written: {0}; choose another path")]
    Unwritable(#[source] std::io::Error),
    /// A string column for an NPY file, where all strings are as wide as the longest one.
    #[error(
        "an NPY file stores strings with a fixed width, which is unknown until all rows have been read; \
         write .parquet or .csv instead, or leave the column out"
    )]
    UnknownWidth,
    /// A Parquet file, in a build without the feature `parquet`.
    #[error(
        "this build does not support Parquet; build Chainrule with its default features, or use a CSV file"
    )]
    WithoutParquet,
    /// No column has this name.
    #[error(
        "there is no column \"{name}\"{}; the columns are: {}",
        hint(nearest.as_deref()),
        shortened(choices)
    )]
    NoColumn {
        /// The requested name.
        name: String,
        /// The most similar column name, if one is similar.
        nearest: Option<String>,
        /// Names of the columns.
        choices: Vec<String>,
    },
    /// A number that is infinite or out of range.
    #[error("\"{cell}\" is not a finite number; correct it, or leave the cell empty if the value is missing")]
    NotFinite {
        /// Text of the cell.
        cell: String,
    },
    /// A cell that is not of its column's type.
    #[error(
        "\"{cell}\" is not a {expected}, but this column must contain {expected}s; correct it, or leave \
         the cell empty if the value is missing"
    )]
    WrongType {
        /// Text of the cell.
        cell: String,
        /// Type of the column's cells: `number`, `date`.
        expected: &'static str,
    },
    /// A column that cannot have the requested kind.
    #[error(
        "contains {found} and cannot be used as a {kind}; choose another kind or another column, or fix \
         its cells"
    )]
    WrongKind {
        /// The requested kind.
        kind: &'static str,
        /// Contents of the column: `text`.
        found: &'static str,
    },
    /// A column with cells that cannot be read as its kind.
    #[error(
        "{n_cells} {} not {}: {}{}; correct them, or specify each text that marks a missing value with \
         --missing TEXT",
        plural(*n_cells, "cell is", "cells are"),
        cell_type.noun(*n_cells),
        first.join(", "),
        if *n_cells > first.len() { ", ..." } else { "" }
    )]
    OtherCells {
        /// Number of such cells.
        n_cells: usize,
        /// Type of the other cells.
        cell_type: crate::CellType,
        /// The first such cells, with their places.
        first: Vec<String>,
    },
    /// Dates in which the order of day and month is ambiguous.
    #[error(
        "the order of day and month is ambiguous in all dates, for example {example}; specify \
         --date-format \"{}\" or --date-format \"{}\"",
        patterns[0],
        patterns[1]
    )]
    AmbiguousDates {
        /// The patterns that fit.
        patterns: [&'static str; 2],
        /// A cell with its place.
        example: String,
    },
    /// No input columns are left.
    #[error("there are no input columns{}; add a column, or name the inputs (--inputs)", left_out(ignored))]
    NoInputs {
        /// Columns that are not used, each with the reason.
        ignored: Vec<String>,
    },
    /// A column that is both a target and an input.
    #[error("a target cannot also be an input; remove it from the inputs")]
    TargetAsInput,
    /// A categorical column with too many distinct values.
    #[error(
        "has {got} distinct values, but at most {max} can be one-hot encoded; leave the column out, or \
         group its values"
    )]
    TooManyCategories {
        /// Number of distinct values.
        got: usize,
        /// Maximum number of distinct values.
        max: usize,
    },
    /// A target that is the same in all rows.
    #[error("the target is {only} in every {rows}; choose another target, or add rows with other values")]
    OneTarget {
        /// The only value.
        only: String,
        /// The rows: `row` or `training row`.
        rows: &'static str,
    },
    /// Fewer than two training rows.
    #[error(
        "only {got} of the {rows} {} of the table {} left for training, which requires at least 2; add rows, or \
         hold out fewer (--validation 0)",
        plural(*rows, "row", "rows"),
        plural(*got, "is", "are")
    )]
    FewTrainingRows {
        /// Number of training rows.
        got: usize,
        /// Number of rows of the table.
        rows: usize,
    },
    /// A regression target whose squares are out of range.
    #[error(
        "the target has values of up to {value:e}, whose squares are out of range; divide the column by a \
         constant, or predict its logarithm"
    )]
    HugeTarget {
        /// The largest absolute value.
        value: f64,
    },
    /// A missing target.
    #[error("the target is missing; fill it in, or remove the row")]
    MissingTarget,
    /// Rows without a target, where none may be left out or fewer than two others are left.
    #[error(
        "the target is missing in {n} of {n_rows} rows; fill it in, or remove the rows{}",
        if n_rows - n < 2 { "" } else { " (without --strict, they are left out)" }
    )]
    MissingTargets {
        /// Number of rows without a target.
        n: usize,
        /// Number of rows.
        n_rows: usize,
    },
    /// Weights that are all 0.
    #[error("the weight is 0 in every row with a target; give some rows a positive weight")]
    NoWeight,
    /// A class that is not among those of the model.
    #[error("unknown class \"{class}\"; the classes of the model are: {}", shortened(known))]
    UnknownClass {
        /// The unknown class.
        class: String,
        /// Classes of the model.
        known: Vec<String>,
    },
    /// A target column that is unsuitable for the task.
    #[error("{found}, but the task \"{task}\" {requires}")]
    WrongTask {
        /// Description of the column, with a verb: `contains text`.
        found: String,
        /// Name of the task.
        task: &'static str,
        /// Requirement of the task, with a verb, and a task that would be suitable.
        requires: &'static str,
    },
    /// A class with too few samples for a stratified split.
    #[error(
        "the class \"{class}\" has {got} {}, but a stratified split requires at least {needed}; {}remove \
         the class, or split at random (--split random)",
        plural(*got, "sample", "samples"),
        if class.parse::<f64>().is_ok() {
            "if the values are counts or other quantities, specify --task regression, else "
        } else {
            ""
        }
    )]
    FewOfClass {
        /// The class.
        class: String,
        /// Number of its samples.
        got: usize,
        /// Required number of samples.
        needed: usize,
    },
    /// Too few groups to split.
    #[error(
        "has {got} {}, but the split requires at least {needed}; group by another column, or use fewer \
         folds",
        plural(*got, "group", "groups")
    )]
    FewGroups {
        /// Number of groups.
        got: usize,
        /// Required number of groups.
        needed: usize,
    },
    /// Too few distinct times to split by time.
    #[error(
        "has {got} distinct {}, but the split by time requires at least {needed}, because rows of the same \
         time stay together; split by another column, or use fewer folds",
        plural(*got, "time", "times")
    )]
    FewMoments {
        /// Number of distinct times.
        got: usize,
        /// Required number of distinct times.
        needed: usize,
    },
    /// Too few rows to split.
    #[error(
        "the table has {got} {}, but the split requires at least {needed}; add rows, or use fewer folds",
        plural(*got, "row", "rows")
    )]
    FewRows {
        /// Number of rows.
        got: usize,
        /// Required number of rows.
        needed: usize,
    },
    /// A missing time.
    #[error("the time is missing; fill it in, or remove the row")]
    MissingTime,
    /// A weight that is negative or missing.
    #[error("the weight is {got}, but must be a number of at least 0")]
    Weight {
        /// The weight.
        got: f64,
    },
    /// An empty file.
    #[error(
        "the file is empty; a table requires at least one row, usually below a header with the column names"
    )]
    Empty,
    /// A header without rows.
    #[error("the table has columns but no rows; add at least one row")]
    NoRows,
    /// A row with too many or too few fields.
    #[error(
        "this row has {got} {}, but the {first} has {expected}; correct the row, or quote fields that \
         contain the delimiter",
        plural(*got, "field", "fields")
    )]
    Ragged {
        /// Number of fields in the row.
        got: usize,
        /// Number of fields in the reference row.
        expected: usize,
        /// The reference row: `header`, `first row`.
        first: &'static str,
    },
    /// Bytes that are invalid in the encoding.
    #[error("this is not valid {encoding} text; specify the encoding, for example --encoding windows-1252")]
    Encoding {
        /// The encoding with which the file was read.
        encoding: &'static str,
    },
    /// An unknown encoding.
    #[error(
        "unknown encoding \"{name}\"; use a name of the WHATWG Encoding Standard, for example utf-8, \
         utf-16le, windows-1252 or shift_jis"
    )]
    UnknownEncoding {
        /// The requested name.
        name: String,
    },
    /// A byte that cannot be a delimiter.
    #[error(
        "\"{}\" cannot be the delimiter; use a comma, a semicolon, a tab, | or another ASCII punctuation \
         character except \" . + -",
        delimiter.escape_ascii()
    )]
    Delimiter {
        /// The requested delimiter.
        delimiter: u8,
    },
    /// A quote that is never closed.
    #[error("a quoted field begins here and is never closed; close it, and double every quote inside it")]
    OpenQuote,
    /// Text between a closing quote and the delimiter.
    #[error(
        "a field that begins here continues after its closing quote; double every quote inside a quoted field"
    )]
    AfterQuote,
    /// A row so long that the file is probably not a table.
    #[error(
        "a row is longer than {mebibytes} MiB; check that the file is a text table and that all quotes are \
         closed"
    )]
    LongRow {
        /// Maximum length of a row.
        mebibytes: usize,
    },
    /// Two columns with the same name.
    #[error("columns {first} and {second} are both called \"{name}\"; rename one of them")]
    DuplicateName {
        /// The name.
        name: String,
        /// Position of the first column, counted from 1.
        first: usize,
        /// Position of the second column, counted from 1.
        second: usize,
    },
    /// A header with an empty name.
    #[error("column {position} has no name; name it in the header, or remove the column")]
    NamelessColumn {
        /// Position of the column, counted from 1.
        position: usize,
    },
    /// Binary data instead of text.
    #[error(
        "this is not text: it contains a NUL byte; provide a CSV, Parquet, NPY, NPZ or JSON Lines file, or \
         specify --encoding utf-16le if it is UTF-16 text"
    )]
    Binary,
    /// A file that must be decompressed or converted first.
    #[error("this is {found}, which cannot be read; {remedy}")]
    OtherFormat {
        /// Description of the file, with an article.
        found: &'static str,
        /// How to obtain a table from it.
        remedy: &'static str,
    },
    /// A file that violates its own format.
    #[error("this {format} file is damaged or truncated ({reason}); download or write it again")]
    Corrupt {
        /// The format.
        format: &'static str,
        /// Violation found by the reader.
        reason: String,
    },
    /// A cell or column with several values per cell.
    #[error(
        "contains {found}, but a cell must be a single number, date or string; store the parts in separate \
         columns"
    )]
    Nested {
        /// Contents: `a list`, `an object`.
        found: String,
    },
    /// JSON objects with few keys in common.
    #[error(
        "has {n_columns} different keys in {n_rows} lines, most of them absent in most lines; a table of them would \
         require {gibibytes:.1} GiB; leave out the rare keys"
    )]
    Sparse {
        /// Number of different keys.
        n_columns: usize,
        /// Number of lines.
        n_rows: u64,
        /// Size of the columns.
        gibibytes: f64,
    },
    /// Values of an unsupported type.
    #[error("{found} are unsupported; {remedy}")]
    Unsupported {
        /// The values, in the plural.
        found: String,
        /// How to avoid them.
        remedy: &'static str,
    },
    /// Arrays of different lengths in one file.
    #[error(
        "the array \"{name}\" has {rows} {}, but \"{other}\" has {other_rows}; write arrays of equal length",
        plural(*rows, "row", "rows")
    )]
    Lengths {
        /// Name of an array.
        name: String,
        /// Number of its rows.
        rows: usize,
        /// Name of another array.
        other: String,
        /// Number of rows of the other array.
        other_rows: usize,
    },
    /// A line that is not a JSON object.
    #[error(
        "this line is not a valid JSON object ({reason}); write one object per line, for example \
         {{\"x\": 1.5}}"
    )]
    Json {
        /// Message of the parser.
        reason: String,
    },
    /// A file that was modified during reading.
    #[error("the file changed while it was being read; try again when it is no longer being written")]
    Changed,
}

impl Problem {
    /// Replaces the encoding in [`Problem::Encoding`] by the one from which the text was decoded.
    pub(crate) fn in_encoding(self, encoding: &'static str) -> Problem {
        match self {
            Problem::Encoding { .. } => Problem::Encoding { encoding },
            other => other,
        }
    }

    /// Creates [`Problem::NoColumn`] for a `name` that is not among `choices`.
    pub(crate) fn no_column<'a>(name: &str, choices: impl Iterator<Item = &'a str>) -> Problem {
        let choices: Vec<String> = choices.map(str::to_owned).collect();
        let nearest = nearest(name, choices.iter().map(String::as_str)).map(str::to_owned);
        Problem::NoColumn { name: name.to_owned(), nearest, choices }
    }
}

fn left_out(ignored: &[String]) -> String {
    if ignored.is_empty() {
        return ", only targets".to_owned();
    }
    format!(", because all columns except the targets are ignored: {}", shortened(ignored))
}

pub(crate) fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"))
}

fn plural(n: usize, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

/// Joins names; a long list is shortened to the first ones.
fn shortened(names: &[String]) -> String {
    const MAX_SHOWN: usize = 30;
    let mut text = names.iter().take(MAX_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MAX_SHOWN {
        text.push_str(&format!(" and {} more", names.len() - MAX_SHOWN));
    }
    text
}
