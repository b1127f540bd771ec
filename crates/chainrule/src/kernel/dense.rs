//! Products of a dense layer over one tile of samples.
//!
//! A tile contains `n` samples, where n is a multiple of the vector width; unit j of sample s is at
//! `j·n + s`. Samples are on the lanes, so that one weight is multiplied by whole vectors of
//! samples, whatever the width of the layer.

// The loop nests in pseudo-code, where a[i], z[j], da[i] and dz[j] are rows of n samples:
//
//     forward:
//       for j in 0..n_out:
//         z[j] = b[j]
//         for i in 0..n_in:
//           z[j] += a[i] * w[i][j]
//
//     input_gradient:
//       for i in 0..n_in:
//         da[i] = 0
//         for j in 0..n_out:
//           da[i] += dz[j] * w[i][j]
//
//     weight_gradient:
//       for i in 0..n_in:
//         for j in 0..n_out:
//           for s in 0..n:
//             dw[i][j] += a[i][s] * dz[j][s]
//
//     bias_gradient:
//       for j in 0..n_out:
//         for s in 0..n:
//           db[j] += dz[j][s]
//
// The code below deviates from them as follows:
//
// 1. The first three share one register-blocked loop nest, `combine`, because each output is a
//    weighted sum of input rows.
// 2. In the weight gradient the sum runs over samples, so samples cannot be on the lanes. A panel
//    of output units is transposed into a scratch buffer with the units on the lanes, and the
//    inputs of the samples become the weights of the sum.
// 3. If one side of the layer has at most NARROW units, the transposed copy would leave most lanes
//    idle or serve too few sums to be worth making. Each entry of dw is then a dot product along
//    the samples. The lanes of WIDTH dot products are summed together (`sum_each`).
// 4. The dot products and the bias gradient are compiled again for full and half tiles, because
//    loops of a constant length are unrolled.
// 5. The sums of a tile are added to `dw` and `db` at the end, not term by term.
//
// 6. If a vector takes several registers, a block has a single vector of columns, and the rows of
//    many terms at this distance share few sets of the cache. They are copied into a contiguous
//    panel of at most PANEL_TERMS terms; further terms continue the stored sums.
//
// Every sum has one order, whatever the level and the blocks. It runs over inputs, outputs or
// samples from the first to the last; dot products and the bias gradient have one partial sum per
// lane and add the lanes in the order of `Vector::sum`. A property test compares all products with
// the plain code in the module `plain`.

use fearless_simd::{Simd, dispatch};

use super::combine::{
    Accumulate, Columns, Continue, Overwrite, PANEL, SumMajor, TermMajor, WeightMatrix, combine,
};
use super::level::level;
use super::scalar::{MAX_LANES, Vector};
use super::square::{sum_each, transposed};
use super::{Lanes, Scalar};

/// Largest number of units of a narrow side of a layer.
const NARROW: usize = 8;

/// Minimum numbers of terms and of sums of a product whose rows are copied into panels, and maximum
/// number of terms of a panel.
const MIN_TERMS: usize = 96;
const MIN_SUMS: usize = 24;
const PANEL_TERMS: usize = 256;

/// Number of samples of a full tile, and half of it.
const FULL: usize = super::TILE;
const HALF: usize = FULL / 2;

/// Computes `z_j = b_j + Σ_i a_i·W_ij` for each sample; `z` (n_out, n) is overwritten.
///
/// `a` is (n_in, n), `w` is (n_in, n_out) row-major, and `b` is (n_out), or none for a layer
/// without bias.
pub(crate) fn forward<T: Scalar>(n: usize, a: &[T], w: &[T], b: Option<&[T]>, z: &mut [T]) {
    (T::kernels().forward)(n, a, w, b, z);
}

/// Computes `da_i = Σ_j dz_j·W_ij` for each sample; `da` (n_in, n) is overwritten.
pub(crate) fn input_gradient<T: Scalar>(n: usize, w: &[T], dz: &[T], da: &mut [T]) {
    (T::kernels().input_gradient)(n, w, dz, da);
}

/// Adds `Σ_s a_i·dz_j`, over the samples of the tile, to `dW_ij`; `dw` is (n_in, n_out).
///
/// `scratch` must have at least [`room_for`] numbers; it is overwritten.
pub(crate) fn weight_gradient<T: Scalar>(n: usize, a: &[T], dz: &[T], scratch: &mut [T], dw: &mut [T]) {
    (T::kernels().weight_gradient)(n, a, dz, scratch, dw);
}

/// Adds `Σ_s dz_j`, over the samples of the tile, to `db_j`; `db` is (n_out).
pub(crate) fn bias_gradient<T: Scalar>(n: usize, dz: &[T], db: &mut [T]) {
    (T::kernels().bias_gradient)(n, dz, db);
}

/// Returns the length of the scratch buffer of [`weight_gradient`] for tiles of up to `n` samples.
pub(crate) fn room_for<T: Scalar>(n: usize) -> usize {
    PANEL * T::WIDTH * n
}

/// Implements [`forward`].
pub(super) fn forward_kernel<T: Scalar>(n: usize, a: &[T], w: &[T], b: Option<&[T]>, z: &mut [T]) {
    let weights = TermMajor { w, stride: z.len() / n };
    dispatch!(level(), simd => to_tile::<T, _>(simd, n, a, weights, #[inline(always)] |j| b.map_or(T::ZERO, |b| b[j]), z));
}

/// Implements [`input_gradient`].
pub(super) fn input_gradient_kernel<T: Scalar>(n: usize, w: &[T], dz: &[T], da: &mut [T]) {
    let weights = SumMajor { w, stride: dz.len() / n };
    dispatch!(level(), simd => to_tile::<T, _>(simd, n, dz, weights, #[inline(always)] |_| T::ZERO, da));
}

/// Implements [`weight_gradient`].
pub(super) fn weight_gradient_kernel<T: Scalar>(
    n: usize,
    a: &[T],
    dz: &[T],
    scratch: &mut [T],
    dw: &mut [T],
) {
    let (n_in, n_out) = (a.len() / n, dz.len() / n);
    if n_in.min(n_out) > NARROW {
        dispatch!(level(), simd => outer_products::<T, _>(simd, n, a, dz, scratch, dw));
        return;
    }
    // Loops of a constant length are unrolled.
    match n {
        FULL => dispatch!(level(), simd => dot_products::<T, _>(simd, FULL, a, dz, dw)),
        HALF => dispatch!(level(), simd => dot_products::<T, _>(simd, HALF, a, dz, dw)),
        _ => dispatch!(level(), simd => dot_products::<T, _>(simd, n, a, dz, dw)),
    }
}

/// Implements [`bias_gradient`].
pub(super) fn bias_gradient_kernel<T: Scalar>(n: usize, dz: &[T], db: &mut [T]) {
    match n {
        FULL => dispatch!(level(), simd => bias_sums::<T, _>(simd, FULL, dz, db)),
        HALF => dispatch!(level(), simd => bias_sums::<T, _>(simd, HALF, dz, db)),
        _ => dispatch!(level(), simd => bias_sums::<T, _>(simd, n, dz, db)),
    }
}

/// Computes `y_k = start(k) + Σ_r x_r·w_rk` for each of the `n` columns; `x` is (terms, n), and `y`
/// (sums, n) is overwritten.
#[inline(always)]
fn to_tile<T: Scalar, S: Simd>(
    _: S,
    n: usize,
    x: &[T],
    weights: impl WeightMatrix<T>,
    start: impl Fn(usize) -> T + Copy,
    y: &mut [T],
) {
    let (n_vectors, n_terms, n_sums) = (n / T::WIDTH, x.len() / n, y.len() / n);
    if T::Vector::<S>::WHOLE || n_terms < MIN_TERMS || n_sums < MIN_SUMS {
        combine::<T, S>(n_vectors, Columns { x, n }, weights, n_sums, Overwrite { start, y, n });
        return;
    }
    let mut buffer = [T::ZERO; PANEL_TERMS * MAX_LANES];
    for from in (0..n_terms).step_by(PANEL_TERMS) {
        let x = &x[from * n..n_terms.min(from + PANEL_TERMS) * n];
        let weights = weights.skip_terms(from);
        for vector in 0..n_vectors {
            let column = vector * T::WIDTH;
            for (x, row) in x.chunks_exact(n).zip(buffer.chunks_exact_mut(T::WIDTH)) {
                row.copy_from_slice(&x[column..column + T::WIDTH]);
            }
            let panel = Columns { x: &buffer[..x.len() / n * T::WIDTH], n: T::WIDTH };
            // The vector is the first one of the panel, and of the outputs from its column on.
            let y = &mut y[column..];
            if from == 0 {
                combine::<T, S>(1, panel, weights, n_sums, Overwrite { start, y, n });
            } else {
                combine::<T, S>(1, panel, weights, n_sums, Continue { y, n });
            }
        }
    }
}

/// Adds `Σ_s a_i·dz_j` to `dW_ij` with the output units on the lanes: for each panel of them, sums
/// the rows of the transposed copy, row s weighted with a_i of sample s.
#[inline(always)]
fn outer_products<T: Scalar, S: Simd>(simd: S, n: usize, a: &[T], dz: &[T], scratch: &mut [T], dw: &mut [T]) {
    let (n_in, n_out) = (a.len() / n, dz.len() / n);
    let mut from = 0;
    while from < n_out {
        let n_vectors = (n_out - from).div_ceil(T::WIDTH).min(PANEL);
        let width = n_vectors * T::WIDTH;
        let transposed = &mut scratch[..n * width];
        transpose::<T, S>(simd, n, &dz[from * n..], width, transposed);
        let (x, weights) = (Columns { x: transposed, n: width }, SumMajor { w: a, stride: n });
        combine::<T, S>(n_vectors, x, weights, n_in, Accumulate { y: &mut *dw, n: n_out, from });
        from += width;
    }
}

/// Adds `Σ_s a_i·dz_j` to `dW_ij` with one dot product along the samples for each weight: each unit
/// of the narrow side is paired with as many units of the other side at a time as a vector has
/// lanes.
#[inline(always)]
fn dot_products<T: Scalar, S: Simd>(_: S, n: usize, a: &[T], dz: &[T], dw: &mut [T]) {
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
                (T::Vector::<S>::load_some(dw) + sums).store_some(dw);
            }
        }
    } else {
        for (j, dz_j) in dz.chunks_exact(n).enumerate() {
            for (a, dw) in a.chunks(n * T::WIDTH).zip(dw.chunks_mut(n_out * T::WIDTH)) {
                let mut sums = [T::ZERO; MAX_LANES];
                sum_rows::<T, S>(
                    n,
                    a,
                    #[inline(always)]
                    |a_i| dot::<T, S>(a_i, dz_j),
                )
                .store(&mut sums);
                for (dw_i, sum) in dw.chunks_exact_mut(n_out).zip(sums) {
                    dw_i[j] += sum;
                }
            }
        }
    }
}

/// Adds `Σ_s dz_j` to `db_j`, for as many units at a time as a vector has lanes.
#[inline(always)]
fn bias_sums<T: Scalar, S: Simd>(_: S, n: usize, dz: &[T], db: &mut [T]) {
    for (dz, db) in dz.chunks(n * T::WIDTH).zip(db.chunks_mut(T::WIDTH)) {
        let sums = sum_rows::<T, S>(
            n,
            dz,
            #[inline(always)]
            |dz_j| {
                let mut sum = T::Vector::<S>::splat(0.0);
                for dz in dz_j.chunks_exact(T::WIDTH) {
                    sum += T::Vector::<S>::load(dz);
                }
                sum
            },
        );
        (T::Vector::<S>::load_some(db) + sums).store_some(db);
    }
}

/// Returns a vector whose lane k is the sum of the lanes of `vector(row k)`, for up to as many rows
/// of `n` numbers as a vector has lanes.
#[inline(always)]
fn sum_rows<T: Scalar, S: Simd>(n: usize, rows: &[T], vector: impl Fn(&[T]) -> T::Vector<S>) -> T::Vector<S> {
    if rows.len() == n * T::WIDTH {
        return sum_each::<T::Vector<S>>(
            #[inline(always)]
            |k| vector(&rows[k * n..][..n]),
        );
    }
    // Lanes beyond the last row repeat it; they are not used.
    let last = rows.len() / n - 1;
    sum_each::<T::Vector<S>>(
        #[inline(always)]
        |k| vector(&rows[k.min(last) * n..][..n]),
    )
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

/// Transposes `x` (units, n) into `y` (n, width): row s contains the units of sample s, padded with
/// zeros to `width`, a multiple of the vector width.
#[inline(always)]
fn transpose<T: Scalar, S: Simd>(_: S, n: usize, x: &[T], width: usize, y: &mut [T]) {
    for unit in (0..width).step_by(T::WIDTH) {
        // The rows of the last units; lanes beyond them are 0.
        let rows = &x[x.len().min(unit * n)..x.len().min((unit + T::WIDTH) * n)];
        for s in (0..n).step_by(T::WIDTH) {
            let square = if rows.len() == n * T::WIDTH {
                transposed::<T::Vector<S>>(
                    #[inline(always)]
                    |k| T::Vector::<S>::load(&rows[k * n + s..]),
                )
            } else {
                transposed::<T::Vector<S>>(
                    #[inline(always)]
                    |k| match rows.get(k * n + s..) {
                        Some(row) if !row.is_empty() => T::Vector::<S>::load(row),
                        _ => T::Vector::<S>::splat(0.0),
                    },
                )
            };
            for (k, row) in square.iter().take(T::WIDTH).enumerate() {
                row.store(&mut y[(s + k) * width + unit..]);
            }
        }
    }
}

/// Plain versions of the products in f64, one sample and one sum at a time.
#[cfg(test)]
pub(crate) mod plain {
    /// Computes `z = a·W + b`, with a (n_samples, n_in) and W (n_in, n_out), all row-major.
    pub(crate) fn forward(a: &[f64], w: &[f64], b: &[f64], n_in: usize) -> Vec<f64> {
        let mut z = Vec::new();
        for a in a.chunks(n_in) {
            for j in 0..b.len() {
                z.push(b[j] + (0..n_in).map(|i| a[i] * w[i * b.len() + j]).sum::<f64>());
            }
        }
        z
    }

    /// Computes `A·B`, with A (n, k) and B (k, m) row-major.
    pub(crate) fn product(a: &[f64], b: &[f64], k: usize, m: usize) -> Vec<f64> {
        forward(a, b, &vec![0.0; m], k)
    }

    /// Returns `Aᵀ`, with A row-major of `width` columns.
    pub(crate) fn transposed(a: &[f64], width: usize) -> Vec<f64> {
        (0..width).flat_map(|j| a.chunks(width).map(move |row| row[j])).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Asserts `|fast - plain| <= 4·eps·terms·Σ|terms|` for each element, where `magnitude` is
    /// `Σ|terms|`.
    fn assert_close<T: Scalar>(fast: &[T], plain: &[f64], terms: usize, magnitude: &[f64]) {
        assert_eq!(fast.len(), plain.len());
        for ((fast, plain), magnitude) in fast.iter().zip(plain).zip(magnitude) {
            let bound = 4.0 * T::EPSILON * terms as f64 * magnitude;
            assert!(
                (fast.to_f64() - plain).abs() <= bound,
                "{fast} differs from {plain} by more than {bound:e}"
            );
        }
    }

    fn magnitudes(v: &[f64]) -> Vec<f64> {
        v.iter().map(|v| v.abs()).collect()
    }

    fn compare_with_plain<T: Scalar>(n: usize, n_in: usize, n_out: usize, seed: u64) {
        // Numbers of mixed size and sign, exact in f32 so that both precisions get the same input.
        let mut x = seed | 1;
        let mut draw = |count: usize| -> Vec<f64> {
            let next = |_| {
                x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                f64::from(((x >> 40) as i32 - (1 << 23)) as f32 / (1 << 21) as f32)
            };
            (0..count).map(next).collect()
        };
        let (a, w, b, dz) = (draw(n * n_in), draw(n_in * n_out), draw(n_out), draw(n * n_out));
        let narrow = |v: &[f64]| -> Vec<T> { v.iter().map(|&v| T::from_f64(v)).collect() };
        let tile = |v: &[f64], width: usize| narrow(&plain::transposed(v, width));

        let mut z = vec![T::ZERO; n * n_out];
        forward(n, &tile(&a, n_in), &narrow(&w), Some(&narrow(&b)), &mut z);
        let expected = plain::transposed(&plain::forward(&a, &w, &b, n_in), n_out);
        let size = plain::forward(&magnitudes(&a), &magnitudes(&w), &magnitudes(&b), n_in);
        assert_close(&z, &expected, n_in + 1, &plain::transposed(&size, n_out));

        let mut da = vec![T::ZERO; n * n_in];
        input_gradient(n, &narrow(&w), &tile(&dz, n_out), &mut da);
        let w_t = plain::transposed(&w, n_out);
        let expected = plain::transposed(&plain::product(&dz, &w_t, n_out, n_in), n_in);
        let size = plain::product(&magnitudes(&dz), &magnitudes(&w_t), n_out, n_in);
        assert_close(&da, &expected, n_out, &plain::transposed(&size, n_in));

        let mut dw = vec![T::ZERO; n_in * n_out];
        let mut scratch = vec![T::ONE; room_for::<T>(n)];
        weight_gradient(n, &tile(&a, n_in), &tile(&dz, n_out), &mut scratch, &mut dw);
        let a_t = plain::transposed(&a, n_in);
        let size = plain::product(&magnitudes(&a_t), &magnitudes(&dz), n, n_out);
        assert_close(&dw, &plain::product(&a_t, &dz, n, n_out), n, &size);

        let mut db = vec![T::ZERO; n_out];
        bias_gradient(n, &tile(&dz, n_out), &mut db);
        let ones = vec![1.0; n];
        let size = plain::product(&ones, &magnitudes(&dz), n, n_out);
        assert_close(&db, &plain::product(&ones, &dz, n, n_out), n, &size);
    }

    proptest! {
        #[test]
        fn tile_products_match_the_plain_versions(
            n_vectors in 1usize..=5, n_in in 1usize..=40, n_out in 1usize..=40, seed: u64
        ) {
            compare_with_plain::<f32>(n_vectors * f32::WIDTH, n_in, n_out, seed);
            compare_with_plain::<f64>(n_vectors * f64::WIDTH, n_in, n_out, seed);
        }
    }
}
