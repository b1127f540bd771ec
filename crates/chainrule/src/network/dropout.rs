//! Dropout: in a training step, some activations are set to 0 and the others scaled up to make good for them.

use super::tile::Tile;
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
    /// `keep = 0 or 1/(1 - share)`, `kept = a·keep` in layer `l`; `first` is the batch's place of the tile's first
    /// sample.
    pub(super) fn drop<T: Scalar>(self, tile: &mut Tile<T>, l: usize, share: f64, first: usize) {
        let n = tile.n;
        let layer = &mut tile.layers[l];
        let scale = T::from_f64(1.0 / (1.0 - share));
        let threshold = (share * 4294967296.0) as u64;
        for s in 0..n {
            for four in 0..layer.width.div_ceil(4) {
                let counter = [self.step as u32, (self.step >> 32) as u32, (first + s) as u32, four as u32];
                let words = philox4x32(counter, [self.seed, l as u32]);
                for (j, word) in (four * 4..layer.width).zip(words) {
                    let kept = u64::from(word) >= threshold;
                    layer.keep[j * n + s] = if kept { scale } else { T::ZERO };
                }
            }
        }
        for ((kept, &a), &keep) in layer.kept.iter_mut().zip(&layer.a).zip(&layer.keep).take(layer.width * n)
        {
            *kept = a * keep;
        }
    }

    /// `da ← da·keep` in layer `l`.
    pub(super) fn pull_back<T: Scalar>(tile: &mut Tile<T>, l: usize) {
        let layer = &mut tile.layers[l];
        for (d, &keep) in layer.d.iter_mut().zip(&layer.keep).take(layer.width * tile.n) {
            *d *= keep;
        }
    }
}
