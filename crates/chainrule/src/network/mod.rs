//! The network: dense layers over one flat parameter vector, and the forward and backward pass.
//!
//! Backpropagation is in `forward.rs` and `backward.rs`; each starts with its equations.

pub mod activation;
mod architecture;
pub(crate) mod backward;
mod dropout;
pub(crate) mod forward;
pub(crate) mod gauss_newton;
pub mod initializer;
mod jacobian;
mod layer;
pub mod loss;
#[expect(clippy::module_inception, reason = "a file is named after the type that it defines")]
mod network;
pub(crate) mod predictor;
pub(crate) mod tile;

pub use architecture::{Architecture, Block, Part};
pub use dropout::Dropout;
pub use initializer::Initializer;
pub use jacobian::{jacobian, vector_jacobian_product};
pub use layer::{BlockFactors, Layer, Learning};
pub use network::Network;
pub use predictor::Predictor;
