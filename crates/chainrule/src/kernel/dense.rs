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
// The code below deviates from them as follows:
//
// 1. Both share one register-blocked loop nest, `combine`, because each output is a weighted sum of
//    input rows.
// 2. If a vector takes several registers, a block has a single vector of columns, and the rows of
//    many terms at this distance share few sets of the cache. They are copied into a contiguous
//    panel of at most PANEL_TERMS terms; further terms continue the stored sums.
//
// 3. In the forward product of a wide layer, the weights of a unit are on different pages, and each of
//    them misses the cache and its address translation. Blocks of W are then copied into a contiguous
//    buffer.
//
// Every sum has one order, whatever the level and the blocks: over inputs or outputs from the first
// to the last. A property test compares all products, including those of `gradient`, with the plain
// code in the module `plain`.

use fearless_simd::{Simd, dispatch};

use super::Scalar;
use super::accumulation::Accumulation;
use super::combine::{Columns, Overwrite, SumMajor, TermMajor, WeightMatrix, combine};
use super::level::level;
use super::plan::{MIN_PACKED, MIN_SUMS, MIN_TERMS, PACKED_SUMS, PACKED_TERMS, PANEL_TERMS};
use super::scalar::{MAX_LANES, Vector};

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

/// Implements [`forward`].
pub(super) fn forward_kernel<T: Scalar>(n: usize, a: &[T], w: &[T], b: Option<&[T]>, z: &mut [T]) {
    let (n_in, n_out) = (a.len() / n, z.len() / n);
    if n_in >= MIN_TERMS && n_out >= MIN_PACKED {
        forward_packed(n, a, w, b, z);
    } else {
        forward_block(n, a, TermMajor { w, stride: n_out }, b, Accumulation::Overwrite, z);
    }
}

/// Computes [`forward`] with packed copies of blocks of the weights.
fn forward_packed<T: Scalar>(n: usize, a: &[T], w: &[T], b: Option<&[T]>, z: &mut [T]) {
    let n_out = z.len() / n;
    let mut packed = [T::ZERO; PACKED_TERMS * PACKED_SUMS];
    let mut accumulation = Accumulation::Overwrite;
    for (a, w) in a.chunks(PACKED_TERMS * n).zip(w.chunks(PACKED_TERMS * n_out)) {
        for (block, z) in z.chunks_mut(PACKED_SUMS * n).enumerate() {
            let first = block * PACKED_SUMS;
            let units = first..first + z.len() / n;
            for (packed, row) in packed.chunks_exact_mut(PACKED_SUMS).zip(w.chunks_exact(n_out)) {
                packed[..units.len()].copy_from_slice(&row[units.clone()]);
            }
            let weights = TermMajor { w: &packed, stride: PACKED_SUMS };
            forward_block(n, a, weights, b.map(|b| &b[units]), accumulation, z);
        }
        accumulation = Accumulation::Add;
    }
}

/// Computes `z_j = b_j + Σ_i a_i·W_ij`, or for [`Accumulation::Add`] `z_j ← z_j + Σ_i a_i·W_ij`, for a
/// block of W.
fn forward_block<T: Scalar>(
    n: usize,
    a: &[T],
    weights: TermMajor<'_, T>,
    b: Option<&[T]>,
    accumulation: Accumulation,
    z: &mut [T],
) {
    dispatch!(level(), simd => to_tile::<T, _>(simd, n, a, weights, #[inline(always)] |j| b.map_or(T::ZERO, |b| b[j]), accumulation, z));
}

/// Implements [`input_gradient`].
pub(super) fn input_gradient_kernel<T: Scalar>(n: usize, w: &[T], dz: &[T], da: &mut [T]) {
    let weights = SumMajor { w, stride: dz.len() / n };
    dispatch!(level(), simd => to_tile::<T, _>(simd, n, dz, weights, #[inline(always)] |_| T::ZERO, Accumulation::Overwrite, da));
}

/// Computes `y_k = start(k) + Σ_r x_r·w_rk` for each of the `n` columns, or for
/// [`Accumulation::Add`] `y_k ← y_k + Σ_r x_r·w_rk`; `x` is (terms, n) and `y` is (sums, n).
#[inline(always)]
fn to_tile<T: Scalar, S: Simd>(
    _: S,
    n: usize,
    x: &[T],
    weights: impl WeightMatrix<T>,
    start: impl Fn(usize) -> T + Copy,
    mut accumulation: Accumulation,
    y: &mut [T],
) {
    let (n_vectors, n_terms, n_sums) = (n / T::WIDTH, x.len() / n, y.len() / n);
    if T::Vector::<S>::WHOLE || n_terms < MIN_TERMS || n_sums < MIN_SUMS {
        let output = Overwrite { start, accumulation, y, n };
        combine::<T, S>(n_vectors, Columns { x, n }, weights, n_sums, output);
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
            let output = Overwrite { start, accumulation, y: &mut y[column..], n };
            combine::<T, S>(1, panel, weights, n_sums, output);
        }
        accumulation = Accumulation::Add;
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

    use super::super::gradient::{gradients, room_for};
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

        let (mut dw, mut db) =
            (vec![T::from_f64(f64::NAN); n_in * n_out], vec![T::from_f64(f64::NAN); n_out]);
        let mut scratch = vec![T::ONE; room_for::<T>(n)];
        let (a_tile, dz_tile) = (tile(&a, n_in), tile(&dz, n_out));
        let mut add = |accumulation, dw: &mut [T], db: &mut [T]| {
            gradients(n, &a_tile, &dz_tile, &mut scratch, accumulation, [dw, db]);
        };
        add(Accumulation::Overwrite, &mut dw, &mut db);
        let a_t = plain::transposed(&a, n_in);
        let size = plain::product(&magnitudes(&a_t), &magnitudes(&dz), n, n_out);
        assert_close(&dw, &plain::product(&a_t, &dz, n, n_out), n, &size);
        let ones = vec![1.0; n];
        let size = plain::product(&ones, &magnitudes(&dz), n, n_out);
        assert_close(&db, &plain::product(&ones, &dz, n, n_out), n, &size);

        // Each gradient alone has the same bits, and is doubled by adding it to itself.
        let (mut dw_alone, mut db_alone) = (vec![T::ZERO; n_in * n_out], vec![T::ZERO; n_out]);
        add(Accumulation::Add, &mut dw_alone, &mut []);
        add(Accumulation::Add, &mut [], &mut db_alone);
        assert_eq!((&dw_alone, &db_alone), (&dw, &db));
        add(Accumulation::Add, &mut dw_alone, &mut db_alone);
        assert!(dw_alone.iter().zip(&dw).all(|(&twice, &once)| twice == once + once));
        assert!(db_alone.iter().zip(&db).all(|(&twice, &once)| twice == once + once));
    }

    /// Packed copies of blocks of W have no effect on the bits.
    fn assert_packed_like_one_block<T: Scalar>(n: usize, n_in: usize, n_out: usize) {
        let draw = |len: usize| -> Vec<T> { (0..len).map(|k| T::from_f64((k as f64 * 0.7).sin())).collect() };
        let (a, w, b) = (draw(n * n_in), draw(n_in * n_out), draw(n_out));
        for b in [Some(&b[..]), None] {
            let (mut packed, mut expected) = (vec![T::ONE; n * n_out], vec![T::ONE; n * n_out]);
            forward_packed(n, &a, &w, b, &mut packed);
            let weights = TermMajor { w: &w, stride: n_out };
            forward_block(n, &a, weights, b, Accumulation::Overwrite, &mut expected);
            assert!(packed == expected, "{n_in} inputs, {n_out} units, {n} samples, {}", T::NAME);
        }
    }

    #[test]
    fn packed_weights_give_the_same_bits() {
        for (n, n_in, n_out) in [(16, 5, 7), (32, 256, 48), (64, 257, 50), (48, 600, 100)] {
            assert_packed_like_one_block::<f32>(n, n_in, n_out);
            assert_packed_like_one_block::<f64>(n, n_in, n_out);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn tile_products_match_the_plain_versions(
            n_vectors in 1usize..=4, n_in in 1usize..=40, n_out in 1usize..=40, seed: u64
        ) {
            compare_with_plain::<f32>(n_vectors * f32::WIDTH, n_in, n_out, seed);
            compare_with_plain::<f64>(n_vectors * f64::WIDTH, n_in, n_out, seed);
        }

        #[test]
        fn products_of_wide_layers_match_the_plain_versions(
            n_in in 90usize..=270, n_out in 760usize..=780, seed: u64
        ) {
            compare_with_plain::<f32>(f32::WIDTH, n_in, n_out, seed);
        }
    }
}
