//! Table of the kernels of each precision, compiled in this crate and called through function
//! pointers.
//!
//! The engine is generic over its precision, so every crate that trains compiles it again. Most of
//! that work is the kernels, since each is compiled for every level and register block. With the
//! table they are compiled only once.

use super::{Scalar, dense, dropout, gather, sample, slices};

/// Kernels of one precision.
#[doc(hidden)]
#[derive(Debug)]
#[expect(clippy::type_complexity, reason = "the types are the signatures of the kernels")]
pub struct Kernels<T: 'static> {
    /// [`dense::forward`].
    pub(super) forward: fn(usize, &[T], &[T], Option<&[T]>, &mut [T]),
    /// [`dense::input_gradient`].
    pub(super) input_gradient: fn(usize, &[T], &[T], &mut [T]),
    /// [`dense::weight_gradient`].
    pub(super) weight_gradient: fn(usize, &[T], &[T], &mut [T], &mut [T]),
    /// [`dense::bias_gradient`].
    pub(super) bias_gradient: fn(usize, &[T], &mut [T]),
    /// [`sample::forward`].
    pub(super) sample: fn(&[T], &[T], &mut [T]),
    /// [`gather::gather`].
    pub(super) gather: fn(&[T], usize, &[u32], &mut [T]),
    /// [`dropout::drop()`].
    pub(super) drop: fn(&dropout::Draws, (usize, usize), T, &[T], [&mut [T]; 2]),
    /// [`slices::add`].
    pub(super) add: fn(&[T], &mut [T]),
    /// [`slices::multiply`].
    pub(super) multiply: fn(&[T], &mut [T]),
    /// [`slices::divide`].
    pub(super) divide: fn(T, &mut [T]),
    /// [`slices::all_finite`].
    pub(super) all_finite: fn(&[T]) -> bool,
    /// [`slices::weigh`].
    pub(super) weigh: fn(&[T], &[T]) -> (f64, f64),
}

impl<T: Scalar> Kernels<T> {
    /// Returns the kernels of `T`, which are compiled in the crate that calls this function.
    pub(super) const fn new() -> Kernels<T> {
        Kernels {
            forward: dense::forward_kernel,
            input_gradient: dense::input_gradient_kernel,
            weight_gradient: dense::weight_gradient_kernel,
            bias_gradient: dense::bias_gradient_kernel,
            sample: sample::forward_kernel,
            gather: gather::gather_kernel,
            drop: dropout::drop_kernel,
            add: slices::add_kernel,
            multiply: slices::multiply_kernel,
            divide: slices::divide_kernel,
            all_finite: slices::all_finite_kernel,
            weigh: slices::weigh_kernel,
        }
    }
}
