//! The products of a dense layer over one tile of samples.
//!
//! A tile holds `n` samples side by side, n a multiple of the vectors' width: unit j of sample s lies at `j·n + s`. A
//! weight is then one number against whole vectors of samples, whatever the layer's width.
//!
//! The three products are one loop, [`combine`]: each of several outputs is a sum of input rows, each times one weight. A
//! block of outputs times a few vectors of samples stays in registers while the sum runs. For the weights' gradient the
//! sum runs over samples; there the layer's outputs lie on the lanes, a panel of them at a time in a transposed copy, and
//! the samples' inputs are the weights. Where one side has at most [`NARROW`] units, that would leave most lanes or
//! most of the copying idle, and each weight is a dot product along the samples.
//!
//! Each sum has one order whatever the level and the blocks: over inputs from the first to the last, over samples from
//! the first to the last, and in dot products over lanes by [`Vector::sum`].
//!
//! [`plain`] says the same products as a reader would write them, and a property test holds the two together.

use fearless_simd::{Simd, dispatch};

use super::combine::{Added, BySum, ByTerm, Columns, PANEL, Stored, Weights, combine, most_vectors};
use super::level::level;
use super::vector::{MAX_LANES, Vector};
use super::{Lanes, Scalar};

/// At most so many units make a side of a layer narrow.
const NARROW: usize = 8;

/// The samples of a full tile, and half as many.
const FULL: usize = crate::network::tile::TILE;
const HALF: usize = FULL / 2;

/// `z_j = b_j + Σ_i a_i·W_ij` for each sample; `z` (n_out, n) is overwritten.
///
/// `a` is (n_in, n), `w` is (n_in, n_out) row-major, `b` is (n_out), none for a layer without bias.
pub(crate) fn forward<T: Scalar>(n: usize, a: &[T], w: &[T], b: Option<&[T]>, z: &mut [T]) {
    (T::kernels().forward)(n, a, w, b, z);
}

/// `da_i = Σ_j dz_j·W_ij` for each sample; `da` (n_in, n) is overwritten.
pub(crate) fn input_gradient<T: Scalar>(n: usize, w: &[T], dz: &[T], da: &mut [T]) {
    (T::kernels().input_gradient)(n, w, dz, da);
}

/// `dW_ij += Σ_s a_i·dz_j`, summed over the tile's samples; `dw` (n_in, n_out) is added to.
///
/// `room` is overwritten: at least [`room_for`] numbers.
pub(crate) fn weight_gradient<T: Scalar>(n: usize, a: &[T], dz: &[T], room: &mut [T], dw: &mut [T]) {
    (T::kernels().weight_gradient)(n, a, dz, room, dw);
}

/// `db_j += Σ_s dz_j`, summed over the tile's samples; `db` (n_out) is added to.
pub(crate) fn bias_gradient<T: Scalar>(n: usize, dz: &[T], db: &mut [T]) {
    (T::kernels().bias_gradient)(n, dz, db);
}

/// How much room [`weight_gradient`] takes for tiles of up to `n` samples.
pub(crate) fn room_for<T: Scalar>(n: usize) -> usize {
    PANEL * T::WIDTH * n
}

/// [`forward`] itself.
pub(super) fn forward_kernel<T: Scalar>(n: usize, a: &[T], w: &[T], b: Option<&[T]>, z: &mut [T]) {
    let weights = ByTerm { w, stride: z.len() / n };
    dispatch!(level(), simd => to_tile::<T, _>(simd, n, a, weights, #[inline(always)] |j| b.map_or(T::ZERO, |b| b[j]), z));
}

/// [`input_gradient`] itself.
pub(super) fn input_gradient_kernel<T: Scalar>(n: usize, w: &[T], dz: &[T], da: &mut [T]) {
    let weights = BySum { w, stride: dz.len() / n };
    dispatch!(level(), simd => to_tile::<T, _>(simd, n, dz, weights, #[inline(always)] |_| T::ZERO, da));
}

/// [`weight_gradient`] itself.
pub(super) fn weight_gradient_kernel<T: Scalar>(n: usize, a: &[T], dz: &[T], room: &mut [T], dw: &mut [T]) {
    let (n_in, n_out) = (a.len() / n, dz.len() / n);
    if n_in.min(n_out) > NARROW {
        dispatch!(level(), simd => outer_products::<T, _>(simd, n, a, dz, room, dw));
        return;
    }
    // With a length known beforehand, the loops over it are unrolled.
    match n {
        FULL => dispatch!(level(), simd => dots::<T, _>(simd, FULL, a, dz, dw)),
        HALF => dispatch!(level(), simd => dots::<T, _>(simd, HALF, a, dz, dw)),
        _ => dispatch!(level(), simd => dots::<T, _>(simd, n, a, dz, dw)),
    }
}

/// [`bias_gradient`] itself.
pub(super) fn bias_gradient_kernel<T: Scalar>(n: usize, dz: &[T], db: &mut [T]) {
    match n {
        FULL => dispatch!(level(), simd => sums::<T, _>(simd, FULL, dz, db)),
        HALF => dispatch!(level(), simd => sums::<T, _>(simd, HALF, dz, db)),
        _ => dispatch!(level(), simd => sums::<T, _>(simd, n, dz, db)),
    }
}

/// `y_k = start(k) + Σ_r x_r·w_rk` for each of the `n` columns; `x` is (terms, n), `y` (sums, n) is overwritten.
#[inline(always)]
fn to_tile<T: Scalar, S: Simd>(
    _: S,
    n: usize,
    x: &[T],
    weights: impl Weights<T>,
    start: impl Fn(usize) -> T + Copy,
    y: &mut [T],
) {
    let n_sums = y.len() / n;
    let mut from = 0;
    while from < n {
        let vectors = ((n - from) / T::WIDTH).min(most_vectors::<T, S>());
        let sums = Stored { start, y: &mut *y, n, from };
        combine::<T, S>(vectors, Columns { x, n, from }, weights, n_sums, sums);
        from += vectors * T::WIDTH;
    }
}

/// `dW_ij += Σ_s a_i·dz_j`, outputs on the lanes: for each panel of them, row s of the transposed copy times a_i of sample
/// s, summed over the rows.
#[inline(always)]
fn outer_products<T: Scalar, S: Simd>(simd: S, n: usize, a: &[T], dz: &[T], room: &mut [T], dw: &mut [T]) {
    let (n_in, n_out) = (a.len() / n, dz.len() / n);
    let mut from = 0;
    while from < n_out {
        let vectors = (n_out - from).div_ceil(T::WIDTH).min(most_vectors::<T, S>());
        let width = vectors * T::WIDTH;
        let transposed = &mut room[..n * width];
        transpose::<T, S>(simd, n, &dz[from * n..], width, transposed);
        let (x, weights) = (Columns { x: transposed, n: width, from: 0 }, BySum { w: a, stride: n });
        combine::<T, S>(vectors, x, weights, n_in, Added { y: &mut *dw, n: n_out, from });
        from += width;
    }
}

/// `dW_ij += a_i·dz_j`, a dot product along the samples for each weight: each unit of the narrow side with as many of the
/// other one at a time as a vector has lanes.
#[inline(always)]
fn dots<T: Scalar, S: Simd>(_: S, n: usize, a: &[T], dz: &[T], dw: &mut [T]) {
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

/// `db_j += Σ_s dz_j`, as many at a time as a vector has lanes.
#[inline(always)]
fn sums<T: Scalar, S: Simd>(_: S, n: usize, dz: &[T], db: &mut [T]) {
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

/// Lane k is the sum over the lanes of `vector(row k)`, for up to as many rows of `n` numbers as a vector has lanes.
#[inline(always)]
fn sum_rows<T: Scalar, S: Simd>(n: usize, rows: &[T], vector: impl Fn(&[T]) -> T::Vector<S>) -> T::Vector<S> {
    if rows.len() == n * T::WIDTH {
        return T::Vector::<S>::sum_each(
            #[inline(always)]
            |k| vector(&rows[k * n..][..n]),
        );
    }
    // Beyond the last row, that one again, to no effect.
    let last = rows.len() / n - 1;
    T::Vector::<S>::sum_each(
        #[inline(always)]
        |k| vector(&rows[k.min(last) * n..][..n]),
    )
}

/// `Σ x·y`, each lane for itself.
#[inline(always)]
fn dot<T: Scalar, S: Simd>(x: &[T], y: &[T]) -> T::Vector<S> {
    let mut sum = T::Vector::<S>::splat(0.0);
    for (x, y) in x.chunks_exact(T::WIDTH).zip(y.chunks_exact(T::WIDTH)) {
        sum = T::Vector::<S>::load(x).mul_add(T::Vector::<S>::load(y), sum);
    }
    sum
}

/// `y` (n, width) with row s the units of sample s of `x` (units, n), zeros where there are less than `width`, a multiple
/// of the vectors'.
#[inline(always)]
fn transpose<T: Scalar, S: Simd>(_: S, n: usize, x: &[T], width: usize, y: &mut [T]) {
    for unit in (0..width).step_by(T::WIDTH) {
        for s in (0..n).step_by(T::WIDTH) {
            let square = T::Vector::<S>::transposed(
                #[inline(always)]
                |k| match x.get((unit + k) * n + s..) {
                    Some(row) if !row.is_empty() => T::Vector::<S>::load(row),
                    _ => T::Vector::<S>::splat(0.0),
                },
            );
            for (k, row) in square.iter().take(T::WIDTH).enumerate() {
                row.store(&mut y[(s + k) * width + unit..]);
            }
        }
    }
}

/// The slow, obvious twins: the same products in f64, one sample and one sum at a time.
#[cfg(test)]
pub(crate) mod plain {
    /// `z = a·W + b`, with a (n_samples, n_in), W (n_in, n_out), all row-major.
    pub(crate) fn forward(a: &[f64], w: &[f64], b: &[f64], n_in: usize) -> Vec<f64> {
        let mut z = Vec::new();
        for a in a.chunks(n_in) {
            for j in 0..b.len() {
                z.push(b[j] + (0..n_in).map(|i| a[i] * w[i * b.len() + j]).sum::<f64>());
            }
        }
        z
    }

    /// `A·B`, with A (n, k) and B (k, m) row-major.
    pub(crate) fn product(a: &[f64], b: &[f64], k: usize, m: usize) -> Vec<f64> {
        forward(a, b, &vec![0.0; m], k)
    }

    /// `Aᵀ`, with A row-major of `width` columns.
    pub(crate) fn transposed(a: &[f64], width: usize) -> Vec<f64> {
        (0..width).flat_map(|j| a.chunks(width).map(move |row| row[j])).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `|fast - plain| <= 4·eps·terms·Σ|terms|`, where the caller gives the magnitude `Σ|terms|` element by element.
    fn close<T: Scalar>(fast: &[T], plain: &[f64], terms: usize, magnitude: &[f64]) {
        assert_eq!(fast.len(), plain.len());
        for ((fast, plain), magnitude) in fast.iter().zip(plain).zip(magnitude) {
            let bound = 4.0 * T::EPSILON * terms as f64 * magnitude;
            assert!((fast.to_f64() - plain).abs() <= bound, "{fast} against {plain}, bound {bound:e}");
        }
    }

    fn magnitudes(v: &[f64]) -> Vec<f64> {
        v.iter().map(|v| v.abs()).collect()
    }

    fn twins<T: Scalar>(n: usize, n_in: usize, n_out: usize, seed: u64) {
        // Numbers of mixed size and sign, exact in f32 so that both precisions see the same.
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
        close(&z, &expected, n_in + 1, &plain::transposed(&size, n_out));

        let mut da = vec![T::ZERO; n * n_in];
        input_gradient(n, &narrow(&w), &tile(&dz, n_out), &mut da);
        let w_t = plain::transposed(&w, n_out);
        let expected = plain::transposed(&plain::product(&dz, &w_t, n_out, n_in), n_in);
        let size = plain::product(&magnitudes(&dz), &magnitudes(&w_t), n_out, n_in);
        close(&da, &expected, n_out, &plain::transposed(&size, n_in));

        let mut dw = vec![T::ZERO; n_in * n_out];
        let mut room = vec![T::ONE; room_for::<T>(n)];
        weight_gradient(n, &tile(&a, n_in), &tile(&dz, n_out), &mut room, &mut dw);
        let a_t = plain::transposed(&a, n_in);
        let size = plain::product(&magnitudes(&a_t), &magnitudes(&dz), n, n_out);
        close(&dw, &plain::product(&a_t, &dz, n, n_out), n, &size);

        let mut db = vec![T::ZERO; n_out];
        bias_gradient(n, &tile(&dz, n_out), &mut db);
        let ones = vec![1.0; n];
        let size = plain::product(&ones, &magnitudes(&dz), n, n_out);
        close(&db, &plain::product(&ones, &dz, n, n_out), n, &size);
    }

    proptest! {
        #[test]
        fn the_tile_products_agree_with_the_plain_ones(
            vectors in 1usize..=5, n_in in 1usize..=40, n_out in 1usize..=40, seed: u64
        ) {
            twins::<f32>(vectors * f32::WIDTH, n_in, n_out, seed);
            twins::<f64>(vectors * f64::WIDTH, n_in, n_out, seed);
        }
    }
}
