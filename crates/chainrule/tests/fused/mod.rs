//! Scalar type with the arithmetic of a SIMD lane with fused multiply-add.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use chainrule::kernel::{Lanes, Scalar};

/// Number whose `mul_add` rounds once, like SIMD levels with FMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fused<S>(pub(crate) S);

/// Precision with a fused multiply-add.
pub(crate) trait Fma: Scalar {
    /// Returns `self·a + b`, rounded once.
    fn fma(self, a: Self, b: Self) -> Self;
}

impl Fma for f32 {
    #[inline(always)]
    fn fma(self, a: f32, b: f32) -> f32 {
        f32::mul_add(self, a, b)
    }
}

impl Fma for f64 {
    #[inline(always)]
    fn fma(self, a: f64, b: f64) -> f64 {
        f64::mul_add(self, a, b)
    }
}

impl<S: Fma> Lanes for Fused<S> {
    const SINGLE: bool = S::SINGLE;
    const BIAS: f64 = S::BIAS;
    type Mask = bool;

    #[inline(always)]
    fn splat(v: f64) -> Self {
        Fused(S::splat(v))
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Fused(self.0.fma(a.0, b.0))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Fused(self.0.abs())
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Fused(self.0.sqrt())
    }
    #[inline(always)]
    fn round(self) -> Self {
        Fused(self.0.round())
    }
    #[inline(always)]
    fn lt(self, other: Self) -> bool {
        self.0 < other.0
    }
    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }
    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        Fused(self.0.copysign(sign.0))
    }
    #[inline(always)]
    fn round_and_exp2(self, scale: Self, above: f64) -> (Self, Self) {
        // Adding a number this large discards the fraction, as in the SIMD code. The power of two
        // is computed from n.
        let magic = S::splat(if S::SINGLE { 12582912.0 } else { 6755399441055744.0 } + S::BIAS + above);
        let n = self.0.fma(scale.0, magic) - magic;
        (Fused(n), Fused(n.round_and_exp2(S::ONE, above).1))
    }
    #[inline(always)]
    fn times_exp2(self, exponent: Self) -> Self {
        Fused(self.0.times_exp2(exponent.0))
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let (m, e) = self.0.split_exponent();
        (Fused(m), Fused(e))
    }
}

impl<S: Scalar> Add for Fused<S> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Fused(self.0 + other.0)
    }
}

impl<S: Scalar> Sub for Fused<S> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Fused(self.0 - other.0)
    }
}

impl<S: Scalar> Mul for Fused<S> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Fused(self.0 * other.0)
    }
}

impl<S: Scalar> Div for Fused<S> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Fused(self.0 / other.0)
    }
}

impl<S: Scalar> Neg for Fused<S> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Fused(-self.0)
    }
}

impl<S: Scalar> AddAssign for Fused<S> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}
