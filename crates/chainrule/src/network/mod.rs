//! The network: layers on one flat vector of parameters, forward and backward.

pub mod activation;
pub mod loss;
