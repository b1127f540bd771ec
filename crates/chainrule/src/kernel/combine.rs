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
// 2. The K·G accumulators, the G vectors of x and one weight must fit into the registers, and there
//    must be enough accumulators to hide the latency of a multiply-add, about 8 of a register each.
//    The module `plan` has the blocks of each level. Every sum adds its terms in the order of r, so
//    the blocks have no effect on the result.
// 3. Sums that do not fill a block of K are computed in smaller blocks. If a vector takes several
//    registers, blocks of 2 and 1 sums have more vectors of columns, for the same number of
//    accumulators. Columns are computed from the last to the first, as `Accumulate` requires.
// 4. The layout of the weights, the initial values and the destination of the sums differ between
//    the products. They are given by the traits `WeightMatrix` and `CombineOutput`.

use std::ops::Range;

use fearless_simd::Simd;

use super::accumulation::Accumulation;
use super::plan::{FEW_TERMS, PANEL};
use super::scalar::Vector;
use super::{Lanes, Scalar};

/// Weights of a combination, accessed by term and sum.
pub(super) trait WeightMatrix<T>: Copy {
    /// Returns the weights without those of the first `r` terms.
    fn skip_terms(self, r: usize) -> Self;
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
    fn skip_terms(self, r: usize) -> Self {
        TermMajor { w: &self.w[r * self.stride..], ..self }
    }

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
    fn skip_terms(self, r: usize) -> Self {
        SumMajor { w: &self.w[r..], ..self }
    }

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

/// The columns of `x` (rows, n).
#[derive(Clone, Copy)]
pub(super) struct Columns<'x, T> {
    pub(super) x: &'x [T],
    pub(super) n: usize,
}

/// Initial values of the sums, and the destination of the results.
pub(super) trait CombineOutput<T: Scalar, S: Simd> {
    /// Returns the initial values of sum k in G vectors of columns, the first of which is `vector`.
    fn start<const G: usize>(&self, k: usize, vector: usize) -> [T::Vector<S>; G];
    /// Writes the finished sums `k..k+K` of G vectors of columns, the first of which is `vector`.
    fn finish<const K: usize, const G: usize>(
        &mut self,
        k: usize,
        vector: usize,
        sums: [[T::Vector<S>; G]; K],
    );
}

/// Overwrites row k of `y`, which has `n` columns, with sum k. The initial value of sum k is
/// `start(k)`, or for [`Accumulation::Add`] the value in `y`.
pub(super) struct Overwrite<'y, T, F> {
    pub(super) start: F,
    pub(super) accumulation: Accumulation,
    pub(super) y: &'y mut [T],
    pub(super) n: usize,
}

impl<T: Scalar, S: Simd, F: Fn(usize) -> T> CombineOutput<T, S> for Overwrite<'_, T, F> {
    #[inline(always)]
    fn start<const G: usize>(&self, k: usize, vector: usize) -> [T::Vector<S>; G] {
        if self.accumulation == Accumulation::Overwrite {
            return [T::Vector::<S>::broadcast((self.start)(k)); G];
        }
        let y = &self.y[k * self.n + vector * T::WIDTH..][..G * T::WIDTH];
        let mut sums = [T::Vector::<S>::splat(0.0); G];
        for (sum, y) in sums.iter_mut().zip(y.chunks_exact(T::WIDTH)) {
            *sum = T::Vector::<S>::load(y);
        }
        sums
    }

    #[inline(always)]
    fn finish<const K: usize, const G: usize>(
        &mut self,
        k: usize,
        vector: usize,
        sums: [[T::Vector<S>; G]; K],
    ) {
        for (j, sums) in sums.iter().enumerate() {
            let y = &mut self.y[(k + j) * self.n + vector * T::WIDTH..][..G * T::WIDTH];
            for (sum, y) in sums.iter().zip(y.chunks_exact_mut(T::WIDTH)) {
                sum.store(y);
            }
        }
    }
}

/// Adds sum k to row k of `y`, which has `n` columns, from column `from` on, or overwrites it. The
/// initial value of each sum is 0.
///
/// There may be more lanes than columns; sums in the extra lanes are 0. They are also written, to the
/// first columns of the next row, so the columns of a row must be computed from the last to the
/// first.
pub(super) struct Accumulate<'y, T> {
    pub(super) y: &'y mut [T],
    pub(super) n: usize,
    pub(super) from: usize,
    pub(super) accumulation: Accumulation,
}

impl<T: Scalar, S: Simd> CombineOutput<T, S> for Accumulate<'_, T> {
    #[inline(always)]
    fn start<const G: usize>(&self, _: usize, _: usize) -> [T::Vector<S>; G] {
        [T::Vector::<S>::splat(0.0); G]
    }

    #[inline(always)]
    fn finish<const K: usize, const G: usize>(
        &mut self,
        k: usize,
        vector: usize,
        mut sums: [[T::Vector<S>; G]; K],
    ) {
        let from = self.from + vector * T::WIDTH;
        let y = &mut self.y[k * self.n + from..];
        let add = self.accumulation == Accumulation::Add;
        if y.len() < (K - 1) * self.n + G * T::WIDTH {
            // The last rows: the slice is too short for the lanes beyond the columns.
            for (j, sums) in sums.iter().enumerate() {
                let y = &mut y[j * self.n..];
                let n_columns = y.len().min(self.n - from).min(G * T::WIDTH);
                for (&sum, y) in sums.iter().zip(y[..n_columns].chunks_mut(T::WIDTH)) {
                    let sum = if add { T::Vector::<S>::load_some(y) + sum } else { sum };
                    sum.store_some(y);
                }
            }
            return;
        }
        if add {
            // Everything is loaded before anything is stored, because a load from memory that was
            // just stored to would wait for the store.
            for (j, sums) in sums.iter_mut().enumerate() {
                let y = &y[j * self.n..][..G * T::WIDTH];
                for (sum, y) in sums.iter_mut().zip(y.chunks_exact(T::WIDTH)) {
                    *sum += T::Vector::<S>::load(y);
                }
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

/// Computes the sums `start(k) + Σ_r x_r·w_rk` over `n_vectors` vectors of columns, for all k.
#[inline(always)]
pub(super) fn combine<T: Scalar, S: Simd>(
    n_vectors: usize,
    x: Columns<'_, T>,
    weights: impl WeightMatrix<T>,
    n_sums: usize,
    mut output: impl CombineOutput<T, S>,
) {
    // The register width is tested by a separate `if` so that each level compiles only its own
    // branch.
    if T::Vector::<S>::WHOLE {
        let mut vector = 0;
        while vector < n_vectors {
            match n_vectors - vector {
                1 => all_sums::<T, S, 8, 1>(x, weights, n_sums, vector, &mut output),
                2 => all_sums::<T, S, 8, 2>(x, weights, n_sums, vector, &mut output),
                3 => all_sums::<T, S, 6, 3>(x, weights, n_sums, vector, &mut output),
                _ => all_sums::<T, S, 6, 4>(x, weights, n_sums, vector, &mut output),
            }
            vector += (n_vectors - vector).min(PANEL);
        }
        return;
    }
    // The number of sums in larger blocks; fewer are left over.
    let mut k;
    if x.x.len() <= FEW_TERMS * x.n && n_vectors.is_multiple_of(2) {
        k = n_sums - n_sums % 3;
        for vector in (0..n_vectors).step_by(2).rev() {
            blocks::<T, S, 3, 2>(x, weights, 0..k, vector, &mut output);
        }
    } else {
        let size = if T::SINGLE { 6 } else { 4 };
        k = n_sums - n_sums % size + if n_sums % size >= 4 { 4 } else { 0 };
        for vector in (0..n_vectors).rev() {
            let mut rest = 0;
            if T::SINGLE {
                rest = blocks::<T, S, 6, 1>(x, weights, 0..k, vector, &mut output);
            }
            blocks::<T, S, 4, 1>(x, weights, rest..k, vector, &mut output);
        }
    }
    if k + 2 <= n_sums {
        let rest = columns::<T, S, 2, 2>(x, weights, k, n_vectors, &mut output);
        columns::<T, S, 2, 1>(x, weights, k, rest, &mut output);
        k += 2;
    }
    if k < n_sums {
        let rest = columns::<T, S, 1, 4>(x, weights, k, n_vectors, &mut output);
        let rest = columns::<T, S, 1, 2>(x, weights, k, rest, &mut output);
        columns::<T, S, 1, 1>(x, weights, k, rest, &mut output);
    }
}

/// Computes all sums of G vectors of columns in blocks of `K`, and the remaining ones in smaller
/// blocks.
#[inline(always)]
fn all_sums<T: Scalar, S: Simd, const K: usize, const G: usize>(
    x: Columns<'_, T>,
    weights: impl WeightMatrix<T>,
    n_sums: usize,
    vector: usize,
    output: &mut impl CombineOutput<T, S>,
) {
    let k = blocks::<T, S, K, G>(x, weights, 0..n_sums, vector, output);
    let k = blocks::<T, S, 4, G>(x, weights, k..n_sums, vector, output);
    let k = blocks::<T, S, 2, G>(x, weights, k..n_sums, vector, output);
    blocks::<T, S, 1, G>(x, weights, k..n_sums, vector, output);
}

/// Computes as many of the sums as fill blocks of `K`, and returns the first remaining one.
#[inline(always)]
fn blocks<T: Scalar, S: Simd, const K: usize, const G: usize>(
    x: Columns<'_, T>,
    weights: impl WeightMatrix<T>,
    sums: Range<usize>,
    vector: usize,
    output: &mut impl CombineOutput<T, S>,
) -> usize {
    let mut k = sums.start;
    while k + K <= sums.end {
        block::<T, S, K, G>(x, weights, k, vector, output);
        k += K;
    }
    k
}

/// Computes sums `k..k+K` of the last vectors of `n_vectors`, as many as fill blocks of `G`, and
/// returns the number of remaining vectors.
#[inline(always)]
fn columns<T: Scalar, S: Simd, const K: usize, const G: usize>(
    x: Columns<'_, T>,
    weights: impl WeightMatrix<T>,
    k: usize,
    mut n_vectors: usize,
    output: &mut impl CombineOutput<T, S>,
) -> usize {
    while n_vectors >= G {
        n_vectors -= G;
        block::<T, S, K, G>(x, weights, k, n_vectors, output);
    }
    n_vectors
}

/// Computes sums `k..k+K` over G vectors of columns, with K·G accumulators that run over all terms.
#[inline(always)]
fn block<T: Scalar, S: Simd, const K: usize, const G: usize>(
    Columns { x, n }: Columns<'_, T>,
    weights: impl WeightMatrix<T>,
    k: usize,
    vector: usize,
    output: &mut impl CombineOutput<T, S>,
) {
    let from = vector * T::WIDTH;
    let mut sums = [[T::Vector::<S>::splat(0.0); G]; K];
    for (j, sums) in sums.iter_mut().enumerate() {
        *sums = output.start::<G>(k + j, vector);
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
    output.finish(k, vector, sums);
}
