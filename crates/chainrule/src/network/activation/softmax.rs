//! Softmax, `a_k = e^z_k / Σ_j e^z_j`, which maps the pre-activations of a sample to a probability
//! distribution.
//!
//! Both functions operate on a tile of any number n of samples: unit j of sample s is at index
//! `j·n + s`.

use fearless_simd::{Simd, dispatch};

use crate::kernel::level::level;
use crate::kernel::scalar::Vector;
use crate::kernel::{Lanes, Scalar, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<()> = Entry {
    name: "softmax",
    aliases: &[],
    summary: "e^z_k / Σ_j e^z_j over the units of the output layer",
    options: &[],
    make: |_| (),
};

/// Computes `a = softmax(z)` for every sample; `a` is overwritten.
pub(super) fn apply<T: Scalar>(n_units: usize, z: &[T], a: &mut [T]) {
    dispatch!(level(), simd => apply_to_vectors(simd, n_units, z, a));
}

/// Computes `dz_k = a_k·(da_k - Σ_j a_j·da_j)` for every sample; `da` is overwritten with `dz`.
pub(super) fn backward<T: Scalar>(n_units: usize, a: &[T], da: &mut [T]) {
    dispatch!(level(), simd => backward_to_vectors(simd, n_units, a, da));
}

/// Computes `a_k = e^(z_k - m) / Σ_j e^(z_j - m)`, where m is the largest z of the sample, so that
/// no exponential overflows.
#[inline(always)]
fn apply_to_vectors<T: Scalar, S: Simd>(_: S, n_units: usize, z: &[T], a: &mut [T]) {
    let n = z.len() / n_units;
    for s in (0..n).step_by(T::WIDTH) {
        let unit = |j: usize| j * n + s..j * n + n.min(s + T::WIDTH);
        let mut largest = T::Vector::<S>::load_some(&z[unit(0)]);
        for j in 1..n_units {
            largest = math::at_least(T::Vector::<S>::load_some(&z[unit(j)]), largest);
        }
        let mut sum = T::Vector::<S>::splat(0.0);
        for j in 0..n_units {
            let e = math::exp_of_negative(T::Vector::<S>::load_some(&z[unit(j)]) - largest);
            sum += e;
            e.store_some(&mut a[unit(j)]);
        }
        let inverse_sum = T::Vector::<S>::splat(1.0) / sum;
        for j in 0..n_units {
            let e = T::Vector::<S>::load_some(&a[unit(j)]);
            (e * inverse_sum).store_some(&mut a[unit(j)]);
        }
    }
}

/// Computes `dz_k = a_k·(da_k - sum)` with `sum = Σ_j a_j·da_j`.
#[inline(always)]
fn backward_to_vectors<T: Scalar, S: Simd>(_: S, n_units: usize, a: &[T], da: &mut [T]) {
    let n = a.len() / n_units;
    for s in (0..n).step_by(T::WIDTH) {
        let unit = |j: usize| j * n + s..j * n + n.min(s + T::WIDTH);
        let mut sum = T::Vector::<S>::splat(0.0);
        for j in 0..n_units {
            let a = T::Vector::<S>::load_some(&a[unit(j)]);
            sum = a.mul_add(T::Vector::<S>::load_some(&da[unit(j)]), sum);
        }
        for j in 0..n_units {
            let da_j = T::Vector::<S>::load_some(&da[unit(j)]);
            (T::Vector::<S>::load_some(&a[unit(j)]) * (da_j - sum)).store_some(&mut da[unit(j)]);
        }
    }
}
