//! The columns that an export reads, the same for all members, and what each member makes of a column's words.
//!
//! A word has a code: [`MISSING`], [`OTHER`] for any that no member has an input of its own for, and from 2 on those that one
//! has. Two members of an ensemble may know different words; each then has its own table from codes to inputs.

use chainrule_table::{Encoding, Input, Table, Values};

use super::expression::Width;
use crate::{Error, Member, Model};

/// The code of a cell that is missing.
pub(super) const MISSING: usize = 0;
/// The code of a word that has no input of its own.
pub(super) const OTHER: usize = 1;
/// The code of the first word that has.
pub(super) const FIRST: usize = 2;

/// Numbers this many times their spread away from 0, such as seconds since 1970, keep less than four digits in single precision.
const FAR: f64 = 1000.0;

/// A column that is read.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) cells: Cells,
}

/// What a column holds.
pub(super) enum Cells {
    /// Numbers, in double where single precision would blur what tells them apart.
    Numbers(Width),
    /// Days since 1970-01-01, in double.
    Dates,
    /// Words, those with an input of their own in some member.
    Words(Vec<String>),
}

/// What a member's inputs of a column are for each code.
pub(super) enum Codes {
    /// The one input is this.
    Signs(Vec<i8>),
    /// This input of the column's is 1; where there is none, all are 0.
    Places(Vec<Option<usize>>),
}

/// The columns that all members read, in the order of the first.
pub(super) fn columns(model: &Model) -> Result<Vec<Column>, Error> {
    let mut columns: Vec<Column> = Vec::new();
    for (k, member) in model.members.iter().enumerate() {
        for input in &member.encoders.inputs {
            let known = columns.iter_mut().find(|column| column.name == input.column);
            let differs = || Error::MembersDiffer { column: input.column.clone() };
            match (known, &input.how) {
                (None, _) if k > 0 => return Err(differs()),
                (None, how) => {
                    let cells = match how {
                        Encoding::Number { .. } => Cells::Numbers(Width::Own),
                        Encoding::Date { .. } => Cells::Dates,
                        Encoding::Boolean { words } => Cells::Words(words.to_vec()),
                        Encoding::Category { words, .. } => Cells::Words(words.clone()),
                    };
                    columns.push(Column { name: input.column.clone(), cells });
                }
                (Some(Column { cells: Cells::Numbers(_), .. }), Encoding::Number { .. })
                | (Some(Column { cells: Cells::Dates, .. }), Encoding::Date { .. }) => {}
                (Some(Column { cells: Cells::Words(known), .. }), how) => {
                    let words = match how {
                        Encoding::Boolean { words } => &words[..],
                        Encoding::Category { words, .. } => words,
                        _ => return Err(differs()),
                    };
                    let new = words.iter().filter(|word| !known.contains(word)).cloned().collect::<Vec<_>>();
                    known.extend(new);
                }
                _ => return Err(differs()),
            }
        }
        for column in &mut columns {
            let far = |input: &Input| match input.how {
                Encoding::Number { scale, .. } => {
                    input.column == column.name && scale.shift.abs() > FAR * scale.by
                }
                _ => false,
            };
            if member.encoders.inputs.iter().any(far) {
                column.cells = Cells::Numbers(Width::Wide);
            }
        }
        let read = |column: &&Column| member.encoders.inputs.iter().all(|input| input.column != column.name);
        if let Some(column) = columns.iter().find(read) {
            return Err(Error::MembersDiffer { column: column.name.clone() });
        }
    }
    Ok(columns)
}

/// A member's inputs, each with the first of its places and the column's place among all.
pub(super) fn inputs<'m>(
    member: &'m Member,
    columns: &[Column],
) -> impl Iterator<Item = (&'m Input, usize, usize)> {
    let place = |from: &mut usize, input: &'m Input| {
        let first = *from;
        *from += input.width();
        let column = columns.iter().position(|column| column.name == input.column);
        Some((input, first, column.expect("a column of all members")))
    };
    member.encoders.inputs.iter().scan(0, place)
}

impl Codes {
    /// What a column's inputs are for each of its codes; none for numbers and dates.
    pub(super) fn of(input: &Input, cells: &Cells) -> Option<Codes> {
        let Cells::Words(all) = cells else { return None };
        Some(match &input.how {
            Encoding::Boolean { words: [no, yes] } => {
                let sign = |word: &String| i8::from(word == yes) - i8::from(word == no && word != yes);
                Codes::Signs([0, 0].into_iter().chain(all.iter().map(sign)).collect())
            }
            Encoding::Category { words, rare } => {
                let missing = input.has_missing_indicator.then(|| input.width() - 1);
                let other = (!rare.is_empty()).then_some(words.len());
                let place = |word: &String| words.iter().position(|own| own == word).or(other);
                Codes::Places([missing, other].into_iter().chain(all.iter().map(place)).collect())
            }
            Encoding::Number { .. } | Encoding::Date { .. } => {
                unreachable!("the columns are those of the members")
            }
        })
    }

    /// The inputs (n_codes, width) of all codes, row-major.
    pub(super) fn rows(&self, input: &Input) -> Vec<f64> {
        let width = input.width();
        let row = |code: usize| {
            let mut row = vec![0.0; width];
            match self {
                Codes::Signs(signs) => {
                    row[0] = f64::from(signs[code]);
                    if input.has_missing_indicator && code == MISSING {
                        row[1] = 1.0;
                    }
                }
                Codes::Places(places) => places[code].into_iter().for_each(|place| row[place] = 1.0),
            }
            row
        };
        (0..self.len()).flat_map(row).collect()
    }

    /// How many codes there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Codes::Signs(signs) => signs.len(),
            Codes::Places(places) => places.len(),
        }
    }
}

impl Column {
    /// The cells of a table's column as numbers: numbers and days themselves, the codes of words.
    pub(super) fn cells_of(&self, table: &Table) -> Result<Vec<f64>, Error> {
        let values = &table.column(&self.name)?.values;
        match (&self.cells, values) {
            (Cells::Words(words), values) => {
                let code = |row| match values.text(row) {
                    None => MISSING as f64,
                    Some(word) => code_of(words, &word) as f64,
                };
                Ok((0..values.len()).map(code).collect())
            }
            (Cells::Numbers(_) | Cells::Dates, Values::Numbers(values) | Values::Dates(values)) => {
                Ok(values.clone())
            }
            (Cells::Numbers(_) | Cells::Dates, Values::Strings(_)) => {
                Err(Error::NotNumbers { column: self.name.clone() })
            }
        }
    }
}

/// The code of a word, as the encoders find it: by its letters, or else as the number that it is.
fn code_of(words: &[String], word: &str) -> usize {
    let find = |word: &str| words.iter().position(|own| own == word);
    let number = || find(&word.parse::<f64>().ok()?.to_string());
    find(word).or_else(number).map_or(OTHER, |k| k + FIRST)
}
