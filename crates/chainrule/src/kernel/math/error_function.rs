//! The error function.

use super::exponential::{exp_tail, reduce};
use super::{at_most, polynomial, splat};
use crate::kernel::Lanes;

/// Returns the error function `erf x = 2/√π·∫_0^x e^(-u²) du`, from -1 to 1.
///
/// `g(x) = -ln(1 - erf x)/x` is smooth enough for positive x that one polynomial approximates it
/// from 0 to where erf is 1 to the last bit. Then `erf x = -(e^(-x·g(x)) - 1)`, which is accurate
/// near 0 too.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!([-1e4, 0.0, 1e4].map(math::erf), [-1.0, 0.0, 1.0]);
/// ```
#[inline(always)]
pub fn erf<L: Lanes>(x: L) -> L {
    let u = at_most(x.abs(), splat(4.0, 6.0));
    let above_1 = if L::SINGLE { polynomial(u, ERF_32) } else { polynomial(u, ERF_64) };
    // Ignoring the rounding error of the sum would cost most of an ULP. It is recovered as the part
    // of the smaller term that was lost.
    let more = u * above_1;
    let sum = u + more;
    let lost = more - (sum - u);
    let (r, exp2_n) = reduce(-sum, 0.0);
    // e^(r - lost) - 1, computed like `exp_m1`: subtracting `lost` from r itself would lose it
    // again.
    let e = r + (r * r).mul_add(exp_tail(r), -lost);
    exp2_n.mul_add(e, exp2_n - L::splat(1.0)).copysign(x)
}

/// Coefficients of `g(x) - 1 = -ln(1 - erf x)/x - 1` in powers of x, for x from 0 to 4, in f32. The
/// 1 is separate so that it is exact.
pub const ERF_32: [f64; 9] = [
    0.12837916612625122,
    0.6366193890571594,
    0.10277785360813141,
    -0.0191531740128994,
    -0.00016015164146665484,
    0.0016667403979226947,
    -0.0006326556322164834,
    0.00011758341133827344,
    -9.248965398001019e-06,
];
/// Coefficients of the same function in f64, for x from 0 to 6.
pub const ERF_64: [f64; 23] = [
    0.1283791670955125,
    0.6366197723676117,
    0.10277260330005626,
    -0.0191284469629984,
    -0.00020919523093336354,
    0.0016962105336900837,
    -0.0005901468280128793,
    2.5955249730054586e-05,
    6.428991938463638e-05,
    -2.9323387278235424e-05,
    2.7956675394187386e-06,
    3.564884905955649e-06,
    -2.429957124955251e-06,
    8.538152044422838e-07,
    -1.7414265635417398e-07,
    8.389787597719115e-09,
    7.777058445700114e-09,
    -3.151917700024223e-09,
    6.808910854718943e-10,
    -9.545703651509976e-11,
    8.718889283784538e-12,
    -4.753713777586712e-13,
    1.1797200067727303e-14,
];
