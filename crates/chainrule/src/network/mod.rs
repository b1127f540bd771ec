//! The network: dense layers on one flat vector of parameters, the forward pass and the backward pass.
//!
//! To read how backpropagation works here, read `forward.rs` and then `backward.rs`; each begins with its formula.

pub mod activation;
mod architecture;
pub(crate) mod backward;
mod dropout;
pub(crate) mod forward;
pub mod initializer;
mod layer;
pub mod loss;
#[expect(clippy::module_inception, reason = "the noun it holds, as every file here")]
mod network;
mod predictor;
pub(crate) mod tile;

pub use architecture::{Architecture, Block, Part};
pub use dropout::Dropout;
pub use initializer::Initializer;
pub use layer::{Layer, Learning};
pub use network::Network;
pub use predictor::Predictor;
