//! Dropout's masks, of several samples at a time.

use fearless_simd::dispatch;

use super::Scalar;
use super::level::level;
use crate::random::philox4x32_lanes;

/// What decides which activations of a layer one step drops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws {
    /// The step, counted from 0.
    pub(crate) step: u64,
    /// The training's seed and the layer.
    pub(crate) key: [u32; 2],
    /// What a word must reach for its activation to be kept.
    pub(crate) threshold: u64,
}

/// Of the activations `a` (n_units, n) of the samples from place `first` of the batch on: `keep` becomes `scale` where one is
/// kept and 0 where it is dropped, and `kept` becomes `a ∘ keep`.
///
/// Whether unit j is kept for the sample at place p is what word `j mod 4` of Philox4x32-10 with the counter (step low, step
/// high, p, j div 4) says. n is a multiple of 8.
pub(crate) fn drop<T: Scalar>(
    draws: &Draws,
    (first, n): (usize, usize),
    scale: T,
    a: &[T],
    [keep, kept]: [&mut [T]; 2],
) {
    (T::kernels().drop)(draws, (first, n), scale, a, [keep, kept]);
}

/// [`drop()`] itself.
pub(super) fn drop_kernel<T: Scalar>(
    draws: &Draws,
    (first, n): (usize, usize),
    scale: T,
    a: &[T],
    [keep, kept]: [&mut [T]; 2],
) {
    dispatch!(level(), _simd => drop_fours(draws, (first, n), scale, a, [keep, kept]));
}

/// Four units after the other, since a block of Philox is four words.
#[inline(always)]
fn drop_fours<T: Scalar>(
    draws: &Draws,
    (first, n): (usize, usize),
    scale: T,
    a: &[T],
    [keep, kept]: [&mut [T]; 2],
) {
    let units = a.chunks(4 * n).zip(keep.chunks_mut(4 * n)).zip(kept.chunks_mut(4 * n));
    for (four, ((a, keep), kept)) in units.enumerate() {
        let mut s = 0;
        // Two vectors of eight words each hide how long a product takes.
        while s + 16 <= n {
            drop_some::<T, 16>(draws, first + s, four, scale, (n, s), a, [&mut *keep, &mut *kept]);
            s += 16;
        }
        while s < n {
            drop_some::<T, 8>(draws, first + s, four, scale, (n, s), a, [&mut *keep, &mut *kept]);
            s += 8;
        }
    }
}

/// The samples from column `s` on.
#[inline(always)]
fn drop_some<T: Scalar, const L: usize>(
    draws: &Draws,
    place: usize,
    four: usize,
    scale: T,
    (n, s): (usize, usize),
    a: &[T],
    [keep, kept]: [&mut [T]; 2],
) {
    let mut places = [0; L];
    for (i, p) in places.iter_mut().enumerate() {
        *p = (place + i) as u64;
    }
    let counter = [[draws.step; L], [draws.step >> 32; L], places, [four as u64; L]];
    let words = philox4x32_lanes(counter, draws.key);
    let rows = a.chunks_exact(n).zip(keep.chunks_exact_mut(n)).zip(kept.chunks_exact_mut(n));
    for (((a, keep), kept), words) in rows.zip(&words) {
        let (a, keep, kept) = (&a[s..s + L], &mut keep[s..s + L], &mut kept[s..s + L]);
        for (((a, keep), kept), word) in a.iter().zip(keep).zip(kept).zip(words) {
            *keep = if *word >= draws.threshold { scale } else { T::ZERO };
            *kept = *a * *keep;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::philox4x32;

    fn masks_are_as_defined<T: Scalar>() {
        let draws = Draws { step: (3 << 32) + 5, key: [u32::MAX, 2], threshold: 1 << 30 };
        for (n_units, n, first) in [(1, 8, 0), (4, 16, 64), (5, 24, 0), (11, 40, usize::MAX >> 33)] {
            let a: Vec<T> = (0..n_units * n).map(|i| T::from_f64(i as f64 - 7.0)).collect();
            let (mut keep, mut kept) = (vec![T::from_f64(9.0); a.len()], vec![T::ZERO; a.len()]);
            drop(&draws, (first, n), T::from_f64(2.0), &a, [&mut keep, &mut kept]);
            for j in 0..n_units {
                for s in 0..n {
                    let counter = [5, 3, (first + s) as u32, (j / 4) as u32];
                    let word = philox4x32(counter, draws.key)[j % 4];
                    let expected = T::from_f64(if u64::from(word) >= draws.threshold { 2.0 } else { 0.0 });
                    let at = j * n + s;
                    assert_eq!(
                        (keep[at], kept[at]),
                        (expected, a[at] * expected),
                        "unit {j}, sample {s} of {n}"
                    );
                }
            }
        }
    }

    #[test]
    fn masks_are_as_defined_in_both_precisions() {
        masks_are_as_defined::<f32>();
        masks_are_as_defined::<f64>();
    }
}
