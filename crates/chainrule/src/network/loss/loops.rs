//! Loops that apply the loss of one sample to a tile of samples.

use std::fmt;

use fearless_simd::{Simd, dispatch};

use super::per_sample::{Curvature, Domain, Link, PerSample};
use crate::kernel::level::level;
use crate::kernel::scalar::Vector;
use crate::kernel::{InBothPrecisions, Lanes, Scalar};

/// The loops of a loss over a tile of samples, in one precision.
///
/// In a tile of `n = loss.len()` samples, output k of sample s is at index `k·n + s`. `scratch` has
/// the length [`Loss::scratch_len`](super::Loss::scratch_len).
#[doc(hidden)]
pub trait LossLoops<T> {
    /// Computes `loss[s] = l(y, t)` for each sample s, and `dy = ∂l/∂y`.
    fn on_outputs(&self, y: &[T], t: &[T], loss: &mut [T], dy: &mut [T], scratch: &mut [T]);
    /// Computes `loss[s] = l(link(z), t)` for each sample s, and `dz = ∂l/∂z`.
    fn on_link(&self, z: &[T], t: &[T], loss: &mut [T], dz: &mut [T], scratch: &mut [T]);
    /// Subtracts `min_y l(y, t)` from `loss[s]` for each sample s.
    fn subtract_minimum(&self, t: &[T], loss: &mut [T], scratch: &mut [T]);
}

/// A loss in both precisions, with its properties.
#[doc(hidden)]
pub trait LossFunction: LossLoops<f32> + LossLoops<f64> + fmt::Debug + Send + Sync {
    /// Returns the link of the loss.
    fn link(&self) -> Link;
    /// Returns the values of `y - t` at which the loss or one of its first two derivatives is
    /// discontinuous.
    fn kinks(&self) -> Vec<f64>;
    /// Returns the Hessian of the loss, if it is known.
    fn curvature(&self) -> Option<Curvature>;
    /// Returns the set of accepted targets.
    fn domain(&self) -> Domain;
    /// Returns the number of outputs required for `n_targets` targets.
    fn n_outputs(&self, n_targets: usize) -> usize;
    /// Returns the formula as text and as LaTeX.
    fn formula(&self) -> [&'static str; 2];
}

impl InBothPrecisions for dyn LossFunction {
    type Loops<T: 'static> = dyn LossLoops<T>;

    fn single(&self) -> &Self::Loops<f32> {
        self
    }

    fn double(&self) -> &Self::Loops<f64> {
        self
    }
}

impl<F: PerSample, T: Scalar> LossLoops<T> for F {
    fn on_outputs(&self, y: &[T], t: &[T], loss: &mut [T], dy: &mut [T], scratch: &mut [T]) {
        if fits_vector_kernel(y, t, loss) {
            dispatch!(level(), simd => each_vector::<T, _, MAX_OUTPUTS>(simd, y, t, loss, dy,
                #[inline(always)] |y, t, dy| PerSample::on_outputs(self, y, t, dy)));
            return;
        }
        each_sample(y, t, loss, dy, scratch, |y, t, dy| PerSample::on_outputs(self, y, t, dy));
    }

    fn on_link(&self, z: &[T], t: &[T], loss: &mut [T], dz: &mut [T], scratch: &mut [T]) {
        if fits_vector_kernel(z, t, loss) {
            // Initialising the large buffers would take as long as the loss of one output.
            if z.len().max(t.len()) <= loss.len() {
                dispatch!(level(), simd => each_vector::<T, _, 1>(simd, z, t, loss, dz,
                    #[inline(always)] |z, t, dz| PerSample::on_link(self, z, t, dz)));
                return;
            }
            dispatch!(level(), simd => each_vector::<T, _, MAX_OUTPUTS>(simd, z, t, loss, dz,
                #[inline(always)] |z, t, dz| PerSample::on_link(self, z, t, dz)));
            return;
        }
        each_sample(z, t, loss, dz, scratch, |z, t, dz| PerSample::on_link(self, z, t, dz));
    }

    fn subtract_minimum(&self, t: &[T], loss: &mut [T], scratch: &mut [T]) {
        let n = loss.len();
        let t_s = &mut scratch[..t.len() / n];
        for (s, loss) in loss.iter_mut().enumerate() {
            gather(t, n, s, t_s);
            *loss -= PerSample::minimum(self, t_s);
        }
    }
}

impl<F: PerSample> LossFunction for F {
    fn link(&self) -> Link {
        PerSample::link(self)
    }

    fn kinks(&self) -> Vec<f64> {
        PerSample::kinks(self)
    }

    fn curvature(&self) -> Option<Curvature> {
        PerSample::curvature(self)
    }

    fn domain(&self) -> Domain {
        PerSample::domain(self)
    }

    fn n_outputs(&self, n_targets: usize) -> usize {
        PerSample::n_outputs(self, n_targets)
    }

    fn formula(&self) -> [&'static str; 2] {
        PerSample::formula(self)
    }
}

/// Calls `f` with the outputs and targets of each sample of a tile, which are gathered in
/// `scratch`.
fn each_sample<T: Scalar>(
    y: &[T],
    t: &[T],
    loss: &mut [T],
    dy: &mut [T],
    scratch: &mut [T],
    f: impl Fn(&[T], &[T], &mut [T]) -> T,
) {
    let n = loss.len();
    let (n_outputs, n_targets) = (y.len() / n, t.len() / n);
    let (y_s, rest) = scratch.split_at_mut(n_outputs);
    let (dy_s, rest) = rest.split_at_mut(n_outputs);
    let t_s = &mut rest[..n_targets];
    for (s, loss) in loss.iter_mut().enumerate() {
        gather(y, n, s, y_s);
        gather(t, n, s, t_s);
        *loss = f(y_s, t_s, dy_s);
        for (k, dy_k) in dy_s.iter().enumerate() {
            dy[k * n + s] = *dy_k;
        }
    }
}

/// Maximum number of outputs and of targets of the vector kernel, whose buffers are on the stack.
const MAX_OUTPUTS: usize = 32;

/// Whether the numbers of outputs and targets fit the vector kernel.
///
/// The choice of the kernel depends on nothing else, so that the bits of a sample's loss do not
/// depend on its tile.
fn fits_vector_kernel<T>(y: &[T], t: &[T], loss: &[T]) -> bool {
    y.len().max(t.len()) <= MAX_OUTPUTS * loss.len()
}

/// Calls `f` with the outputs and targets of one SIMD vector of samples at a time, at most `MAX` of
/// each.
#[inline(always)]
fn each_vector<T: Scalar, S: Simd, const MAX: usize>(
    _: S,
    y: &[T],
    t: &[T],
    loss: &mut [T],
    dy: &mut [T],
    f: impl Fn(&[T::Vector<S>], &[T::Vector<S>], &mut [T::Vector<S>]) -> T::Vector<S>,
) {
    let n = loss.len();
    let (n_outputs, n_targets) = (y.len() / n, t.len() / n);
    let zero = T::Vector::<S>::splat(0.0);
    let (mut y_s, mut t_s, mut dy_s) = ([zero; MAX], [zero; MAX], [zero; MAX]);
    let (y_s, t_s, dy_s) = (&mut y_s[..n_outputs], &mut t_s[..n_targets], &mut dy_s[..n_outputs]);
    for (v, loss) in loss.chunks_mut(T::WIDTH).enumerate() {
        let s = v * T::WIDTH;
        for (k, y_s) in y_s.iter_mut().enumerate() {
            *y_s = T::Vector::<S>::load_some(&y[k * n + s..][..loss.len()]);
        }
        for (k, t_s) in t_s.iter_mut().enumerate() {
            *t_s = T::Vector::<S>::load_some(&t[k * n + s..][..loss.len()]);
        }
        f(y_s, t_s, dy_s).store_some(loss);
        for (k, dy_s) in dy_s.iter().enumerate() {
            dy_s.store_some(&mut dy[k * n + s..][..loss.len()]);
        }
    }
}

/// Copies the column of sample s of a tile of n samples to `column`.
fn gather<T: Copy>(tile: &[T], n: usize, s: usize, column: &mut [T]) {
    for (k, v) in column.iter_mut().enumerate() {
        *v = tile[k * n + s];
    }
}
