//! Sine and cosine.

use std::f64::consts::FRAC_2_PI;

use super::{at_least, at_most, polynomial};
use crate::kernel::Lanes;

/// Returns the sine. The error bound holds for `|x| <= 3200` (f32) or `1e5` (f64). Beyond that, the
/// result is some number from -1 to 1 (at first as if x were off by half an ULP). It is NaN at the
/// infinities.
///
/// With n the integer nearest to `2x/π` and `r = x - n·π/2`, it is plus or minus `sin r` or
/// `cos r`.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!(math::sin(0.0), 0.0);
/// assert!((math::sin(1e4_f64) - 1e4_f64.sin()).abs() < 1e-15);
/// ```
#[inline(always)]
pub fn sin<L: Lanes>(x: L) -> L {
    let n = (x * L::splat(FRAC_2_PI)).round();
    of_quadrant(n, reduce(x, n))
}

/// Returns the cosine, with the error bound of [`sin`]. `cos x = sin(x + π/2)`, in the next
/// quadrant.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!(math::cos(0.0), 1.0);
/// assert!((math::cos(1e4_f64) - 1e4_f64.cos()).abs() < 1e-15);
/// ```
#[inline(always)]
pub fn cos<L: Lanes>(x: L) -> L {
    let n = (x * L::splat(FRAC_2_PI)).round();
    of_quadrant(n + L::splat(1.0), reduce(x, n))
}

/// Returns `x - n·π/2`.
#[inline(always)]
fn reduce<L: Lanes>(x: L, n: L) -> L {
    let r = if L::SINGLE { minus_multiple(x, n, HALF_PI_32) } else { minus_multiple(x, n, HALF_PI_64) };
    // |r| exceeds π/4 if the rounding of 2x/π makes n the second-nearest integer. Beyond |x| = 1e5 it
    // may be anything.
    at_most(at_least(r, L::splat(-MAX_R)), L::splat(MAX_R))
}

/// Returns `x - n·(the sum of the parts)`, with little more than one rounding.
#[inline(always)]
fn minus_multiple<L: Lanes, const N: usize>(x: L, n: L, parts: [f64; N]) -> L {
    // All products but the last are exact, and so are all differences but those of the last two
    // parts.
    let mut r = x;
    for &part in &parts[..N - 2] {
        r = n.mul_add(L::splat(-part), r);
    }
    let product = n * L::splat(parts[N - 2]);
    let rounded = r - product;
    let lost = (r - rounded) - product;
    rounded + n.mul_add(L::splat(-parts[N - 1]), lost)
}

/// Returns `sin(n·π/2 + r)` for an integer n.
#[inline(always)]
fn of_quadrant<L: Lanes>(n: L, r: L) -> L {
    let u = r * r;
    let (p, q) = if L::SINGLE {
        (polynomial(u, SIN_32), polynomial(u, COS_32))
    } else {
        (polynomial(u, SIN_64), polynomial(u, COS_64))
    };
    let sin_r = (u * r).mul_add(p, r);
    let cos_r = (u * u).mul_add(q, u.mul_add(L::splat(-0.5), L::splat(1.0)));
    // n/2 is a whole number or half-way above one; its parity decides the sign.
    let half = n * L::splat(0.5);
    let whole = (half - L::splat(0.25)).round();
    let y = L::select(whole.lt(half), cos_r, sin_r);
    let quarter = whole * L::splat(0.5);
    L::select(L::splat(0.25).lt((quarter - quarter.round()).abs()), -y, y)
}

/// π/2 as a sum of parts, in f32.
///
/// All parts but the last have so few bits that their products with whole numbers up to 2048 (65536
/// in f64) are exact. Those before the last two have no bits below the last bit of an r near 1, so
/// that subtracting them is exact too. The first is less than π/2, so that no product overflows.
pub const HALF_PI_32: [f64; 4] =
    [1.570556640625, 0.0002396106719970703, 7.549533620476723e-08, 2.563344151594519e-12];
/// π/2 as a sum of parts, in f64.
pub const HALF_PI_64: [f64; 3] = [1.5707963267923333, 2.5633441515839558e-12, 1.0562999066987428e-23];

/// Largest distance of r from 0: π/4 plus what the rounding of n adds in f32 at `|x| = 1e5`.
const MAX_R: f64 = 0.795;

/// Coefficients of `p(u) = (sin(r)/r - 1)/u` in powers of `u = r²`, for `|r| <= 0.795`, in f32.
pub const SIN_32: [f64; 3] = [-0.16666653752326965, 0.008332090452313423, -0.000195052387425676];
/// Coefficients of the same function in f64.
pub const SIN_64: [f64; 6] = [
    -0.16666666666666624,
    0.008333333333320222,
    -0.00019841269828002402,
    2.755731305078547e-06,
    -2.505065579188959e-08,
    1.5890770272839144e-10,
];
/// Coefficients of `q(u) = (cos(r) - 1 + u/2)/u²` in powers of `u = r²`, for `|r| <= 0.795`, in
/// f32.
pub const COS_32: [f64; 3] = [0.04166664183139801, -0.0013887194218114018, 2.4419199689873494e-05];
/// Coefficients of the same function in f64.
pub const COS_64: [f64; 6] = [
    0.041666666666666574,
    -0.0013888888888869803,
    2.4801587286802243e-05,
    -2.755731358294163e-07,
    2.087561931434215e-09,
    -1.1354296491083638e-11,
];
