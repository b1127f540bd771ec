//! The trait that every initializer implements.

use std::fmt;

use crate::Error;
use crate::random::RandomState;

/// Computes the initial values of the weights or the bias of a layer.
#[doc(hidden)]
pub trait InitializerRule: fmt::Debug + Send + Sync {
    /// Overwrites `out` with initial values; see [`Initializer::fill`](super::Initializer::fill).
    fn fill(&self, n_in: usize, n_out: usize, random: &mut RandomState, out: &mut [f64]);
    /// Checks that the initializer can set parameters of this shape; see
    /// [`Initializer::check`](super::Initializer::check).
    fn check(&self, _n_rows: usize, _n_columns: usize) -> Result<(), Error> {
        Ok(())
    }
}
