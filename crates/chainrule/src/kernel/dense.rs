//! The products of a dense layer over one tile of samples.
//!
//! A tile holds `n` samples side by side, n a multiple of the vectors' width: unit j of sample s lies at `j·n + s`. A
//! weight is then one number against whole vectors of samples, whatever the layer's width.
//!
//! The three products are one loop, [`combine`]: each of several outputs is a sum of input rows, each times one weight. A
//! block of outputs times a few vectors of samples stays in registers while the sum runs. For the weights' gradient the
//! sum runs over samples; there the units of the layer's wider side lie on the lanes, in a transposed copy of the tile, and
//! the samples' numbers of the other side are the weights. Where one side has at most [`NARROW`] units, that would
//! leave most lanes or most of the copying idle, and each weight is a dot product along the samples.
//!
//! Each sum has one order whatever the level and the blocks: over inputs from the first to the last, over samples from
//! the first to the last, and in dot products over lanes by [`Vector::sum`].
//!
//! [`plain`] says the same products as a reader would write them, and a property test holds the two together.

use fearless_simd::{Simd, dispatch};

use super::level::level;
use super::vector::{MOST_LANES, Vector};
use super::{Lanes, Scalar};

/// At most so many units make a side of a layer narrow.
const NARROW: usize = 4;

/// `z_j = b_j + Σ_i a_i·W_ij` for each sample; `z` (n_out, n) is overwritten.
///
/// `a` is (n_in, n), `w` is (n_in, n_out) row-major, `b` is (n_out), none for a layer without bias.
pub(crate) fn forward<T: Scalar>(n: usize, a: &[T], w: &[T], b: Option<&[T]>, z: &mut [T]) {
    let n_out = z.len() / n;
    for (j, z_j) in z.chunks_exact_mut(n).enumerate() {
        z_j.fill(b.map_or(T::ZERO, |b| b[j]));
    }
    let weights = Weights { w, of_term: n_out, of_sum: 1 };
    dispatch!(level(), simd => combine::<T, _>(simd, n, a, weights, z));
}

/// `da_i = Σ_j dz_j·W_ij` for each sample; `da` (n_in, n) is overwritten.
pub(crate) fn input_gradient<T: Scalar>(n: usize, w: &[T], dz: &[T], da: &mut [T]) {
    let n_out = dz.len() / n;
    da.fill(T::ZERO);
    let weights = Weights { w, of_term: 1, of_sum: n_out };
    dispatch!(level(), simd => combine::<T, _>(simd, n, dz, weights, da));
}

/// `dW_ij += Σ_s a_i·dz_j`, summed over the tile's samples; `dw` (n_in, n_out) is added to.
///
/// `room` is overwritten: at least [`room_for`] numbers.
pub(crate) fn weight_gradient<T: Scalar>(n: usize, a: &[T], dz: &[T], room: &mut [T], dw: &mut [T]) {
    let (n_in, n_out) = (a.len() / n, dz.len() / n);
    if n_in.min(n_out) <= NARROW {
        dispatch!(level(), simd => dots::<T, _>(simd, n, a, dz, dw));
        return;
    }
    // Units of one side on the lanes: the side that fills whole vectors better.
    let whole = |units: usize| units.next_multiple_of(T::WIDTH);
    let outputs_on_lanes = whole(n_out) * n_in <= whole(n_in) * n_out;
    let (on_lanes, weights) = if outputs_on_lanes { (dz, a) } else { (a, dz) };
    let (n_lanes, n_sums) = (on_lanes.len() / n, weights.len() / n);
    let (transposed, sums) = room.split_at_mut(whole(n_lanes) * n);
    dispatch!(level(), simd => transpose::<T, _>(simd, n, on_lanes, whole(n_lanes), transposed));
    let sums = &mut sums[..whole(n_lanes) * n_sums];
    sums.fill(T::ZERO);
    // Row s of the copy holds the units of sample s: a sum over rows, each times the sample's number of the other side.
    let weights = Weights { w: weights, of_term: 1, of_sum: n };
    dispatch!(level(), simd => combine::<T, _>(simd, whole(n_lanes), transposed, weights, sums));
    for (k, sums) in sums.chunks_exact(whole(n_lanes)).enumerate() {
        if outputs_on_lanes {
            for (dw, &sum) in dw[k * n_out..][..n_out].iter_mut().zip(sums) {
                *dw += sum;
            }
        } else {
            for (i, &sum) in sums[..n_in].iter().enumerate() {
                dw[i * n_out + k] += sum;
            }
        }
    }
}

/// How much room [`weight_gradient`] takes for a layer and tiles of up to `n` samples.
pub(crate) fn room_for<T: Scalar>(n: usize, n_in: usize, n_out: usize) -> usize {
    let whole = |units: usize| units.next_multiple_of(T::WIDTH);
    let outputs = whole(n_out) * (n + n_in);
    let inputs = whole(n_in) * (n + n_out);
    outputs.max(inputs)
}

/// `db_j += Σ_s dz_j`, summed over the tile's samples; `db` (n_out) is added to.
pub(crate) fn bias_gradient<T: Scalar>(n: usize, dz: &[T], db: &mut [T]) {
    dispatch!(level(), simd => sums::<T, _>(simd, n, dz, db));
}

/// The weight of term r in sum k is `w[r·of_term + k·of_sum]`.
#[derive(Clone, Copy)]
struct Weights<'w, T> {
    w: &'w [T],
    of_term: usize,
    of_sum: usize,
}

/// `y_k += Σ_r x_r·w_rk` for each of the `n` columns; `x` is (terms, n), `y` is (sums, n), n a multiple of the width.
#[inline(always)]
fn combine<T: Scalar, S: Simd>(_: S, n: usize, x: &[T], weights: Weights<'_, T>, y: &mut [T]) {
    // Sums times vectors of columns that stay in registers; registers half as wide hold half as many.
    if T::Vector::<S>::WHOLE {
        columns::<T, S, 6, 4>(n, x, weights, y);
    } else {
        columns::<T, S, 3, 2>(n, x, weights, y);
    }
}

/// The columns in groups of `G` vectors, and those left over one vector at a time.
#[inline(always)]
fn columns<T: Scalar, S: Simd, const K: usize, const G: usize>(
    n: usize,
    x: &[T],
    weights: Weights<'_, T>,
    y: &mut [T],
) {
    let mut from = 0;
    while from + G * T::WIDTH <= n {
        rows::<T, S, K, G>(n, from, x, weights, y);
        from += G * T::WIDTH;
    }
    while from < n {
        rows::<T, S, K, 1>(n, from, x, weights, y);
        from += T::WIDTH;
    }
}

/// The sums in blocks of `K`, and those left over in smaller ones.
#[inline(always)]
fn rows<T: Scalar, S: Simd, const K: usize, const G: usize>(
    n: usize,
    from: usize,
    x: &[T],
    weights: Weights<'_, T>,
    y: &mut [T],
) {
    let sums = y.len() / n;
    let mut k = 0;
    while k + K <= sums {
        block::<T, S, K, G>(n, from, k, x, weights, y);
        k += K;
    }
    while k + 4 <= sums {
        block::<T, S, 4, G>(n, from, k, x, weights, y);
        k += 4;
    }
    while k + 2 <= sums {
        block::<T, S, 2, G>(n, from, k, x, weights, y);
        k += 2;
    }
    if k < sums {
        block::<T, S, 1, G>(n, from, k, x, weights, y);
    }
}

/// Sums `k..k+K` at columns `from..from+G·WIDTH`: K·G accumulators, which run over all terms.
#[inline(always)]
fn block<T: Scalar, S: Simd, const K: usize, const G: usize>(
    n: usize,
    from: usize,
    k: usize,
    x: &[T],
    Weights { w, of_term, of_sum }: Weights<'_, T>,
    y: &mut [T],
) {
    let width = T::WIDTH;
    let mut sums = [[T::Vector::<S>::splat(0.0); G]; K];
    for (j, sums) in sums.iter_mut().enumerate() {
        let y = &y[(k + j) * n + from..][..G * width];
        for (g, sum) in sums.iter_mut().enumerate() {
            *sum = T::Vector::<S>::load(&y[g * width..]);
        }
    }
    // Two ways through the weights, each with its slices cut where the compiler sees their length outside the loop.
    let terms = x.chunks_exact(n).map(|x| &x[from..from + G * width]);
    if of_term == 1 {
        let n_terms = x.len() / n;
        let mut rows = [&w[..n_terms]; K];
        for (j, row) in rows.iter_mut().enumerate() {
            *row = &w[(k + j) * of_sum..][..n_terms];
        }
        for (r, x) in terms.enumerate().take(n_terms) {
            add_term::<T, S, K, G>(
                x,
                #[inline(always)]
                |j| rows[j][r],
                &mut sums,
            );
        }
    } else {
        for (x, w) in terms.zip(w.chunks(of_term)) {
            let w = &w[k..k + K];
            add_term::<T, S, K, G>(
                x,
                #[inline(always)]
                |j| w[j],
                &mut sums,
            );
        }
    }
    for (j, sums) in sums.iter().enumerate() {
        let y = &mut y[(k + j) * n + from..][..G * width];
        for (g, sum) in sums.iter().enumerate() {
            sum.store(&mut y[g * width..]);
        }
    }
}

/// `sums_j += x·w_j` for one term: its G vectors against K weights.
#[inline(always)]
fn add_term<T: Scalar, S: Simd, const K: usize, const G: usize>(
    x: &[T],
    w: impl Fn(usize) -> T,
    sums: &mut [[T::Vector<S>; G]; K],
) {
    let mut terms = [T::Vector::<S>::splat(0.0); G];
    for (g, term) in terms.iter_mut().enumerate() {
        *term = T::Vector::<S>::load(&x[g * T::WIDTH..]);
    }
    for (j, sums) in sums.iter_mut().enumerate() {
        let weight = T::Vector::<S>::broadcast(w(j));
        for (sum, &term) in sums.iter_mut().zip(&terms) {
            *sum = term.mul_add(weight, *sum);
        }
    }
}

/// `dW_ij += a_i·dz_j`, a dot product along the samples for each weight.
#[inline(always)]
fn dots<T: Scalar, S: Simd>(_: S, n: usize, a: &[T], dz: &[T], dw: &mut [T]) {
    let n_out = dz.len() / n;
    for (a_i, dw_i) in a.chunks_exact(n).zip(dw.chunks_exact_mut(n_out)) {
        for (dz_j, dw_ij) in dz.chunks_exact(n).zip(dw_i) {
            let mut sum = T::Vector::<S>::splat(0.0);
            for (a, dz) in a_i.chunks_exact(T::WIDTH).zip(dz_j.chunks_exact(T::WIDTH)) {
                sum = T::Vector::<S>::load(a).mul_add(T::Vector::<S>::load(dz), sum);
            }
            *dw_ij += sum.sum();
        }
    }
}

/// `db_j += Σ_s dz_j`.
#[inline(always)]
fn sums<T: Scalar, S: Simd>(_: S, n: usize, dz: &[T], db: &mut [T]) {
    for (dz_j, db_j) in dz.chunks_exact(n).zip(db) {
        let mut sum = T::Vector::<S>::splat(0.0);
        for dz in dz_j.chunks_exact(T::WIDTH) {
            sum += T::Vector::<S>::load(dz);
        }
        *db_j += sum.sum();
    }
}

/// `y` (n, width) with row s the units of sample s of `x` (units, n), zeros up to `width`, a multiple of the vectors'.
#[inline(always)]
fn transpose<T: Scalar, S: Simd>(_: S, n: usize, x: &[T], width: usize, y: &mut [T]) {
    for unit in (0..width).step_by(T::WIDTH) {
        for s in (0..n).step_by(T::WIDTH) {
            let mut square = [T::Vector::<S>::splat(0.0); MOST_LANES];
            let square = &mut square[..T::WIDTH];
            for (k, row) in square.iter_mut().enumerate() {
                if (unit + k) * n < x.len() {
                    *row = T::Vector::<S>::load(&x[(unit + k) * n + s..]);
                }
            }
            // Dealing the rows out like cards, the first half against the second, log2(width) times, turns them round.
            let mut round = 1;
            while round < T::WIDTH {
                let mut dealt = [T::Vector::<S>::splat(0.0); MOST_LANES];
                for k in 0..T::WIDTH / 2 {
                    (dealt[2 * k], dealt[2 * k + 1]) = square[k].zip(square[k + T::WIDTH / 2]);
                }
                square.copy_from_slice(&dealt[..T::WIDTH]);
                round *= 2;
            }
            for (k, row) in square.iter().enumerate() {
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
        let mut room = vec![T::ONE; room_for::<T>(n, n_in, n_out)];
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
