//! The exponential and what is made of it: exp, exp(x) - 1, the logistic function and tanh.

use super::{at_least, at_most, ln_2, polynomial, splat};
use crate::kernel::Lanes;

/// `e^x`: infinite above 88.72 (f32) or 709.78 (f64), 0 where the result would be below the normal numbers.
///
/// With `n` the integer nearest to `x/ln 2` and `r = x - n·ln 2`, `e^x = 2^n·(1 + r + r²·q(r))`, `|r| <= ln(2)/2`.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!(math::exp(0.0), 1.0);
/// assert_eq!(math::exp(1.0_f32), std::f32::consts::E);
/// assert_eq!(math::exp(f64::NEG_INFINITY), 0.0);
/// ```
#[inline(always)]
pub fn exp<L: Lanes>(x: L) -> L {
    let reduced = reduce(x);
    let y = reduced.exp_over_exp2().times_exp2(reduced.n);
    infinite_above(x, zero_below(x, y))
}

/// `e^x` for an x that is not positive: a few instructions less.
#[inline(always)]
pub(super) fn exp_of_negative<L: Lanes>(x: L) -> L {
    let reduced = reduce(x);
    // A product, that a NaN stays one: added to its bits, any exponent may end it.
    zero_below(x, reduced.exp_over_exp2() * reduced.n.exp2_integer())
}

/// `e^x - 1`, accurate where x is near 0 and the 1 all but cancels.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!(math::exp_m1(1e-20), 1e-20);
/// assert_eq!(math::exp_m1(-1e4_f32), -1.0);
/// ```
#[inline(always)]
pub fn exp_m1<L: Lanes>(x: L) -> L {
    // Below -60 the result is -1 in either precision.
    let reduced = reduce(at_least(x, L::splat(-60.0)));
    // 2^-n counts for nothing beyond n = 64, and does not exist at the largest n.
    let y = reduced.exp_m1_over_exp2(at_most(reduced.n, L::splat(64.0)));
    infinite_above(x, y.times_exp2(reduced.n))
}

/// `1/(1 + e^-x)`, from 0 to 1.
///
/// With `q = e^-|x|` and `s = q/(1 + q)` it is `1 - s` where x is positive, and `q/(1 + q) = q - q·s` where it is not.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!([-1e4, 0.0, 1e4].map(math::logistic), [0.0, 0.5, 1.0]);
/// ```
#[inline(always)]
pub fn logistic<L: Lanes>(x: L) -> L {
    let one = L::splat(1.0);
    let q = exp_of_negative(-x.abs());
    let s = q / (one + q);
    let largest = L::select(x.lt(L::splat(0.0)), q, one);
    largest.mul_add(-s, largest)
}

/// `(e^x - e^-x)/(e^x + e^-x)`, from -1 to 1.
///
/// Computed as `E/(E + 2)` with `E = e^(2|x|) - 1`, which is accurate near 0 too.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!([-1e4, 0.0, 1e-20, 1e4].map(math::tanh), [-1.0, 0.0, 1e-20, 1.0]);
/// ```
#[inline(always)]
pub fn tanh<L: Lanes>(x: L) -> L {
    // Beyond the bound the quotient is 1 to the last bit.
    let e = reduce(at_most(x.abs() + x.abs(), splat(20.0, 40.0))).exp_m1();
    let quotient = e / (e + L::splat(2.0));
    // Near 0, where rounding E + 2 would show, the same as E/2 less a correction.
    let half = e * L::splat(0.5);
    let y = L::select(half.lt(L::splat(1.0)), half.mul_add(-quotient, half), quotient);
    y.copysign(x)
}

/// `x = n·ln 2 + (high - low)`, with n an integer and `|high - low| <= ln(2)/2`.
pub(super) struct Reduced<L> {
    n: L,
    high: L,
    pub(super) low: L,
}

#[inline(always)]
pub(super) fn reduce<L: Lanes>(x: L) -> Reduced<L> {
    let (ln_2_high, ln_2_low) = ln_2::<L>();
    let n = (x * L::splat(std::f64::consts::LOG2_E)).round();
    Reduced { n, high: n.mul_add(-ln_2_high, x), low: n * ln_2_low }
}

impl<L: Lanes> Reduced<L> {
    /// `e^x - 1` where `|x| <= 60`.
    #[inline(always)]
    pub(super) fn exp_m1(&self) -> L {
        self.exp_m1_over_exp2(self.n) * self.n.exp2_integer()
    }

    /// `e^x/2^n = 1 + r + r²·q(r)`.
    #[inline(always)]
    fn exp_over_exp2(&self) -> L {
        let r = self.high - self.low;
        L::splat(1.0) + (self.high + (r * r).mul_add(tail(r), -self.low))
    }

    /// `(e^x - 1)/2^n = (1 - 2^-m) + r + r²·q(r)`, where m is n, or less where n is too large for it to matter.
    #[inline(always)]
    fn exp_m1_over_exp2(&self, m: L) -> L {
        let r = self.high - self.low;
        let one = L::splat(1.0) - (-m).exp2_integer();
        (one + self.high) + (r * r).mul_add(tail(r), -self.low)
    }
}

/// `q(r) = (e^r - 1 - r)/r²`.
#[inline(always)]
fn tail<L: Lanes>(r: L) -> L {
    if L::SINGLE { polynomial(r, EXP_32) } else { polynomial(r, EXP_64) }
}

/// `y`, but 0 where `e^x` is below the normal numbers.
#[inline(always)]
fn zero_below<L: Lanes>(x: L, y: L) -> L {
    L::select(x.lt(splat(LEAST_32, LEAST_64)), L::splat(0.0), y)
}

/// `y`, but infinite where `e^x` overflows, and NaN where `x` is.
#[inline(always)]
fn infinite_above<L: Lanes>(x: L, y: L) -> L {
    L::select(x.lt(splat(MOST_32, MOST_64)), y, x + L::splat(f64::INFINITY))
}

/// From here on `e^x` is a normal number: ln(2^-126) and ln(2^-1022), rounded up.
const LEAST_32: f64 = -87.33654022216797;
const LEAST_64: f64 = -708.3964185322641;
/// From here on `e^x` overflows.
const MOST_32: f64 = 88.72283935546875;
const MOST_64: f64 = 709.7827128933841;

// The coefficients of this folder are printed by tests/reference/make_polynomials.py.
const EXP_32: [f64; 5] = [
    0.4999999701976776,
    0.1666654348373413,
    0.04166720062494278,
    0.008366514928638935,
    0.0013882494531571865,
];
const EXP_64: [f64; 10] = [
    0.500000000000001,
    0.16666666666666674,
    0.041666666666522106,
    0.008333333333322215,
    0.0013888888947785523,
    0.00019841269886563802,
    2.4801487366025675e-05,
    2.755724236744966e-06,
    2.7632640675430235e-07,
    2.5110038296727242e-08,
];
