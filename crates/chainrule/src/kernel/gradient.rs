//! Gradients of the weights and the bias of a dense layer over one tile of samples.
//!
//! The layout of a tile is that of [`dense`](super::dense).

// The loop nests in pseudo-code, where a[i] and dz[j] are rows of n samples:
//
//     for i in 0..n_in:
//       for j in 0..n_out:
//         for s in 0..n:
//           dw[i][j] += a[i][s] * dz[j][s]
//     for j in 0..n_out:
//       for s in 0..n:
//         db[j] += dz[j][s]
//
// The code below deviates from them as follows:
//
// 1. The sums of a tile start from 0. They are added to `dw` and `db` at the end, not term by term,
//    or overwrite them if this is the first tile.
// 2. The sum runs over samples, so samples cannot be on the lanes of `combine`. A panel of output
//    units is transposed into a scratch buffer with the units on the lanes, and the inputs of the
//    samples become the weights of the sum (`outer_products`).
// 3. If one side of the layer has at most NARROW units, the transposed copy would leave most lanes
//    idle or serve too few sums to be worth making. Each entry of dw is then a dot product along
//    the samples with one partial sum per lane. The lanes of WIDTH partial sums are added together
//    (`sum_each`), in the order of `Vector::sum`. Loading each row once for several dot products
//    and the bias was slower, since their partial sums no longer fit into the registers.
// 4. The last panel of units comes first. It writes zeros beyond the last unit, to the first columns
//    of the next row of dw, over which the first panel is written later.

use fearless_simd::{Simd, dispatch};

use super::accumulation::Accumulation;
use super::combine::{Accumulate, Columns, SumMajor, combine};
use super::level::level;
use super::plan::{NARROW, PANEL};
use super::scalar::{MAX_LANES, Vector};
use super::square::{sum_each, transposed};
use super::{Lanes, Scalar, TILE};

impl Accumulation {
    /// Adds the first lanes of `sums` to `y`, which has at most as many numbers, or overwrites it.
    #[inline(always)]
    fn lanes<T: Scalar, S: Simd>(self, sums: T::Vector<S>, y: &mut [T]) {
        match self {
            Accumulation::Overwrite => sums.store_some(y),
            Accumulation::Add => (T::Vector::<S>::load_some(y) + sums).store_some(y),
        }
    }

    /// Adds one sum to `y`, or overwrites it.
    #[inline(always)]
    fn one<T: Scalar>(self, sum: T, y: &mut T) {
        match self {
            Accumulation::Overwrite => *y = sum,
            Accumulation::Add => *y += sum,
        }
    }
}

/// Computes `dW_ij = Σ_s a_i·dz_j` and `db_j = Σ_s dz_j` over the samples of the tile.
///
/// `a` is (n_in, n), `dz` is (n_out, n), `dw` is (n_in, n_out) and `db` is (n_out). The sums replace
/// the numbers in `dw` and `db` or are added to them; either may be empty and is then not computed.
/// `scratch` must have at least [`room_for`] numbers; it is overwritten.
pub(crate) fn gradients<T: Scalar>(
    n: usize,
    a: &[T],
    dz: &[T],
    scratch: &mut [T],
    accumulation: Accumulation,
    [dw, db]: [&mut [T]; 2],
) {
    (T::kernels().gradients)(n, a, dz, scratch, accumulation, [dw, db]);
}

/// Returns the length of the scratch buffer of [`gradients`] for tiles of up to `n` samples.
pub(crate) fn room_for<T: Scalar>(n: usize) -> usize {
    PANEL * T::WIDTH * n
}

/// Implements [`gradients`].
pub(super) fn gradients_kernel<T: Scalar>(
    n: usize,
    a: &[T],
    dz: &[T],
    scratch: &mut [T],
    accumulation: Accumulation,
    [dw, db]: [&mut [T]; 2],
) {
    let (n_in, n_out) = (a.len() / n, dz.len() / n);
    if !dw.is_empty() && n_in.min(n_out) > NARROW {
        dispatch!(level(), simd => outer_products::<T, _>(simd, n, a, dz, scratch, accumulation, dw));
        dispatch!(level(), simd => narrow::<T, _>(simd, n, a, dz, accumulation, [&mut [], db]));
    } else {
        dispatch!(level(), simd => narrow::<T, _>(simd, n, a, dz, accumulation, [dw, db]));
    }
}

/// Computes the gradient of the weights, if `dw` is not empty, with dot products, and that of the
/// bias, if `db` is not empty.
#[inline(always)]
fn narrow<T: Scalar, S: Simd>(
    simd: S,
    n: usize,
    a: &[T],
    dz: &[T],
    accumulation: Accumulation,
    [dw, db]: [&mut [T]; 2],
) {
    // Loops of a constant length are unrolled. Other lengths only occur in small batches.
    match n {
        TILE => dot_products::<T, S>(simd, TILE, a, dz, accumulation, [dw, db]),
        48 => dot_products::<T, S>(simd, 48, a, dz, accumulation, [dw, db]),
        32 => dot_products::<T, S>(simd, 32, a, dz, accumulation, [dw, db]),
        _ => dot_products::<T, S>(simd, n, a, dz, accumulation, [dw, db]),
    }
}

/// Computes the gradient of the weights with the output units on the lanes: for each panel of them,
/// sums the rows of the transposed copy, row s weighted with a_i of sample s.
#[inline(always)]
fn outer_products<T: Scalar, S: Simd>(
    simd: S,
    n: usize,
    a: &[T],
    dz: &[T],
    scratch: &mut [T],
    accumulation: Accumulation,
    dw: &mut [T],
) {
    let (n_in, n_out) = (a.len() / n, dz.len() / n);
    for from in (0..n_out).step_by(PANEL * T::WIDTH).rev() {
        let n_vectors = (n_out - from).div_ceil(T::WIDTH).min(PANEL);
        let width = n_vectors * T::WIDTH;
        let transposed = &mut scratch[..n * width];
        transpose::<T, S>(simd, n, &dz[from * n..], width, transposed);
        let (x, weights) = (Columns { x: transposed, n: width }, SumMajor { w: a, stride: n });
        let output = Accumulate { y: &mut *dw, n: n_out, from, accumulation };
        combine::<T, S>(n_vectors, x, weights, n_in, output);
    }
}

/// Computes the gradient of the weights with one dot product along the samples for each weight, and
/// the gradient of the bias. Each unit of the narrow side is paired with as many units of the other
/// side at a time as a vector has lanes.
#[inline(always)]
fn dot_products<T: Scalar, S: Simd>(
    _: S,
    n: usize,
    a: &[T],
    dz: &[T],
    accumulation: Accumulation,
    [dw, db]: [&mut [T]; 2],
) {
    let (n_in, n_out) = (a.len() / n, dz.len() / n);
    if n_in < n_out {
        for (a_i, dw_i) in a.chunks_exact(n).zip(dw.chunks_exact_mut(n_out)) {
            for (dz, dw) in dz.chunks(n * T::WIDTH).zip(dw_i.chunks_mut(T::WIDTH)) {
                let sums = sum_rows::<T, S>(
                    n,
                    dz,
                    #[inline(always)]
                    |dz_j| dot::<T, S>(a_i, dz_j),
                );
                accumulation.lanes::<T, S>(sums, dw);
            }
        }
    } else if !dw.is_empty() {
        for (j, dz_j) in dz.chunks_exact(n).enumerate() {
            for (a, dw) in a.chunks(n * T::WIDTH).zip(dw.chunks_mut(n_out * T::WIDTH)) {
                let sums = sum_rows::<T, S>(
                    n,
                    a,
                    #[inline(always)]
                    |a_i| dot::<T, S>(a_i, dz_j),
                );
                if n_out == 1 {
                    accumulation.lanes::<T, S>(sums, dw);
                    continue;
                }
                let mut lanes = [T::ZERO; MAX_LANES];
                sums.store(&mut lanes);
                for (dw_i, sum) in dw.chunks_exact_mut(n_out).zip(lanes) {
                    accumulation.one(sum, &mut dw_i[j]);
                }
            }
        }
    }
    for (dz, db) in dz.chunks(n * T::WIDTH).zip(db.chunks_mut(T::WIDTH)) {
        if db.len() <= FEW_ROWS {
            for (dz_j, db) in dz.chunks_exact(n).zip(db) {
                accumulation.one(total::<T, S>(dz_j).sum(), db);
            }
        } else {
            accumulation.lanes::<T, S>(sum_rows::<T, S>(n, dz, total::<T, S>), db);
        }
    }
}

/// Number of rows up to which their sums are written one by one.
const FEW_ROWS: usize = 4;

/// Returns a vector whose lane k is the sum of the lanes of `vector(row k)`, for up to as many rows
/// of `n` numbers as a vector has lanes.
#[inline(always)]
fn sum_rows<T: Scalar, S: Simd>(n: usize, rows: &[T], vector: impl Fn(&[T]) -> T::Vector<S>) -> T::Vector<S> {
    if rows.len() == n * T::WIDTH {
        return sum_each(
            #[inline(always)]
            |k| vector(&rows[k * n..][..n]),
        );
    }
    // One row at a time is as fast as all at once for so few rows, and is compiled faster.
    let mut sums = [T::ZERO; MAX_LANES];
    for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(n)) {
        *sum = vector(row).sum();
    }
    T::Vector::<S>::load(&sums)
}

/// Computes `Σ x·y` for each lane separately.
#[inline(always)]
fn dot<T: Scalar, S: Simd>(x: &[T], y: &[T]) -> T::Vector<S> {
    let mut sum = T::Vector::<S>::splat(0.0);
    for (x, y) in x.chunks_exact(T::WIDTH).zip(y.chunks_exact(T::WIDTH)) {
        sum = T::Vector::<S>::load(x).mul_add(T::Vector::<S>::load(y), sum);
    }
    sum
}

/// Computes `Σ x` for each lane separately.
#[inline(always)]
fn total<T: Scalar, S: Simd>(x: &[T]) -> T::Vector<S> {
    let mut sum = T::Vector::<S>::splat(0.0);
    for x in x.chunks_exact(T::WIDTH) {
        sum += T::Vector::<S>::load(x);
    }
    sum
}

/// Transposes `x` (units, n) into `y` (n, width): row s contains the units of sample s, padded with
/// zeros to `width`, a multiple of the vector width.
#[inline(always)]
fn transpose<T: Scalar, S: Simd>(_: S, n: usize, x: &[T], width: usize, y: &mut [T]) {
    let zeros = [T::ZERO; TILE];
    for unit in (0..width).step_by(T::WIDTH) {
        let mut rows = [&zeros[..n]; MAX_LANES];
        for (row, x) in rows.iter_mut().zip(x.chunks_exact(n).skip(unit)) {
            *row = &x[..n];
        }
        // The condition shows the compiler that no index is out of range.
        let mut s = 0;
        while s + T::WIDTH <= n {
            let square = transposed::<T::Vector<S>>(
                #[inline(always)]
                |k| T::Vector::<S>::load(&rows[k][s..]),
            );
            for (k, row) in square.iter().take(T::WIDTH).enumerate() {
                row.store(&mut y[(s + k) * width + unit..]);
            }
            s += T::WIDTH;
        }
    }
}
