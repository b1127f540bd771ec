//! Sums of rows of numbers, each times a weight: what all products of a dense layer are made of.
//!
//! A block of some sums times a few vectors of columns stays in registers while the sums run over all rows. Where the
//! weights lie, where a sum begins and what becomes of it is the product's affair: [`Weights`] and [`Sums`] say it.

use fearless_simd::Simd;

use super::vector::Vector;
use super::{Lanes, Scalar};

/// The most vectors of columns that stay in registers together.
pub(super) const PANEL: usize = 4;

/// The weights of a combination, by term and sum.
pub(super) trait Weights<T>: Copy {
    /// The weights of sums `k..k+K` by term, of which there are `n_terms`.
    fn block<const K: usize>(self, k: usize, n_terms: usize) -> impl Fn(usize) -> [T; K];
}

/// Weight k of term r lies at `r·stride + k`.
#[derive(Clone, Copy)]
pub(super) struct ByTerm<'w, T> {
    pub(super) w: &'w [T],
    pub(super) stride: usize,
}

impl<T: Scalar> Weights<T> for ByTerm<'_, T> {
    #[inline(always)]
    fn block<const K: usize>(self, k: usize, _: usize) -> impl Fn(usize) -> [T; K] {
        #[inline(always)]
        move |r| {
            let w = &self.w[r * self.stride + k..][..K];
            std::array::from_fn(|j| w[j])
        }
    }
}

/// Weight k of term r lies at `k·stride + r`.
#[derive(Clone, Copy)]
pub(super) struct BySum<'w, T> {
    pub(super) w: &'w [T],
    pub(super) stride: usize,
}

impl<T: Scalar> Weights<T> for BySum<'_, T> {
    #[inline(always)]
    fn block<const K: usize>(self, k: usize, n_terms: usize) -> impl Fn(usize) -> [T; K] {
        // Cut here, where the compiler sees the length outside the loop.
        let mut rows = [&self.w[..n_terms]; K];
        for (j, row) in rows.iter_mut().enumerate() {
            *row = &self.w[(k + j) * self.stride..][..n_terms];
        }
        #[inline(always)]
        move |r| std::array::from_fn(|j| rows[j][r])
    }
}

/// Some columns of rows of numbers: those of `x` (rows, n) that begin at `from`.
#[derive(Clone, Copy)]
pub(super) struct Columns<'x, T> {
    pub(super) x: &'x [T],
    pub(super) n: usize,
    pub(super) from: usize,
}

/// Where the sums of a combination begin and what becomes of them.
pub(super) trait Sums<T: Scalar, S: Simd> {
    /// What sum k begins with, in every column.
    fn start(&self, k: usize) -> T;
    /// Takes sums `k..k+K` over G vectors of columns.
    fn finish<const K: usize, const G: usize>(&mut self, k: usize, sums: [[T::Vector<S>; G]; K]);
}

/// Sum k begins with `start(k)` and overwrites columns from `from` of row k of `y`, which has `n` columns.
pub(super) struct Stored<'y, T, F> {
    pub(super) start: F,
    pub(super) y: &'y mut [T],
    pub(super) n: usize,
    pub(super) from: usize,
}

impl<T: Scalar, S: Simd, F: Fn(usize) -> T> Sums<T, S> for Stored<'_, T, F> {
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

/// Sum k begins at 0 and is added to columns from `from` of row k of `y`, which has `n` columns.
///
/// There may be more lanes than columns: those beyond are 0.
pub(super) struct Added<'y, T> {
    pub(super) y: &'y mut [T],
    pub(super) n: usize,
    pub(super) from: usize,
}

impl<T: Scalar, S: Simd> Sums<T, S> for Added<'_, T> {
    #[inline(always)]
    fn start(&self, _: usize) -> T {
        T::ZERO
    }

    #[inline(always)]
    fn finish<const K: usize, const G: usize>(&mut self, k: usize, mut sums: [[T::Vector<S>; G]; K]) {
        let y = &mut self.y[k * self.n + self.from..];
        if y.len() < (K - 1) * self.n + G * T::WIDTH {
            // The last rows, with too little behind them for lanes beyond the columns.
            for (j, sums) in sums.iter().enumerate() {
                let y = &mut y[j * self.n..];
                let some = y.len().min(self.n - self.from).min(G * T::WIDTH);
                for (&sum, y) in sums.iter().zip(y[..some].chunks_mut(T::WIDTH)) {
                    (T::Vector::<S>::load_some(y) + sum).store_some(y);
                }
            }
            return;
        }
        // Lanes beyond the columns are those of the row below, to which 0 is added. That row's sums are stored later, on
        // top. All is loaded before anything is stored: a load of what has hardly been stored would wait for it.
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

/// The most vectors of columns that [`combine`] takes: registers half as wide hold half as many.
#[inline(always)]
pub(super) fn most_vectors<T: Scalar, S: Simd>() -> usize {
    if T::Vector::<S>::WHOLE { PANEL } else { PANEL / 2 }
}

/// The sums `start(k) + Σ_r x_r·w_rk` over some vectors of columns, for all k.
///
/// As many sums are formed at a time as the vectors of columns leave registers for.
#[inline(always)]
pub(super) fn combine<T: Scalar, S: Simd>(
    vectors: usize,
    x: Columns<'_, T>,
    weights: impl Weights<T>,
    n_sums: usize,
    sums: impl Sums<T, S>,
) {
    // Asked first and alone, so that nothing is compiled for levels that take the other way.
    if T::Vector::<S>::WHOLE {
        match vectors {
            1 => blocks::<T, S, 8, 1>(x, weights, n_sums, sums),
            2 => blocks::<T, S, 8, 2>(x, weights, n_sums, sums),
            3 => blocks::<T, S, 6, 3>(x, weights, n_sums, sums),
            _ => blocks::<T, S, 6, 4>(x, weights, n_sums, sums),
        }
    } else {
        match vectors {
            1 => blocks::<T, S, 6, 1>(x, weights, n_sums, sums),
            _ => blocks::<T, S, 3, 2>(x, weights, n_sums, sums),
        }
    }
}

/// The sums in blocks of `K`, and those left over in smaller ones.
#[inline(always)]
fn blocks<T: Scalar, S: Simd, const K: usize, const G: usize>(
    x: Columns<'_, T>,
    weights: impl Weights<T>,
    n_sums: usize,
    mut sums: impl Sums<T, S>,
) {
    let mut k = 0;
    while k + K <= n_sums {
        block::<T, S, K, G>(x, weights, k, &mut sums);
        k += K;
    }
    while k + 4 <= n_sums {
        block::<T, S, 4, G>(x, weights, k, &mut sums);
        k += 4;
    }
    while k + 2 <= n_sums {
        block::<T, S, 2, G>(x, weights, k, &mut sums);
        k += 2;
    }
    if k < n_sums {
        block::<T, S, 1, G>(x, weights, k, &mut sums);
    }
}

/// Sums `k..k+K` over G vectors of columns: K·G accumulators, which run over all terms.
#[inline(always)]
fn block<T: Scalar, S: Simd, const K: usize, const G: usize>(
    Columns { x, n, from }: Columns<'_, T>,
    weights: impl Weights<T>,
    k: usize,
    to: &mut impl Sums<T, S>,
) {
    let mut sums = [[T::Vector::<S>::splat(0.0); G]; K];
    for (j, sums) in sums.iter_mut().enumerate() {
        *sums = [T::Vector::<S>::broadcast(to.start(k + j)); G];
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
    to.finish(k, sums);
}
