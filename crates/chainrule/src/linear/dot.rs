//! Dot products in a fixed order.

/// Computes `Σ a·b` in a fixed order: eight partial sums, added pairwise.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut s = [0.0; 8];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        for k in 0..8 {
            s[k] += a[k] * b[k];
        }
    }
    for (k, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        s[k] += a * b;
    }
    ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
}

#[cfg(test)]
mod tests {
    use super::dot;

    #[test]
    fn the_dot_product_adds_every_term_once() {
        for n in 0..30_u32 {
            let a: Vec<f64> = (1..=n).map(f64::from).collect();
            assert_eq!(dot(&a, &vec![1.0; n as usize]), f64::from(n * (n + 1) / 2));
        }
    }
}
