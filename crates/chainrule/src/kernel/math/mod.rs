//! Our own exp, ln, tanh and their kin: the same bits on every machine, one number or a vector of them.
//!
//! Each function is written once over [`Lanes`], without branches, tables or calls. The argument is brought into a
//! short interval, a minimax polynomial does the rest, and what is special (overflow, a pole) is chosen at the end.
//! An f32 takes a shorter polynomial than an f64 and is computed in f32 throughout. A NaN comes out as a NaN.
//!
//! The largest errors, in units in the last place (ULP) of the true value, measured over three million arguments of
//! each function in f32 and over a table of a few thousand in f64, with `mul_add` rounding once and twice:
//!
//! | function | f32 | f64 | notes |
//! |---|---|---|---|
//! | [`exp`] | 1 | 1 | |
//!
//! A result below the smallest normal number (about 1.2e-38 in f32, 2.2e-308 in f64) may be 0.

mod error_function;
mod exponential;
mod logarithm;
mod trigonometric;

pub use error_function::erf;
pub use exponential::{exp, exp_m1, logistic, tanh};
pub use logarithm::{ln, ln_1p, softplus};
pub use trigonometric::{cos, sin};

use super::Lanes;

/// The larger of the two; `x` where it is NaN.
#[inline(always)]
pub fn at_least<L: Lanes>(x: L, bound: L) -> L {
    L::select(x.lt(bound), bound, x)
}

/// The smaller of the two; `x` where it is NaN.
#[inline(always)]
pub fn at_most<L: Lanes>(x: L, bound: L) -> L {
    L::select(bound.lt(x), bound, x)
}

/// `Σ_k c[k]·x^k`, by Horner's rule.
#[inline(always)]
fn polynomial<L: Lanes, const N: usize>(x: L, c: [f64; N]) -> L {
    let mut sum = L::splat(c[N - 1]);
    for k in (0..N - 1).rev() {
        sum = sum.mul_add(x, L::splat(c[k]));
    }
    sum
}

/// `single` in every lane where lanes are f32, else `double`.
#[inline(always)]
fn splat<L: Lanes>(single: f64, double: f64) -> L {
    L::splat(if L::SINGLE { single } else { double })
}

/// ln 2 in two parts, the first with so few bits that its product with any exponent is exact.
#[inline(always)]
fn ln_2<L: Lanes>() -> (L, L) {
    (splat(0.693145751953125, 0.6931471805601177), splat(1.4286068203094173e-06, -1.7239444525614835e-13))
}
