//! The logarithm and functions derived from it: ln, ln(1 + x) and softplus.

use super::exponential::exp_of_negative;
use super::{at_least, ln_2, polynomial, splat};
use crate::kernel::Lanes;

/// Returns the natural logarithm: minus infinity at 0, NaN below.
///
/// With `x = m·2^e` and m near 1, `ln x = e·ln 2 + ln m`.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!(math::ln(1.0), 0.0);
/// assert_eq!(math::ln(0.0_f32), f32::NEG_INFINITY);
/// assert!(math::ln(-1.0_f64).is_nan());
/// ```
#[inline(always)]
pub fn ln<L: Lanes>(x: L) -> L {
    // A subnormal x is multiplied by 2^54 to make it normal, and 54 is subtracted from the
    // exponent.
    let subnormal = x.lt(splat(f32::MIN_POSITIVE.into(), f64::MIN_POSITIVE));
    let normal = L::select(subnormal, x * L::splat(18014398509481984.0), x);
    let (m, e) = normal.split_exponent();
    let e = L::select(subnormal, e - L::splat(54.0), e);
    with_poles(x, ln_near_1(m - L::splat(1.0), e), x)
}

/// Returns `ln(1 + x)`, accurate near 0; minus infinity at -1, NaN below.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!(math::ln_1p(1e-20), 1e-20);
/// assert_eq!(math::ln_1p(-1.0_f32), f32::NEG_INFINITY);
/// ```
#[inline(always)]
pub fn ln_1p<L: Lanes>(x: L) -> L {
    // Only the exponent e is taken from the rounded sum. (1 + x)/2^e - 1 = x/2^e + (2^-e - 1) is
    // then exact except for the last bit, as the two terms nearly cancel. Above e = 100 the 1 is
    // negligible.
    let u = x + L::splat(1.0);
    let (_, e) = u.split_exponent();
    let one = L::splat(1.0);
    let (_, minus_e) = e.round_and_exp2(-one, -L::BIAS);
    let scaled_1 = L::select(e.lt(L::splat(100.0)), one.times_exp2(minus_e), L::splat(0.0));
    let f = x.times_exp2(minus_e) + (scaled_1 - one);
    with_poles(u, ln_near_1(f, e), x)
}

/// Returns `ln(1 + e^x)`, a smooth `max(x, 0)`.
///
/// It is computed as `max(x, 0) + ln(1 + e^-|x|)`, which does not overflow, with [`ln_1p`] for
/// accuracy.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!([-1e4, 0.0, 1e4].map(math::softplus), [0.0, std::f64::consts::LN_2, 1e4]);
/// ```
#[inline(always)]
pub fn softplus<L: Lanes>(x: L) -> L {
    at_least(x, L::splat(0.0)) + ln_1p(exp_of_negative(-x.abs()))
}

/// Returns `x + ln(1 + q)` for q from 0 to 1 and a non-negative x, without a division. It is for
/// losses, which add many such terms.
///
/// `ln(1 + q) = q + q²·p(1 - q)`. Near q = 1, where the rounding errors would be largest, all terms
/// of p except the first are small. q is added last because the sum of the other terms is smaller
/// and has a smaller rounding error.
#[inline(always)]
pub(crate) fn add_ln_1p<L: Lanes>(x: L, q: L) -> L {
    let v = L::splat(1.0) - q;
    let tail = if L::SINGLE { polynomial(v, LN_1P_32) } else { polynomial(v, LN_1P_64) };
    (q * q).mul_add(tail, x) + q
}

/// Returns `e·ln 2 + ln(1 + f)` for an integer e and 1 + f from sqrt(1/2) to sqrt(2).
///
/// With `s = f/(2 + f)`, `ln(1 + f) = ln((1 + s)/(1 - s)) = 2s + s·R(s²)`, and
/// `2s = f - s·f = f - f²/2 + s·f²/2`, whose last form starts with the exact f.
#[inline(always)]
fn ln_near_1<L: Lanes>(f: L, e: L) -> L {
    let (ln_2_high, ln_2_low) = ln_2::<L>();
    let s = f / (f + L::splat(2.0));
    let u = s * s;
    let r = u * if L::SINGLE { polynomial(u, LN_32) } else { polynomial(u, LN_64) };
    let half = f * f * L::splat(0.5);
    e.mul_add(ln_2_high, f - (half - s.mul_add(half + r, e * ln_2_low)))
}

/// Returns `y`, a logarithm of `u`, except where u is 0 (minus infinity), negative (NaN), or
/// infinite or NaN (`x`).
#[inline(always)]
fn with_poles<L: Lanes>(u: L, y: L, x: L) -> L {
    let zero = L::splat(0.0);
    let pole = L::select(u.lt(zero), L::splat(f64::NAN), L::splat(f64::NEG_INFINITY));
    L::select(u.lt(L::splat(f64::INFINITY)), L::select(zero.lt(u), y, pole), x)
}

/// Coefficients of `(ln((1 + s)/(1 - s))/s - 2)/u` in powers of `u = s²`, for u up to
/// `(sqrt(2) - 1)^4`, in f32.
pub const LN_32: [f64; 3] = [0.6666677594184875, 0.399774968624115, 0.2987305819988251];
/// Coefficients of the same function in f64.
pub const LN_64: [f64; 7] = [
    0.6666666666666735,
    0.3999999999941111,
    0.285714287432593,
    0.22222198476224614,
    0.18183569732552246,
    0.15313903309495017,
    0.14797508217555186,
];

// Coefficients of p(v) = (ln(2 - v) - (1 - v))/(1 - v)² for v up to 1.
const LN_1P_32: [f64; 9] = [
    -0.3068528175354004,
    -0.11370494961738586,
    -0.0455797053873539,
    -0.01883075013756752,
    -0.009625772945582867,
    0.0007199959945864975,
    -0.009150471538305283,
    0.006343786139041185,
    -0.003318632487207651,
];
const LN_1P_64: [f64; 20] = [
    -0.30685281944005466,
    -0.11370563888011509,
    -0.04555845831934441,
    -0.01907794447337305,
    -0.008222429146435763,
    -0.0036169417996206065,
    -0.001615267228206202,
    -0.0007328344387392833,
    -0.0003177699037335455,
    -0.0002241171759889399,
    0.00017399271334058241,
    -0.0006833357205857488,
    0.0013146803405522788,
    -0.0021012397812276585,
    0.0025130190666369655,
    -0.002271361307505216,
    0.0014897510886313738,
    -0.0006754643122916974,
    0.00018950876576880553,
    -2.5330047702715733e-05,
];
