//! Dropout masks, for several samples at a time.

// The loop nest in pseudo-code:
//
//     for j in 0..n_units:
//       for s in 0..n:
//         words = philox4x32([step_low, step_high, first + s, j / 4], key)
//         mask[j*n + s] = scale if words[j % 4] >= threshold else 0
//         masked[j*n + s] = a[j*n + s] * mask[j*n + s]
//
// The code below deviates from it as follows:
//
// 1. One call of Philox covers four units, since it returns four words.
// 2. Philox runs for 16 samples at a time, and for 8 at the end, with one sample on each lane.
//    Words take 64 bits there, so 16 samples are two vectors, and each hides the latency of the
//    other's multiplications.

use fearless_simd::dispatch;

use super::Scalar;
pub(crate) use super::draws::Draws;
use super::level::level;
use crate::random::philox4x32_lanes;

/// Applies dropout to the activations `a` (n_units, n) of the samples from position `first` of the
/// batch on.
///
/// `mask` is set to `scale` where an activation is kept and to 0 where it is dropped, and `masked`
/// to `a ∘ mask`. Unit j of the sample at position p is kept if word `j mod 4` of Philox4x32-10
/// with the counter (step low, step high, p, j div 4) is at least the threshold. n must be a
/// multiple of 8.
pub(crate) fn drop<T: Scalar>(
    draws: &Draws,
    (first, n): (usize, usize),
    scale: T,
    a: &[T],
    [mask, masked]: [&mut [T]; 2],
) {
    (T::kernels().drop)(draws, (first, n), scale, a, [mask, masked]);
}

/// Implements [`drop()`].
pub(super) fn drop_kernel<T: Scalar>(
    draws: &Draws,
    (first, n): (usize, usize),
    scale: T,
    a: &[T],
    [mask, masked]: [&mut [T]; 2],
) {
    dispatch!(level(), _simd => drop_fours(draws, (first, n), scale, a, [mask, masked]));
}

/// Processes four units at a time, one for each word of a Philox block.
#[inline(always)]
fn drop_fours<T: Scalar>(
    draws: &Draws,
    (first, n): (usize, usize),
    scale: T,
    a: &[T],
    [mask, masked]: [&mut [T]; 2],
) {
    let units = a.chunks(4 * n).zip(mask.chunks_mut(4 * n)).zip(masked.chunks_mut(4 * n));
    for (block, ((a, mask), masked)) in units.enumerate() {
        let mut s = 0;
        // Two vectors of eight words hide the latency of each other's multiplications.
        while s + 16 <= n {
            drop_some::<T, 16>(draws, first + s, block, scale, (n, s), a, [&mut *mask, &mut *masked]);
            s += 16;
        }
        while s < n {
            drop_some::<T, 8>(draws, first + s, block, scale, (n, s), a, [&mut *mask, &mut *masked]);
            s += 8;
        }
    }
}

/// Processes `L` samples from column `s` on, in up to four units.
#[inline(always)]
fn drop_some<T: Scalar, const L: usize>(
    draws: &Draws,
    position: usize,
    block: usize,
    scale: T,
    (n, s): (usize, usize),
    a: &[T],
    [mask, masked]: [&mut [T]; 2],
) {
    let mut positions = [0; L];
    for (i, p) in positions.iter_mut().enumerate() {
        *p = (position + i) as u64;
    }
    let counter = [[draws.step; L], [draws.step >> 32; L], positions, [block as u64; L]];
    let words = philox4x32_lanes(counter, draws.key);
    let rows = a.chunks_exact(n).zip(mask.chunks_exact_mut(n)).zip(masked.chunks_exact_mut(n));
    for (((a, mask), masked), words) in rows.zip(&words) {
        let (a, mask, masked) = (&a[s..s + L], &mut mask[s..s + L], &mut masked[s..s + L]);
        for (((a, mask), masked), word) in a.iter().zip(mask).zip(masked).zip(words) {
            *mask = if *word >= draws.threshold { scale } else { T::ZERO };
            *masked = *a * *mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::philox4x32;

    fn assert_masks_match_the_definition<T: Scalar>() {
        let draws = Draws { step: (3 << 32) + 5, key: [u32::MAX, 2], threshold: 1 << 30 };
        for (n_units, n, first) in [(1, 8, 0), (4, 16, 64), (5, 24, 0), (11, 40, usize::MAX >> 33)] {
            let a: Vec<T> = (0..n_units * n).map(|i| T::from_f64(i as f64 - 7.0)).collect();
            let (mut mask, mut masked) = (vec![T::from_f64(9.0); a.len()], vec![T::ZERO; a.len()]);
            drop(&draws, (first, n), T::from_f64(2.0), &a, [&mut mask, &mut masked]);
            for j in 0..n_units {
                for s in 0..n {
                    let counter = [5, 3, (first + s) as u32, (j / 4) as u32];
                    let word = philox4x32(counter, draws.key)[j % 4];
                    let expected = T::from_f64(if u64::from(word) >= draws.threshold { 2.0 } else { 0.0 });
                    let at = j * n + s;
                    assert_eq!(
                        (mask[at], masked[at]),
                        (expected, a[at] * expected),
                        "unit {j}, sample {s} of {n}"
                    );
                }
            }
        }
    }

    #[test]
    fn masks_match_the_definition_in_both_precisions() {
        assert_masks_match_the_definition::<f32>();
        assert_masks_match_the_definition::<f64>();
    }
}
