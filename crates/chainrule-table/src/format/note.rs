//! Notes on what was assumed about the cells of a column when it was read.

use crate::CellType;

/// Cells of a column that were not read as they are written, or the reason why a column is text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnNote {
    /// Why there is a note.
    pub reason: NoteReason,
    /// Number of cells concerned.
    pub n_cells: usize,
    /// The first cells concerned, at most five: places (`line 7`) and texts.
    pub first: Vec<(String, String)>,
}

/// Reason for a note on a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteReason {
    /// Texts in a column of numbers or dates, which count as missing.
    Unreadable(CellType),
    /// Usual marks of missing numbers, such as `-`.
    Mark,
    /// `NA` or `NaN` in a column of text, which count as missing.
    Na,
    /// Numbers or dates that are strings in a file format that has numbers and dates.
    InStrings(CellType),
    /// The column is text because numbers are padded with zeros.
    Padded,
    /// The column is text because integers beyond 2^53 are not exact as numbers.
    LongIntegers,
    /// The column is text although at least half of its cells are numbers or dates.
    Mixed(CellType),
    /// The column is text because its dates fit two patterns that differ in the order of day and
    /// month.
    AmbiguousDates([&'static str; 2]),
}

impl ColumnNote {
    /// Maximum number of cells in [`first`](ColumnNote::first).
    pub(super) const MAX_FIRST: usize = 5;

    /// Returns whether the note concerns a probable mistake in the table, not only a choice of
    /// notation.
    pub fn is_warning(&self) -> bool {
        matches!(
            self.reason,
            NoteReason::Unreadable(_) | NoteReason::Mixed(_) | NoteReason::AmbiguousDates(_)
        )
    }

    /// Returns the note as text that can follow the name of the column.
    pub fn text(&self, column: &str) -> String {
        let n = self.n_cells;
        let cells = if n == 1 { "cell" } else { "cells" };
        let quoted = |(place, text): &(String, String)| format!("\"{text}\" ({place})");
        let first = self.first.first().map(quoted).unwrap_or_default();
        let all = self.first.iter().map(quoted).collect::<Vec<_>>().join(", ");
        let more = if n > self.first.len() { ", ..." } else { "" };
        match self.reason {
            NoteReason::Unreadable(cell_type) => {
                let (verb, count) = if n == 1 { ("is", "counts") } else { ("are", "count") };
                format!("{n} {cells} {verb} not {} and {count} as missing: {all}{more}", cell_type.noun(n))
            }
            NoteReason::Mark => format!("{n} {cells} with a mark of missing values, first {first}"),
            NoteReason::Na => format!(
                "NA or NaN counts as missing in {n} {cells}, first {first}; to keep them as text, specify the texts \
                 that mark missing values with --missing-only"
            ),
            NoteReason::InStrings(cell_type) => {
                format!("strings are read as {}, first {first}", cell_type.noun(2))
            }
            NoteReason::Padded => format!(
                "read as text because some numbers are padded with zeros, first {first}; to read numbers, specify \
                 --kind {column}=number"
            ),
            NoteReason::LongIntegers => format!(
                "read as text because integers beyond 2^53 are not exact as numbers, first {first}; to read rounded \
                 numbers, specify --kind {column}=number"
            ),
            NoteReason::Mixed(cell_type) => format!(
                "read as text because {n} {cells} {} not {}: {all}{more}; correct them, or specify each text \
                 that marks a missing value with --missing TEXT",
                if n == 1 { "is" } else { "are" },
                cell_type.noun(n),
            ),
            NoteReason::AmbiguousDates([one, other]) => format!(
                "the order of day and month is ambiguous, first {first}; specify --date-format \"{one}\" or \
                 --date-format \"{other}\""
            ),
        }
    }
}
