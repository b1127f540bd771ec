//! Integer powers with the same bits on every machine.

/// Computes `base^n` by repeated squaring; `0^0` is 1.
///
/// The precision of the standard library's `powi` and `powf` depends on the platform. The relative
/// error of this function is at most about `n` rounding errors.
pub(super) fn power(base: f64, n: u64) -> f64 {
    let (mut product, mut square, mut bits) = (1.0, base, n);
    while bits > 0 {
        if bits & 1 == 1 {
            product *= square;
        }
        square *= square;
        bits >>= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn powers_agree_with_repeated_products() {
        assert_eq!(
            [power(3.0, 0), power(3.0, 1), power(3.0, 5), power(-2.0, 13)],
            [1.0, 3.0, 243.0, -8192.0]
        );
        assert_eq!(
            [power(0.0, 0), power(0.0, 7), power(1.0, u64::MAX), power(0.9, u64::MAX)],
            [1.0, 0.0, 1.0, 0.0]
        );
        let mut product = 1.0;
        for n in 0..2000 {
            assert!((power(0.999, n) - product).abs() <= 1e-13 * product, "n = {n}");
            product *= 0.999;
        }
    }
}
