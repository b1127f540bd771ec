//! Whole slices of numbers, entry by entry.

use fearless_simd::dispatch;

use super::Scalar;
use super::level::level;

/// `y ← y + x`, as far as both reach.
pub(crate) fn add<T: Scalar>(x: &[T], y: &mut [T]) {
    (T::kernels().add)(x, y);
}

/// [`add`] itself.
pub(super) fn add_kernel<T: Scalar>(x: &[T], y: &mut [T]) {
    dispatch!(level(), _simd => y.iter_mut().zip(x).for_each(#[inline(always)] |(y, &x)| *y += x));
}

/// `y ← y·x`, as far as both reach.
pub(crate) fn multiply<T: Scalar>(x: &[T], y: &mut [T]) {
    (T::kernels().multiply)(x, y);
}

/// [`multiply`] itself.
pub(super) fn multiply_kernel<T: Scalar>(x: &[T], y: &mut [T]) {
    dispatch!(level(), _simd => y.iter_mut().zip(x).for_each(#[inline(always)] |(y, &x)| *y *= x));
}

/// Whether no entry is infinite or NaN.
pub(crate) fn all_finite<T: Scalar>(y: &[T]) -> bool {
    (T::kernels().all_finite)(y)
}

/// [`all_finite`] itself.
pub(super) fn all_finite_kernel<T: Scalar>(y: &[T]) -> bool {
    // Without a way out half-way, which would keep the compiler from making vectors of it.
    dispatch!(level(), _simd => y.iter().fold(true, #[inline(always)] |finite, y| finite & y.is_finite()))
}

/// `(Σ w·y, Σ w)` in f64; what has weight 0 counts as nothing, be it infinite.
///
/// Every eighth entry has a sum of its own, that the processor may add them side by side; entries beyond a multiple of 8
/// are left out.
pub(crate) fn weigh<T: Scalar>(w: &[T], y: &[T]) -> (f64, f64) {
    (T::kernels().weigh)(w, y)
}

/// [`weigh`] itself.
pub(super) fn weigh_kernel<T: Scalar>(w: &[T], y: &[T]) -> (f64, f64) {
    dispatch!(level(), _simd => weigh_by_eights(w, y))
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

/// `y ← y/divisor`.
pub(crate) fn divide<T: Scalar>(divisor: T, y: &mut [T]) {
    (T::kernels().divide)(divisor, y);
}

/// [`divide`] itself.
pub(super) fn divide_kernel<T: Scalar>(divisor: T, y: &mut [T]) {
    dispatch!(level(), _simd => y.iter_mut().for_each(#[inline(always)] |y| *y = *y / divisor));
}
