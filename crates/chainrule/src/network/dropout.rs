//! Dropout: in a training step, some activations are set to 0 and the others scaled up to make good for them.

use crate::kernel::dropout::Draws;

/// Which activations one training step drops (Srivastava et al. 2014, with inverted scaling).
///
/// Whether unit j of the sample at place p of the batch is kept is a pure function of (seed, layer, step, p, j): word
/// `j mod 4` of Philox4x32-10 with key (seed, layer) and counter (step low, step high, p, j div 4), compared with the
/// dropout share times 2^32. So the mask depends neither on precision nor on who computes it.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// The training's seed.
    pub seed: u32,
    /// The step, counted from 0.
    pub step: u64,
}

impl Dropout {
    /// What decides which activations of layer `l` are dropped, `share` of them.
    pub(super) fn draws(self, l: usize, share: f64) -> Draws {
        let threshold = (share * 4294967296.0) as u64;
        Draws { step: self.step, key: [self.seed, l as u32], threshold }
    }
}
