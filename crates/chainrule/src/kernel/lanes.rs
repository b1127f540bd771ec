//! What a formula needs of the numbers it runs on: [`Scalar`] is f32 or f64, [`Lanes`] one of them or a vector.
//!
//! Activations, losses and their mathematics are written once over [`Lanes`]. One lane (f32 or f64 themselves) is
//! the plain version; a vector type that implements the trait turns the same lines into a vector kernel.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use fearless_simd::{Simd, f32x16, f64x8};

use super::compiled::Kernels;
use super::vector::Vector;

/// Arithmetic and choice on one number, or on each of several side by side, without branches.
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
    /// Whether each lane is an f32 (short polynomials suffice) rather than an f64.
    const SINGLE: bool;
    /// What the exponent's bits of 1 hold: 127 or 1023.
    const BIAS: f64;
    /// The outcome of a comparison, lane by lane.
    type Mask: Copy;

    /// `v`, rounded to the lanes' precision, in every lane.
    fn splat(v: f64) -> Self;
    /// `self·a + b`. Whether it rounds once or twice is the instruction set's affair for now.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// `|self|`.
    fn abs(self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// The nearest integer, ties to even; for `|self| < 2^21` (f32) or `2^50` (f64).
    fn round(self) -> Self;
    /// Whether `self < other`; false where either is NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// `yes` where the mask holds, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// `|self|` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// The larger of the two; `self` where it is NaN.
    #[inline(always)]
    fn at_least(self, bound: Self) -> Self {
        Self::select(self.lt(bound), bound, self)
    }
    /// The smaller of the two; `self` where it is NaN.
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        Self::select(bound.lt(self), bound, self)
    }
    /// `(n, 2^(n + above))` with n the integer nearest to `self·scale`, ties either way, for integral `above`.
    ///
    /// One addition rounds, and leaves n in the low bits of the sum, from where a shift takes it to the exponent's.
    /// The power is 0 one below the normal exponents (-126..=127, or -1022..=1023), infinite one above them and
    /// without meaning beyond, or where `self` is NaN; `|n|` is less than 2^21 (f32) or 2^50 (f64).
    fn round_and_exp2(self, scale: Self, above: f64) -> (Self, Self);
    /// `self·2^n` exactly, with `exponent` the second number of `round_and_exp2(_, -BIAS)`, where `self` and the product
    /// are normal numbers; `self` where `n` is 0.
    ///
    /// `n` is added to the exponent's bits, so that the product may reach where `2^n` itself would overflow. Where
    /// `self` or the product is no normal number, what comes out has no meaning: a NaN may become a number.
    fn times_exp2(self, exponent: Self) -> Self;
    /// `(m, e)` with `self = m·2^e` and `sqrt(1/2) <= m < sqrt(2)`, for a normal positive `self`.
    fn split_exponent(self) -> (Self, Self);
}

/// A precision of the engine: f32 or f64.
///
/// f32 is the default of everyday work; f64 is for proofs, and for agreement with scikit-learn.
pub trait Scalar:
    Lanes<Mask = bool> + Default + Display + PartialEq + PartialOrd + SubAssign + MulAssign
{
    /// The vector of a level that the kernels run on.
    #[doc(hidden)]
    type Vector<S: Simd>: Vector<Lane = Self>;

    /// The lanes of that vector, at every level.
    const WIDTH: usize;
    /// The name, as an experiment file writes it: `f32` or `f64`.
    const NAME: &'static str;
    /// The distance from 1 to the next larger number.
    const EPSILON: f64;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;

    /// `v` rounded to this precision.
    fn from_f64(v: f64) -> Self;
    /// This number, exactly.
    fn to_f64(self) -> f64;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// The loops over tiles and slices in this precision.
    #[doc(hidden)]
    fn kernels() -> &'static Kernels<Self>;
    /// The loops of an activation in this precision.
    #[doc(hidden)]
    fn activation(
        function: &dyn crate::network::activation::ActivationFunction,
    ) -> &dyn crate::network::activation::ActivationLoops<Self>;
    /// The loops of a loss in this precision.
    #[doc(hidden)]
    fn loss(function: &dyn crate::network::loss::LossFunction) -> &dyn crate::network::loss::LossLoops<Self>;
    /// The loop of an optimizer in this precision.
    #[doc(hidden)]
    fn optimizer(rule: &dyn crate::train::optimizer::Rule) -> &dyn crate::train::optimizer::UpdateLoop<Self>;
}

// One body for the two precisions: they differ in nothing but their bits' layout.
macro_rules! scalar {
    ($float:ident, $vector:ident, $width:literal, $mantissa:literal, $bias:literal, $sqrt_half:literal, $single:literal) => {
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
                // 1.5·2^(mantissa bits): adding it leaves no room for a fraction.
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
                // With the bias added, the exponent is no negative integer. As the low bits of 2^(mantissa bits) it
                // turns into a number by a subtraction, for which every instruction set has a vector form.
                const MAGIC: $float = (1u64 << $mantissa) as $float;
                const BIASED_0: $float = MAGIC + $bias as $float;
                let bits = self.to_bits().wrapping_sub($sqrt_half).wrapping_add($bias << $mantissa);
                let e = $float::from_bits((bits >> $mantissa) | MAGIC.to_bits()) - BIASED_0;
                let m = $float::from_bits((bits & ((1 << $mantissa) - 1)).wrapping_add($sqrt_half));
                (m, e)
            }
        }

        impl Scalar for $float {
            type Vector<S: Simd> = $vector<S>;
            const WIDTH: usize = $width;
            const NAME: &'static str = stringify!($float);
            const EPSILON: f64 = $float::EPSILON as f64;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline(always)]
            fn from_f64(v: f64) -> Self {
                v as $float
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                self.is_finite()
            }
            fn kernels() -> &'static Kernels<Self> {
                static KERNELS: Kernels<$float> = Kernels::of();
                &KERNELS
            }
            fn activation(
                function: &dyn crate::network::activation::ActivationFunction,
            ) -> &dyn crate::network::activation::ActivationLoops<Self> {
                function
            }
            fn loss(
                function: &dyn crate::network::loss::LossFunction,
            ) -> &dyn crate::network::loss::LossLoops<Self> {
                function
            }
            fn optimizer(
                rule: &dyn crate::train::optimizer::Rule,
            ) -> &dyn crate::train::optimizer::UpdateLoop<Self> {
                rule
            }
        }
    };
}

scalar!(f32, f32x16, 16, 23, 127, 0x3f3504f3, true);
scalar!(f64, f64x8, 8, 52, 1023, 0x3fe6a09e667f3bcd, false);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_exponents_move<T: Scalar>(m: f64, least: i32, most: i32) {
        // From numbers around n/4, which the scale turns into numbers around n.
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
    fn bounds_let_a_nan_through() {
        for (x, least, most) in [(-1.0, 2.0, -1.0), (3.0, 3.0, 2.0), (f32::INFINITY, f32::INFINITY, 2.0)] {
            assert_eq!((x.at_least(2.0), x.at_most(2.0)), (least, most));
        }
        assert!(f64::NAN.at_least(2.0).is_nan() && f64::NAN.at_most(2.0).is_nan());
    }

    proptest! {
        #[test]
        fn exponents_are_set_added_and_taken_apart(m in 1.0..1.9999_f32) {
            assert_exponents_move::<f32>(m.into(), -126, 127);
            assert_exponents_move::<f64>(m.into(), -1022, 1023);
        }

        #[test]
        fn round_is_to_the_nearest_even(x in -1e6..1e6_f32) {
            for x in [x, x.trunc() + 0.5] {
                prop_assert_eq!(Lanes::round(x), x.round_ties_even());
                prop_assert_eq!(Lanes::round(f64::from(x)), f64::from(x).round_ties_even());
            }
        }
    }
}
