//! What each column is: a number, a yes or no, a category, a date, or nothing that a network should see.

use serde::{Deserialize, Serialize};

use crate::{Column, Error, MISSING, Problem, Table, Values};

/// What a column is to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// A number that says how much.
    Number,
    /// One of two: `yes` and `no`, 0 and 1.
    Boolean,
    /// One of several, in no order.
    Category,
    /// A day, or a moment of it.
    Date,
}

/// Why a column is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// Somebody asked for it.
    Asked,
    /// No cell holds anything.
    Empty,
    /// All cells hold the same.
    Constant,
    /// Next to each row has a text of its own, or the numbers count the rows.
    Identifier,
}

impl Ignored {
    /// The reason, as it follows a column's name.
    pub fn reason(self) -> &'static str {
        match self {
            Ignored::Asked => "as asked",
            Ignored::Empty => "it is empty",
            Ignored::Constant => "it is the same in all rows",
            Ignored::Identifier => "it tells rows apart and nothing else",
        }
    }
}

/// What somebody says of columns; of the others it is found from their cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnHints {
    /// The columns to predict.
    pub targets: Vec<String>,
    /// The columns to predict from; all others when empty.
    pub inputs: Vec<String>,
    /// Columns that are neither: weights, groups, times, and whatever else is to be left out.
    pub ignore: Vec<String>,
    /// ColumnKinds of columns.
    pub kinds: Vec<(String, ColumnKind)>,
}

/// What the columns of a table are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnKinds {
    /// The columns to predict from, in the table's order.
    pub inputs: Vec<(String, ColumnKind)>,
    /// Those left out, with the reason.
    pub ignored: Vec<(String, Ignored)>,
}

/// A column of texts is an identifier where so many of a hundred rows have one of their own.
const OWN: usize = 90;
/// Among fewer rows nothing is called an identifier.
const FEW_ROWS: usize = 20;

impl ColumnKinds {
    /// Finds what the columns are.
    ///
    /// - Nothing: a column that is empty or the same in all rows; texts of which nine rows in ten have one of their own;
    ///   numbers that count the rows up by one.
    /// - [`ColumnKind::Boolean`]: numbers of which all are 0 or 1; two texts that say yes and no, in any of the usual ways.
    /// - [`ColumnKind::Number`], [`ColumnKind::Date`], [`ColumnKind::Category`]: other numbers, dates and texts.
    ///
    /// ```
    /// use chainrule_table::{Column, Ignored, ColumnKind, ColumnKinds, ColumnHints, Table, Strings, Values};
    ///
    /// let table = Table::new(vec![
    ///     Column::new("age", Values::Numbers(vec![31.0, 64.0, 8.0])),
    ///     Column::new("smokes", Values::Strings(Strings::from_iter([Some("no"), Some("yes"), Some("no")]))),
    ///     Column::new("ward", Values::Numbers(vec![4.0, 4.0, 4.0])),
    ///     Column::new("days", Values::Numbers(vec![12.0, 3.0, 5.0])),
    /// ]);
    /// let said = ColumnHints { targets: vec!["days".to_owned()], ..ColumnHints::default() };
    /// let kinds = ColumnKinds::find(&table, &said)?;
    /// assert_eq!(kinds.inputs, [("age".to_owned(), ColumnKind::Number), ("smokes".to_owned(), ColumnKind::Boolean)]);
    /// assert_eq!(kinds.ignored, [("ward".to_owned(), Ignored::Constant)]);
    /// # Ok::<(), chainrule_table::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Problem::NoColumn`], [`Problem::WrongKind`] where a column cannot be what is said of it, [`Problem::NoInputs`] where
    /// nothing is left, [`Problem::TargetAsInput`].
    pub fn find(table: &Table, said: &ColumnHints) -> Result<ColumnKinds, Error> {
        let named = said.targets.iter().chain(&said.inputs).chain(&said.ignore);
        for name in named.chain(said.kinds.iter().map(|(name, _)| name)) {
            table.column(name)?;
        }
        if let Some(name) = said.inputs.iter().find(|name| said.targets.contains(name)) {
            return Err(Error::new(&table.path, Problem::TargetAsInput).column(name.clone()));
        }
        let mut kinds = ColumnKinds::default();
        for column in table.columns.iter().filter(|column| !said.targets.contains(&column.name)) {
            let name = column.name.clone();
            let asked = said.kinds.iter().find(|(of, _)| *of == name).map(|(_, kind)| *kind);
            let wanted = asked.is_some() || said.inputs.contains(&name);
            let left_out =
                said.ignore.contains(&name) || !said.inputs.is_empty() && !said.inputs.contains(&name);
            match (left_out, useless(column).filter(|why| !wanted || *why == Ignored::Empty)) {
                (true, _) => kinds.ignored.push((name, Ignored::Asked)),
                (false, Some(why)) => kinds.ignored.push((name, why)),
                (false, None) => {
                    let kind = asked.unwrap_or_else(|| found(column));
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

/// Why a column says nothing, if it does not.
fn useless(column: &Column) -> Option<Ignored> {
    let n = column.values.len();
    let n_missing = column.values.n_missing();
    if n_missing == n {
        return Some(Ignored::Empty);
    }
    let (constant, identifier) = match &column.values {
        Values::Numbers(values) => {
            let first = values.iter().find(|v| !v.is_nan());
            let constant = values.iter().filter(|v| !v.is_nan()).all(|v| Some(v) == first);
            (constant, n >= FEW_ROWS && values.windows(2).all(|pair| pair[1] == pair[0] + 1.0))
        }
        Values::Dates(values) => {
            let first = values.iter().find(|v| !v.is_nan());
            (values.iter().filter(|v| !v.is_nan()).all(|v| Some(v) == first), false)
        }
        Values::Strings(texts) => {
            let mut seen = vec![0_u32; texts.words.len()];
            texts.codes.iter().filter(|code| **code != MISSING).for_each(|code| seen[*code as usize] += 1);
            let distinct = seen.iter().filter(|n| **n > 0).count();
            let own = seen.iter().filter(|n| **n == 1).count();
            (distinct == 1, n >= FEW_ROWS && own * 100 >= OWN * (n - n_missing))
        }
    };
    match () {
        // A column that is there in some rows and not in others says that much.
        () if constant && n_missing == 0 => Some(Ignored::Constant),
        () if identifier => Some(Ignored::Identifier),
        () => None,
    }
}

/// The kind that cells look like.
fn found(column: &Column) -> ColumnKind {
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

/// Whether a column can be of a kind.
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
    Err(Error::new(&table.path, Problem::WrongKind { kind: kind.name(), holds: column.values.describe() })
        .column(column.name.clone()))
}

impl ColumnKind {
    /// All kinds with the words for them.
    pub const ALL: [(&'static str, ColumnKind); 4] = [
        ("number", ColumnKind::Number),
        ("boolean", ColumnKind::Boolean),
        ("category", ColumnKind::Category),
        ("date", ColumnKind::Date),
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        ColumnKind::ALL[self as usize].0
    }
}

/// Words for no and yes, in their usual spellings.
const PAIRS: [[&str; 2]; 7] =
    [["false", "true"], ["no", "yes"], ["n", "y"], ["f", "t"], ["off", "on"], ["nein", "ja"], ["non", "oui"]];

/// Of words that are no and yes, in either order and any case, the two in this order.
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

    fn of(values: Values) -> Result<ColumnKinds, Error> {
        let n = values.len();
        let target = Values::Numbers((0..n).map(|i| (i * i) as f64).collect());
        let other = Values::Numbers((0..n).map(|i| (i * 7 % 5) as f64).collect());
        let table =
            Table::new(vec![Column::new("t", target), Column::new("c", values), Column::new("o", other)]);
        ColumnKinds::find(&table, &ColumnHints { targets: vec!["t".to_owned()], ..ColumnHints::default() })
    }

    fn kind(values: Values) -> Option<ColumnKind> {
        of(values).unwrap().inputs.iter().find(|(name, _)| name == "c").map(|(_, kind)| *kind)
    }

    #[test]
    fn cells_tell_the_kind() {
        assert_eq!(kind(Values::Numbers(vec![0.0, 1.0, 1.0, f64::NAN])), Some(ColumnKind::Boolean));
        assert_eq!(kind(Values::Numbers(vec![0.0, 1.0, 2.0])), Some(ColumnKind::Number));
        assert_eq!(kind(texts(&["Yes", "no", "no", ""])), Some(ColumnKind::Boolean));
        assert_eq!(kind(texts(&["red", "green", "red"])), Some(ColumnKind::Category));
        assert_eq!(kind(texts(&["", "green", "green"])), Some(ColumnKind::Category));
        assert_eq!(kind(Values::Dates(vec![1.0, 2.5])), Some(ColumnKind::Date));
    }

    #[test]
    fn what_says_nothing_is_left_out_with_its_reason() {
        let why = |values| of(values).unwrap().ignored.first().map(|(_, why)| *why);
        assert_eq!(why(texts(&["a", "a", "a"])), Some(Ignored::Constant));
        assert_eq!(why(texts(&["", ""])), Some(Ignored::Empty));
        assert_eq!(
            why(Values::Numbers((0..30).map(|i| f64::from(i) + 5.0).collect())),
            Some(Ignored::Identifier)
        );
        let names: Vec<String> = (0..30).map(|i| format!("k{i}")).collect();
        assert_eq!(
            why(texts(&names.iter().map(String::as_str).collect::<Vec<_>>())),
            Some(Ignored::Identifier)
        );
        assert_eq!(why(texts(&["a", "b", "c"])), None);
    }

    #[test]
    fn what_somebody_says_is_done_or_refused() {
        let table = Table::new(vec![
            Column::new("t", Values::Numbers(vec![1.0, 2.0, 4.0])),
            Column::new("a", Values::Numbers(vec![3.0, 2.0, 4.0])),
            Column::new("b", texts(&["u", "v", "w"])),
        ]);
        let said = |kinds: &[(&str, ColumnKind)], inputs: &[&str]| ColumnHints {
            targets: vec!["t".to_owned()],
            inputs: inputs.iter().map(|name| (*name).to_owned()).collect(),
            kinds: kinds.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(),
            ..ColumnHints::default()
        };
        let found = ColumnKinds::find(&table, &said(&[("a", ColumnKind::Category)], &["a"])).unwrap();
        assert_eq!(found.inputs, [("a".to_owned(), ColumnKind::Category)]);
        assert_eq!(found.ignored, [("b".to_owned(), Ignored::Asked)]);
        let error = |said| ColumnKinds::find(&table, &said).unwrap_err().to_string();
        assert_eq!(
            error(said(&[("b", ColumnKind::Number)], &[])),
            "column \"b\": it holds texts and cannot be read as a number; leave its kind out, or mend the column"
        );
        assert!(error(said(&[], &["t"])).contains("it is to be predicted"));
        assert!(error(said(&[], &["bb"])).contains("did you mean \"b\"?"));
    }
}
