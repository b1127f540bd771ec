//! What a cell contains, given its text.

/// The contents of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meaning {
    /// Nothing: an empty cell, or a text that was specified to mean a missing cell.
    Missing,
    /// A usual mark of missing numbers, such as `-`, which may also be text.
    Mark,
    /// A finite number.
    Number(f64),
    /// Digits that may be an identifier: with a leading zero (`007`), or beyond 2^53, where `f64`
    /// does not distinguish neighbouring integers.
    Code(f64),
    /// A number that is not finite, such as `inf` or `1e999`.
    Infinite,
    /// Days since 1970-01-01.
    Date(f64),
    /// Any other text.
    Text,
}
