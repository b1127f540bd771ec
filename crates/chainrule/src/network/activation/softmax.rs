//! Softmax, which turns the outputs of a sample into a distribution: `a_k = e^z_k / Σ_j e^z_j`.
//!
//! Both functions take a tile: unit j of sample s lies at `j·n + s`, for n samples side by side, or n vectors of them.

use super::{Activation, Kind};
use crate::kernel::{Lanes, math};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Kind> = Entry {
    name: "softmax",
    summary: "e^z_k / Σ_j e^z_j over the units of the output layer",
    options: &[],
    make: |_| Kind::Softmax,
};

impl Activation {
    /// `softmax`: `e^z_k / Σ_j e^z_j`, a distribution over the units of a layer.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    ///
    /// let mut a = [0.0; 2];
    /// Activation::softmax().values(&[1000.0, 1000.0], &mut a);
    /// assert_eq!(a, [0.5, 0.5]);
    /// ```
    pub fn softmax() -> Activation {
        Activation::of(ENTRY.name, &[])
    }
}

/// `a = softmax(z)` for every sample; `a` is overwritten.
///
/// Each sample's largest z is subtracted first, so that nothing overflows.
pub(super) fn apply<L: Lanes>(n_units: usize, z: &[L], a: &mut [L]) {
    let n = z.len() / n_units;
    for s in 0..n {
        let mut largest = z[s];
        for j in 1..n_units {
            largest = math::at_least(z[j * n + s], largest);
        }
        let mut sum = L::splat(0.0);
        for j in 0..n_units {
            let e = math::exp(z[j * n + s] - largest);
            sum += e;
            a[j * n + s] = e;
        }
        let share = L::splat(1.0) / sum;
        for j in 0..n_units {
            a[j * n + s] = a[j * n + s] * share;
        }
    }
}

/// `dz_k = a_k·(da_k - Σ_j a_j·da_j)` for every sample, in place of `da`.
pub(super) fn pull_back<L: Lanes>(n_units: usize, a: &[L], da: &mut [L]) {
    let n = a.len() / n_units;
    for s in 0..n {
        let mut mean = L::splat(0.0);
        for j in 0..n_units {
            mean = a[j * n + s].mul_add(da[j * n + s], mean);
        }
        for j in 0..n_units {
            da[j * n + s] = a[j * n + s] * (da[j * n + s] - mean);
        }
    }
}
