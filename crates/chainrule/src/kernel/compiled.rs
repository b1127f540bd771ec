//! Table of the kernels of each precision, compiled in this crate and called through function
//! pointers.
//!
//! The engine is generic over its precision, so every crate that trains compiles it again. Most of
//! that work is the kernels, since each is compiled for every level and register block. With the
//! table they are compiled only once.

use super::accumulation::Accumulation;
use super::draws::Draws;

/// Kernels of one precision.
#[doc(hidden)]
#[derive(Debug)]
#[expect(clippy::type_complexity, reason = "the types are the signatures of the kernels")]
pub struct Kernels<T: 'static> {
    /// [`dense::forward`](super::dense::forward).
    pub(super) forward: fn(usize, &[T], &[T], Option<&[T]>, &mut [T]),
    /// [`dense::input_gradient`](super::dense::input_gradient).
    pub(super) input_gradient: fn(usize, &[T], &[T], &mut [T]),
    /// [`gradient::gradients`](super::gradient::gradients).
    pub(super) gradients: fn(usize, &[T], &[T], &mut [T], Accumulation, [&mut [T]; 2]),
    /// [`sample::forward`](super::sample::forward).
    pub(super) sample: fn(&[T], &[T], &mut [T]),
    /// [`gather::gather`](super::gather::gather).
    pub(super) gather: fn(&[T], usize, &[u32], &mut [T]),
    /// [`dropout::drop()`](fn@super::dropout::drop).
    pub(super) drop: fn(&Draws, (usize, usize), T, &[T], [&mut [T]; 2]),
    /// [`slices::add`](super::slices::add).
    pub(super) add: fn(&[T], &mut [T]),
    /// [`slices::multiply`](super::slices::multiply).
    pub(super) multiply: fn(&[T], &mut [T]),
    /// [`slices::divide`](super::slices::divide).
    pub(super) divide: fn(T, &mut [T]),
    /// [`slices::all_finite`](super::slices::all_finite).
    pub(super) all_finite: fn(&[T]) -> bool,
    /// [`slices::weigh`](super::slices::weigh).
    pub(super) weigh: fn(&[T], &[T], &mut [T]) -> (f64, f64),
}
