//! Kinds of columns: numbers, booleans, categories, dates, and columns that are not used as inputs.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{Column, ColumnNote, Error, MISSING, NoteReason, Problem, Table, Values};

/// The kind of a column, which determines its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// A quantity.
    Number,
    /// One of two values, for example `yes` and `no`, or 0 and 1, in any spelling.
    Boolean,
    /// One of several unordered values.
    Category,
    /// A date, with or without a time of day.
    Date,
}

/// Reason for excluding a column from the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// Excluded by the hints.
    Requested,
    /// All cells are missing.
    Empty,
    /// All cells have the same value.
    Constant,
    /// The numbers are consecutive integers, in any order, such as row numbers.
    RowNumbers,
    /// Nearly every row has a string of its own.
    Unique,
    /// Distinct values in a column whose name programs give to row labels, such as `Unnamed: 0`.
    RowLabels,
}

impl Ignored {
    /// Returns the reason as a phrase that can follow the name of the column.
    pub fn reason(self) -> &'static str {
        match self {
            Ignored::Requested => "as requested",
            Ignored::Empty => "it is empty",
            Ignored::Constant => "it has the same value in all rows",
            Ignored::RowNumbers => "it numbers the rows",
            Ignored::Unique => "nearly every row has a value of its own",
            Ignored::RowLabels => "it labels the rows",
        }
    }
}

/// User-supplied information about columns; everything else is inferred from the cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnHints {
    /// Target columns.
    pub targets: Vec<String>,
    /// Input columns; if empty, all columns that are neither targets nor ignored. An item can be
    /// several names separated by commas.
    pub inputs: Vec<String>,
    /// Columns that are neither targets nor inputs, for example weights and groups; items like those
    /// of `inputs`.
    pub ignore: Vec<String>,
    /// Kinds of columns.
    pub kinds: Vec<(String, ColumnKind)>,
}

/// Roles and kinds of the columns of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnKinds {
    /// Input columns with their kinds, in the order of the table.
    pub inputs: Vec<(String, ColumnKind)>,
    /// Excluded columns with the reasons.
    pub ignored: Vec<(String, Ignored)>,
}

/// Minimum percentage of rows with a unique string for a column to be an identifier.
const MIN_UNIQUE_PERCENT: usize = 90;
/// Minimum number of rows of a table for a column to be an identifier.
const MIN_ROWS: usize = 20;

impl ColumnKinds {
    /// Infers the kinds of the columns.
    ///
    /// - Excluded: columns that are empty or constant; strings that are unique in at least nine of
    ///   ten rows; row numbers, in any order, unless there is no other input; distinct values in a
    ///   column with a name such as `Unnamed: 0`.
    /// - [`ColumnKind::Boolean`]: numbers that are all 0 or 1; strings that are all words for true
    ///   and false, such as `yes`, `No`, `T` and `0`.
    /// - [`ColumnKind::Number`], [`ColumnKind::Date`], [`ColumnKind::Category`]: other numbers,
    ///   dates and strings.
    ///
    /// ```
    /// use chainrule_table::{
    ///     Column, ColumnHints, ColumnKind, ColumnKinds, Ignored, Strings, Table, Values,
    /// };
    ///
    /// let smokes = [Some("no"), Some("yes"), Some("no")];
    /// let table = Table::new(vec![
    ///     Column::new("age", Values::Numbers(vec![31.0, 64.0, 8.0])),
    ///     Column::new("smokes", Values::Strings(Strings::from_iter(smokes))),
    ///     Column::new("ward", Values::Numbers(vec![4.0, 4.0, 4.0])),
    ///     Column::new("days", Values::Numbers(vec![12.0, 3.0, 5.0])),
    /// ]);
    /// let hints = ColumnHints { targets: vec!["days".to_owned()], ..ColumnHints::default() };
    /// let kinds = ColumnKinds::find(&table, &hints)?;
    /// let inputs = [("age", ColumnKind::Number), ("smokes", ColumnKind::Boolean)];
    /// assert_eq!(kinds.inputs, inputs.map(|(name, kind)| (name.to_owned(), kind)));
    /// assert_eq!(kinds.ignored, [("ward".to_owned(), Ignored::Constant)]);
    /// # Ok::<(), chainrule_table::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns
    /// - [`Problem::NoColumn`] if the hints name a column that is not in the table;
    /// - [`Problem::WrongKind`] or [`Problem::OtherCells`] if a column cannot be of the kind given in
    ///   the hints;
    /// - [`Problem::AmbiguousDates`] if the order of day and month is unknown in an input column;
    /// - [`Problem::TargetAsInput`] if a column is both a target and an input;
    /// - [`Problem::NoInputs`] if no input column is left.
    pub fn find(table: &Table, hints: &ColumnHints) -> Result<ColumnKinds, Error> {
        let requested = kinds_by_name(&hints.kinds);
        table.columns_named(
            hints.targets.iter().chain(hints.kinds.iter().map(|(name, _)| name)).map(|n| &**n),
        )?;
        let (inputs, ignore) = (table.named_columns(&hints.inputs)?, table.named_columns(&hints.ignore)?);
        let targets: HashSet<&String> = hints.targets.iter().collect();
        if let Some(name) = inputs.iter().find(|name| targets.contains(name)) {
            return Err(Error::new(&table.path, Problem::TargetAsInput).column(name.clone()));
        }
        let (inputs, ignore): (HashSet<String>, HashSet<String>) =
            (inputs.into_iter().collect(), ignore.into_iter().collect());
        let mut kinds = ColumnKinds::default();
        let mut row_numbers = Vec::new();
        for column in table.columns.iter().filter(|column| !targets.contains(&column.name)) {
            let name = column.name.clone();
            let requested = requested.get(&*name).copied();
            let is_named = requested.is_some() || inputs.contains(&name);
            let is_excluded = ignore.contains(&name) || !inputs.is_empty() && !inputs.contains(&name);
            let reason = uninformative(column).filter(|reason| !is_named || *reason == Ignored::Empty);
            // Most dates are unique; `check` reports that their notation is ambiguous.
            let is_ambiguous = |note: &ColumnNote| matches!(note.reason, NoteReason::AmbiguousDates(_));
            let reason =
                reason.filter(|reason| *reason != Ignored::Unique || !column.notes.iter().any(is_ambiguous));
            match (is_excluded, reason) {
                (true, _) => kinds.ignored.push((name, Ignored::Requested)),
                (false, Some(reason)) => {
                    if reason == Ignored::RowNumbers {
                        row_numbers.push((name.clone(), ColumnKind::Number));
                    }
                    kinds.ignored.push((name, reason));
                }
                (false, None) => {
                    let kind = requested.unwrap_or_else(|| inferred(column));
                    check(table, column, kind)?;
                    kinds.inputs.push((name, kind));
                }
            }
        }
        if kinds.inputs.is_empty() {
            kinds.ignored.retain(|(_, reason)| *reason != Ignored::RowNumbers);
            kinds.inputs = row_numbers;
        }
        if kinds.inputs.is_empty() {
            let ignored =
                kinds.ignored.into_iter().map(|(name, reason)| format!("{name} ({})", reason.reason()));
            return Err(Error::new(&table.path, Problem::NoInputs { ignored: ignored.collect() }));
        }
        Ok(kinds)
    }
}

/// Returns kinds by the names of their columns; of several kinds of a column, the first one.
pub(crate) fn kinds_by_name(kinds: &[(String, ColumnKind)]) -> HashMap<&str, ColumnKind> {
    kinds.iter().rev().map(|(name, kind)| (name.as_str(), *kind)).collect()
}

/// Returns why a column is uninformative, or `None` if it is informative.
fn uninformative(column: &Column) -> Option<Ignored> {
    let n = column.values.len();
    let n_missing = column.values.n_missing();
    if n_missing == n {
        return Some(Ignored::Empty);
    }
    let (constant, identifier) = match &column.values {
        Values::Numbers(values) => {
            let first = values.iter().find(|v| !v.is_nan());
            let constant = values.iter().filter(|v| !v.is_nan()).all(|v| Some(v) == first);
            let identifier = match () {
                () if is_label(&column.name) && are_distinct_integers(values) => Some(Ignored::RowLabels),
                () if n >= MIN_ROWS && are_consecutive(values) => Some(Ignored::RowNumbers),
                () => None,
            };
            (constant, identifier)
        }
        Values::Dates(values) => {
            let first = values.iter().find(|v| !v.is_nan());
            (values.iter().filter(|v| !v.is_nan()).all(|v| Some(v) == first), None)
        }
        Values::Strings(texts) => {
            let mut counts = vec![0_u32; texts.words.len()];
            texts.codes.iter().filter(|code| **code != MISSING).for_each(|code| counts[*code as usize] += 1);
            let n_distinct = counts.iter().filter(|n| **n > 0).count();
            let n_unique = counts.iter().filter(|n| **n == 1).count();
            let identifier = match () {
                () if is_label(&column.name) && n_unique == n => Some(Ignored::RowLabels),
                () if n >= MIN_ROWS && n_unique * 100 >= MIN_UNIQUE_PERCENT * (n - n_missing) => {
                    Some(Ignored::Unique)
                }
                () => None,
            };
            (n_distinct == 1, identifier)
        }
    };
    match () {
        // A constant column with missing cells is informative: its missing indicator varies.
        () if constant && n_missing == 0 => Some(Ignored::Constant),
        () => identifier,
    }
}

/// Returns whether a name is one that programs give to row labels.
fn is_label(name: &str) -> bool {
    let numbered = |prefix, suffix| {
        let number = name.strip_prefix(prefix).and_then(|rest: &str| rest.strip_suffix(suffix));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
    };
    // pandas, R.
    numbered("Unnamed: ", "")
        || numbered("__index_level_", "__")
        || matches!(name, "rownames" | "row.names" | "row_names" | "rowname")
}

/// Returns whether numbers are distinct integers, none missing.
fn are_distinct_integers(values: &[f64]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    values.iter().all(|v| v.fract() == 0.0) && sorted.windows(2).all(|pair| pair[0] < pair[1])
}

/// Returns whether numbers are consecutive integers in any order, none missing.
fn are_consecutive(values: &[f64]) -> bool {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let mut seen = vec![false; values.len()];
    values.iter().all(|v| {
        let at = v - low;
        // The cast to `usize` is exact for integers below the length.
        let is_index = at.fract() == 0.0 && at < values.len() as f64;
        is_index && !std::mem::replace(&mut seen[at as usize], true)
    })
}

/// Infers the kind of a column from its cells.
fn inferred(column: &Column) -> ColumnKind {
    match &column.values {
        Values::Numbers(values) if values.iter().all(|v| v.is_nan() || *v == 0.0 || *v == 1.0) => {
            ColumnKind::Boolean
        }
        Values::Numbers(_) => ColumnKind::Number,
        Values::Dates(_) => ColumnKind::Date,
        Values::Strings(texts) if are_truth_values(texts.words.iter().map(String::as_str)) => {
            ColumnKind::Boolean
        }
        Values::Strings(_) => ColumnKind::Category,
    }
}

/// Checks that a column can be of a kind.
fn check(table: &Table, column: &Column, kind: ColumnKind) -> Result<(), Error> {
    let error = |problem| Err(Error::new(&table.path, problem).column(column.name.clone()));
    for note in &column.notes {
        match (note.reason, kind) {
            (NoteReason::AmbiguousDates(patterns), ColumnKind::Date | ColumnKind::Category) => {
                return error(Problem::AmbiguousDates { patterns, example: first_cell(note) });
            }
            (NoteReason::Mixed(cell_type), ColumnKind::Number | ColumnKind::Date) => {
                return error(Problem::OtherCells {
                    n_cells: note.n_cells,
                    cell_type,
                    first: note.first.iter().map(|(place, text)| format!("\"{text}\" ({place})")).collect(),
                });
            }
            _ => {}
        }
    }
    let fits = match (&column.values, kind) {
        (Values::Numbers(_), ColumnKind::Number | ColumnKind::Category)
        | (Values::Dates(_), ColumnKind::Date | ColumnKind::Category)
        | (Values::Strings(_), ColumnKind::Category) => true,
        (Values::Strings(texts), ColumnKind::Boolean) => {
            texts.words.len() <= 2 || are_truth_values(texts.words.iter().map(String::as_str))
        }
        (Values::Numbers(values), ColumnKind::Boolean) => {
            let mut distinct: Vec<f64> =
                values.iter().copied().filter(|v| !v.is_nan()).take(10_000).collect();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            distinct.len() <= 2
        }
        _ => false,
    };
    if fits {
        return Ok(());
    }
    error(Problem::WrongKind { kind: kind.name(), found: column.values.describe() })
}

/// Returns the first cell of a note with its place.
fn first_cell(note: &ColumnNote) -> String {
    note.first.first().map(|(place, text)| format!("\"{text}\" ({place})")).unwrap_or_default()
}

impl ColumnKind {
    /// All kinds with their names.
    pub const ALL: [(&'static str, ColumnKind); 4] = [
        ("number", ColumnKind::Number),
        ("boolean", ColumnKind::Boolean),
        ("category", ColumnKind::Category),
        ("date", ColumnKind::Date),
    ];

    /// Returns the name of the kind.
    pub fn name(self) -> &'static str {
        ColumnKind::ALL[self as usize].0
    }
}

/// Words for false and true.
const TRUTH_WORDS: [[&str; 2]; 8] = [
    ["false", "true"],
    ["no", "yes"],
    ["n", "y"],
    ["f", "t"],
    ["off", "on"],
    ["nein", "ja"],
    ["non", "oui"],
    ["0", "1"],
];

/// Returns the truth value of a word for true or false in upper or lower case, or of the number 0
/// or 1; `None` for any other text.
pub(crate) fn truth_value(word: &str) -> Option<bool> {
    let known = TRUTH_WORDS.iter().find_map(|[no, yes]| match () {
        () if word.eq_ignore_ascii_case(no) => Some(false),
        () if word.eq_ignore_ascii_case(yes) => Some(true),
        () => None,
    });
    known.or_else(|| match word.strip_suffix(".0")? {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    })
}

/// Returns the words for false and true in lower case, capitalised and in upper case, and 0 and 1
/// with and without decimals.
pub(crate) fn truth_spellings() -> Vec<(String, bool)> {
    let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
    let spellings = |word: &str, value: bool| {
        [word.to_owned(), capitalised(word), word.to_uppercase()].map(|spelling| (spelling, value))
    };
    let decimals = [("0.0".to_owned(), false), ("1.0".to_owned(), true)];
    let words =
        TRUTH_WORDS.iter().flat_map(|[no, yes]| [spellings(no, false), spellings(yes, true)].concat());
    let mut all: Vec<(String, bool)> = words.chain(decimals).collect();
    all.sort();
    all.dedup();
    all
}

/// Returns the other word of the pair that contains a word for true or false, in lower case.
pub(crate) fn opposite_word(word: &str) -> String {
    let pair = TRUTH_WORDS.iter().find(|pair| pair.iter().any(|known| known.eq_ignore_ascii_case(word)));
    let [no, yes] = pair.unwrap_or(&["0", "1"]);
    (if yes.eq_ignore_ascii_case(word) { no } else { yes }).to_string()
}

/// Returns whether all words are truth values, and both values occur.
pub(crate) fn are_truth_values<'w>(words: impl Iterator<Item = &'w str>) -> bool {
    let mut seen = [false; 2];
    for word in words {
        match truth_value(word) {
            Some(value) => seen[usize::from(value)] = true,
            None => return false,
        }
    }
    seen == [true; 2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Strings;

    fn texts(cells: &[&str]) -> Values {
        Values::Strings(
            cells.iter().map(|cell| Some(*cell).filter(|cell| !cell.is_empty())).collect::<Strings>(),
        )
    }

    fn find(values: Values) -> Result<ColumnKinds, Error> {
        let n = values.len();
        let target = Values::Numbers((0..n).map(|i| (i * i) as f64).collect());
        let other = Values::Numbers((0..n).map(|i| (i * 7 % 5) as f64).collect());
        let table =
            Table::new(vec![Column::new("t", target), Column::new("c", values), Column::new("o", other)]);
        ColumnKinds::find(&table, &ColumnHints { targets: vec!["t".to_owned()], ..ColumnHints::default() })
    }

    fn kind(values: Values) -> Option<ColumnKind> {
        find(values).unwrap().inputs.iter().find(|(name, _)| name == "c").map(|(_, kind)| *kind)
    }

    #[test]
    fn the_kind_is_inferred_from_the_cells() {
        assert_eq!(kind(Values::Numbers(vec![0.0, 1.0, 1.0, f64::NAN])), Some(ColumnKind::Boolean));
        assert_eq!(kind(Values::Numbers(vec![0.0, 1.0, 2.0])), Some(ColumnKind::Number));
        assert_eq!(kind(texts(&["Yes", "no", "no", ""])), Some(ColumnKind::Boolean));
        assert_eq!(kind(texts(&["red", "green", "red"])), Some(ColumnKind::Category));
        assert_eq!(kind(texts(&["", "green", "green"])), Some(ColumnKind::Category));
        assert_eq!(kind(Values::Dates(vec![1.0, 2.5])), Some(ColumnKind::Date));
    }

    #[test]
    fn uninformative_columns_are_excluded_with_a_reason() {
        let reason = |values| find(values).unwrap().ignored.first().map(|(_, reason)| *reason);
        assert_eq!(reason(texts(&["a", "a", "a"])), Some(Ignored::Constant));
        assert_eq!(reason(texts(&["", ""])), Some(Ignored::Empty));
        assert_eq!(
            reason(Values::Numbers((0..30).map(|i| f64::from(i * 7 % 30) + 5.0).collect())),
            Some(Ignored::RowNumbers)
        );
        let names: Vec<String> = (0..30).map(|i| format!("k{i}")).collect();
        assert_eq!(
            reason(texts(&names.iter().map(String::as_str).collect::<Vec<_>>())),
            Some(Ignored::Unique)
        );
        assert_eq!(reason(texts(&["a", "b", "c"])), None);
    }

    #[test]
    fn hints_are_followed_or_rejected() {
        let table = Table::new(vec![
            Column::new("t", Values::Numbers(vec![1.0, 2.0, 4.0])),
            Column::new("a", Values::Numbers(vec![3.0, 2.0, 4.0])),
            Column::new("b", texts(&["u", "v", "w"])),
        ]);
        let hints = |kinds: &[(&str, ColumnKind)], inputs: &[&str]| ColumnHints {
            targets: vec!["t".to_owned()],
            inputs: inputs.iter().map(|name| (*name).to_owned()).collect(),
            kinds: kinds.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(),
            ..ColumnHints::default()
        };
        let found = ColumnKinds::find(&table, &hints(&[("a", ColumnKind::Category)], &["a"])).unwrap();
        assert_eq!(found.inputs, [("a".to_owned(), ColumnKind::Category)]);
        assert_eq!(found.ignored, [("b".to_owned(), Ignored::Requested)]);
        let error = |hints| ColumnKinds::find(&table, &hints).unwrap_err().to_string();
        assert_eq!(
            error(hints(&[("b", ColumnKind::Number)], &[])),
            "column \"b\": contains text and cannot be used as a number; choose another kind or another \
             column, or fix its cells"
        );
        assert!(error(hints(&[], &["t"])).contains("a target cannot also be an input"));
        assert!(error(hints(&[], &["bb"])).contains("did you mean \"b\"?"));
    }
}
