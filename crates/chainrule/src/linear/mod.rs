//! Linear models: the optimum of a loss over networks without hidden layers.
//!
//! [`fit`] minimises the mean loss of `y = f(x·W + b)` plus a small L2 penalty: linear regression,
//! logistic and multinomial regression, Poisson regression and so on, depending on the loss. The
//! result is a reference for networks with hidden layers, and depends on the data only.

mod minimise;
mod preconditioner;
mod standardised;

pub use self::minimise::LinearEnding;
use std::sync::Arc;

use self::preconditioner::Preconditioner;
use self::standardised::{Standardised, TargetScale};
use crate::network::activation::Activation;
use crate::network::loss::{Link, Loss};
use crate::network::{Architecture, Layer};
use crate::objective::{Evaluate, Objective, Reduction};
use crate::train::Penalty;
use crate::{Dataset, Error};

/// Strength λ of the L2 penalty of linear regression, where the optimum is finite without one.
pub const RIDGE: f64 = 1e-10;

/// Strength λ of the L2 penalty for all other losses. The optimum is finite even if the classes are
/// separable.
pub const L2: f64 = 1e-6;

/// Maximum number of iterations.
pub const MAX_ITERATIONS: usize = 500;

/// Gradient norm at which the solver stops, relative to `max(1, norm at the start)`.
const TOLERANCE: f64 = 1e-6;

/// Tolerance for linear regression, where further iterations cost little: with a Cholesky factor,
/// each one is a step of iterative refinement.
const LEAST_SQUARES_TOLERANCE: f64 = 1e-11;

/// Smallest mean target from which the initial bias is computed.
const MIN_MEAN: f64 = 1e-6;

/// A linear model at the optimum of its loss.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearFit {
    /// Architecture: the output layer alone.
    pub architecture: Architecture,
    /// Parameters in the layout of the architecture: `W` (n_inputs, n_outputs), then `b`
    /// (n_outputs).
    pub parameters: Vec<f64>,
    /// Number of iterations of the solver.
    pub n_iterations: usize,
    /// Euclidean norm of the gradient of the penalised mean loss at the solution, with respect to
    /// the parameters of the standardised problem.
    pub gradient_norm: f64,
    /// Reason why the solver stopped.
    pub ending: LinearEnding,
}

/// Fits a linear model: minimises the mean loss over the samples plus an L2 penalty.
///
/// ```text
/// J(W, b) = Σ w·l(f(x·W + b), t) / Σ w + λ/2·Σ W²
/// ```
///
/// f is the activation `output`, w are the sample weights. The penalty applies to the weights of
/// standardised inputs (weighted mean 0, weighted standard deviation 1), not to the bias, so that
/// the result does not depend on the scales of the inputs. λ is [`RIDGE`] = 1e-10 for the squared
/// error with identity outputs, where the targets are standardised too, and [`L2`] = 1e-6
/// otherwise. Samples of weight 0 have no influence; inputs that are constant over the other
/// samples get a weight of 0.
///
/// The solver is L-BFGS (10 pairs) on all samples with the line search of Moré and Thuente. With up to 1000 inputs (fewer if there are many samples), it is preconditioned by
/// the Cholesky factor of the covariance of the inputs plus λ. For the squared error, this amounts
/// to solving the normal equations, followed by iterative refinement; for other losses, the number
/// of iterations does not depend on the correlations of the inputs. The solver stops at a gradient
/// norm of 1e-6 (1e-11 for the squared error) times `max(1, norm at the start)`, or after
/// [`MAX_ITERATIONS`]. It draws no random numbers, and the bits of the result do not depend on the
/// number of threads.
///
/// The solution is the global optimum if the loss is a convex function of `x·W + b`, as every loss
/// in the registry is with its canonical link. Otherwise it is a local optimum; the solver then
/// starts at zero.
///
/// J. Nocedal, S. J. Wright, Numerical Optimization, 2nd edition, 2006, algorithm 7.5.
///
/// # Errors
/// Returns [`Error::NoSamples`] if all weights are 0, and [`Error::TargetDomain`] if a target is
/// outside the domain of the loss.
///
/// ```
/// use std::sync::Arc;
///
/// use chainrule::network::{activation::Activation, loss::Loss};
/// use chainrule::{Dataset, linear};
///
/// // t = 3x + 1
/// let data = Arc::new(Dataset::new(vec![0.0, 1.0, 2.0, 5.0], 1, vec![1.0, 4.0, 7.0, 16.0], 1)?);
/// let fit = linear::fit(&data, &Loss::squared_error(), &Activation::identity())?;
/// assert_eq!(fit.architecture.describe(), "1 -> 1 identity");
/// assert!((fit.parameters[0] - 3.0).abs() < 1e-8 && (fit.parameters[1] - 1.0).abs() < 1e-8);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn fit(data: &Arc<Dataset<f64>>, loss: &Loss, output: &Activation) -> Result<LinearFit, Error> {
    let (n_inputs, n_targets) = (data.n_inputs(), data.n_targets());
    let n_outputs = loss.n_outputs(n_targets);
    let architecture = Architecture::new(n_inputs, vec![Layer::new(n_outputs, output.clone())])?;
    let has_weight = |i: &u32| data.weights().is_none_or(|weights| weights[*i as usize] > 0.0);
    let rows: Vec<u32> = (0..data.n_samples() as u32).filter(has_weight).collect();
    if rows.is_empty() {
        return Err(Error::NoSamples);
    }
    let (target_scale, lambda, tolerance) = if is_least_squares(loss, output) {
        (TargetScale::Standard, RIDGE, LEAST_SQUARES_TOLERANCE)
    } else {
        (TargetScale::Unchanged, L2, TOLERANCE)
    };
    let standardised = Arc::new(Standardised::new(data.clone(), &rows, target_scale));
    let preconditioner = Preconditioner::new(&standardised, &rows, n_outputs, lambda)?;
    let mut objective = Objective::new(&architecture, loss, standardised.clone())?;
    let penalty = Penalty { l2: lambda, ..Penalty::default() };
    let weights = 0..n_inputs * n_outputs;
    let mut evaluate = |parameters: &[f64], gradient: &mut [f64]| {
        let sums = objective.reduced(parameters, &rows, gradient, Reduction::Mean, None);
        let sums = sums.expect("samples in memory can be read");
        let penalty = penalty.add(1.0, &parameters[weights.clone()], &mut gradient[weights.clone()]);
        sums.loss / sums.weight + penalty
    };
    let mut start = vec![0.0; architecture.n_parameters()];
    if loss.implies(output) && n_outputs == n_targets {
        let means = standardised.mean_targets(&rows);
        start[weights.end..].iter_mut().zip(means).for_each(|(b, t)| *b = inverse(loss.link(), t));
    }
    let minimum =
        minimise::minimise(&mut evaluate, &|g| preconditioner.solve(g), start, tolerance, MAX_ITERATIONS);
    let parameters = standardised.original(&minimum.parameters, n_outputs);
    let minimise::Minimum { n_iterations, gradient_norm, ending, .. } = minimum;
    Ok(LinearFit { architecture, parameters, n_iterations, gradient_norm, ending })
}

/// Returns whether the problem is linear regression, in which the targets can be standardised.
fn is_least_squares(loss: &Loss, output: &Activation) -> bool {
    loss.name() == Loss::squared_error().name() && output.name() == Activation::identity().name()
}

/// Returns the pre-activation at which the output is `mean`, the best constant output for most
/// losses.
fn inverse(link: Link, mean: f64) -> f64 {
    match link {
        Link::Identity => mean,
        Link::Logistic => {
            let p = mean.clamp(MIN_MEAN, 1.0 - MIN_MEAN);
            crate::kernel::math::ln(p / (1.0 - p))
        }
        Link::Softmax | Link::Exp => crate::kernel::math::ln(mean.max(MIN_MEAN)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_bias_gives_the_mean_target() {
        for link in [Link::Identity, Link::Logistic, Link::Exp] {
            let mut y = [0.0];
            link.activation().values(&[inverse(link, 0.3)], &mut y);
            assert!((y[0] - 0.3).abs() < 1e-15, "{link:?}: {y:?}");
        }
    }
}
