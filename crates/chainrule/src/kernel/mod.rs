//! The fast loops, and a slow obvious twin of each.
//!
//! - [`lanes`]: what the loops need of a number type, one number or a vector of them;
//! - [`math`]: our own exp, ln, tanh and their kin, the same bits on every machine;
//! - `aligned`: numbers that begin where a line of the cache does;
//! - `gather`: rows of a table turned into columns of a tile;
//! - `combine`: sums of rows, each times a weight;
//! - `dense`: the three products of a dense layer over one tile of samples;
//! - `sample`: the forward one of them for one sample;
//! - `slices`: sums and quotients of whole slices;
//! - `compiled`: all of these for one precision, compiled once;
//! - `dropout`: which activations a step drops;
//! - `pool`: threads that stand by for the chunks of a step.

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
