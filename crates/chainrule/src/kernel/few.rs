//! Products of a dense layer with one or two terms, whose sums are used while they are in a
//! register.

// The loop nest in pseudo-code, with `finish` an activation, or the multiplication by its
// derivative:
//
//     for k in 0..n_sums:
//       for s in samples:
//         sum = start(k)
//         for r in 0..n_terms:
//           sum += x[r][s] * w[r][k]
//         finish(k, s, sum)
//
// So few terms are added faster than a sum is stored and loaded again in the next loop. The loop over
// the terms is unrolled. The sums have the order of `combine`, so the result is that of two loops, bit
// for bit. Whether there is a second term is decided for each vector, so that `finish` is compiled
// once; it is large for most activations.

use fearless_simd::Simd;

use super::combine::{SumMajor, TermMajor, WeightMatrix};
use super::plan::FUSED_TERMS;
use super::scalar::Vector;
use super::{Lanes, Scalar};

/// Returns whether `x`, the terms of `n` samples, has so few rows.
pub(crate) fn are_few<T>(n: usize, x: &[T]) -> bool {
    x.len() <= FUSED_TERMS * n
}

/// Computes `a_j = f(b_j + Σ_i x_i·W_ij)` for each sample; `a` (n_out, n) is overwritten.
///
/// `x` is (n_in, n), `w` is (n_in, n_out) row-major, and `b` is (n_out), or none for a layer
/// without bias.
#[inline(always)]
pub(crate) fn forward<T: Scalar, S: Simd>(
    _: S,
    n: usize,
    x: &[T],
    w: &[T],
    b: Option<&[T]>,
    a: &mut [T],
    f: impl Fn(T::Vector<S>) -> T::Vector<S>,
) {
    let n_out = a.len() / n;
    each_sum::<T, S>(
        n,
        x,
        TermMajor { w, stride: n_out },
        n_out,
        #[inline(always)]
        |j| b.map_or(T::ZERO, |b| b[j]),
        #[inline(always)]
        |j, s, z| f(z).store(&mut a[j * n..][..n][s..]),
    );
}

/// Computes `dz_i = f'_i·Σ_j dz_next_j·W_ij` for each sample, where `slope(z, a)` is f' and W is the
/// matrix of the next layer; `dz` (n_in, n) is overwritten.
///
/// `w` is (n_in, n_out) row-major, `dz_next` is (n_out, n), and `z` and `a` are (n_in, n).
#[inline(always)]
pub(crate) fn backward<T: Scalar, S: Simd>(
    _: S,
    n: usize,
    w: &[T],
    dz_next: &[T],
    [z, a]: [&[T]; 2],
    dz: &mut [T],
    slope: impl Fn(T::Vector<S>, T::Vector<S>) -> T::Vector<S>,
) {
    each_sum::<T, S>(
        n,
        dz_next,
        SumMajor { w, stride: dz_next.len() / n },
        dz.len() / n,
        #[inline(always)]
        |_| T::ZERO,
        #[inline(always)]
        |i, s, da| {
            let (z, a) = (&z[i * n..][..n], &a[i * n..][..n]);
            let slope = slope(T::Vector::<S>::load(&z[s..]), T::Vector::<S>::load(&a[s..]));
            (da * slope).store(&mut dz[i * n..][..n][s..]);
        },
    );
}

/// Calls `finish(k, s, sum)` with the sums `start(k) + Σ_r x_r·w_rk` of the samples from s on, for
/// each k and each vector of samples; `x` is (n_terms, n).
#[inline(always)]
fn each_sum<T: Scalar, S: Simd>(
    n: usize,
    x: &[T],
    weights: impl WeightMatrix<T>,
    n_sums: usize,
    start: impl Fn(usize) -> T,
    mut finish: impl FnMut(usize, usize, T::Vector<S>),
) {
    let n_terms = x.len() / n;
    let (x_0, x_last) = (&x[..n], &x[x.len() - n..][..n]);
    for k in 0..n_sums {
        let start = T::Vector::<S>::broadcast(start(k));
        let block = weights.block::<1>(k, n_terms);
        let (w_0, w_last) =
            (T::Vector::<S>::broadcast(block(0)[0]), T::Vector::<S>::broadcast(block(n_terms - 1)[0]));
        // The condition shows the compiler that no index is out of range.
        let mut s = 0;
        while s + T::WIDTH <= n {
            let mut sum = T::Vector::<S>::load(&x_0[s..]).mul_add(w_0, start);
            if n_terms == 2 {
                sum = T::Vector::<S>::load(&x_last[s..]).mul_add(w_last, sum);
            }
            finish(k, s, sum);
            s += T::WIDTH;
        }
    }
}
