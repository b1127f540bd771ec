//! Whole slices of numbers, entry by entry.

use fearless_simd::dispatch;

use super::Scalar;
use super::level::level;

/// `y ← y + x`, as far as both reach.
pub(crate) fn add<T: Scalar>(x: &[T], y: &mut [T]) {
    dispatch!(level(), _simd => y.iter_mut().zip(x).for_each(#[inline(always)] |(y, &x)| *y += x));
}

/// `y ← y/divisor`.
pub(crate) fn divide<T: Scalar>(divisor: T, y: &mut [T]) {
    dispatch!(level(), _simd => y.iter_mut().for_each(#[inline(always)] |y| *y = *y / divisor));
}
