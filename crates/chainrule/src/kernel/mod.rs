//! Vectorised loops of the engine.
//!
//! - [`lanes`]: [`Lanes`], one number or several, which formulas are generic over;
//! - `scalar`: [`Scalar`], f32 or f64, which the loops are generic over, and its vectors;
//! - `precision`: f32 and f64 with their vectors and kernels;
//! - [`math`]: exp, ln, tanh and other elementary functions, independent of the platform's math
//!   library;
//! - `vector`: the SIMD vectors;
//! - `square`: transposes and sums of the lanes of several vectors;
//! - `level`: the instruction set, detected or forced;
//! - `aligned`: buffers aligned to cache lines;
//! - `gather`: copying table rows into the columns of a tile;
//! - `combine`: the register-blocked loop nest behind the products of `dense`;
//! - `dense`: forward product and input gradient of a dense layer over one tile of samples;
//! - `accumulation`: whether sums replace the numbers of a buffer or are added to them;
//! - `gradient`: gradients of its weights and bias;
//! - `plan`: the blocks, panels and copies of each shape and level, with the reasons;
//! - `few`: products of few terms, fused with an activation or its derivative;
//! - `sample`: the forward product for a single sample;
//! - `slices`: elementwise operations and reductions on slices;
//! - `compiled`: the table of these kernels, compiled once for each precision;
//! - `symmetric`: sums of products `V·Vᵀ` and the Cholesky factorization, with the kernel of
//!   `gradient`;
//! - `dropout`: dropout masks, from the numbers in `draws`;
//! - `pool`: the thread pool for the chunks of a training step.
//!
//! Tests compare most kernels with plain code that follows their definitions.

pub(crate) mod accumulation;
pub(crate) mod aligned;
mod combine;
pub(crate) mod compiled;
pub(crate) mod dense;
mod draws;
pub(crate) mod dropout;
pub(crate) mod few;
pub(crate) mod gather;
pub(crate) mod gradient;
pub mod lanes;
pub(crate) mod level;
pub mod math;
mod plan;
pub(crate) mod pool;
mod precision;
pub(crate) mod sample;
pub(crate) mod scalar;
pub(crate) mod slices;
mod square;
pub(crate) mod symmetric;
mod vector;

pub use lanes::Lanes;
pub use level::{check_simd_from_env, simd_level};
pub use scalar::{InBothPrecisions, Scalar};

/// Maximum number of samples that pass through the network together.
pub(crate) const TILE: usize = 64;
