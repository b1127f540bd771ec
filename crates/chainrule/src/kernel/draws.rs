//! The parameters of the random numbers behind a dropout mask.

/// Parameters of the random numbers that decide which activations of a layer one step drops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws {
    /// Step, counted from 0.
    pub(crate) step: u64,
    /// Seed of the training run and index of the layer.
    pub(crate) key: [u32; 2],
    /// Smallest random word for which an activation is kept.
    pub(crate) threshold: u64,
}
