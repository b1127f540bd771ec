//! Elementwise operations and reductions on slices.

use fearless_simd::dispatch;

use super::Scalar;
use super::level::level;

/// Computes `y ← y + x` over the length of the shorter slice.
pub(crate) fn add<T: Scalar>(x: &[T], y: &mut [T]) {
    (T::kernels().add)(x, y);
}

/// Implements [`add`].
pub(super) fn add_kernel<T: Scalar>(x: &[T], y: &mut [T]) {
    dispatch!(level(), _simd => y.iter_mut().zip(x).for_each(#[inline(always)] |(y, &x)| *y += x));
}

/// Computes `y ← y·x` over the length of the shorter slice.
pub(crate) fn multiply<T: Scalar>(x: &[T], y: &mut [T]) {
    (T::kernels().multiply)(x, y);
}

/// Implements [`multiply`].
pub(super) fn multiply_kernel<T: Scalar>(x: &[T], y: &mut [T]) {
    dispatch!(level(), _simd => y.iter_mut().zip(x).for_each(#[inline(always)] |(y, &x)| *y *= x));
}

/// Returns whether all entries are finite.
pub(crate) fn all_finite<T: Scalar>(y: &[T]) -> bool {
    (T::kernels().all_finite)(y)
}

/// Implements [`all_finite`].
pub(super) fn all_finite_kernel<T: Scalar>(y: &[T]) -> bool {
    // There is no early exit because it would prevent vectorisation.
    dispatch!(level(), _simd => y.iter().fold(true, #[inline(always)] |finite, y| finite & y.is_finite()))
}

/// Returns `(Σ w·y, Σ w)` in f64, and computes `d ← d·w` in each row of `d`, which is (rows, n) for n
/// weights. An entry of weight 0 adds nothing to the sum, even if its y is infinite.
///
/// Eight interleaved partial sums let the processor add in parallel. Entries beyond a multiple of 8
/// are not added.
pub(crate) fn weigh<T: Scalar>(w: &[T], y: &[T], d: &mut [T]) -> (f64, f64) {
    (T::kernels().weigh)(w, y, d)
}

/// Implements [`weigh`].
pub(super) fn weigh_kernel<T: Scalar>(w: &[T], y: &[T], d: &mut [T]) -> (f64, f64) {
    dispatch!(level(), _simd => {
        for d in d.chunks_exact_mut(w.len()) {
            d.iter_mut().zip(w).for_each(#[inline(always)] |(d, &w)| *d *= w);
        }
        weigh_by_eights(w, y)
    })
}

#[inline(always)]
fn weigh_by_eights<T: Scalar>(w: &[T], y: &[T]) -> (f64, f64) {
    let (mut sums, mut weights) = ([0.0; 8], [0.0; 8]);
    for (w, y) in w.as_chunks::<8>().0.iter().zip(y.as_chunks::<8>().0) {
        for (((w, y), sum), weight) in w.iter().zip(y).zip(&mut sums).zip(&mut weights) {
            let (w, y) = (w.to_f64(), y.to_f64());
            *sum += if w == 0.0 { 0.0 } else { w * y };
            *weight += w;
        }
    }
    (sums.iter().sum(), weights.iter().sum())
}

/// Computes `y ← y/divisor`.
pub(crate) fn divide<T: Scalar>(divisor: T, y: &mut [T]) {
    (T::kernels().divide)(divisor, y);
}

/// Implements [`divide`].
pub(super) fn divide_kernel<T: Scalar>(divisor: T, y: &mut [T]) {
    // The product with the reciprocal of a power of two has the same bits as the quotient.
    let inverse = T::ONE / divisor;
    if is_power_of_two(divisor.to_f64()) && is_power_of_two(inverse.to_f64()) {
        dispatch!(level(), _simd => y.iter_mut().for_each(#[inline(always)] |y| *y *= inverse));
    } else {
        dispatch!(level(), _simd => y.iter_mut().for_each(#[inline(always)] |y| *y = *y / divisor));
    }
}

/// Returns whether `v` is a positive normal power of two.
fn is_power_of_two(v: f64) -> bool {
    v.is_normal() && v.to_bits() << 12 == 0 && v > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_by_powers_of_two_are_exact_and_others_are_rounded_once() {
        for divisor in [1.0_f32, 2.0, 64.0, 0.125, 3.0, 100.0, 497.0, 1.5e-38, f32::MAX] {
            let y: Vec<f32> =
                (0..100).map(|k| (k as f32 - 50.0) * 1.1e-20).chain([f32::MAX, 1e-44]).collect();
            let mut quotients = y.clone();
            divide(divisor, &mut quotients);
            for (quotient, y) in quotients.iter().zip(y) {
                assert_eq!(quotient.to_bits(), (y / divisor).to_bits(), "{y}/{divisor}");
            }
        }
    }
}
