//! The exponential and functions derived from it: exp, exp(x) - 1, the logistic function and tanh.

use std::f64::consts::{LN_2, LOG2_E};

use super::{at_least, at_most, ln_2, polynomial, splat};
use crate::kernel::Lanes;

/// Returns `e^x`: infinity above 88.72 (f32) or 709.78 (f64), 0 if the result would be less than
/// the smallest normal number.
///
/// With `n` the integer nearest to `x/ln 2` and `r = x - n·ln 2`, `e^x = 2^n·e^r` and
/// `|r| <= ln(2)/2`.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!(math::exp(0.0), 1.0);
/// assert_eq!(math::exp(1.0_f32), std::f32::consts::E);
/// assert_eq!(math::exp(f64::NEG_INFINITY), 0.0);
/// ```
#[inline(always)]
pub fn exp<L: Lanes>(x: L) -> L {
    // n is added to the exponent of the result, because n may be one more than the largest
    // exponent.
    let (r, exponent) = reduce(x, -L::BIAS);
    let y = exp_near_0(r).times_exp2(exponent);
    let y = L::select(splat::<L>(BELOW_32, BELOW_64).lt(x), y, L::splat(0.0));
    // Infinity, or NaN if x is NaN.
    L::select(x.lt(splat(MAX_32, MAX_64)), y, x + L::splat(f64::INFINITY))
}

/// Returns `e^x` for `x <= 0`, with fewer instructions than [`exp`]. Results just above the
/// underflow threshold may be subnormal.
#[inline(always)]
pub(crate) fn exp_of_negative<L: Lanes>(x: L) -> L {
    // 2^n is 0 at the bound.
    let (r, exp2_n) = reduce(at_least(x, splat(-88.0, -709.0)), 0.0);
    exp_near_0(r) * exp2_n
}

/// Returns `e^x - 1`, accurate near 0, where the 1 almost cancels.
///
/// With the n and r of [`exp`] it is `2^n·(e^r - 1) + (2^n - 1)`.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!(math::exp_m1(1e-20), 1e-20);
/// assert_eq!(math::exp_m1(-1e4_f32), -1.0);
/// ```
#[inline(always)]
pub fn exp_m1<L: Lanes>(x: L) -> L {
    // Below the lower bound the result is -1 in either precision. Half the result is computed
    // first, as 2^n may overflow.
    let within = at_most(at_least(x, L::splat(-60.0)), splat(89.0, 710.0));
    let (r, half) = reduce(within, -1.0);
    half.mul_add(exp_m1_near_0(r), half - L::splat(0.5)) * L::splat(2.0)
}

/// Returns the logistic function `1/(1 + e^-x)`, from 0 to 1.
///
/// With the n and r of `e^-x`, `1 + e^-x = (2^n·(e^r - 1) + 1) + 2^n`, which loses little more than
/// the rounding of the last sum.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!([-1e4, 0.0, 1e4].map(math::logistic), [0.0, 0.5, 1.0]);
/// ```
#[inline(always)]
pub fn logistic<L: Lanes>(x: L) -> L {
    let one = L::splat(1.0);
    let (r, exp2_n) = reduce(-at_most(x, splat(88.0, 708.0)), 0.0);
    let y = one / (exp2_n.mul_add(exp_m1_near_0(r), one) + exp2_n);
    L::select(x.lt(splat(BELOW_32, BELOW_64)), L::splat(0.0), y)
}

/// Returns the hyperbolic tangent `(e^x - e^-x)/(e^x + e^-x)`, from -1 to 1.
///
/// With `|x| = n·ln(2)/2 + h` and `u = tanh h` it is `a/(a + 2·(1 - u))`, where
/// `a = (2^n - 1) + (2^n + 1)·u`. n is chosen such that h is between -0.09 and 0.26. For |x| up to
/// 0.26 the result is u itself, and beyond that the quotient loses little accuracy.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!([-1e4, 0.0, 1e-20, 1e4].map(math::tanh), [-1.0, 0.0, 1e-20, 1.0]);
/// ```
#[inline(always)]
pub fn tanh<L: Lanes>(x: L) -> L {
    let one = L::splat(1.0);
    // Beyond the bound the quotient is 1 to the last bit.
    let within = at_most(x.abs(), splat(9.1, 20.0));
    let steps = within.mul_add(L::splat(2.0 * LOG2_E), L::splat(-0.25));
    let (n, exp2_n) = steps.round_and_exp2(one, 0.0);
    let h = n.mul_add(L::splat(-0.5 * LN_2), within);
    let square = h * h;
    let tail = if L::SINGLE { polynomial(square, TANH_32) } else { polynomial(square, TANH_64) };
    let u = (h * square).mul_add(tail, h);
    let a = u.mul_add(exp2_n + one, exp2_n - one);
    (a / (a + u.mul_add(L::splat(-2.0), L::splat(2.0)))).copysign(x)
}

/// Returns `(r, 2^(n + above))` with n the integer nearest to `x/ln 2` and `r = x - n·ln 2`.
#[inline(always)]
pub(super) fn reduce<L: Lanes>(x: L, above: f64) -> (L, L) {
    let (ln_2_high, ln_2_low) = ln_2::<L>();
    let (n, power) = x.round_and_exp2(L::splat(LOG2_E), above);
    (n.mul_add(-ln_2_low, n.mul_add(-ln_2_high, x)), power)
}

/// Returns `e^r = 1 + r·(1 + r·q(r))` for `|r| <= ln(2)/2`.
#[inline(always)]
fn exp_near_0<L: Lanes>(r: L) -> L {
    let one = L::splat(1.0);
    exp_tail(r).mul_add(r, one).mul_add(r, one)
}

/// Returns `e^r - 1 = r + r²·q(r)` for `|r| <= ln(2)/2`.
#[inline(always)]
fn exp_m1_near_0<L: Lanes>(r: L) -> L {
    (r * r).mul_add(exp_tail(r), r)
}

/// Returns `q(r) = (e^r - 1 - r)/r²`.
#[inline(always)]
pub(super) fn exp_tail<L: Lanes>(r: L) -> L {
    if L::SINGLE { polynomial(r, EXP_32) } else { polynomial(r, EXP_64) }
}

/// Arguments up to which `e^x` is less than a normal number: ln(2^-126) and ln(2^-1022), rounded
/// down.
const BELOW_32: f64 = -87.3365478515625;
const BELOW_64: f64 = -708.3964185322642;
/// Arguments from which `e^x` overflows.
const MAX_32: f64 = 88.72283935546875;
const MAX_64: f64 = 709.7827128933841;

// The coefficients in this directory are printed by tests/reference/make_polynomials.py.

/// Coefficients of `(e^r - 1 - r)/r²` in powers of r, for `|r| <= ln(2)/2`, in f32.
pub const EXP_32: [f64; 5] = [
    0.4999999701976776,
    0.1666654348373413,
    0.04166720062494278,
    0.008366514928638935,
    0.0013882494531571865,
];
/// Coefficients of the same function in f64.
pub const EXP_64: [f64; 10] = [
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
// Coefficients of (tanh(h)/h - 1)/h² in powers of h², for |h| up to 0.26.
const TANH_32: [f64; 3] = [-0.3333321511745453, 0.13322731852531433, -0.05123000964522362];
const TANH_64: [f64; 7] = [
    -0.33333333333332416,
    0.13333333332987035,
    -0.05396825352490523,
    0.02186946159828294,
    -0.008862358409483748,
    0.0035763662981923234,
    -0.0013074633405224096,
];
