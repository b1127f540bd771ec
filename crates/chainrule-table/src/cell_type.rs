//! The type of the cells of a column.

/// The type of the cells of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    /// Numbers.
    Numbers,
    /// Dates.
    Dates,
    /// Strings.
    Strings,
}

impl CellType {
    /// Returns a noun for `n` cells, with an article for one.
    pub(crate) fn noun(self, n: usize) -> &'static str {
        match (self, n) {
            (CellType::Numbers, 1) => "a number",
            (CellType::Numbers, _) => "numbers",
            (CellType::Dates, 1) => "a date",
            (CellType::Dates, _) => "dates",
            (CellType::Strings, _) => "text",
        }
    }
}
