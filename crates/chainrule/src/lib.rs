#![doc = include_str!("../TOUR.md")]

mod dataset;
pub mod datasets;
mod error;
pub mod gradcheck;
pub mod kernel;
pub mod landscape;
pub mod linear;
pub mod metrics;
pub mod mlp;
pub mod network;
pub mod objective;
pub mod random;
pub mod registry;
mod sum;
pub mod trace;
pub mod train;

pub use dataset::{DataSource, Dataset};
pub use error::Error;
pub use kernel::check_simd_from_env;
pub use kernel::pool::{set_threads, threads, threads_from_env};
pub use kernel::{Lanes, Scalar};
pub use mlp::Mlp;
pub use objective::{Evaluate, Objective};

/// Holds the Rust examples of the README, which are executed as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
