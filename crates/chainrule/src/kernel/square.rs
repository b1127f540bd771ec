//! Shuffles of as many vectors as a vector has lanes: transposes, and the sums of the lanes of each
//! vector.

// In pseudo-code, for n vectors v of n lanes:
//
//     transposed:                         sum_each:
//       for i in 0..n:                      for k in 0..n:
//         for k in 0..n:                      half = n/2
//           result[i][k] = v[k][i]            while half > 0:
//                                               v[k][..half] += v[k][half..2*half]
//                                               half /= 2
//                                             result[k] = v[k][0]
//
// The code below deviates from it as follows:
//
// 1. If a register has as many lanes as a vector, each step interleaves two whole vectors. After
//    log2(n) steps, the square is transposed. If the halves of the result are added after each
//    step, lane k contains the sum of vector k.
// 2. Otherwise a vector takes several registers, and shuffles across the 128-bit blocks of a register
//    are slow or need several instructions. Steps then interleave within blocks, and whole blocks
//    are exchanged once. With AVX2, a square of 16 x 16 takes 96 shuffles instead of 256, and 16
//    sums take 28 instead of 120. With NEON, whose registers are single blocks, the exchanges only
//    rename registers.
// 3. The trees are written out because a depth-first traversal takes few registers.

use std::ops::Add;

use super::scalar::{HalfVector, MAX_LANES, Vector};

/// Transposes a square of vectors: lane k of result i is lane i of `vector(k)`, for k below the
/// number of lanes.
#[inline(always)]
pub(super) fn transposed<V: Vector>(vector: impl Fn(usize) -> V) -> [V; MAX_LANES] {
    let zero = V::splat(0.0);
    let mut square = [zero; MAX_LANES];
    if V::WHOLE {
        for (k, row) in square.iter_mut().enumerate().take(V::WIDTH) {
            *row = vector(k);
        }
        interleave_rounds(&mut square, V::WIDTH, Vector::interleave);
        return square;
    }
    let n = V::WIDTH / 2;
    for column in 0..2 {
        let [left, right] = [0, 1].map(
            #[inline(always)]
            |row| {
                transposed_half(
                    #[inline(always)]
                    |k| vector(row * n + k).split()[column],
                )
            },
        );
        for i in 0..n {
            square[column * n + i] = V::join([left[i], right[i]]);
        }
    }
    square
}

/// Transposes a square of half vectors.
#[inline(always)]
fn transposed_half<H: HalfVector>(half: impl Fn(usize) -> H) -> [H; MAX_LANES / 2] {
    let n = H::BLOCK;
    let mut upper = [half(0); MAX_LANES / 2];
    let mut lower = upper;
    for k in 0..n {
        (upper[k], lower[k]) = (half(k), half(n + k));
    }
    interleave_rounds(&mut upper, n, HalfVector::interleave_blocks);
    interleave_rounds(&mut lower, n, HalfVector::interleave_blocks);
    let mut square = upper;
    for k in 0..n {
        (square[k], square[n + k]) = upper[k].exchange_blocks(lower[k]);
    }
    square
}

/// Transposes the first `n` vectors, or their blocks of `n` lanes, by interleaving the first half of
/// the vectors with the second half log2(n) times.
#[inline(always)]
fn interleave_rounds<V: Copy, const N: usize>(
    square: &mut [V; N],
    n: usize,
    interleave: impl Fn(V, V) -> (V, V),
) {
    let mut round = 1;
    while round < n {
        let mut interleaved = *square;
        for k in 0..n / 2 {
            (interleaved[2 * k], interleaved[2 * k + 1]) = interleave(square[k], square[k + n / 2]);
        }
        *square = interleaved;
        round *= 2;
    }
}

/// Returns a vector whose lane k is the sum of the lanes of `vector(k)`, for k below the number of
/// lanes. The upper half of the lanes is added to the lower half until one lane is left.
#[inline(always)]
pub(super) fn sum_each<V: Vector>(vector: impl Fn(usize) -> V) -> V {
    if !V::WHOLE {
        let n = V::WIDTH / 2;
        return V::join([half_sums(0, &vector), half_sums(n, &vector)]);
    }
    let eighth = V::WIDTH / 8;
    if eighth == 1 {
        eight(0, &vector)
    } else {
        added(eight(0, &vector).interleave(eight(eighth / 2, &vector)))
    }
}

/// Returns the sums of as many vectors as half a vector has lanes, from vector `first` on.
#[inline(always)]
fn half_sums<V: Vector>(first: usize, vector: &impl Fn(usize) -> V) -> V::Half {
    if V::Half::BLOCK == 2 {
        return added(block_sums(first, vector).interleave_blocks(block_sums(first + 1, vector)));
    }
    let even = added(block_sums(first, vector).interleave_blocks(block_sums(first + 2, vector)));
    let odd = added(block_sums(first + 1, vector).interleave_blocks(block_sums(first + 3, vector)));
    added(even.interleave_blocks(odd))
}

/// Adds the lanes of vector `k` up to one block, the lower block of the result, and those of the
/// vector that is one block of vectors further, the upper block.
#[inline(always)]
fn block_sums<V: Vector>(k: usize, vector: &impl Fn(usize) -> V) -> V::Half {
    let [low, high] = vector(k).split();
    let [next_low, next_high] = vector(k + V::Half::BLOCK).split();
    added((low + high).exchange_blocks(next_low + next_high))
}

#[inline(always)]
fn added<V: Add<Output = V>>((low, high): (V, V)) -> V {
    low + high
}

#[inline(always)]
fn two<V: Vector>(k: usize, vector: &impl Fn(usize) -> V) -> V {
    added(vector(k).interleave(vector(k + V::WIDTH / 2)))
}

#[inline(always)]
fn four<V: Vector>(k: usize, vector: &impl Fn(usize) -> V) -> V {
    added(two(k, vector).interleave(two(k + V::WIDTH / 4, vector)))
}

#[inline(always)]
fn eight<V: Vector>(k: usize, vector: &impl Fn(usize) -> V) -> V {
    added(four(k, vector).interleave(four(k + V::WIDTH / 8, vector)))
}
