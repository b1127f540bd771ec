//! Weighted sums of rows, blocked for registers: the loop nest behind all products of a dense
//! layer.

// The loop nest in pseudo-code:
//
//     for k in 0..n_sums:
//       for c in columns:
//         sum = start(k)
//         for r in 0..n_terms:
//           sum += x[r][c] * w[r][k]
//         finish(k, c, sum)
//
// The code below deviates from it as follows:
//
// 1. A block of K sums times G vectors of columns stays in registers while r runs over all terms.
//    Each vector of x is then loaded once for K sums, and each weight is broadcast once for G
//    vectors.
// 2. K depends on G: the K·G accumulators, the G vectors of x and one weight must fit into the
//    registers. If a vector takes two registers, G and K are smaller.
// 3. Sums that do not fill a block of K are computed in blocks of 4, 2 and 1. Every sum adds its
//    terms in the order of r, so the blocks have no effect on the result.
// 4. The layout of the weights, the initial values and the destination of the sums differ between
//    the products. They are given by the traits `WeightMatrix` and `CombineOutput`.

use fearless_simd::Simd;

use super::scalar::Vector;
use super::{Lanes, Scalar};

/// Largest number of column vectors that stay in registers together.
pub(super) const PANEL: usize = 4;

/// Weights of a combination, accessed by term and sum.
pub(super) trait WeightMatrix<T>: Copy {
    /// Returns a function from a term, one of `n_terms`, to its weights of sums `k..k+K`.
    fn block<const K: usize>(self, k: usize, n_terms: usize) -> impl Fn(usize) -> [T; K];
}

/// Weights stored term by term: weight k of term r is at `r·stride + k`.
#[derive(Clone, Copy)]
pub(super) struct TermMajor<'w, T> {
    pub(super) w: &'w [T],
    pub(super) stride: usize,
}

impl<T: Scalar> WeightMatrix<T> for TermMajor<'_, T> {
    #[inline(always)]
    fn block<const K: usize>(self, k: usize, _: usize) -> impl Fn(usize) -> [T; K] {
        #[inline(always)]
        move |r| {
            let w = &self.w[r * self.stride + k..][..K];
            std::array::from_fn(|j| w[j])
        }
    }
}

/// Weights stored sum by sum: weight k of term r is at `k·stride + r`.
#[derive(Clone, Copy)]
pub(super) struct SumMajor<'w, T> {
    pub(super) w: &'w [T],
    pub(super) stride: usize,
}

impl<T: Scalar> WeightMatrix<T> for SumMajor<'_, T> {
    #[inline(always)]
    fn block<const K: usize>(self, k: usize, n_terms: usize) -> impl Fn(usize) -> [T; K] {
        // Sliced outside the loop over terms, where the compiler can see the length.
        let mut rows = [&self.w[..n_terms]; K];
        for (j, row) in rows.iter_mut().enumerate() {
            *row = &self.w[(k + j) * self.stride..][..n_terms];
        }
        #[inline(always)]
        move |r| std::array::from_fn(|j| rows[j][r])
    }
}

/// The columns of `x` (rows, n) from column `from` on.
#[derive(Clone, Copy)]
pub(super) struct Columns<'x, T> {
    pub(super) x: &'x [T],
    pub(super) n: usize,
    pub(super) from: usize,
}

/// Initial values of the sums, and the destination of the results.
pub(super) trait CombineOutput<T: Scalar, S: Simd> {
    /// Returns the initial value of sum k in every column.
    fn start(&self, k: usize) -> T;
    /// Writes the finished sums `k..k+K` of G vectors of columns.
    fn finish<const K: usize, const G: usize>(&mut self, k: usize, sums: [[T::Vector<S>; G]; K]);
}

/// Overwrites row k of `y`, which has `n` columns, with sum k from column `from` on. The initial
/// value of sum k is `start(k)`.
pub(super) struct Overwrite<'y, T, F> {
    pub(super) start: F,
    pub(super) y: &'y mut [T],
    pub(super) n: usize,
    pub(super) from: usize,
}

impl<T: Scalar, S: Simd, F: Fn(usize) -> T> CombineOutput<T, S> for Overwrite<'_, T, F> {
    #[inline(always)]
    fn start(&self, k: usize) -> T {
        (self.start)(k)
    }

    #[inline(always)]
    fn finish<const K: usize, const G: usize>(&mut self, k: usize, sums: [[T::Vector<S>; G]; K]) {
        for (j, sums) in sums.iter().enumerate() {
            let y = &mut self.y[(k + j) * self.n + self.from..][..G * T::WIDTH];
            for (sum, y) in sums.iter().zip(y.chunks_exact_mut(T::WIDTH)) {
                sum.store(y);
            }
        }
    }
}

/// Adds sum k to row k of `y`, which has `n` columns, from column `from` on. The initial value of
/// each sum is 0.
///
/// There may be more lanes than columns; sums in the extra lanes are 0.
pub(super) struct Accumulate<'y, T> {
    pub(super) y: &'y mut [T],
    pub(super) n: usize,
    pub(super) from: usize,
}

impl<T: Scalar, S: Simd> CombineOutput<T, S> for Accumulate<'_, T> {
    #[inline(always)]
    fn start(&self, _: usize) -> T {
        T::ZERO
    }

    #[inline(always)]
    fn finish<const K: usize, const G: usize>(&mut self, k: usize, mut sums: [[T::Vector<S>; G]; K]) {
        let y = &mut self.y[k * self.n + self.from..];
        if y.len() < (K - 1) * self.n + G * T::WIDTH {
            // The last rows: the slice is too short for the lanes beyond the columns.
            for (j, sums) in sums.iter().enumerate() {
                let y = &mut y[j * self.n..];
                let n_columns = y.len().min(self.n - self.from).min(G * T::WIDTH);
                for (&sum, y) in sums.iter().zip(y[..n_columns].chunks_mut(T::WIDTH)) {
                    (T::Vector::<S>::load_some(y) + sum).store_some(y);
                }
            }
            return;
        }
        // Lanes beyond the columns belong to the row below, to which 0 is added; the sums of that
        // row are stored later, over them. Everything is loaded before anything is stored, because
        // a load from memory that was just stored to would wait for the store.
        for (j, sums) in sums.iter_mut().enumerate() {
            let y = &y[j * self.n..][..G * T::WIDTH];
            for (sum, y) in sums.iter_mut().zip(y.chunks_exact(T::WIDTH)) {
                *sum += T::Vector::<S>::load(y);
            }
        }
        for (j, sums) in sums.iter().enumerate() {
            let y = &mut y[j * self.n..][..G * T::WIDTH];
            for (sum, y) in sums.iter().zip(y.chunks_exact_mut(T::WIDTH)) {
                sum.store(y);
            }
        }
    }
}

/// Returns the largest number of column vectors that [`combine`] takes: half as many if a vector
/// takes two registers.
#[inline(always)]
pub(super) fn max_vectors<T: Scalar, S: Simd>() -> usize {
    if T::Vector::<S>::WHOLE { PANEL } else { PANEL / 2 }
}

/// Computes the sums `start(k) + Σ_r x_r·w_rk` over `n_vectors` vectors of columns, for all k.
///
/// The fewer the column vectors, the more sums are computed at a time.
#[inline(always)]
pub(super) fn combine<T: Scalar, S: Simd>(
    n_vectors: usize,
    x: Columns<'_, T>,
    weights: impl WeightMatrix<T>,
    n_sums: usize,
    output: impl CombineOutput<T, S>,
) {
    // The register width is tested by a separate `if` so that each level compiles only its own
    // branch.
    if T::Vector::<S>::WHOLE {
        match n_vectors {
            1 => blocks::<T, S, 8, 1>(x, weights, n_sums, output),
            2 => blocks::<T, S, 8, 2>(x, weights, n_sums, output),
            3 => blocks::<T, S, 6, 3>(x, weights, n_sums, output),
            _ => blocks::<T, S, 6, 4>(x, weights, n_sums, output),
        }
    } else {
        match n_vectors {
            1 => blocks::<T, S, 6, 1>(x, weights, n_sums, output),
            _ => blocks::<T, S, 3, 2>(x, weights, n_sums, output),
        }
    }
}

/// Computes the sums in blocks of `K`, and the remaining ones in smaller blocks.
#[inline(always)]
fn blocks<T: Scalar, S: Simd, const K: usize, const G: usize>(
    x: Columns<'_, T>,
    weights: impl WeightMatrix<T>,
    n_sums: usize,
    mut output: impl CombineOutput<T, S>,
) {
    let mut k = 0;
    while k + K <= n_sums {
        block::<T, S, K, G>(x, weights, k, &mut output);
        k += K;
    }
    while k + 4 <= n_sums {
        block::<T, S, 4, G>(x, weights, k, &mut output);
        k += 4;
    }
    while k + 2 <= n_sums {
        block::<T, S, 2, G>(x, weights, k, &mut output);
        k += 2;
    }
    if k < n_sums {
        block::<T, S, 1, G>(x, weights, k, &mut output);
    }
}

/// Computes sums `k..k+K` over G vectors of columns, with K·G accumulators that run over all terms.
#[inline(always)]
fn block<T: Scalar, S: Simd, const K: usize, const G: usize>(
    Columns { x, n, from }: Columns<'_, T>,
    weights: impl WeightMatrix<T>,
    k: usize,
    output: &mut impl CombineOutput<T, S>,
) {
    let mut sums = [[T::Vector::<S>::splat(0.0); G]; K];
    for (j, sums) in sums.iter_mut().enumerate() {
        *sums = [T::Vector::<S>::broadcast(output.start(k + j)); G];
    }
    let weights = weights.block::<K>(k, x.len() / n);
    for (r, x) in x.chunks_exact(n).enumerate() {
        let x = &x[from..from + G * T::WIDTH];
        let mut terms = [T::Vector::<S>::splat(0.0); G];
        for (g, term) in terms.iter_mut().enumerate() {
            *term = T::Vector::<S>::load(&x[g * T::WIDTH..]);
        }
        let weights = weights(r);
        for (sums, weight) in sums.iter_mut().zip(weights) {
            let weight = T::Vector::<S>::broadcast(weight);
            for (sum, &term) in sums.iter_mut().zip(&terms) {
                *sum = term.mul_add(weight, *sum);
            }
        }
    }
    output.finish(k, sums);
}
