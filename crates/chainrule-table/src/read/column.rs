//! A column as it is read: cells of the kind it is thought to be, and a note of those that are something else.

use super::cell::{Cells, Meaning, Seen};
use super::words::Words;
use super::{CellType, cell};
use crate::{MISSING, Problem, Strings, Values};

/// Cells of one column, of a part of the file or of all of it.
pub(super) struct Part {
    want: CellType,
    /// Numbers or dates.
    pub(super) values: Vec<f64>,
    words: Words,
    codes: Vec<u32>,
    /// What kinds of cells there were, in a column that is not of texts.
    pub(super) seen: Seen,
    /// The first cell that is not what the column is thought to hold.
    pub(super) stray: Option<Stray>,
    /// The first number that is not finite.
    pub(super) infinite: Option<Stray>,
}

/// A cell that does not fit, and its line or row.
pub(super) struct Stray {
    pub(super) place: u64,
    pub(super) cell: String,
}

impl Part {
    pub(super) fn new(want: CellType) -> Part {
        Part {
            want,
            values: Vec::new(),
            words: Words::default(),
            codes: Vec::new(),
            seen: Seen::default(),
            stray: None,
            infinite: None,
        }
    }

    pub(super) fn want(&self) -> CellType {
        self.want
    }

    /// Makes room for so many more cells.
    pub(super) fn reserve(&mut self, n: usize) {
        match self.want {
            CellType::Strings => self.codes.reserve(n),
            CellType::Numbers | CellType::Dates => self.values.reserve(n),
        }
    }

    /// Adds a missing cell.
    pub(super) fn push_missing(&mut self) {
        match self.want {
            CellType::Strings => self.codes.push(MISSING),
            CellType::Numbers | CellType::Dates => self.values.push(f64::NAN),
        }
    }

    /// Adds a cell of a text whose meaning is open, at a line or row.
    pub(super) fn push(&mut self, cells: &Cells, text: &[u8], place: u64) -> Result<(), Problem> {
        if self.want == CellType::Strings {
            let missing = cells.is_missing(cell::trimmed(text));
            self.codes.push(if missing { MISSING } else { self.words.code(text)? });
            return Ok(());
        }
        self.push_meaning(cells.meaning(text), place, || String::from_utf8_lossy(text).into_owned());
        Ok(())
    }

    /// Adds a text that stands as such in the file, so that it is no number: missing, a date or a text.
    pub(super) fn push_text(&mut self, cells: &Cells, text: &[u8], place: u64) -> Result<(), Problem> {
        if self.want == CellType::Strings {
            return self.push(cells, text, place);
        }
        let meaning = match cells.meaning(text) {
            meaning @ (Meaning::Missing | Meaning::Date(_)) => meaning,
            _ => Meaning::Text,
        };
        self.push_meaning(meaning, place, || format!("\"{}\"", String::from_utf8_lossy(text)));
        Ok(())
    }

    /// Adds a number, or NaN where it is missing; `cell` is how it is written as a text.
    #[inline]
    pub(super) fn push_number(&mut self, value: f64, place: u64, cell: impl FnOnce() -> String) {
        if self.want == CellType::Numbers && value.is_finite() {
            self.seen.numbers = true;
            self.values.push(value);
        } else if value.is_nan() {
            self.push_missing();
        } else if self.want == CellType::Strings {
            let code = self.words.adopt(cell());
            self.codes.push(code);
        } else {
            let meaning = if value.is_finite() { Meaning::Number(value) } else { Meaning::Infinite };
            self.push_meaning(meaning, place, cell);
        }
    }

    /// Adds a date; `cell` is how it is written as a text.
    pub(super) fn push_date(&mut self, days: f64, place: u64, cell: impl FnOnce() -> String) {
        if self.want == CellType::Strings {
            let code = self.words.adopt(cell());
            self.codes.push(code);
        } else {
            self.push_meaning(Meaning::Date(days), place, cell);
        }
    }

    /// Adds a cell to a column of numbers or dates.
    pub(super) fn push_meaning(&mut self, meaning: Meaning, place: u64, cell: impl FnOnce() -> String) {
        self.seen.note(meaning);
        self.values.push(match (self.want, meaning) {
            (_, Meaning::Missing) => f64::NAN,
            (CellType::Numbers, Meaning::Number(value) | Meaning::Code(value))
            | (CellType::Dates, Meaning::Date(value)) => value,
            (CellType::Numbers, Meaning::Infinite) => {
                self.infinite.get_or_insert_with(|| Stray { place, cell: cell() });
                f64::NAN
            }
            _ => {
                self.stray.get_or_insert_with(|| Stray { place, cell: cell() });
                f64::NAN
            }
        });
    }

    /// Adds the cells of the part that follows, whose places count from `first`.
    pub(super) fn append(&mut self, next: Part, first: u64) {
        self.values.extend_from_slice(&next.values);
        let codes: Vec<u32> = next.words.into_list().into_iter().map(|word| self.words.adopt(word)).collect();
        self.codes
            .extend(next.codes.iter().map(|code| codes.get(*code as usize).copied().unwrap_or(MISSING)));
        self.seen.merge(next.seen);
        let later = |stray: Stray| Stray { place: stray.place + first, ..stray };
        self.stray = self.stray.take().or(next.stray.map(later));
        self.infinite = self.infinite.take().or(next.infinite.map(later));
    }

    /// Whether the column holds something else than it is thought to hold.
    pub(super) fn misjudged(&self) -> bool {
        self.want != CellType::Strings && self.seen.want() != self.want
    }

    /// Lets the cells go.
    pub(super) fn clear(&mut self) {
        *self = Part::new(self.want);
    }

    /// What is wrong with the column if it must hold what it is thought to hold, and where.
    pub(super) fn problem(&mut self) -> Option<(u64, Problem)> {
        let stray = self.stray.take();
        let infinite = self.infinite.take();
        let stray = stray.map(|stray| {
            let wanted = if self.want == CellType::Dates { "date" } else { "number" };
            (stray.place, Problem::Kind { cell: shortened(stray.cell), wanted })
        });
        let infinite = infinite.map(|stray| (stray.place, Problem::Infinite { cell: shortened(stray.cell) }));
        [stray, infinite].into_iter().flatten().min_by_key(|(place, _)| *place)
    }

    pub(super) fn into_values(self) -> Values {
        match self.want {
            CellType::Numbers => Values::Numbers(self.values),
            CellType::Dates => Values::Dates(self.values),
            CellType::Strings => {
                Values::Strings(Strings { words: self.words.into_list(), codes: self.codes })
            }
        }
    }
}

/// A cell as a message can show it.
fn shortened(cell: String) -> String {
    const SHOWN: usize = 60;
    match cell.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &cell[..end]),
        None => cell,
    }
}
