//! Minimisation of a convex function by preconditioned L-BFGS.

use crate::sum::sum;
use crate::train::solver::{Lbfgs, SolverStatus};

/// Reason why the solver of a linear model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinearEnding {
    /// The gradient norm is at most the tolerance.
    Converged,
    /// No step along the search direction satisfies the Wolfe conditions, because the decrease is
    /// below the rounding errors, or because the loss is not differentiable at the optimum.
    NoDecrease,
    /// The maximum number of iterations was reached.
    MaxIterations,
}

/// Result of a minimisation.
pub(super) struct Minimum {
    pub(super) parameters: Vec<f64>,
    pub(super) gradient_norm: f64,
    pub(super) n_iterations: usize,
    pub(super) ending: LinearEnding,
}

/// Minimises a function from `start`.
///
/// `evaluate` returns the value and overwrites its second argument with the gradient. `precondition`
/// replaces a vector by its product with the inverse of an approximate Hessian, which need only be
/// correct up to a constant factor. The method stops at a gradient norm of
/// `tolerance·max(1, norm at the start)`.
pub(super) fn minimise(
    evaluate: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
    precondition: &dyn Fn(&mut [f64]),
    start: Vec<f64>,
    tolerance: f64,
    max_iterations: usize,
) -> Minimum {
    let (mut p, mut trial, mut gradient) = (start.clone(), start, Vec::new());
    gradient.resize(p.len(), 0.0);
    let mut solver = Lbfgs::new(evaluate(&p, &mut gradient), &gradient);
    let tolerance = tolerance * norm(&gradient).max(1.0);
    let ending = loop {
        if norm(solver.gradient()) <= tolerance {
            break LinearEnding::Converged;
        }
        if solver.n_iterations() == max_iterations as u64 {
            break LinearEnding::MaxIterations;
        }
        let progress = loop {
            solver.propose(&p, &mut trial, Some(precondition));
            let value = evaluate(&trial, &mut gradient);
            match solver.observe(&mut p, &trial, value, &gradient) {
                SolverStatus::Searching => {}
                progress => break progress,
            }
        };
        if progress == SolverStatus::NoDecrease {
            break LinearEnding::NoDecrease;
        }
    };
    let (gradient_norm, n_iterations) = (norm(solver.gradient()), solver.n_iterations() as usize);
    Minimum { parameters: p, gradient_norm, n_iterations, ending }
}

fn norm(v: &[f64]) -> f64 {
    sum(v, |v| v * v).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimum(evaluate: &mut dyn FnMut(&[f64], &mut [f64]) -> f64, start: &[f64]) -> Minimum {
        minimise(evaluate, &|_| (), start.to_vec(), 1e-10, 200)
    }

    #[test]
    fn the_minimum_of_rosenbrocks_function_is_found() {
        let mut rosenbrock = |p: &[f64], g: &mut [f64]| {
            let (a, b) = (1.0 - p[0], p[1] - p[0] * p[0]);
            g.copy_from_slice(&[-2.0 * a - 400.0 * p[0] * b, 200.0 * b]);
            a * a + 100.0 * b * b
        };
        let found = minimum(&mut rosenbrock, &[-1.2, 1.0]);
        assert_eq!(found.ending, LinearEnding::Converged);
        assert!(found.parameters.iter().all(|p| (p - 1.0).abs() < 1e-10), "{:?}", found.parameters);
        assert!(found.n_iterations < 60, "{}", found.n_iterations);
    }

    #[test]
    fn the_minimum_at_a_kink_is_approached() {
        let mut kink = |p: &[f64], g: &mut [f64]| {
            g.copy_from_slice(&[p[0].signum(), 2.0 * (p[1] - 3.0)]);
            p[0].abs() + (p[1] - 3.0).powi(2)
        };
        let found = minimum(&mut kink, &[5.0, -2.0]);
        assert!(found.parameters[0].abs() < 1e-3 && (found.parameters[1] - 3.0).abs() < 1e-2);
    }

    #[test]
    fn iterations_are_limited() {
        let mut unbounded = |p: &[f64], g: &mut [f64]| {
            g[0] = -(-p[0]).exp();
            (-p[0]).exp()
        };
        let found = minimise(&mut unbounded, &|_| (), vec![0.0], 0.0, 7);
        assert_eq!((found.n_iterations, found.ending), (7, LinearEnding::MaxIterations));
    }
}
