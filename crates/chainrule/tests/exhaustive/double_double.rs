//! Elementary functions accurate to about 30 digits, as a reference for f64 results. Simplicity
//! matters more than speed.
//!
//! A number is the sum of two non-overlapping f64 (Dekker 1971). Addition and multiplication have
//! relative errors of about 2^-104 (Joldes, Muller and Popescu 2017). The functions are computed by
//! Taylor series on reduced intervals.

use std::f64::consts;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::LazyLock;

/// Number `high + low`, where `low` is at most half a ULP of `high`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Double {
    pub(crate) high: f64,
    pub(crate) low: f64,
}

/// Returns `e^x`.
#[inline(always)]
pub(crate) fn exp(x: Double) -> Double {
    if x.high > 710.0 {
        return exactly(f64::INFINITY);
    } else if x.high < -746.0 {
        return exactly(0.0);
    }
    let n = (x.high / LN_2.high).round();
    let r = x - exactly(n) * LN_2;
    let y = exactly(1.0) + exp_m1_near_0(r);
    // In two steps, since 2^n may overflow or underflow.
    let half = (n / 2.0).trunc();
    y.scaled(half).scaled(n - half)
}

/// Returns `e^x - 1`.
#[inline(always)]
pub(crate) fn exp_m1(x: Double) -> Double {
    if x.high.abs() < 0.4 {
        return exp_m1_near_0(x);
    }
    let y = exp(x);
    // A double-double subtraction from infinity would be NaN.
    if y.high.is_infinite() { y } else { y - exactly(1.0) }
}

/// Returns `ln(1 + x)`.
#[inline(always)]
pub(crate) fn ln_1p(x: Double) -> Double {
    if x.high > -0.29 && x.high < 0.41 {
        return ln_1p_near_0(x);
    }
    let mut u = x + exactly(1.0);
    let mut e = 0.0;
    // Large exponents are reduced in steps of 200, the rest in steps of 1.
    for step in [200.0, 1.0] {
        let (up, down) = (2.0_f64.powi(step as i32), 2.0_f64.powi(-(step as i32)));
        while u.high > up * 0.71 {
            u = Double { high: u.high * down, low: u.low * down };
            e += step;
        }
        while u.high < down * 1.42 {
            u = Double { high: u.high * up, low: u.low * up };
            e -= step;
        }
    }
    ln_1p_near_0(u - exactly(1.0)) + exactly(e) * LN_2
}

/// Returns the error function `erf x = 2/√π·e^(-x²)·Σ_n 2^n·x^(2n+1)/(1·3·…·(2n+1))`.
#[inline(always)]
pub(crate) fn erf(x: f64) -> Double {
    if x.abs() > 6.5 {
        return exactly(x.signum());
    }
    let square = exactly(x) * exactly(x);
    let mut term = exactly(x);
    let mut sum = term;
    for n in 1..300 {
        term = term * (square + square) / exactly(f64::from(2 * n + 1));
        sum = sum + term;
        if term.high.abs() <= sum.high.abs() * 1e-33 {
            break;
        }
    }
    TWO_OVER_ROOT_PI * exp(-square) * sum
}

/// Returns the sine of `x + quarters·π/2` for `|x| <= 1e5`.
#[inline(always)]
pub(crate) fn sin(x: f64, quarters: u8) -> Double {
    let n = (x / HALF_PI[0]).round();
    let mut r = exactly(x);
    for part in HALF_PI {
        r = r - exactly(n) * exactly(part);
    }
    let quadrant = (n.rem_euclid(4.0) as u8 + quarters) % 4;
    let square = -(r * r);
    // Σ_k (-r²)^k/(2k)! or r·Σ_k (-r²)^k/(2k+1)!.
    let odd = usize::from(quadrant.is_multiple_of(2));
    let mut sum = exactly(0.0);
    for k in (0..N_TERMS / 2).rev() {
        sum = sum * square + INVERSE_FACTORIALS[2 * k + odd];
    }
    let y = if odd == 1 { r * sum } else { sum };
    if quadrant < 2 { y } else { -y }
}

/// Converts an f64 exactly.
#[inline(always)]
pub(crate) fn exactly(high: f64) -> Double {
    Double { high, low: 0.0 }
}

#[inline(always)]
fn exp_m1_near_0(x: Double) -> Double {
    let mut sum = exactly(0.0);
    for &coefficient in INVERSE_FACTORIALS[1..].iter().rev() {
        sum = sum * x + coefficient;
    }
    sum * x
}

/// Returns `ln(1 + x) = 2·Σ_k s^(2k+1)/(2k+1)` with `s = x/(2 + x)`.
#[inline(always)]
fn ln_1p_near_0(x: Double) -> Double {
    let s = x / (x + exactly(2.0));
    let square = s * s;
    let mut sum = exactly(0.0);
    for &coefficient in INVERSE_ODDS.iter().rev() {
        sum = sum * square + coefficient;
    }
    sum * (s + s)
}

/// Number of terms of the Taylor series, enough for 30 digits if `|x| <= 0.8`.
const N_TERMS: usize = 28;

/// `1/k!`.
static INVERSE_FACTORIALS: LazyLock<[Double; N_TERMS]> = LazyLock::new(|| {
    let mut inverse = exactly(1.0);
    std::array::from_fn(|k| {
        inverse = inverse / exactly(k.max(1) as f64);
        inverse
    })
});

/// `1/(2k + 1)`.
static INVERSE_ODDS: LazyLock<[Double; 22]> =
    LazyLock::new(|| std::array::from_fn(|k| exactly(1.0) / exactly((2 * k + 1) as f64)));

const HALF_PI: [f64; 3] = [consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];
const LN_2: Double = Double { high: consts::LN_2, low: 2.3190468138462996e-17 };
const TWO_OVER_ROOT_PI: Double = Double { high: consts::FRAC_2_SQRT_PI, low: 1.533545961316588e-17 };

impl Double {
    /// Multiplies by `2^n`, for |n| up to 600.
    #[inline(always)]
    fn scaled(self, n: f64) -> Double {
        let factor = f64::from_bits(((1023.0 + n) as u64) << 52);
        Double { high: self.high * factor, low: self.low * factor }
    }
}

impl Neg for Double {
    type Output = Double;
    #[inline(always)]
    fn neg(self) -> Double {
        Double { high: -self.high, low: -self.low }
    }
}

impl Add for Double {
    type Output = Double;
    #[inline(always)]
    fn add(self, other: Double) -> Double {
        let (s, t) = (two_sum(self.high, other.high), two_sum(self.low, other.low));
        let v = fast_two_sum(s.high, s.low + t.high);
        fast_two_sum(v.high, t.low + v.low)
    }
}

impl Sub for Double {
    type Output = Double;
    #[inline(always)]
    fn sub(self, other: Double) -> Double {
        self + -other
    }
}

impl Mul for Double {
    type Output = Double;
    #[inline(always)]
    fn mul(self, other: Double) -> Double {
        let p = self.high * other.high;
        let error = self.high.mul_add(other.high, -p);
        let cross = self.high.mul_add(other.low, self.low * other.high);
        fast_two_sum(p, error + cross)
    }
}

impl Div for Double {
    type Output = Double;
    #[inline(always)]
    fn div(self, other: Double) -> Double {
        let first = exactly(self.high / other.high);
        let second = exactly((self - other * first).high / other.high);
        first + second
    }
}

/// Returns the rounded sum `a + b` and its exact rounding error.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> Double {
    let high = a + b;
    let b_part = high - a;
    Double { high, low: (a - (high - b_part)) + (b - b_part) }
}

/// Returns the same as [`two_sum`] if `|a| >= |b|`.
#[inline(always)]
fn fast_two_sum(a: f64, b: f64) -> Double {
    let high = a + b;
    Double { high, low: b - (high - a) }
}

#[test]
fn functions_agree_with_constants_and_identities_to_29_digits() {
    // Constants calculated with mpmath, in two parts.
    let assert_near = |actual: Double, high: f64, low: f64| {
        let error = ((actual.high - high) + (actual.low - low)).abs() / high.abs();
        assert!(error < 1e-29, "{actual:?}, expected {high:e} + {low:e} (error {error:e})");
    };
    assert_near(exp(exactly(1.0)), consts::E, 1.4456468917292502e-16);
    assert_near(ln_1p(exactly(2.0)), 1.0986122886681098, -9.07129723500153e-17);
    assert_near(ln_1p(exactly(1.0)), LN_2.high, LN_2.low);
    assert_near(erf(0.5), 0.5204998778130465, 1.900077467916287e-17);
    assert_near(erf(3.0), 0.9999779095030014, 5.363397058636269e-17);
    assert_near(sin(1e5, 0), 0.03574879797201651, 1.5429743706109861e-18);
    assert_near(sin(1e5, 1), -0.9993608074382124, -2.3447088905187402e-17);
    assert_near(exp_m1(exactly(1e-10)), 1.00000000005e-10, 3.3900133221217734e-27);
    for x in [-600.0, -3.0, -0.3, 1e-9, 0.2, 0.39, 0.5, 12.0, 500.0] {
        let inverse = ln_1p(exp_m1(exactly(x)));
        if x > -40.0 {
            let error = ((inverse.high - x) + inverse.low).abs() / x.abs();
            assert!(error < 1e-28 * (-x).exp().max(1.0), "{x}: {inverse:?}");
        }
        let one = exp(exactly(x)) * exp(exactly(-x));
        assert_near(one, 1.0, 0.0);
    }
}
