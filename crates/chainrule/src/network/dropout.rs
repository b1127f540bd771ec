//! Dropout: in a training step, some activations are set to 0 and the others scaled up to make good for them.

use crate::kernel::Scalar;
use crate::random::philox4x32;

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
    /// What layer `l` multiplies its activations by: `keep` (n_units, n), 0 for a share of them and 1/(1 - share) for the
    /// others, is overwritten. `first` is the place in the batch of the first of the n samples.
    pub(super) fn mask<T: Scalar>(self, l: usize, share: f64, first: usize, n: usize, keep: &mut [T]) {
        let scale = T::from_f64(1.0 / (1.0 - share));
        let threshold = (share * 4294967296.0) as u64;
        let n_units = keep.len() / n;
        for s in 0..n {
            for four in 0..n_units.div_ceil(4) {
                let counter = [self.step as u32, (self.step >> 32) as u32, (first + s) as u32, four as u32];
                let words = philox4x32(counter, [self.seed, l as u32]);
                for (j, word) in (four * 4..n_units).zip(words) {
                    let kept = u64::from(word) >= threshold;
                    keep[j * n + s] = if kept { scale } else { T::ZERO };
                }
            }
        }
    }
}
