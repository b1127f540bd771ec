//! Kinds of columns: numbers, booleans, categories, dates, and columns that are not used as inputs.

use serde::{Deserialize, Serialize};

use crate::{Column, Error, MISSING, Problem, Table, Values};

/// The kind of a column, which determines its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// A quantity.
    Number,
    /// One of two values, for example `yes` and `no`, or 0 and 1.
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
    /// Nearly every row has a string of its own, or the numbers count the rows.
    Identifier,
}

impl Ignored {
    /// Returns the reason as a phrase that can follow the name of the column.
    pub fn reason(self) -> &'static str {
        match self {
            Ignored::Requested => "as requested",
            Ignored::Empty => "it is empty",
            Ignored::Constant => "it has the same value in all rows",
            Ignored::Identifier => "it only identifies the rows",
        }
    }
}

/// User-supplied information on columns; everything else is inferred from the cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnHints {
    /// Target columns.
    pub targets: Vec<String>,
    /// Input columns; if empty, all columns that are neither targets nor ignored.
    pub inputs: Vec<String>,
    /// Columns that are neither targets nor inputs, for example weights, groups and times.
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
    ///   ten rows; numbers that increase by one from row to row.
    /// - [`ColumnKind::Boolean`]: numbers that are all 0 or 1; a pair of strings such as `yes` and
    ///   `no`.
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
    /// - [`Problem::WrongKind`] if a column cannot be of the kind given in the hints;
    /// - [`Problem::TargetAsInput`] if a column is both a target and an input;
    /// - [`Problem::NoInputs`] if no input column is left.
    pub fn find(table: &Table, hints: &ColumnHints) -> Result<ColumnKinds, Error> {
        let named = hints.targets.iter().chain(&hints.inputs).chain(&hints.ignore);
        for name in named.chain(hints.kinds.iter().map(|(name, _)| name)) {
            table.column(name)?;
        }
        if let Some(name) = hints.inputs.iter().find(|name| hints.targets.contains(name)) {
            return Err(Error::new(&table.path, Problem::TargetAsInput).column(name.clone()));
        }
        let mut kinds = ColumnKinds::default();
        for column in table.columns.iter().filter(|column| !hints.targets.contains(&column.name)) {
            let name = column.name.clone();
            let requested = hints.kinds.iter().find(|(other, _)| *other == name).map(|(_, kind)| *kind);
            let is_named = requested.is_some() || hints.inputs.contains(&name);
            let is_excluded =
                hints.ignore.contains(&name) || !hints.inputs.is_empty() && !hints.inputs.contains(&name);
            let reason = uninformative(column).filter(|reason| !is_named || *reason == Ignored::Empty);
            match (is_excluded, reason) {
                (true, _) => kinds.ignored.push((name, Ignored::Requested)),
                (false, Some(reason)) => kinds.ignored.push((name, reason)),
                (false, None) => {
                    let kind = requested.unwrap_or_else(|| inferred(column));
                    check(table, column, kind)?;
                    kinds.inputs.push((name, kind));
                }
            }
        }
        if kinds.inputs.is_empty() {
            return Err(Error::new(&table.path, Problem::NoInputs));
        }
        Ok(kinds)
    }
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
            (constant, n >= MIN_ROWS && values.windows(2).all(|pair| pair[1] == pair[0] + 1.0))
        }
        Values::Dates(values) => {
            let first = values.iter().find(|v| !v.is_nan());
            (values.iter().filter(|v| !v.is_nan()).all(|v| Some(v) == first), false)
        }
        Values::Strings(texts) => {
            let mut counts = vec![0_u32; texts.words.len()];
            texts.codes.iter().filter(|code| **code != MISSING).for_each(|code| counts[*code as usize] += 1);
            let n_distinct = counts.iter().filter(|n| **n > 0).count();
            let n_unique = counts.iter().filter(|n| **n == 1).count();
            (n_distinct == 1, n >= MIN_ROWS && n_unique * 100 >= MIN_UNIQUE_PERCENT * (n - n_missing))
        }
    };
    match () {
        // A constant with missing cells is informative: it tells whether the cell is missing.
        () if constant && n_missing == 0 => Some(Ignored::Constant),
        () if identifier => Some(Ignored::Identifier),
        () => None,
    }
}

/// Infers the kind of a column from its cells.
fn inferred(column: &Column) -> ColumnKind {
    match &column.values {
        Values::Numbers(values) if values.iter().all(|v| v.is_nan() || *v == 0.0 || *v == 1.0) => {
            ColumnKind::Boolean
        }
        Values::Numbers(_) => ColumnKind::Number,
        Values::Dates(_) => ColumnKind::Date,
        Values::Strings(texts) if yes_and_no(&texts.words).is_some() => ColumnKind::Boolean,
        Values::Strings(_) => ColumnKind::Category,
    }
}

/// Checks that a column can be of a kind.
fn check(table: &Table, column: &Column, kind: ColumnKind) -> Result<(), Error> {
    let fits = match (&column.values, kind) {
        (Values::Numbers(_), ColumnKind::Number | ColumnKind::Category)
        | (Values::Dates(_), ColumnKind::Date | ColumnKind::Category)
        | (Values::Strings(_), ColumnKind::Category) => true,
        (Values::Strings(texts), ColumnKind::Boolean) => texts.words.len() <= 2,
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
    Err(Error::new(&table.path, Problem::WrongKind { kind: kind.name(), found: column.values.describe() })
        .column(column.name.clone()))
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

/// Common pairs of words for false and true.
const PAIRS: [[&str; 2]; 7] =
    [["false", "true"], ["no", "yes"], ["n", "y"], ["f", "t"], ["off", "on"], ["nein", "ja"], ["non", "oui"]];

/// Returns a pair of words for false and true in this order, or `None` if the words are not a known
/// pair. Order and case of the words do not matter.
pub(crate) fn yes_and_no(words: &[String]) -> Option<[&str; 2]> {
    let [a, b] = words else { return None };
    PAIRS.iter().find_map(|[no, yes]| match () {
        () if a.eq_ignore_ascii_case(no) && b.eq_ignore_ascii_case(yes) => Some([a.as_str(), b.as_str()]),
        () if b.eq_ignore_ascii_case(no) && a.eq_ignore_ascii_case(yes) => Some([b.as_str(), a.as_str()]),
        () => None,
    })
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
            reason(Values::Numbers((0..30).map(|i| f64::from(i) + 5.0).collect())),
            Some(Ignored::Identifier)
        );
        let names: Vec<String> = (0..30).map(|i| format!("k{i}")).collect();
        assert_eq!(
            reason(texts(&names.iter().map(String::as_str).collect::<Vec<_>>())),
            Some(Ignored::Identifier)
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
