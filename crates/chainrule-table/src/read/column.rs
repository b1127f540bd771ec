//! Construction of a column: cells in its assumed format, and a record of other cells.

use std::sync::Arc;

use super::CellType;
use super::cell::ObservedTypes;
use super::interner::StringInterner;
use crate::format::{CellFormat, ColumnFormat, Meaning, trimmed};
use crate::{MISSING, Problem, Strings, Values};

/// A builder of a column, or of a chunk of a column.
pub(super) struct ColumnBuilder {
    format: Arc<ColumnFormat>,
    /// Type of the cells in this format.
    cell_type: CellType,
    /// Whether numbers may be parsed before the end of their field is known.
    pub(super) can_parse_prefix: bool,
    /// Numbers that mark missing cells.
    missing_numbers: Vec<f64>,
    /// Numbers or dates.
    pub(super) values: Vec<f64>,
    words: StringInterner,
    codes: Vec<u32>,
    /// Types of the cells; not recorded in a column of strings.
    pub(super) observed: ObservedTypes,
    /// The first cell that is not of the assumed type.
    unexpected: Option<UnexpectedCell>,
    /// The first number that is not finite.
    infinite: Option<UnexpectedCell>,
    /// The first mark of a missing number, and the number of marks.
    marks: Option<(UnexpectedCell, usize)>,
}

/// A cell and its position, a line or a row.
pub(super) struct UnexpectedCell {
    pub(super) position: u64,
    pub(super) cell: String,
}

impl ColumnBuilder {
    pub(super) fn new(format: &Arc<ColumnFormat>) -> ColumnBuilder {
        ColumnBuilder {
            format: format.clone(),
            cell_type: format.cell_type(),
            can_parse_prefix: format.can_parse_prefix(),
            missing_numbers: format.missing.numbers().collect(),
            values: Vec::new(),
            words: StringInterner::default(),
            codes: Vec::new(),
            observed: ObservedTypes::default(),
            unexpected: None,
            infinite: None,
            marks: None,
        }
    }

    /// Reserves capacity for `n` more cells.
    pub(super) fn reserve(&mut self, n: usize) {
        match self.cell_type {
            CellType::Strings => self.codes.reserve(n),
            CellType::Numbers | CellType::Dates => self.values.reserve(n),
        }
    }

    /// Adds a missing cell.
    pub(super) fn push_missing(&mut self) {
        match self.cell_type {
            CellType::Strings => self.codes.push(MISSING),
            CellType::Numbers | CellType::Dates => self.values.push(f64::NAN),
        }
    }

    /// Parses the text of a cell and adds the cell.
    pub(super) fn push(&mut self, text: &[u8], position: u64) -> Result<(), Problem> {
        let code = match self.format.cells {
            CellFormat::Verbatim if trimmed(text).is_empty() => MISSING,
            CellFormat::Verbatim => self.words.intern(text)?,
            CellFormat::Text => {
                let text = trimmed(text);
                if self.format.missing.contains(text) { MISSING } else { self.words.intern(text)? }
            }
            CellFormat::Number(_) | CellFormat::Date(_) => {
                let meaning = self.format.meaning(text);
                self.push_meaning(meaning, position, || String::from_utf8_lossy(text).into_owned());
                return Ok(());
            }
        };
        self.codes.push(code);
        Ok(())
    }

    /// Adds a number, or NaN for a missing cell; `cell` returns the text of the number.
    #[inline]
    pub(super) fn push_number(&mut self, value: f64, position: u64, cell: impl FnOnce() -> String) {
        if value.is_nan() || self.missing_numbers.contains(&value) {
            self.push_missing();
        } else if self.cell_type == CellType::Numbers && value.is_finite() {
            self.observed.numbers = true;
            self.values.push(value);
        } else if value.is_finite() {
            self.push_value(Meaning::Number(value), position, cell());
        } else {
            self.push_value(Meaning::Infinite, position, cell());
        }
    }

    /// Adds an integer, which may be beyond the integers that `f64` represents exactly.
    #[inline]
    pub(super) fn push_integer(&mut self, value: i128, position: u64, cell: impl FnOnce() -> String) {
        const MAX_EXACT: u128 = 1 << 53;
        if value.unsigned_abs() <= MAX_EXACT {
            self.push_number(value as f64, position, cell);
        } else {
            self.push_value(Meaning::Code(value as f64), position, cell());
        }
    }

    /// Adds a boolean: 0 or 1 in a column of numbers, else `false` or `true`.
    pub(super) fn push_boolean(&mut self, value: bool, position: u64) -> Result<(), Problem> {
        let text: [&[u8]; 2] = if self.reads_numbers() { [b"0", b"1"] } else { [b"false", b"true"] };
        self.push(text[usize::from(value)], position)
    }

    /// Adds a date; `cell` returns the text of the date.
    #[cfg(feature = "parquet")]
    pub(super) fn push_date(&mut self, days: f64, position: u64, cell: impl FnOnce() -> String) {
        self.push_value(Meaning::Date(days), position, cell());
    }

    /// Adds a value that is a number or date in its file.
    fn push_value(&mut self, meaning: Meaning, position: u64, cell: String) {
        match (&self.format.cells, meaning) {
            (CellFormat::Text | CellFormat::Verbatim, _) => {
                let is_missing = self.format.missing.texts.contains(&cell);
                let code = if is_missing { MISSING } else { self.words.intern_owned(cell) };
                self.codes.push(code);
            }
            // Numbers whose digits are a date, such as 20240131.
            (CellFormat::Date(dates), Meaning::Number(_)) => {
                let meaning = dates.parse(cell.as_bytes()).map_or(meaning, Meaning::Date);
                self.push_meaning(meaning, position, || cell);
            }
            _ => self.push_meaning(meaning, position, || cell),
        }
    }

    /// Adds a cell to a column of numbers or dates.
    fn push_meaning(&mut self, meaning: Meaning, position: u64, cell: impl FnOnce() -> String) {
        self.observed.add(meaning);
        let value = match (self.cell_type, meaning) {
            (_, Meaning::Missing) => f64::NAN,
            (_, Meaning::Mark) => {
                let (_, n) = self.marks.get_or_insert_with(|| (UnexpectedCell { position, cell: cell() }, 0));
                *n += 1;
                f64::NAN
            }
            (CellType::Numbers, Meaning::Number(value) | Meaning::Code(value))
            | (CellType::Dates, Meaning::Date(value)) => value,
            (CellType::Numbers, Meaning::Infinite) => {
                self.infinite.get_or_insert_with(|| UnexpectedCell { position, cell: cell() });
                f64::NAN
            }
            _ => {
                self.unexpected.get_or_insert_with(|| UnexpectedCell { position, cell: cell() });
                f64::NAN
            }
        };
        self.values.push(value);
    }

    /// Appends the next chunk of the column, whose positions are relative to `first`.
    pub(super) fn append(&mut self, next: ColumnBuilder, first: u64) {
        self.values.extend_from_slice(&next.values);
        let words = next.words.into_strings().into_iter();
        let codes: Vec<u32> = words.map(|word| self.words.intern_owned(word)).collect();
        self.codes
            .extend(next.codes.iter().map(|code| codes.get(*code as usize).copied().unwrap_or(MISSING)));
        self.observed.merge(next.observed);
        let shift = |cell: UnexpectedCell| UnexpectedCell { position: cell.position + first, ..cell };
        self.unexpected = self.unexpected.take().or(next.unexpected.map(shift));
        self.infinite = self.infinite.take().or(next.infinite.map(shift));
        self.marks = match (self.marks.take(), next.marks) {
            (Some((cell, n)), more) => Some((cell, n + more.map_or(0, |(_, n)| n))),
            (None, more) => more.map(|(cell, n)| (shift(cell), n)),
        };
    }

    /// Returns the type of the observed cells.
    pub(super) fn observed_type(&self) -> CellType {
        if self.cell_type == CellType::Strings { CellType::Strings } else { self.observed.cell_type() }
    }

    /// Returns whether the observed cells contradict the assumed type.
    pub(super) fn is_mistyped(&self) -> bool {
        self.observed_type() != self.cell_type
    }

    /// Returns whether numbers are read.
    fn reads_numbers(&self) -> bool {
        self.cell_type == CellType::Numbers
    }

    /// Removes all cells and frees their memory.
    pub(super) fn clear(&mut self) {
        *self = ColumnBuilder::new(&self.format);
    }

    /// Returns the first mark of a missing number with its position, and the number of marks.
    pub(super) fn marks(&mut self) -> Option<(UnexpectedCell, usize)> {
        self.marks.take()
    }

    /// Returns the format of the cells.
    pub(super) fn format(&self) -> &Arc<ColumnFormat> {
        &self.format
    }

    /// Returns the first cell that is not of the assumed type or not finite, as a problem with its
    /// position.
    pub(super) fn problem(&mut self) -> Option<(u64, Problem)> {
        let unexpected = self.unexpected.take().map(|UnexpectedCell { position, cell }| {
            let expected = if self.cell_type == CellType::Dates { "date" } else { "number" };
            (position, Problem::WrongType { cell: shortened(cell), expected })
        });
        let infinite = self.infinite.take().map(|UnexpectedCell { position, cell }| {
            (position, Problem::NotFinite { cell: shortened(cell) })
        });
        [unexpected, infinite].into_iter().flatten().min_by_key(|(position, _)| *position)
    }

    pub(super) fn into_values(self) -> Values {
        match self.cell_type {
            CellType::Numbers => Values::Numbers(self.values),
            CellType::Dates => Values::Dates(self.values),
            CellType::Strings => {
                Values::Strings(Strings { words: self.words.into_strings(), codes: self.codes })
            }
        }
    }
}

/// Shortens the text of a cell for a message.
fn shortened(cell: String) -> String {
    const MAX_SHOWN: usize = 60;
    match cell.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}...", &cell[..end]),
        None => cell,
    }
}
