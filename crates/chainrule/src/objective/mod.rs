//! The objective: a loss over samples as a function of the parameters, with its gradient.
//!
//! [`Evaluate`] is the interface through which training, solvers, loss surfaces and gradient checks
//! use an objective. [`Objective`] implements it on the threads of this process; others can compute
//! it on several machines, with the same bits if they add the sums in the order of [`SumTree`].

mod batch;
mod gauss_newton;
mod local;
mod sums;
mod tree;

pub use crate::kernel::symmetric::SymmetricMatrix;
pub use local::{Objective, n_threads};
pub use sums::{Outputs, Reduction, Sums};
pub use tree::SumTree;

use std::sync::Arc;

use crate::Error;
use crate::dataset::DataSource;
use crate::kernel::{Scalar, slices};
use crate::network::loss::Loss;
use crate::network::{Architecture, Dropout};

/// Loss and gradient at any parameters over any rows of the data, as unnormalised sums.
///
/// With sample weights w and losses l, [`Evaluate::sums`] computes `Σ w·l`, `Σ w` and `Σ w·∂l/∂p`.
/// For a mean, the division is done once, at the end.
///
/// Rows are counted from 0, and a row may occur more than once.
pub trait Evaluate<T: Scalar>: Send {
    /// Returns the architecture of the networks.
    fn architecture(&self) -> &Architecture;

    /// Changes the dropout rates, one for each layer of the architecture.
    ///
    /// # Panics
    /// Panics if the rates do not suit the architecture; see [`Architecture::with_dropout`].
    fn set_dropout(&mut self, rates: &[f64]);

    /// Returns the loss.
    fn loss(&self) -> &Loss;

    /// Returns the number of samples.
    fn n_samples(&self) -> usize;

    /// Returns the number of targets of a sample.
    fn n_targets(&self) -> usize;

    /// Returns the data, if all samples can be read in this process.
    fn data(&self) -> Option<&Arc<dyn DataSource<T>>> {
        None
    }

    /// Computes `Σ w·l` and `Σ w` over `rows` at `parameters`.
    ///
    /// `gradient`, if given, is overwritten with `Σ w·∂l/∂p` (0 for frozen parameters). With
    /// `dropout`, activations are dropped as in that training step.
    ///
    /// # Errors
    /// Returns [`Error::Unreadable`] if samples cannot be read; `gradient` is then undefined.
    ///
    /// # Panics
    /// Panics if `parameters` or `gradient` does not have one entry per parameter of the
    /// architecture, or if a row is out of range.
    fn sums(
        &mut self,
        parameters: &[T],
        rows: &[u32],
        gradient: Option<&mut [T]>,
        dropout: Option<Dropout>,
    ) -> Result<Sums, Error>;

    /// Computes the outputs of `rows` at `parameters` and returns them with targets and weights,
    /// row-major, for metrics.
    ///
    /// # Errors
    /// Returns the errors of [`sums`](Evaluate::sums).
    ///
    /// # Panics
    /// Panics under the same conditions as [`sums`](Evaluate::sums).
    fn outputs(&mut self, parameters: &[T], rows: &[u32]) -> Result<Outputs, Error>;

    /// Computes the maximum of `|f'(z)|` over `rows` for each unit of each hidden layer.
    ///
    /// # Errors
    /// Returns the errors of [`sums`](Evaluate::sums).
    ///
    /// # Panics
    /// Panics under the same conditions as [`sums`](Evaluate::sums).
    fn max_slopes(&mut self, parameters: &[T], rows: &[u32]) -> Result<Vec<Vec<f64>>, Error>;

    /// Computes the Gauss-Newton matrix `Σ w·Jᵀ·H·J` over `rows` at `parameters`, which is positive
    /// semidefinite; `matrix` is overwritten.
    ///
    /// J is the Jacobian of the outputs with respect to the parameters, and H the Hessian of the
    /// loss with respect to the outputs, or both those of the last pre-activations; see
    /// [`Loss::curvature`]. Rows and columns of frozen parameters are 0.
    ///
    /// # Errors
    /// Returns the errors of [`sums`](Evaluate::sums).
    ///
    /// # Panics
    /// Panics under the same conditions as [`sums`](Evaluate::sums), if the order of the matrix is
    /// not the number of parameters, and if the loss has no curvature.
    fn gauss_newton(
        &mut self,
        parameters: &[T],
        rows: &[u32],
        matrix: &mut SymmetricMatrix,
    ) -> Result<(), Error>;

    /// Returns the number of threads that a batch of `n_rows` justifies.
    fn n_threads(&self, _n_rows: usize) -> usize {
        1
    }

    /// Announces that the next batch consists of `rows`, so that a slow source can read them in
    /// the background.
    fn prefetch(&self, _rows: &[u32]) {}

    /// Returns an objective with the same values that can be used on another thread at the same
    /// time; `None` if evaluations cannot run side by side.
    fn replicate(&self) -> Option<Box<dyn Evaluate<T>>> {
        None
    }

    /// Computes [`sums`](Evaluate::sums), but with the gradient of the reduced loss: `gradient` is
    /// divided by the divisor of `reduction`, unless that is 0. The returned sums are not divided.
    ///
    /// # Errors
    /// Returns the errors of [`sums`](Evaluate::sums).
    ///
    /// # Panics
    /// Panics under the same conditions as [`sums`](Evaluate::sums).
    fn reduced(
        &mut self,
        parameters: &[T],
        rows: &[u32],
        gradient: &mut [T],
        reduction: Reduction,
        dropout: Option<Dropout>,
    ) -> Result<Sums, Error> {
        let sums = self.sums(parameters, rows, Some(gradient), dropout)?;
        divide(reduction.divisor(sums), gradient);
        Ok(sums)
    }

    /// Computes the reduced loss over `rows` at `parameters`.
    ///
    /// # Errors
    /// Returns the errors of [`sums`](Evaluate::sums).
    ///
    /// # Panics
    /// Panics under the same conditions as [`sums`](Evaluate::sums).
    fn value(&mut self, parameters: &[T], rows: &[u32], reduction: Reduction) -> Result<f64, Error> {
        let sums = self.sums(parameters, rows, None, None)?;
        Ok(sums.loss / reduction.divisor(sums))
    }
}

/// Divides the gradient by `divisor`, unless that is 0.
fn divide<T: Scalar>(divisor: f64, gradient: &mut [T]) {
    if divisor != 1.0 && divisor != 0.0 {
        slices::divide(T::from_f64(divisor), gradient);
    }
}
