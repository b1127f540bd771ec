//! Construction of a column: cells of its assumed type, and a record of cells of another type.

use super::cell::{CellParser, Meaning, ObservedTypes};
use super::interner::StringInterner;
use super::{CellType, cell};
use crate::{MISSING, Problem, Strings, Values};

/// A builder of a column, or of a chunk of a column.
pub(super) struct ColumnBuilder {
    /// The assumed type.
    cell_type: CellType,
    /// Numbers or dates.
    pub(super) values: Vec<f64>,
    words: StringInterner,
    codes: Vec<u32>,
    /// Types of the cells; not recorded in a column of strings.
    pub(super) observed: ObservedTypes,
    /// The first cell that is not of the assumed type.
    pub(super) unexpected: Option<UnexpectedCell>,
    /// The first number that is not finite.
    pub(super) infinite: Option<UnexpectedCell>,
}

/// An invalid cell and its position, a line or a row.
pub(super) struct UnexpectedCell {
    pub(super) position: u64,
    pub(super) cell: String,
}

impl ColumnBuilder {
    pub(super) fn new(cell_type: CellType) -> ColumnBuilder {
        ColumnBuilder {
            cell_type,
            values: Vec::new(),
            words: StringInterner::default(),
            codes: Vec::new(),
            observed: ObservedTypes::default(),
            unexpected: None,
            infinite: None,
        }
    }

    pub(super) fn cell_type(&self) -> CellType {
        self.cell_type
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
    pub(super) fn push(&mut self, cells: &CellParser, text: &[u8], position: u64) -> Result<(), Problem> {
        if self.cell_type == CellType::Strings {
            let missing = cells.is_missing(cell::trimmed(text));
            self.codes.push(if missing { MISSING } else { self.words.intern(text)? });
            return Ok(());
        }
        self.push_meaning(cells.parse(text), position, || String::from_utf8_lossy(text).into_owned());
        Ok(())
    }

    /// Parses the text of a cell that the file format declares to be a string, and adds the cell.
    /// It can be missing, a date or text, but not a number.
    pub(super) fn push_text(
        &mut self,
        cells: &CellParser,
        text: &[u8],
        position: u64,
    ) -> Result<(), Problem> {
        if self.cell_type == CellType::Strings {
            return self.push(cells, text, position);
        }
        let meaning = match cells.parse(text) {
            meaning @ (Meaning::Missing | Meaning::Date(_)) => meaning,
            _ => Meaning::Text,
        };
        self.push_meaning(meaning, position, || format!("\"{}\"", String::from_utf8_lossy(text)));
        Ok(())
    }

    /// Adds a number, or NaN for a missing cell; `cell` returns the text of the number.
    #[inline]
    pub(super) fn push_number(&mut self, value: f64, position: u64, cell: impl FnOnce() -> String) {
        if self.cell_type == CellType::Numbers && value.is_finite() {
            self.observed.numbers = true;
            self.values.push(value);
        } else if value.is_nan() {
            self.push_missing();
        } else if self.cell_type == CellType::Strings {
            let code = self.words.intern_owned(cell());
            self.codes.push(code);
        } else {
            let meaning = if value.is_finite() { Meaning::Number(value) } else { Meaning::Infinite };
            self.push_meaning(meaning, position, cell);
        }
    }

    /// Adds a date; `cell` returns the text of the date.
    #[cfg(feature = "parquet")]
    pub(super) fn push_date(&mut self, days: f64, position: u64, cell: impl FnOnce() -> String) {
        if self.cell_type == CellType::Strings {
            let code = self.words.intern_owned(cell());
            self.codes.push(code);
        } else {
            self.push_meaning(Meaning::Date(days), position, cell);
        }
    }

    /// Adds a cell to a column of numbers or dates.
    pub(super) fn push_meaning(&mut self, meaning: Meaning, position: u64, cell: impl FnOnce() -> String) {
        self.observed.add(meaning);
        self.values.push(match (self.cell_type, meaning) {
            (_, Meaning::Missing) => f64::NAN,
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
        });
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
    }

    /// Returns whether the observed cells contradict the assumed type.
    pub(super) fn is_mistyped(&self) -> bool {
        self.cell_type != CellType::Strings && self.observed.cell_type() != self.cell_type
    }

    /// Removes all cells and frees their memory.
    pub(super) fn clear(&mut self) {
        *self = ColumnBuilder::new(self.cell_type);
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
