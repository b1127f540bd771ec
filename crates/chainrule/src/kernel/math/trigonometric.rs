//! Sine and cosine.

use super::{at_least, at_most, polynomial};
use crate::kernel::Lanes;

/// The sine. Within its bound for `|x| <= 3200` (f32) or `1e5` (f64); beyond, some number from -1 to 1 (at first as if
/// x were half an ULP off); NaN at the infinities.
///
/// With n the integer nearest to `x/π` and `r = x - n·π`, `sin x = (-1)^n·sin r`.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!(math::sin(0.0), 0.0);
/// assert!((math::sin(1e4_f64) - 1e4_f64.sin()).abs() < 1e-15);
/// ```
#[inline(always)]
pub fn sin<L: Lanes>(x: L) -> L {
    let n = (x * L::splat(std::f64::consts::FRAC_1_PI)).round();
    alternating_sin(x, n, n)
}

/// The cosine. Within its bound for `|x| <= 3200` (f32) or `1e5` (f64); beyond, some number from -1 to 1 (at first as
/// if x were half an ULP off); NaN at the infinities.
///
/// With n the integer nearest to `x/π - 1/2` and `r = x - (n + 1/2)·π`, `cos x = (-1)^(n + 1)·sin r`.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!(math::cos(0.0), 1.0);
/// assert!((math::cos(1e4_f64) - 1e4_f64.cos()).abs() < 1e-15);
/// ```
#[inline(always)]
pub fn cos<L: Lanes>(x: L) -> L {
    let n = x.mul_add(L::splat(std::f64::consts::FRAC_1_PI), L::splat(-0.5)).round();
    alternating_sin(x, n + L::splat(0.5), n + L::splat(1.0))
}

/// `(-1)^n·sin(x - k·π)` for an integral n.
#[inline(always)]
fn alternating_sin<L: Lanes>(x: L, k: L, n: L) -> L {
    // Each product of k with a part of π is exact but the last; so are the differences, until r has its size.
    let mut r = x;
    if L::SINGLE {
        for part in PI_32 {
            r = k.mul_add(L::splat(-part), r);
        }
    } else {
        for part in PI_64 {
            r = k.mul_add(L::splat(-part), r);
        }
    }
    // r passes π/2 by as much as the rounding of x/π made n the second nearest. Beyond |x| = 1e5 it may be anything.
    let r = at_most(at_least(r, L::splat(-FARTHEST)), L::splat(FARTHEST));
    let u = r * r;
    let p = if L::SINGLE { polynomial(u, SIN_32) } else { polynomial(u, SIN_64) };
    let y = (u * r).mul_add(p, r);
    // n is odd where its half lies between two integers.
    let half = n * L::splat(0.5);
    let odd = L::splat(0.25).lt((half - half.round()).abs());
    L::select(odd, -y, y)
}

// π in parts: the first have so few bits that their products with whole and half numbers up to 3200/π (f32) or 1e5/π
// (f64) are exact, and the second of f32 ends where an r around 1 does, so that only two differences round.
const PI_32: [f64; 4] = [3.1416015625, -8.821487426757812e-06, -8.742790669202805e-08, 5.126688303189038e-12];
const PI_64: [f64; 3] = [3.1415926535846666, 5.1266883031679116e-12, 2.1125998133974855e-23];

/// How far r may be from 0: π/2, and what n's rounding adds in f32 at `|x| = 1e5`.
const FARTHEST: f64 = 1.585;

// p(u) = (sin(r)/r - 1)/u with u = r², for r up to FARTHEST.
const SIN_32: [f64; 4] =
    [-0.16666659712791443, 0.00833306647837162, -0.00019809353398159146, 2.6047491701319814e-06];
const SIN_64: [f64; 8] = [
    -0.16666666666666666,
    0.008333333333333205,
    -0.00019841269841211064,
    2.7557319211220886e-06,
    -2.505210686370293e-08,
    1.6058938555083576e-10,
    -7.642946244444876e-13,
    2.720559318801848e-15,
];
