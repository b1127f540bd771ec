//! The number types that formulas are generic over: f32 and f64, and SIMD vectors of them.
//!
//! Activations, losses and elementary functions are written once over [`Lanes`]. With f32 or f64
//! they are plain scalar code; with a vector type they are vector kernels.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// Branch-free arithmetic and selection on one number or on several lanes.
pub trait Lanes:
    Copy
    + Debug
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
{
    /// Whether each lane is an f32, for which short polynomials suffice, rather than an f64.
    const SINGLE: bool;
    /// Exponent bias: 127 or 1023.
    const BIAS: f64;
    /// Result of a comparison, lane by lane.
    type Mask: Copy;

    /// Returns `v`, rounded to the precision of the lanes, in every lane.
    fn splat(v: f64) -> Self;
    /// Returns `self·a + b`. The instruction set determines whether it is rounded once or twice.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Returns `|self|`.
    fn abs(self) -> Self;
    /// Returns the correctly rounded square root.
    fn sqrt(self) -> Self;
    /// Rounds to the nearest integer, ties to even, for `|self| < 2^21` (f32) or `2^50` (f64).
    fn round(self) -> Self;
    /// Returns whether `self < other`; false if either is NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// Returns `yes` where the mask is true and `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// Returns `|self|` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// Returns the larger of the two, or `self` if it is NaN.
    #[inline(always)]
    fn at_least(self, bound: Self) -> Self {
        Self::select(self.lt(bound), bound, self)
    }
    /// Returns the smaller of the two, or `self` if it is NaN.
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        Self::select(bound.lt(self), bound, self)
    }
    /// Returns `(n, 2^(n + above))`, where n is the integer nearest to `self·scale`, with ties
    /// rounded either way, and `above` is an integer.
    ///
    /// One addition rounds and leaves n in the low bits of the sum; a shift moves them to the
    /// exponent. The power is 0 one below the normal exponents (-126..=127 or -1022..=1023) and
    /// infinite one above them. It is meaningless beyond that, or if `self` is NaN. `|n|` must be
    /// less than 2^21 (f32) or 2^50 (f64).
    fn round_and_exp2(self, scale: Self, above: f64) -> (Self, Self);
    /// Returns `self·2^n` exactly if `self` and the product are normal numbers, and `self` if n is
    /// 0. `exponent` is the second number of `round_and_exp2(_, -BIAS)`.
    ///
    /// n is added to the exponent bits, so that the product is correct even if `2^n` itself would
    /// overflow. If `self` or the product is not a normal number, the result is meaningless: NaN
    /// may become a number.
    fn times_exp2(self, exponent: Self) -> Self;
    /// Returns `(m, e)` with `self = m·2^e` and `sqrt(1/2) <= m < sqrt(2)`, for a normal positive
    /// `self`.
    fn split_exponent(self) -> (Self, Self);
}

// One body for both precisions, which differ only in bit layout.
macro_rules! lanes {
    ($float:ident, $mantissa:literal, $bias:literal, $sqrt_half:literal, $single:literal) => {
        impl Lanes for $float {
            const SINGLE: bool = $single;
            const BIAS: f64 = $bias as f64;
            type Mask = bool;

            #[inline(always)]
            fn splat(v: f64) -> Self {
                v as $float
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                self * a + b
            }
            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn round(self) -> Self {
                // 1.5·2^(mantissa bits): a number of this size has no fraction bits.
                const MAGIC: $float = (3u64 << ($mantissa - 1)) as $float;
                (self + MAGIC) - MAGIC
            }
            #[inline(always)]
            fn lt(self, other: Self) -> bool {
                self < other
            }
            #[inline(always)]
            fn select(mask: bool, yes: Self, no: Self) -> Self {
                if mask { yes } else { no }
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                self.copysign(sign)
            }
            #[inline(always)]
            fn round_and_exp2(self, scale: Self, above: f64) -> (Self, Self) {
                let magic = ((3u64 << ($mantissa - 1)) as f64 + Self::BIAS + above) as $float;
                let sum = Lanes::mul_add(self, scale, magic);
                (sum - magic, $float::from_bits(sum.to_bits() << $mantissa))
            }
            #[inline(always)]
            fn times_exp2(self, exponent: Self) -> Self {
                $float::from_bits(self.to_bits().wrapping_add(exponent.to_bits()))
            }
            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                // With the bias added, the exponent is not negative. Inserted as the low bits of
                // 2^(mantissa bits), it is converted to a number by a subtraction, which has a
                // vector form in every instruction set.
                const MAGIC: $float = (1u64 << $mantissa) as $float;
                const BIASED_0: $float = MAGIC + $bias as $float;
                let bits = self.to_bits().wrapping_sub($sqrt_half).wrapping_add($bias << $mantissa);
                let e = $float::from_bits((bits >> $mantissa) | MAGIC.to_bits()) - BIASED_0;
                let m = $float::from_bits((bits & ((1 << $mantissa) - 1)).wrapping_add($sqrt_half));
                (m, e)
            }
        }
    };
}

lanes!(f32, 23, 127, 0x3f3504f3, true);
lanes!(f64, 52, 1023, 0x3fe6a09e667f3bcd, false);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Scalar;
    use proptest::prelude::*;

    fn assert_exponents<T: Scalar>(m: f64, least: i32, most: i32) {
        // Arguments around n/4, which the scale maps to around n.
        let round = |n: f64, above: f64| {
            T::from_f64((n + 0.3 * (m - 1.0)) / 4.0).round_and_exp2(T::from_f64(4.0), above)
        };
        for e in least..=most {
            let (n, expected) = (f64::from(e), T::from_f64(m * 2.0_f64.powi(e)));
            for above in [-1.0, 0.0, 1.0] {
                assert_eq!(round(n - above, above), (T::from_f64(n - above), T::from_f64(2.0_f64.powi(e))));
            }
            let (_, exponent) = round(n, -T::BIAS);
            assert_eq!(T::from_f64(m).times_exp2(exponent), expected);
            assert_eq!(T::from_f64(-m).times_exp2(exponent), -expected);
            let (rest, exponent) = expected.split_exponent();
            let halved = m * m > 2.0;
            assert_eq!(rest, T::from_f64(if halved { m / 2.0 } else { m }));
            assert_eq!(exponent, T::from_f64(f64::from(e) + f64::from(u8::from(halved))));
        }
        let [below, beyond] = [least - 1, most + 1].map(f64::from);
        let (_, exponent) = round(beyond, -T::BIAS);
        assert_eq!(T::from_f64(m / 2.0).times_exp2(exponent), T::from_f64(m * 2.0_f64.powi(most)));
        assert_eq!(round(below, 0.0).1, T::ZERO);
        assert_eq!(round(beyond, 0.0).1, T::from_f64(f64::INFINITY));
    }

    #[test]
    fn bounds_propagate_nan() {
        for (x, least, most) in [(-1.0, 2.0, -1.0), (3.0, 3.0, 2.0), (f32::INFINITY, f32::INFINITY, 2.0)] {
            assert_eq!((x.at_least(2.0), x.at_most(2.0)), (least, most));
        }
        assert!(f64::NAN.at_least(2.0).is_nan() && f64::NAN.at_most(2.0).is_nan());
    }

    proptest! {
        #[test]
        fn exponents_are_set_added_and_split(m in 1.0..1.9999_f32) {
            assert_exponents::<f32>(m.into(), -126, 127);
            assert_exponents::<f64>(m.into(), -1022, 1023);
        }

        #[test]
        fn round_breaks_ties_to_even(x in -1e6..1e6_f32) {
            for x in [x, x.trunc() + 0.5] {
                prop_assert_eq!(Lanes::round(x), x.round_ties_even());
                prop_assert_eq!(Lanes::round(f64::from(x)), f64::from(x).round_ties_even());
            }
        }
    }
}
