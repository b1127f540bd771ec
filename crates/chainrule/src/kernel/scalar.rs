//! The numbers that loops are generic over: a precision, and its SIMD vectors.

use std::fmt::Display;
use std::ops::{Add, MulAssign, SubAssign};

use fearless_simd::Simd;

use super::compiled::Kernels;
use super::lanes::Lanes;

/// Precision of the engine: f32 or f64.
///
/// f32 is the usual choice. f64 is for verification and for comparison with scikit-learn.
pub trait Scalar:
    Lanes<Mask = bool> + Default + Display + PartialEq + PartialOrd + SubAssign + MulAssign
{
    /// Vector type of a level.
    #[doc(hidden)]
    type Vector<S: Simd>: Vector<Lane = Self>;

    /// Number of lanes of that vector, the same at every level.
    const WIDTH: usize;
    /// Name in experiment files: `f32` or `f64`.
    const NAME: &'static str;
    /// Distance from 1 to the next larger number.
    const EPSILON: f64;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;

    /// Rounds `v` to this precision.
    fn from_f64(v: f64) -> Self;
    /// Converts the number to f64, which is exact.
    fn to_f64(self) -> f64;
    /// Returns whether the number is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Returns the kernels for this precision.
    #[doc(hidden)]
    fn kernels() -> &'static Kernels<Self>;
    /// Returns the loops of a function in this precision.
    #[doc(hidden)]
    fn loops<F: InBothPrecisions + ?Sized>(function: &F) -> &F::Loops<Self>;
}

/// A function that has loops in both precisions, such as an activation, as a trait object.
#[doc(hidden)]
pub trait InBothPrecisions {
    /// The loops in one precision.
    type Loops<T: 'static>: ?Sized;
    /// Returns the loops in single precision.
    fn single(&self) -> &Self::Loops<f32>;
    /// Returns the loops in double precision.
    fn double(&self) -> &Self::Loops<f64>;
}

/// A vector of one precision that can be loaded from slices and stored to them.
pub trait Vector: Lanes {
    /// Type of a lane.
    type Lane: Scalar;
    /// Number of lanes, a power of two.
    const WIDTH: usize;

    /// Loads the first `WIDTH` numbers of a slice.
    fn load(slice: &[Self::Lane]) -> Self;
    /// Overwrites the first `WIDTH` numbers of a slice with the lanes.
    fn store(self, slice: &mut [Self::Lane]);
    /// Loads a slice of at most `WIDTH` numbers and sets the remaining lanes to 0.
    #[inline(always)]
    fn load_some(slice: &[Self::Lane]) -> Self {
        if slice.len() == Self::WIDTH {
            return Self::load(slice);
        }
        let mut padded = [Self::Lane::ZERO; MAX_LANES];
        padded[..slice.len()].copy_from_slice(slice);
        Self::load(&padded)
    }
    /// Overwrites a slice of at most `WIDTH` numbers with the first lanes.
    #[inline(always)]
    fn store_some(self, slice: &mut [Self::Lane]) {
        if slice.len() == Self::WIDTH {
            return self.store(slice);
        }
        let mut padded = [Self::Lane::ZERO; MAX_LANES];
        self.store(&mut padded);
        slice.copy_from_slice(&padded[..slice.len()]);
    }
    /// Returns a vector with `v` in every lane.
    fn broadcast(v: Self::Lane) -> Self;
    /// Half of the lanes.
    type Half: HalfVector;
    /// Returns the lower and the upper half.
    fn split(self) -> [Self::Half; 2];
    /// Returns the vector with the given lower and upper half.
    fn join(halves: [Self::Half; 2]) -> Self;
    /// Interleaves the lanes of both vectors, `(x0 y0 x1 y1 ..., ... x_last y_last)`, and returns
    /// the lower and the upper half.
    fn interleave(self, other: Self) -> (Self, Self);
    /// Returns the sum of the lanes: adds the upper half to the lower half until one lane is left.
    fn sum(self) -> Self::Lane;
    /// Whether the machine has registers as wide as the vector; otherwise a vector takes two or
    /// more of them.
    const WHOLE: bool;
}

/// Half of a vector: two blocks of 128 bits.
pub trait HalfVector: Copy + Add<Output = Self> {
    /// Number of lanes of a block.
    const BLOCK: usize;

    /// Interleaves the lanes of each block, `(x0 y0 x1 y1 ..., ... x_last y_last)`, and returns the
    /// lower and the upper half.
    fn interleave_blocks(self, other: Self) -> (Self, Self);
    /// Returns the lower blocks of both, and the upper blocks of both.
    fn exchange_blocks(self, other: Self) -> (Self, Self);
}

/// Number of lanes of the widest vector.
pub(super) const MAX_LANES: usize = 16;
