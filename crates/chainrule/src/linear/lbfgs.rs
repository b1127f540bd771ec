//! L-BFGS, a quasi-Newton method with limited memory.

use std::collections::VecDeque;

use super::dot::dot;
use super::line_search::{Point, search};

/// Number of correction pairs that approximate the Hessian.
const MEMORY: usize = 10;

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

/// Differences `s` of the parameters and `y` of the gradients over one iteration, with
/// `rho = 1/(s·y)`.
struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
    rho: f64,
}

/// Minimises a function from `start`.
///
/// `evaluate` returns the value and overwrites its second argument with the gradient. `precondition`
/// replaces a vector by its product with the inverse of an approximate Hessian, which need only be
/// correct up to a constant factor. The method stops at a gradient norm of
/// `tolerance·max(1, norm at the start)`.
///
/// Nocedal and Wright, algorithms 7.4 and 7.5, with `H_k^0 = γ·M⁻¹` and
/// `γ = s·y / (y·M⁻¹·y)`.
pub(super) fn minimise(
    evaluate: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
    precondition: &dyn Fn(&mut [f64]),
    start: Vec<f64>,
    tolerance: f64,
    max_iterations: usize,
) -> Minimum {
    let n = start.len();
    let (mut p, mut g) = (start, vec![0.0; n]);
    let mut value = evaluate(&p, &mut g);
    let tolerance = tolerance * norm(&g).max(1.0);
    let (mut pairs, mut gamma) = (VecDeque::with_capacity(MEMORY), 1.0);
    let (mut next, mut next_g) = (vec![0.0; n], vec![0.0; n]);
    let mut n_iterations = 0;
    let ending = loop {
        if norm(&g) <= tolerance {
            break LinearEnding::Converged;
        }
        if n_iterations == max_iterations {
            break LinearEnding::MaxIterations;
        }
        n_iterations += 1;
        let d = direction(&g, &pairs, gamma, precondition);
        let start = Point { step: 0.0, value, slope: dot(&d, &g) };
        let found = if start.slope < 0.0 {
            let mut along = |step: f64| {
                next.iter_mut().zip(&p).zip(&d).for_each(|((next, p), d)| *next = p + step * d);
                let value = evaluate(&next, &mut next_g);
                (value, dot(&d, &next_g))
            };
            search(&mut along, start)
        } else {
            None
        };
        let Some(point) = found else {
            // The pairs may be useless, for example after a kink.
            if pairs.is_empty() {
                break LinearEnding::NoDecrease;
            }
            pairs.clear();
            continue;
        };
        let s = difference(&next, &p);
        let y = difference(&next_g, &g);
        let s_y = dot(&s, &y);
        if s_y > 0.0 {
            let mut scaled = y.clone();
            precondition(&mut scaled);
            gamma = s_y / dot(&y, &scaled);
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back(Pair { s, y, rho: 1.0 / s_y });
        }
        value = point.value;
        std::mem::swap(&mut p, &mut next);
        std::mem::swap(&mut g, &mut next_g);
    };
    Minimum { parameters: p, gradient_norm: norm(&g), n_iterations, ending }
}

/// Returns the search direction `-H·g` by the two-loop recursion.
fn direction(g: &[f64], pairs: &VecDeque<Pair>, gamma: f64, precondition: &dyn Fn(&mut [f64])) -> Vec<f64> {
    let mut d: Vec<f64> = g.iter().map(|g| -g).collect();
    let mut alphas = [0.0; MEMORY];
    for (alpha, pair) in alphas.iter_mut().zip(pairs.iter().rev()) {
        *alpha = pair.rho * dot(&pair.s, &d);
        add(-*alpha, &pair.y, &mut d);
    }
    precondition(&mut d);
    d.iter_mut().for_each(|d| *d *= gamma);
    for (alpha, pair) in alphas[..pairs.len()].iter().rev().zip(pairs) {
        let beta = pair.rho * dot(&pair.y, &d);
        add(alpha - beta, &pair.s, &mut d);
    }
    d
}

fn add(factor: f64, v: &[f64], to: &mut [f64]) {
    to.iter_mut().zip(v).for_each(|(to, v)| *to += factor * v);
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
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
