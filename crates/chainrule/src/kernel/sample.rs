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
// 2. A block of 4, 2 or 1 vectors of units stays in registers while i runs over all inputs.
// 3. The bias and the rows of W are padded with zeros to whole vectors beforehand (`rows`), so that
//    no vector is partial.
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
/// length of [`whole`].
pub(crate) fn rows<T: Scalar>(n_out: usize, w: &[T], b: Option<&[T]>) -> Aligned<T> {
    let width = whole::<T>(n_out);
    let mut rows = Aligned::zeros((1 + w.len() / n_out) * width);
    let (bias, weights) = rows.split_at_mut(width);
    if let Some(b) = b {
        bias[..n_out].copy_from_slice(b);
    }
    for (row, w) in weights.chunks_exact_mut(width).zip(w.chunks_exact(n_out)) {
        row[..n_out].copy_from_slice(w);
    }
    rows
}

/// Computes `z_j = b_j + Σ_i x_i·W_ij` for one sample. `x` is (n_in); `z`, which has the length of
/// a padded row, is overwritten.
pub(crate) fn forward<T: Scalar>(x: &[T], rows: &[T], z: &mut [T]) {
    (T::kernels().sample)(x, rows, z);
}

/// Implements [`forward`].
pub(super) fn forward_kernel<T: Scalar>(x: &[T], rows: &[T], z: &mut [T]) {
    dispatch!(level(), simd => product::<T, _>(simd, x, rows, z));
}

/// Computes [`forward`] inside a function that is compiled for the level.
#[inline(always)]
pub(crate) fn product<T: Scalar, S: Simd>(_: S, x: &[T], rows: &[T], z: &mut [T]) {
    let mut from = 0;
    while from + 4 * T::WIDTH <= z.len() {
        block::<T, S, 4>(from, x, rows, z);
        from += 4 * T::WIDTH;
    }
    if from + 2 * T::WIDTH <= z.len() {
        block::<T, S, 2>(from, x, rows, z);
        from += 2 * T::WIDTH;
    }
    if from < z.len() {
        block::<T, S, 1>(from, x, rows, z);
    }
}

/// Computes z for the `K` vectors of units from unit `from` on, with K accumulators that run over
/// all inputs.
#[inline(always)]
fn block<T: Scalar, S: Simd, const K: usize>(from: usize, x: &[T], rows: &[T], z: &mut [T]) {
    let units = from..from + K * T::WIDTH;
    let mut rows = rows.chunks_exact(z.len()).map(|row| &row[units.clone()]);
    let mut sums = [T::Vector::<S>::splat(0.0); K];
    let b = rows.next().expect("the first row is the bias");
    for (k, sum) in sums.iter_mut().enumerate() {
        *sum = T::Vector::<S>::load(&b[k * T::WIDTH..]);
    }
    for (w, &x) in rows.zip(x) {
        let x = T::Vector::<S>::broadcast(x);
        for (k, sum) in sums.iter_mut().enumerate() {
            *sum = x.mul_add(T::Vector::<S>::load(&w[k * T::WIDTH..]), *sum);
        }
    }
    for (z, sum) in z[units].chunks_exact_mut(T::WIDTH).zip(sums) {
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
