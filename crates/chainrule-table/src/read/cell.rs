//! Types of cells that have been observed in a column, and the formats in which columns of each type
//! are read before their own format is known.

use std::sync::Arc;

use super::{CellType, ReadOptions};
use crate::format::{CellFormat, ColumnFormat, DateFormat, Marks, Meaning, MissingTexts, NumberFormat};

/// The types of cells that have been observed in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one flag for each type of cells")]
pub(super) struct ObservedTypes {
    /// Numbers, finite or not.
    pub(super) numbers: bool,
    /// Dates.
    pub(super) dates: bool,
    /// Identifiers and other text.
    pub(super) texts: bool,
    /// Marks of missing numbers, which are text in a column without numbers and dates.
    pub(super) marks: bool,
}

impl ObservedTypes {
    /// Returns the type of the column: dates if only dates were observed, strings if there was text,
    /// a mixture of numbers and dates, or only marks, otherwise numbers.
    pub(super) fn cell_type(self) -> CellType {
        match self {
            ObservedTypes { texts: true, .. } | ObservedTypes { numbers: true, dates: true, .. } => {
                CellType::Strings
            }
            ObservedTypes { dates: true, .. } => CellType::Dates,
            ObservedTypes { numbers: false, marks: true, .. } => CellType::Strings,
            _ => CellType::Numbers,
        }
    }

    /// Adds a cell.
    pub(super) fn add(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Missing => {}
            Meaning::Mark => self.marks = true,
            Meaning::Number(_) | Meaning::Infinite => self.numbers = true,
            Meaning::Date(_) => self.dates = true,
            Meaning::Code(_) | Meaning::Text => self.texts = true,
        }
    }

    /// Adds the types observed in another part of the column.
    pub(super) fn merge(&mut self, other: ObservedTypes) {
        self.numbers |= other.numbers;
        self.dates |= other.dates;
        self.texts |= other.texts;
        self.marks |= other.marks;
    }
}

/// The format of columns of each type whose own format is not known yet.
#[derive(Clone, Debug)]
pub(super) struct InitialFormats {
    numbers: Arc<ColumnFormat>,
    dates: Arc<ColumnFormat>,
    strings: Arc<ColumnFormat>,
}

impl InitialFormats {
    /// Returns formats with the missing texts of the options; `numbers` is the notation of numbers.
    pub(super) fn new(options: &ReadOptions, numbers: NumberFormat) -> InitialFormats {
        let missing = MissingTexts { marks: options.marks(), texts: options.missing.clone() };
        let format = |cells| Arc::new(ColumnFormat { cells, missing: missing.clone() });
        InitialFormats {
            numbers: format(CellFormat::Number(numbers)),
            dates: format(CellFormat::Date(DateFormat::default())),
            // Marks are kept, since they may be text.
            strings: Arc::new(ColumnFormat::text(options.missing.clone())),
        }
    }

    /// Returns the format of columns of a type.
    pub(super) fn of(&self, cell_type: CellType) -> Arc<ColumnFormat> {
        match cell_type {
            CellType::Numbers => self.numbers.clone(),
            CellType::Dates => self.dates.clone(),
            CellType::Strings => self.strings.clone(),
        }
    }

    /// Returns what a cell contains, given its text.
    pub(super) fn meaning(&self, text: &[u8]) -> Meaning {
        self.numbers.meaning(text)
    }
}

impl ReadOptions {
    /// Returns the usual marks that count as missing in numbers and dates.
    pub(super) fn marks(&self) -> Marks {
        if self.missing_only { Marks::None } else { Marks::All }
    }
}
