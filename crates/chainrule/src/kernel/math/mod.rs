//! Elementary functions such as exp, ln and tanh, for one number or a vector.
//!
//! They do not use the platform's math library, so that they give the same bits on every machine
//! with fused multiply-add. Each function is written once over [`Lanes`], without branches, tables
//! or calls. The argument is reduced to a short interval, a minimax polynomial approximates the
//! function there, and special cases (overflow, poles) are selected at the end. f32 takes a shorter
//! polynomial than f64 and is computed in f32 throughout. The result for NaN is NaN.
//!
//! The table lists the largest errors measured, rounded up, in units in the last place (ULP) of the
//! true value, with a `mul_add` that rounds once or twice. f32 was tested with every number (sine
//! and cosine up to 3200), f64 with 10^8 random numbers for each function, against 30-digit
//! arithmetic. `cargo xtask test --exhaustive` repeats the measurement.
//!
//! | function | f32 | f64 | beyond the normal range |
//! |---|---|---|---|
//! | [`exp`] | 1.22 | 1.20 | 0 below the normal numbers, infinite above the largest |
//! | [`exp_m1`] | 1.73 | 2.00 | infinite where `exp` is |
//! | [`ln`] | 0.84 | 0.85 | accurate for subnormals; minus infinity at 0, NaN below |
//! | [`ln_1p`] | 1.40 | 1.41 | minus infinity at -1, NaN below |
//! | [`logistic`] | 2.00 | 2.00 | 0 where `exp` is |
//! | [`tanh`] | 1.75 | 1.87 | |
//! | [`erf`] | 1.65 | 2.04 | |
//! | [`softplus`] | 1.81 | 1.74 | 0 where `exp` is |
//! | [`sin`], [`cos`] | 1.59 | 1.58 | for `abs(x) <= 3200` (f32) or `1e5` (f64); from -1 to 1 everywhere |
//!
//! Results less than the smallest normal number (about 1.2e-38 in f32, 2.2e-308 in f64) may be 0.

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

/// Coefficients of these functions, lowest power first. Model exports contain them, so that code in
/// other languages computes the same values.
pub mod coefficients {
    pub use super::error_function::{ERF_32, ERF_64};
    pub use super::exponential::{EXP_32, EXP_64};
    pub use super::logarithm::{LN_32, LN_64};
    pub use super::trigonometric::{COS_32, COS_64, HALF_PI_32, HALF_PI_64, SIN_32, SIN_64};
}

/// Returns the larger of the two, or `x` if it is NaN.
#[inline(always)]
pub fn at_least<L: Lanes>(x: L, bound: L) -> L {
    x.at_least(bound)
}

/// Returns the smaller of the two, or `x` if it is NaN.
#[inline(always)]
pub fn at_most<L: Lanes>(x: L, bound: L) -> L {
    x.at_most(bound)
}

/// Returns `Σ_k c[k]·x^k`, computed by Horner's rule on groups of two terms, or of four if there
/// are many (Estrin 1960).
///
/// Term by term, each sum would wait for the previous one, and a processor that looks about five
/// vectors ahead would not find enough independent work.
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

/// Returns `Σ_k group(k)·x^k` for k below n.
#[inline(always)]
fn horner<L: Lanes>(x: L, n: usize, group: impl Fn(usize) -> L) -> L {
    let mut sum = group(n - 1);
    for k in (0..n - 1).rev() {
        sum = sum.mul_add(x, group(k));
    }
    sum
}

/// Returns `c[0] + c[1]·x`, or `c[0]` if it is the only coefficient.
#[inline(always)]
fn two_terms<L: Lanes>(x: L, c: &[f64]) -> L {
    match c {
        [a, b, ..] => L::splat(*b).mul_add(x, L::splat(*a)),
        _ => L::splat(c[0]),
    }
}

/// Returns `single` in every lane if the lanes are f32, else `double`.
#[inline(always)]
fn splat<L: Lanes>(single: f64, double: f64) -> L {
    L::splat(if L::SINGLE { single } else { double })
}

/// Returns ln 2 as a sum of two parts, the first with so few bits that its product with any
/// exponent is exact.
#[inline(always)]
fn ln_2<L: Lanes>() -> (L, L) {
    (splat(0.693145751953125, 0.693147180559663), splat(1.4286068203094173e-06, 2.8235290563031577e-13))
}
