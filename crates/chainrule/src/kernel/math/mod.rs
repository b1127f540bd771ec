//! Our own exp, ln, tanh and their kin: the same bits on every machine, one number or a vector of them.
//!
//! Each function is written once over [`Lanes`], without branches, tables or calls. The argument is brought into a
//! short interval, a minimax polynomial does the rest, and what is special (overflow, a pole) is chosen at the end.
//! An f32 takes a shorter polynomial than an f64 and is computed in f32 throughout. A NaN comes out as a NaN.
//!
//! The largest errors measured, rounded up, in units in the last place (ULP) of the true value, with a `mul_add` that
//! rounds once or twice. In f32 over every number there is (for sine and cosine up to 3200); in f64 over 10^8
//! random numbers for each function, against arithmetic of 30 digits. `cargo xtask test --exhaustive` measures them:
//!
//! | function | f32 | f64 | beyond the normal range |
//! |---|---|---|---|
//! | [`exp`] | 1.22 | 1.20 | 0 below the normal numbers, infinite above the largest |
//! | [`exp_m1`] | 1.73 | 2.00 | infinite where `exp` is |
//! | [`ln`] | 0.84 | 0.85 | subnormal arguments too; minus infinity at 0, NaN below |
//! | [`ln_1p`] | 1.40 | 1.41 | minus infinity at -1, NaN below |
//! | [`logistic`] | 2.00 | 2.00 | 0 where `exp` is |
//! | [`tanh`] | 1.75 | 1.87 | |
//! | [`erf`] | 1.65 | 2.04 | |
//! | [`softplus`] | 1.81 | 1.74 | 0 where `exp` is |
//! | [`sin`], [`cos`] | 1.59 | 1.58 | for `abs(x) <= 3200` (f32) or `1e5` (f64); no larger than 1 anywhere |
//!
//! A result below the smallest normal number (about 1.2e-38 in f32, 2.2e-308 in f64) may come out as 0.

mod error_function;
mod exponential;
mod logarithm;
mod trigonometric;

pub use error_function::erf;
pub(crate) use exponential::exp_of_negative;
pub use exponential::{exp, exp_m1, logistic, tanh};
pub(crate) use logarithm::add_ln_1p;
pub use logarithm::{ln, ln_1p, softplus};
pub use trigonometric::{cos, sin};

use super::Lanes;

/// The numbers that these functions are made of, the lowest power first, for whoever writes the functions down in another
/// language: exports of models bring them along, so that they come to the same.
pub mod coefficients {
    pub use super::error_function::{ERF_32, ERF_64};
    pub use super::exponential::{EXP_32, EXP_64};
    pub use super::logarithm::{LN_32, LN_64};
    pub use super::trigonometric::{COS_32, COS_64, HALF_PI_32, HALF_PI_64, SIN_32, SIN_64};
}

/// The larger of the two; `x` where it is NaN.
#[inline(always)]
pub fn at_least<L: Lanes>(x: L, bound: L) -> L {
    x.at_least(bound)
}

/// The smaller of the two; `x` where it is NaN.
#[inline(always)]
pub fn at_most<L: Lanes>(x: L, bound: L) -> L {
    x.at_most(bound)
}

/// `Σ_k c[k]·x^k`, by Horner's rule on groups of two terms, or four where there are many (Estrin 1960).
///
/// Term by term each sum would wait for the one before, and what a processor can see of the vectors that follow, five
/// or so, would be too little to keep it busy.
#[inline(always)]
fn polynomial<L: Lanes, const N: usize>(x: L, c: [f64; N]) -> L {
    let square = x * x;
    match N {
        ..6 => horner(
            x,
            N,
            #[inline(always)]
            |k| L::splat(c[k]),
        ),
        6..16 => horner(
            square,
            N.div_ceil(2),
            #[inline(always)]
            |k| two_terms(x, &c[2 * k..]),
        ),
        16.. => horner(
            square * square,
            N.div_ceil(4),
            #[inline(always)]
            |k| match &c[4 * k..] {
                low @ [_, _, high @ ..] if !high.is_empty() => {
                    two_terms(x, high).mul_add(square, two_terms(x, low))
                }
                low => two_terms(x, low),
            },
        ),
    }
}

/// `Σ_k group(k)·x^k` for k below n.
#[inline(always)]
fn horner<L: Lanes>(x: L, n: usize, group: impl Fn(usize) -> L) -> L {
    let mut sum = group(n - 1);
    for k in (0..n - 1).rev() {
        sum = sum.mul_add(x, group(k));
    }
    sum
}

/// `c[0] + c[1]·x`, or `c[0]` where there is but one.
#[inline(always)]
fn two_terms<L: Lanes>(x: L, c: &[f64]) -> L {
    match c {
        [a, b, ..] => L::splat(*b).mul_add(x, L::splat(*a)),
        _ => L::splat(c[0]),
    }
}

/// `single` in every lane where lanes are f32, else `double`.
#[inline(always)]
fn splat<L: Lanes>(single: f64, double: f64) -> L {
    L::splat(if L::SINGLE { single } else { double })
}

/// ln 2 in two parts, the first with so few bits that its product with any exponent is exact.
#[inline(always)]
fn ln_2<L: Lanes>() -> (L, L) {
    (splat(0.693145751953125, 0.693147180559663), splat(1.4286068203094173e-06, 2.8235290563031577e-13))
}
