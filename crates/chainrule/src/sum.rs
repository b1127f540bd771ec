//! Sums and dot products of many terms in f64, in a fixed order.
//!
//! Each of eight partial sums accumulates every eighth term; they are then added pairwise. This
//! order allows the compiler to vectorise the loops, and it is the same on every machine, so the
//! rounding errors are too.

use crate::kernel::Scalar;

/// Computes `Σ term(v)` over the slice.
pub(crate) fn sum<T: Scalar>(values: &[T], term: impl Fn(f64) -> f64) -> f64 {
    let mut s = [0.0; 8];
    let (whole, rest) = values.as_chunks::<8>();
    for eight in whole {
        for (s, v) in s.iter_mut().zip(eight) {
            *s += term(v.to_f64());
        }
    }
    for (s, v) in s.iter_mut().zip(rest) {
        *s += term(v.to_f64());
    }
    pairwise(s)
}

/// Computes `Σ a·b` over two slices of one length.
pub(crate) fn dot<A: Scalar, B: Scalar>(a: &[A], b: &[B]) -> f64 {
    debug_assert_eq!(a.len(), b.len(), "lengths of the vectors");
    let mut s = [0.0; 8];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        for k in 0..8 {
            s[k] += a[k].to_f64() * b[k].to_f64();
        }
    }
    for (k, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        s[k] += a.to_f64() * b.to_f64();
    }
    pairwise(s)
}

fn pairwise(s: [f64; 8]) -> f64 {
    ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_is_added_once() {
        for n in 0..40_u32 {
            let values: Vec<f64> = (1..=n).map(f64::from).collect();
            let expected = f64::from(n * (n + 1) / 2);
            assert_eq!(sum(&values, |v| v), expected);
            assert_eq!(sum(&values, |v| 2.0 * v), 2.0 * expected);
            assert_eq!(dot(&values, &vec![1.0_f32; n as usize]), expected);
        }
    }

    #[test]
    fn f32_values_are_summed_in_f64() {
        let values = vec![0.1_f32; 1_000_000];
        assert!((sum(&values, |v| v) - 1e6 * f64::from(0.1_f32)).abs() < 1e-6);
        assert!((dot(&values, &values) - 1e6 * f64::from(0.1_f32).powi(2)).abs() < 1e-6);
    }
}
