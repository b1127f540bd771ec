//! SIMD vectors of the kernels: 16 lanes of f32 or 8 lanes of f64 at every level, so that every
//! machine adds in the same order.
//!
//! `fearless_simd` provides the types and the instructions. This module implements [`Lanes`] and
//! [`Vector`] for them, which turns the activations, losses and elementary functions, all generic over it, into
//! vector kernels.

use fearless_simd::prelude::*;
use fearless_simd::{Level, f32x8, f32x16, f64x4, f64x8, u32x16, u64x8};

use super::lanes::Lanes;
use super::scalar::{HalfVector, Vector};

/// Returns the token that proves that the instructions of a level are available, which
/// `fearless_simd` requires to construct a vector.
///
/// [`Lanes`] constructs vectors from a number alone and has no parameter for the token.
#[inline(always)]
#[expect(unsafe_code, reason = "a trait that plain numbers implement too has no parameter for the token")]
fn token<S: Simd>() -> S {
    const { assert!(size_of::<S>() == 0, "the token of a level is zero-sized") }
    // SAFETY: S is zero-sized, so it has no bytes that could be invalid. Its instructions are
    // available because vector types are used only inside this crate, in functions that are generic
    // over S and entered through `dispatch!`, which has the token.
    unsafe { std::mem::transmute_copy::<(), S>(&()) }
}

// One body for both precisions, which differ only in type names and bit layout.
macro_rules! vector {
    ($vector:ident, $half:ident, $interleave:ident, $exchange:ident, $float:ident, $bits:ident, $unsigned:ident, $width:literal,
     $mantissa:literal, $bias:literal, $sqrt_half:literal, $single:literal) => {
        impl<S: Simd> Lanes for $vector<S> {
            const SINGLE: bool = $single;
            const BIAS: f64 = $bias as f64;
            type Mask = <$vector<S> as SimdBase<S>>::Mask;

            #[inline(always)]
            fn splat(v: f64) -> Self {
                Self::simd_from(token::<S>(), v as $float)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                SimdFloat::mul_add(self, a, b)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                SimdFloat::copysign(self, 1.0)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                SimdFloat::sqrt(self)
            }
            #[inline(always)]
            fn round(self) -> Self {
                let magic = <Self as Lanes>::splat((3u64 << ($mantissa - 1)) as f64);
                (self + magic) - magic
            }
            #[inline(always)]
            fn lt(self, other: Self) -> Self::Mask {
                self.simd_lt(other)
            }
            #[inline(always)]
            fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
                mask.select(yes, no)
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                SimdFloat::copysign(self, sign)
            }
            // On x86 the native instruction does what the default does in two, including NaN and
            // the sign of 0: it returns its second operand if the operands are equal or either is
            // NaN.
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            #[inline(always)]
            fn at_least(self, bound: Self) -> Self {
                bound.max(self)
            }
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            #[inline(always)]
            fn at_most(self, bound: Self) -> Self {
                bound.min(self)
            }
            #[inline(always)]
            fn round_and_exp2(self, scale: Self, above: f64) -> (Self, Self) {
                let magic = <Self as Lanes>::splat((3u64 << ($mantissa - 1)) as f64 + Self::BIAS + above);
                let sum = Lanes::mul_add(self, scale, magic);
                let bits: $unsigned<S> = sum.to_bits();
                (sum - magic, Self::from_bits(bits << $mantissa))
            }
            #[inline(always)]
            fn times_exp2(self, exponent: Self) -> Self {
                Self::from_bits(self.to_bits() + exponent.to_bits())
            }
            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                let all = |v: $bits| $unsigned::simd_from(token::<S>(), v);
                let magic = (1u64 << $mantissa) as $float;
                let biased_0 = <Self as Lanes>::splat((1u64 << $mantissa) as f64 + f64::from($bias));
                let bits = self.to_bits() - all($sqrt_half) + all($bias << $mantissa);
                let e = Self::from_bits((bits >> $mantissa) | all(magic.to_bits())) - biased_0;
                let m = Self::from_bits((bits & all((1 << $mantissa) - 1)) + all($sqrt_half));
                (m, e)
            }
        }

        impl<S: Simd> Vector for $vector<S> {
            type Lane = $float;
            const WIDTH: usize = $width;
            const WHOLE: bool = <S::f32s as SimdBase<S>>::LEN == 16;

            #[inline(always)]
            fn load(slice: &[$float]) -> Self {
                Self::from_slice(token::<S>(), &slice[..$width])
            }
            #[inline(always)]
            fn store(self, slice: &mut [$float]) {
                self.store_slice(&mut slice[..$width]);
            }
            #[inline(always)]
            fn broadcast(v: $float) -> Self {
                Self::simd_from(token::<S>(), v)
            }
            type Half = $half<S>;

            #[inline(always)]
            fn split(self) -> [Self::Half; 2] {
                let (low, high) = SimdSplit::split(self);
                [low, high]
            }
            #[inline(always)]
            fn join([low, high]: [Self::Half; 2]) -> Self {
                low.combine(high)
            }
            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                (self.zip_low(other), self.zip_high(other))
            }
            #[inline(always)]
            fn sum(self) -> $float {
                let mut lanes: [$float; $width] = self.into();
                let mut half = $width / 2;
                while half > 0 {
                    for k in 0..half {
                        lanes[k] += lanes[k + half];
                    }
                    half /= 2;
                }
                lanes[0]
            }
        }

        impl<S: Simd> HalfVector for $half<S> {
            const BLOCK: usize = $width / 4;

            #[inline(always)]
            fn interleave_blocks(self, other: Self) -> (Self, Self) {
                // With AVX2, the other operations compile to several instructions each.
                #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
                if let Level::Avx2(avx2) = token::<S>().level() {
                    let [low, high] = avx2::$interleave(avx2, self.into(), other.into());
                    return (Self::simd_from(token::<S>(), low), Self::simd_from(token::<S>(), high));
                }
                self.zip_low(other).exchange_blocks(self.zip_high(other))
            }
            #[inline(always)]
            fn exchange_blocks(self, other: Self) -> (Self, Self) {
                #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
                if let Level::Avx2(avx2) = token::<S>().level() {
                    let [low, high] = avx2::$exchange(avx2, self.into(), other.into());
                    return (Self::simd_from(token::<S>(), low), Self::simd_from(token::<S>(), high));
                }
                let ((low, high), (other_low, other_high)) =
                    (SimdSplit::split(self), SimdSplit::split(other));
                (low.combine(other_low), high.combine(other_high))
            }
        }
    };
}

vector!(f32x16, f32x8, interleave_f32, exchange_f32, f32, u32, u32x16, 16, 23, 127, 0x3f3504f3, true);
vector!(f64x8, f64x4, interleave_f64, exchange_f64, f64, u64, u64x8, 8, 52, 1023, 0x3fe6a09e667f3bcd, false);

/// Shuffles of AVX2 registers that `fearless_simd` does not offer.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod avx2 {
    #[cfg(target_arch = "x86")]
    use std::arch::x86 as intrinsics;
    #[cfg(target_arch = "x86_64")]
    use std::arch::x86_64 as intrinsics;

    use fearless_simd::prelude::*;
    use fearless_simd::{f32x8, f64x4, kernel};
    use intrinsics::{
        _mm256_permute2f128_pd, _mm256_permute2f128_ps, _mm256_unpackhi_pd, _mm256_unpackhi_ps,
        _mm256_unpacklo_pd, _mm256_unpacklo_ps,
    };

    // One body for all shuffles, which differ only in types and instructions.
    macro_rules! shuffle {
        ($name:ident, $half:ident, $array:ty, $low:expr, $high:expr) => {
            kernel!(
                #[inline(always)]
                pub(super) fn $name(avx2: Avx2, x: $array, y: $array) -> [$array; 2] {
                    let (x, y) = ($half::simd_from(avx2, x).into(), $half::simd_from(avx2, y).into());
                    [$low(x, y), $high(x, y)].map(
                        #[inline(always)]
                        |v| $half::simd_from(avx2, v).into(),
                    )
                }
            );
        };
    }

    shuffle!(interleave_f32, f32x8, [f32; 8], _mm256_unpacklo_ps, _mm256_unpackhi_ps);
    shuffle!(interleave_f64, f64x4, [f64; 4], _mm256_unpacklo_pd, _mm256_unpackhi_pd);
    shuffle!(exchange_f32, f32x8, [f32; 8], _mm256_permute2f128_ps::<0x20>, _mm256_permute2f128_ps::<0x31>);
    shuffle!(exchange_f64, f64x4, [f64; 4], _mm256_permute2f128_pd::<0x20>, _mm256_permute2f128_pd::<0x31>);
}
