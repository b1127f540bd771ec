//! The error function.

use super::exponential::reduce;
use super::{at_most, polynomial, splat};
use crate::kernel::Lanes;

/// `erf x = 2/√π·∫_0^x e^(-u²) du`, from -1 to 1.
///
/// `g(x) = -ln(1 - erf x)/x` is so smooth for positive x that one polynomial follows it from 0 to where erf is 1 to
/// the last bit; then `erf x = -(e^(-x·g(x)) - 1)`, which is accurate near 0 too.
///
/// ```
/// use chainrule::kernel::math;
/// assert_eq!([-1e4, 0.0, 1e4].map(math::erf), [-1.0, 0.0, 1.0]);
/// ```
#[inline(always)]
pub fn erf<L: Lanes>(x: L) -> L {
    let u = at_most(x.abs(), splat(4.0, 6.0));
    let above_1 = if L::SINGLE { polynomial(u, ERF_32) } else { polynomial(u, ERF_64) };
    reduce(-u.mul_add(above_1, u)).exp_m1().copysign(x)
}

// g(x) - 1: the 1 apart, so that it is exact.
const ERF_32: [f64; 9] = [
    0.12837916612625122,
    0.6366195678710938,
    0.10277654975652695,
    -0.019148770719766617,
    -0.00016774730465840548,
    0.0016739233396947384,
    -0.0006364052533172071,
    0.00011859219375764951,
    -9.35769458010327e-06,
];
const ERF_64: [f64; 23] = [
    0.1283791670955125,
    0.6366197723676105,
    0.10277260330009716,
    -0.019128446963664364,
    -0.0002091952247697045,
    0.0016962104974174459,
    -0.0005901466823721183,
    2.595483127510044e-05,
    6.429080920086672e-05,
    -2.9324822113753385e-05,
    2.797453210616402e-06,
    3.563148292655669e-06,
    -2.4286264763839853e-06,
    8.530083502133052e-07,
    -1.7375520209642104e-07,
    8.242904085898892e-09,
    7.820681043729014e-09,
    -3.1619302693493635e-09,
    6.826286724939113e-10,
    -9.567712232981204e-11,
    8.738058594188589e-12,
    -4.763964988709814e-13,
    1.1822546239378675e-14,
];
