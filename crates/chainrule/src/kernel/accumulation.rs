//! The type that states whether sums replace the numbers of a buffer or are added to them.

/// Whether sums replace the numbers of a buffer or are added to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accumulation {
    /// The sums replace the numbers.
    Overwrite,
    /// The sums are added to the numbers.
    Add,
}
