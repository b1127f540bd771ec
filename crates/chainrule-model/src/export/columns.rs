//! Columns that an export reads, shared by all members, and the inputs of each member for the
//! categories.
//!
//! Each category has a code: [`MISSING`] for a missing cell, [`OTHER`] for a category that is not
//! an input of any member, and 2 and above for the others. The members of an ensemble can have
//! different categories, so each member has its own table from codes to inputs.

use chainrule_table::{CellType, Encoding, Input, Table, Values};

use super::language::Width;
use crate::{Error, Member, Model, Precision};

/// Code of a missing cell.
pub(super) const MISSING: usize = 0;
/// Code of a category without an input.
pub(super) const OTHER: usize = 1;
/// Code of the first category with an input.
pub(super) const FIRST_CATEGORY: usize = 2;

/// Ratio of offset to spread above which a column is read, and a target predicted, in double
/// precision. In single precision, such numbers (for example seconds since 1970) would retain fewer
/// than four significant digits.
const MAX_OFFSET: f64 = 1000.0;

/// A column that an export reads.
pub(super) struct ExportColumn {
    pub(super) name: String,
    pub(super) input_type: InputType,
    /// Spellings of the categories, each with the index of its category.
    pub(super) spellings: Vec<(String, usize)>,
    /// Type of the cells of the training table.
    pub(super) cell_type: CellType,
}

/// Type of the values of a column.
pub(super) enum InputType {
    /// Number, in double precision if single precision cannot distinguish the values.
    Number(Width),
    /// Days since 1970-01-01, in double precision.
    Date,
    /// Category; lists the categories with an input in at least one member.
    Category(Vec<String>),
}

/// Returns the numbers that are missing cells of a column, as the export reads them.
pub(super) fn missing_numbers(input: &Input, input_type: &InputType, precision: Precision) -> Vec<f64> {
    let is_single = matches!(input_type, InputType::Number(Width::Model)) && precision == Precision::F32;
    let numbers = input.missing_numbers().into_iter();
    numbers.map(|v| if is_single { f64::from(v as f32) } else { v }).collect()
}

/// Inputs of a member for each code of a categorical column.
pub(super) enum CategoryInputs {
    /// Value of the only input.
    Signs(Vec<i8>),
    /// Position of the input that is 1 among the inputs of the column; without one, all inputs are
    /// 0.
    Positions(Vec<Option<usize>>),
}

/// Returns the columns that the members read, in the order of the first member.
pub(super) fn columns(model: &Model) -> Result<Vec<ExportColumn>, Error> {
    let mut columns: Vec<ExportColumn> = Vec::new();
    for (k, member) in model.members.iter().enumerate() {
        for input in &member.encoders.inputs {
            let known = columns.iter_mut().find(|column| column.name == input.column);
            let differs = || Error::MembersDiffer { column: input.column.clone() };
            match (known, &input.how) {
                (None, _) if k > 0 => return Err(differs()),
                (None, how) => {
                    let input_type = match how {
                        Encoding::Number { .. } => InputType::Number(Width::Model),
                        Encoding::Date { .. } => InputType::Date,
                        Encoding::Boolean { words } => InputType::Category(words.to_vec()),
                        Encoding::Category { words, .. } => InputType::Category(words.clone()),
                    };
                    columns.push(ExportColumn {
                        name: input.column.clone(),
                        input_type,
                        spellings: input.spellings(),
                        cell_type: input.format().cell_type(),
                    });
                }
                (Some(ExportColumn { input_type: InputType::Number(_), .. }), Encoding::Number { .. })
                | (Some(ExportColumn { input_type: InputType::Date, .. }), Encoding::Date { .. }) => {}
                (Some(ExportColumn { input_type: InputType::Category(known), spellings, .. }), how) => {
                    let words = match how {
                        Encoding::Boolean { words } => &words[..],
                        Encoding::Category { words, .. } => words,
                        _ => return Err(differs()),
                    };
                    let new = words.iter().filter(|word| !known.contains(word)).cloned().collect::<Vec<_>>();
                    spellings.extend(new.iter().cloned().zip(known.len()..));
                    known.extend(new);
                }
                _ => return Err(differs()),
            }
        }
        for column in &mut columns {
            let is_far_input = |input: &Input| match input.how {
                Encoding::Number { scale, .. } => {
                    input.column == column.name && is_far(scale.shift, scale.by)
                }
                _ => false,
            };
            if member.encoders.inputs.iter().any(is_far_input) {
                column.input_type = InputType::Number(Width::Double);
            }
        }
        let is_unread =
            |column: &&ExportColumn| member.encoders.inputs.iter().all(|input| input.column != column.name);
        if let Some(column) = columns.iter().find(is_unread) {
            return Err(Error::MembersDiffer { column: column.name.clone() });
        }
    }
    Ok(columns)
}

/// Returns whether numbers with this offset and spread lose too many digits in single precision.
pub(super) fn is_far(offset: f64, spread: f64) -> bool {
    offset.abs() > MAX_OFFSET * spread
}

/// Returns the inputs of a member, each with the index of its first network input and the index of
/// its column.
pub(super) fn inputs<'m>(
    member: &'m Member,
    columns: &[ExportColumn],
) -> impl Iterator<Item = (&'m Input, usize, usize)> {
    let locate = |next: &mut usize, input: &'m Input| {
        let first = *next;
        *next += input.width();
        let column = columns.iter().position(|column| column.name == input.column);
        Some((input, first, column.expect("all members read all columns")))
    };
    member.encoders.inputs.iter().scan(0, locate)
}

impl CategoryInputs {
    /// Returns the inputs for each code, or `None` for numbers and dates.
    pub(super) fn new(input: &Input, input_type: &InputType) -> Option<CategoryInputs> {
        let InputType::Category(all) = input_type else { return None };
        Some(match &input.how {
            Encoding::Boolean { words: [no, yes] } => {
                let sign = |word: &String| i8::from(word == yes) - i8::from(word == no && word != yes);
                CategoryInputs::Signs([0, 0].into_iter().chain(all.iter().map(sign)).collect())
            }
            Encoding::Category { words, rare } => {
                let missing = input.has_missing_indicator.then(|| input.width() - 1);
                let other = (!rare.is_empty()).then_some(words.len());
                let position = |word: &String| words.iter().position(|known| known == word).or(other);
                CategoryInputs::Positions(
                    [missing, other].into_iter().chain(all.iter().map(position)).collect(),
                )
            }
            Encoding::Number { .. } | Encoding::Date { .. } => {
                unreachable!("`columns` checked that the members agree")
            }
        })
    }

    /// Returns the inputs of all codes as a matrix (n_codes, width), row-major.
    pub(super) fn matrix(&self, input: &Input) -> Vec<f64> {
        let width = input.width();
        let row = |code: usize| {
            let mut row = vec![0.0; width];
            match self {
                CategoryInputs::Signs(signs) => {
                    row[0] = f64::from(signs[code]);
                    if input.has_missing_indicator && code == MISSING {
                        row[1] = 1.0;
                    }
                }
                CategoryInputs::Positions(positions) => {
                    positions[code].into_iter().for_each(|position| row[position] = 1.0)
                }
            }
            row
        };
        (0..self.len()).flat_map(row).collect()
    }

    /// Returns the number of codes.
    pub(super) fn len(&self) -> usize {
        match self {
            CategoryInputs::Signs(signs) => signs.len(),
            CategoryInputs::Positions(positions) => positions.len(),
        }
    }
}

impl ExportColumn {
    /// Returns the cells of the column in a table as numbers: numbers and dates unchanged,
    /// categories as their codes.
    pub(super) fn cells(&self, table: &Table) -> Result<Vec<f64>, Error> {
        let values = &table.column(&self.name)?.values;
        match (&self.input_type, values) {
            (InputType::Category(_), values) => {
                let code = |row| match values.text(row) {
                    None => MISSING as f64,
                    Some(word) => code_of(&self.spellings, &word) as f64,
                };
                Ok((0..values.len()).map(code).collect())
            }
            (InputType::Number(_) | InputType::Date, Values::Numbers(values) | Values::Dates(values)) => {
                Ok(values.clone())
            }
            (InputType::Number(_) | InputType::Date, Values::Strings(_)) => {
                Err(Error::TextColumn { column: self.name.clone() })
            }
        }
    }
}

/// Returns the code of a category, with the same spellings as in the encoders.
fn code_of(spellings: &[(String, usize)], word: &str) -> usize {
    let found = spellings.iter().find(|(known, _)| known == word);
    found.map_or(OTHER, |(_, k)| k + FIRST_CATEGORY)
}
