//! Inverted dropout: a training step zeroes a random subset of the activations and scales up the
//! rest.

use crate::kernel::dropout::Draws;

/// The dropout masks of one training step (Srivastava et al. 2014, with inverted scaling).
///
/// Whether unit j is kept for the sample at position p in the batch is a pure function of (seed,
/// layer, step, p, j): word `j mod 4` of Philox4x32-10 with key (seed, layer) and counter (step
/// low, step high, p, j div 4) is compared with the dropout rate times 2^32. The mask therefore
/// depends neither on the precision nor on the thread that computes it.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// Seed of the training run.
    pub seed: u32,
    /// Step, counted from 0.
    pub step: u64,
    /// Factor of the dropout rates of all layers, from 0 to 1.
    pub factor: f64,
}

impl Dropout {
    /// Returns the parameters of the mask of layer `l` at the given dropout rate.
    pub(super) fn draws(self, l: usize, rate: f64) -> Draws {
        let threshold = (rate * 4294967296.0) as u64;
        Draws { step: self.step, key: [self.seed, l as u32], threshold }
    }
}
