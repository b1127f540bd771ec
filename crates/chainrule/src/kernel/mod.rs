//! Vectorised loops of the engine.
//!
//! - [`lanes`]: [`Scalar`] and [`Lanes`], the number types that the loops are generic over;
//! - [`math`]: exp, ln, tanh and other elementary functions, independent of the platform's math
//!   library;
//! - `vector`: the SIMD vectors that implement [`Lanes`];
//! - `level`: the instruction set, detected or forced;
//! - `aligned`: buffers aligned to cache lines;
//! - `gather`: copying table rows into the columns of a tile;
//! - `combine`: the register-blocked loop nest behind the products of `dense`;
//! - `dense`: the three products of a dense layer over one tile of samples;
//! - `sample`: the forward product for a single sample;
//! - `slices`: elementwise operations and reductions on slices;
//! - `compiled`: a table of these kernels for each precision, compiled once;
//! - `dropout`: dropout masks;
//! - `pool`: the thread pool for the chunks of a training step.
//!
//! Tests compare most kernels with plain code that follows their definitions.

pub(crate) mod aligned;
mod combine;
pub(crate) mod compiled;
pub(crate) mod dense;
pub(crate) mod dropout;
pub(crate) mod gather;
pub mod lanes;
pub(crate) mod level;
pub mod math;
pub(crate) mod pool;
pub(crate) mod sample;
pub(crate) mod slices;
pub(crate) mod vector;

pub use lanes::{Lanes, Scalar};
pub use level::check_simd_from_env;
