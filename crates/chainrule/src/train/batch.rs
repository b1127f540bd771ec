//! Batch size, and when mini-batches are shuffled.

/// Batch size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// All training samples, never shuffled, since their order would only change rounding errors.
    Full,
    /// Number of samples in a mini-batch, at least 1; the last batch of an epoch may be smaller.
    Size(usize),
}

/// When the training samples are shuffled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shuffle {
    /// Before each epoch, starting from the order of the previous epoch; full batches are not
    /// shuffled.
    EachEpoch,
    /// Never: the samples are used in the order of the data, or of the random permutation from
    /// which a validation set was split off.
    Never,
}
