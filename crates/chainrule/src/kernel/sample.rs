//! Forward product of a dense layer for a single sample.

// The loop nest in pseudo-code:
//
//     for j in 0..n_out:
//       z[j] = b[j]
//       for i in 0..n_in:
//         z[j] += x[i] * w[i][j]
//
// The code below deviates from it as follows:
//
// 1. Units are on the lanes, because with samples on the lanes, as in a tile, all lanes but one
//    would be idle.
// 2. A block of up to four vectors of units stays in registers while i runs over all inputs.
// 3. The bias and the rows of W are padded with zeros to whole vectors beforehand (`rows`), so that
//    no vector is partial, and stored block after block, so that a block reads them in order.
//
// Each unit adds in the same order as in a tile: first the bias, then the inputs from the first to
// the last. A sample therefore gives the same bits alone as among others, which a test checks
// against `dense::forward`. The order also limits the speed, since each multiply-add waits for the
// previous one.

use fearless_simd::{Simd, dispatch};

use super::aligned::Aligned;
use super::level::level;
use super::scalar::Vector;
use super::{Lanes, Scalar};

/// Returns `n_units` rounded up to a multiple of the vector width.
pub(crate) fn whole<T: Scalar>(n_units: usize) -> usize {
    n_units.next_multiple_of(T::WIDTH)
}

/// Returns a layer's parameters in the layout that [`forward`] reads: one row for `b` (n_out),
/// zeros if there is none, followed by the rows of `w` (n_in, n_out), each padded with zeros to a
/// length of [`whole`]. The columns of a block are stored before those of the next one.
pub(crate) fn rows<T: Scalar>(n_out: usize, w: &[T], b: Option<&[T]>) -> Aligned<T> {
    let width = whole::<T>(n_out);
    let mut rows = Aligned::zeros((1 + w.len() / n_out) * width);
    let (mut from, mut rest) = (0, &mut rows[..]);
    while from < width {
        let n_columns = block_vectors::<T>(width - from) * T::WIDTH;
        let (block, after) = rest.split_at_mut((1 + w.len() / n_out) * n_columns);
        let units = from..n_out.min(from + n_columns);
        let (bias, weights) = block.split_at_mut(n_columns);
        if let Some(b) = b {
            bias[..units.len()].copy_from_slice(&b[units.clone()]);
        }
        for (row, w) in weights.chunks_exact_mut(n_columns).zip(w.chunks_exact(n_out)) {
            row[..units.len()].copy_from_slice(&w[units.clone()]);
        }
        (from, rest) = (from + n_columns, after);
    }
    rows
}

/// Returns the number of vectors of the next block if `n` units, a multiple of the vector width,
/// remain.
#[inline(always)]
fn block_vectors<T: Scalar>(n: usize) -> usize {
    (n / T::WIDTH).min(4)
}

/// Computes `z_j = b_j + Σ_i x_i·W_ij` for one sample. `x` is (n_in); `z`, which has the length of
/// a padded row, is overwritten.
pub(crate) fn forward<T: Scalar>(x: &[T], rows: &[T], z: &mut [T]) {
    (T::kernels().sample)(x, rows, z);
}

/// Implements [`forward`].
///
/// Each block is dispatched separately. A function with the loops of all blocks would first set up
/// each of them, which is noticeable in a small network.
pub(super) fn forward_kernel<T: Scalar>(x: &[T], rows: &[T], z: &mut [T]) {
    assert_eq!(rows.len(), (1 + x.len()) * z.len(), "number of parameters");
    let (mut rows, mut z) = (rows, z);
    while !z.is_empty() {
        let n_vectors = block_vectors::<T>(z.len());
        let (block, rest) = rows.split_at((1 + x.len()) * n_vectors * T::WIDTH);
        let (units, others) = z.split_at_mut(n_vectors * T::WIDTH);
        match n_vectors {
            4 => dispatch!(level(), simd => forward_block::<T, _, 4>(simd, x, block, units)),
            3 => dispatch!(level(), simd => forward_block::<T, _, 3>(simd, x, block, units)),
            2 => dispatch!(level(), simd => forward_block::<T, _, 2>(simd, x, block, units)),
            _ => dispatch!(level(), simd => forward_block::<T, _, 1>(simd, x, block, units)),
        }
        (rows, z) = (rest, others);
    }
}

/// Computes the `K` vectors `z` of a block, with K accumulators that run over all inputs.
#[inline(always)]
fn forward_block<T: Scalar, S: Simd, const K: usize>(_: S, x: &[T], rows: &[T], z: &mut [T]) {
    let n_units = K * T::WIDTH;
    let (b, w) = rows.split_at(n_units);
    let mut sums = [T::Vector::<S>::splat(0.0); K];
    for (sum, b) in sums.iter_mut().zip(b.chunks_exact(T::WIDTH)) {
        *sum = T::Vector::<S>::load(b);
    }
    for (w, &x) in w.chunks_exact(n_units).zip(x) {
        let x = T::Vector::<S>::broadcast(x);
        for (k, sum) in sums.iter_mut().enumerate() {
            *sum = x.mul_add(T::Vector::<S>::load(&w[k * T::WIDTH..]), *sum);
        }
    }
    for (z, sum) in z.chunks_exact_mut(T::WIDTH).zip(sums) {
        sum.store(z);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::dense;
    use crate::random::RandomState;

    /// Compares one sample with a tile that contains it in every column.
    fn assert_same_bits_as_in_a_tile<T: Scalar>(n_in: usize, n_out: usize, seed: u32) {
        let mut random = RandomState::new(seed);
        let mut draw =
            |n: usize| -> Vec<T> { (0..n).map(|_| T::from_f64(random.standard_normal())).collect() };
        let (x, w, b) = (draw(n_in), draw(n_in * n_out), draw(n_out));
        let tile: Vec<T> = x.iter().flat_map(|&x| vec![x; T::WIDTH]).collect();
        for b in [Some(&b[..]), None] {
            let mut expected = vec![T::ONE; n_out * T::WIDTH];
            dense::forward(T::WIDTH, &tile, &w, b, &mut expected);
            let mut z = vec![T::ONE; whole::<T>(n_out)];
            forward(&x, &rows(n_out, &w, b), &mut z);
            for (z, expected) in z.iter().zip(expected.chunks(T::WIDTH)) {
                assert_eq!(z.to_f64().to_bits(), expected[0].to_f64().to_bits());
            }
            assert!(z[n_out..].iter().all(|&z| z == T::ZERO));
        }
    }

    proptest! {
        #[test]
        fn a_single_sample_has_the_same_bits_as_in_a_tile(n_in in 1usize..=50, n_out in 1usize..=150, seed: u32) {
            assert_same_bits_as_in_a_tile::<f32>(n_in, n_out, seed);
            assert_same_bits_as_in_a_tile::<f64>(n_in, n_out, seed);
        }
    }
}
