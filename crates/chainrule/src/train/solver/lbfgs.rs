//! L-BFGS, a quasi-Newton method with limited memory.
//!
//! The search direction is `d = -H·g`, where the matrix H approximates the inverse of the Hessian
//! from the differences of the parameters and of the gradients over the last ten iterations. The
//! step length α in `p ← p + α·d` is found by a line search for the strong Wolfe conditions, which
//! usually accepts the first one, α = 1.

use std::collections::VecDeque;

use super::super::state_values::{Parts, StateValues};
use super::line_search::{LineSearch, SearchStatus};
use super::method::{LbfgsOptions, Method, Solver};
use crate::Error;
use crate::kernel::Scalar;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};
use crate::sum::{dot, sum};

pub(super) const ENTRY: Entry<Method> = Entry {
    name: "lbfgs",
    aliases: &["l-bfgs"],
    summary: "p ← p - α·H·g, with H from the last ten iterations and α from a line search",
    options: &[
        OptionSpec {
            name: "gtol",
            kind: OptionKind::Number(1e-5, NumberRange::NON_NEGATIVE),
            summary: "largest absolute element of the gradient at which training ends",
        },
        OptionSpec {
            name: "ftol",
            kind: OptionKind::Number(2.220446049250313e-9, NumberRange::NON_NEGATIVE),
            summary: "decrease of the loss, relative to the loss or 1 if that is larger, at which training ends",
        },
        OptionSpec {
            name: "max_evaluations",
            kind: OptionKind::Number(15_000.0, NumberRange::COUNT),
            summary: "number of evaluations of the loss after which training ends",
        },
    ],
    make: |options| Method::Lbfgs(LbfgsOptions::new(options)),
};

impl Solver {
    /// Returns L-BFGS with the tolerances of SciPy.
    pub fn lbfgs() -> Solver {
        Solver::of(ENTRY.name, &[])
    }
}

/// Prefix of the names of the parts of the state.
const PREFIX: &str = "solver.lbfgs.";

/// Number of correction pairs that approximate the Hessian.
const MEMORY: usize = 10;

/// Differences `s` of the parameters and `y` of the gradients over one iteration, with the product
/// `s·y`.
#[derive(Clone, Debug, PartialEq)]
struct Pair<T> {
    s: Vec<T>,
    y: Vec<T>,
    s_y: f64,
}

/// State of a minimisation by L-BFGS.
///
/// The direction is `-H·g`, where H is the product of the inverse preconditioner `M⁻¹`, scaled by
/// `γ = s·y / (y·M⁻¹·y)` of the last pair, with the last ten pairs (J. Nocedal, S. J. Wright,
/// Numerical Optimization, 2nd edition, 2006, algorithm 7.4). Line search, first step (`1/|d|`),
/// condition for a new pair and restarts are those of L-BFGS-B 3.0 without bounds (R. H. Byrd,
/// P. Lu, J. Nocedal, C. Zhu, A limited memory algorithm for bound constrained optimization, 1995;
/// J. L. Morales, J. Nocedal, remark on algorithm 778, 2011), which SciPy uses, so that the path is
/// the same up to rounding errors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lbfgs<T> {
    pairs: VecDeque<Pair<T>>,
    /// Value at the current point.
    pub(super) value: f64,
    /// Gradient at the current point.
    gradient: Vec<T>,
    direction: Vec<T>,
    /// Search along `direction`, unless the next one has not begun.
    search: Option<LineSearch>,
    /// Length of the last accepted step, relative to the direction.
    pub(super) step_length: f64,
    n_iterations: u64,
}

/// A function that replaces a vector by its product with the inverse of the preconditioner.
pub(crate) type Precondition<'p> = &'p dyn Fn(&mut [f64]);

/// Result of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SolverStatus {
    /// The search for the next point continues.
    Searching,
    /// The evaluated point is the new current point.
    Accepted,
    /// No step decreases the value, neither along the quasi-Newton direction nor along the
    /// preconditioned gradient.
    NoDecrease,
}

impl<T: Scalar> Lbfgs<T> {
    /// Begins at a point with this value and gradient.
    pub(crate) fn new(value: f64, gradient: &[T]) -> Lbfgs<T> {
        Lbfgs {
            pairs: VecDeque::with_capacity(MEMORY),
            value,
            gradient: gradient.to_vec(),
            direction: vec![T::ZERO; gradient.len()],
            search: None,
            step_length: 0.0,
            n_iterations: 0,
        }
    }

    /// Returns the gradient at the current point.
    pub(crate) fn gradient(&self) -> &[T] {
        &self.gradient
    }

    /// Returns all parts of the state by name.
    pub(super) fn to_named(&self) -> Vec<(String, StateValues)> {
        let exact = |v: &[T]| StateValues::Numbers(v.iter().map(|v| v.to_f64()).collect());
        let name = |part: &str| format!("{PREFIX}{part}");
        let mut named = vec![
            (name("value"), StateValues::Numbers(vec![self.value])),
            (name("gradient"), exact(&self.gradient)),
            (name("direction"), exact(&self.direction)),
            (name("step_length"), StateValues::Numbers(vec![self.step_length])),
            (name("n_iterations"), StateValues::Integers(vec![self.n_iterations])),
            (name("s_y"), StateValues::Numbers(self.pairs.iter().map(|pair| pair.s_y).collect())),
        ];
        if let Some(search) = &self.search {
            named.push((name("search"), StateValues::Numbers(search.to_numbers().to_vec())));
        }
        for (k, pair) in self.pairs.iter().enumerate() {
            named.push((name(&format!("s.{k}")), exact(&pair.s)));
            named.push((name(&format!("y.{k}")), exact(&pair.y)));
        }
        named
    }

    /// Restores the state from its parts, if there are any.
    pub(super) fn from_named(parts: &Parts<'_>) -> Result<Option<Lbfgs<T>>, Error> {
        let name = |part: &str| format!("{PREFIX}{part}");
        if !parts.has(&name("value")) {
            return Ok(None);
        }
        let search = if parts.has(&name("search")) {
            let numbers = parts.numbers(&name("search"))?.try_into();
            let missing = |_| Error::MissingState { name: name("search") };
            Some(LineSearch::from_numbers(numbers.map_err(missing)?))
        } else {
            None
        };
        let pair = |(k, &s_y): (usize, &f64)| {
            let (s, y) = (name(&format!("s.{k}")), name(&format!("y.{k}")));
            Ok(Pair { s: parts.exact(&s)?, y: parts.exact(&y)?, s_y })
        };
        let s_y = parts.numbers(&name("s_y"))?;
        if s_y.len() > MEMORY {
            return Err(Error::MissingState { name: name("s_y") });
        }
        Ok(Some(Lbfgs {
            pairs: s_y.iter().enumerate().map(pair).collect::<Result<_, Error>>()?,
            value: parts.number(&name("value"))?,
            gradient: parts.exact(&name("gradient"))?,
            direction: parts.exact(&name("direction"))?,
            search,
            step_length: parts.number(&name("step_length"))?,
            n_iterations: parts.integer(&name("n_iterations"))?,
        }))
    }

    /// Returns the lengths of all vectors.
    pub(super) fn lengths(&self) -> Vec<usize> {
        let pairs = self.pairs.iter().flat_map(|pair| [&pair.s, &pair.y]);
        [&self.gradient, &self.direction].into_iter().chain(pairs).map(Vec::len).collect()
    }

    /// Returns the number of iterations, which are accepted points.
    pub(crate) fn n_iterations(&self) -> u64 {
        self.n_iterations
    }

    /// Computes the next point to evaluate from the current point `p`; `trial` is overwritten.
    ///
    /// `precondition`, if given, replaces a vector by its product with `M⁻¹`, where M approximates
    /// the Hessian up to a constant factor.
    pub(crate) fn propose(&mut self, p: &[T], trial: &mut [T], precondition: Option<Precondition<'_>>) {
        let search = self.search.take().unwrap_or_else(|| self.begin(precondition));
        let step = search.step();
        for ((trial, p), d) in trial.iter_mut().zip(p).zip(&self.direction) {
            *trial = T::from_f64(p.to_f64() + step * d.to_f64());
        }
        self.search = Some(search);
    }

    /// Takes the value and the gradient at the point `trial` that was proposed into account. If it
    /// is accepted, it replaces the current point `p`.
    pub(crate) fn observe(&mut self, p: &mut [T], trial: &[T], value: f64, gradient: &[T]) -> SolverStatus {
        let mut search = self.search.take().expect("a point was proposed");
        let slope = dot(&self.direction, gradient);
        match search.observe(value, slope) {
            SearchStatus::Continue => {
                self.search = Some(search);
                return SolverStatus::Searching;
            }
            SearchStatus::Accept if search.step() > 0.0 => {}
            _ => {
                // The pairs may be useless, for example after a kink.
                let is_steepest = self.pairs.is_empty();
                self.pairs.clear();
                return if is_steepest { SolverStatus::NoDecrease } else { SolverStatus::Searching };
            }
        }
        let y: Vec<T> = difference(gradient, &self.gradient);
        let step = search.step();
        let s_y = (slope - search.start_slope()) * step;
        if s_y > f64::EPSILON * -search.start_slope() * step {
            if self.pairs.len() == MEMORY {
                self.pairs.pop_front();
            }
            self.pairs.push_back(Pair { s: difference(trial, p), y, s_y });
        }
        self.value = value;
        self.gradient.copy_from_slice(gradient);
        p.copy_from_slice(trial);
        self.step_length = step;
        self.n_iterations = self.n_iterations.saturating_add(1);
        SolverStatus::Accepted
    }

    /// Computes the search direction and begins the search along it.
    fn begin(&mut self, precondition: Option<Precondition<'_>>) -> LineSearch {
        let mut slope = self.compute_direction(precondition);
        // Rounding errors can turn the direction; that of the gradient always descends.
        if slope >= 0.0 && !self.pairs.is_empty() {
            self.pairs.clear();
            slope = self.compute_direction(precondition);
        }
        let is_first = self.n_iterations == 0 && self.pairs.is_empty() && precondition.is_none();
        let step = if is_first { 1.0 / sum(&self.direction, |d| d * d).sqrt() } else { 1.0 };
        LineSearch::new(self.value, slope, step)
    }

    /// Computes `-H·g` by the two-loop recursion and returns its product with the gradient.
    fn compute_direction(&mut self, precondition: Option<Precondition<'_>>) -> f64 {
        let mut d: Vec<f64> = self.gradient.iter().map(|g| -g.to_f64()).collect();
        let mut alphas = [0.0; MEMORY];
        for (alpha, pair) in alphas.iter_mut().zip(self.pairs.iter().rev()) {
            *alpha = dot(&pair.s, &d) / pair.s_y;
            add(-*alpha, &pair.y, &mut d);
        }
        if let Some(precondition) = precondition {
            precondition(&mut d);
        }
        if let Some(Pair { y, s_y, .. }) = self.pairs.back() {
            let mut scaled: Vec<f64> = y.iter().map(|y| y.to_f64()).collect();
            if let Some(precondition) = precondition {
                precondition(&mut scaled);
            }
            let gamma = s_y / dot(y, &scaled);
            d.iter_mut().for_each(|d| *d *= gamma);
        }
        for (alpha, pair) in alphas[..self.pairs.len()].iter().rev().zip(&self.pairs) {
            let beta = dot(&pair.y, &d) / pair.s_y;
            add(alpha - beta, &pair.s, &mut d);
        }
        self.direction.iter_mut().zip(d).for_each(|(to, d)| *to = T::from_f64(d));
        dot(&self.direction, &self.gradient)
    }
}

fn add<T: Scalar>(factor: f64, v: &[T], to: &mut [f64]) {
    to.iter_mut().zip(v).for_each(|(to, v)| *to += factor * v.to_f64());
}

fn difference<T: Scalar>(a: &[T], b: &[T]) -> Vec<T> {
    a.iter().zip(b).map(|(&a, &b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function that overwrites its second argument with the gradient.
    type Function = fn(&[f64], &mut [f64]) -> f64;

    fn rosenbrock(p: &[f64], g: &mut [f64]) -> f64 {
        g.fill(0.0);
        let mut value = 0.0;
        for i in 1..p.len() {
            let (a, b) = (1.0 - p[i - 1], p[i] - p[i - 1] * p[i - 1]);
            g[i - 1] += -2.0 * a - 400.0 * p[i - 1] * b;
            g[i] += 200.0 * b;
            value += a * a + 100.0 * b * b;
        }
        value
    }

    fn quadratic(p: &[f64], g: &mut [f64]) -> f64 {
        let factor = |i: usize| 10f64.powf(4.0 * i as f64 / (p.len() - 1) as f64);
        g.iter_mut().zip(p).enumerate().for_each(|(i, (g, p))| *g = factor(i) * p);
        0.5 * dot(p, g)
    }

    fn log_cosh(p: &[f64], g: &mut [f64]) -> f64 {
        let factor = |i: usize| (i + 1) as f64;
        g.iter_mut().zip(p).enumerate().for_each(|(i, (g, p))| *g = factor(i) * (p - 1.0).tanh());
        p.iter().enumerate().map(|(i, p)| factor(i) * (p - 1.0).cosh().ln()).sum()
    }

    fn wood(p: &[f64], g: &mut [f64]) -> f64 {
        let [a, b, c, d] = [0, 1, 2, 3].map(|k| p[k]);
        let (u, v) = (b - a * a, d - c * c);
        g.copy_from_slice(&[
            -400.0 * a * u - 2.0 * (1.0 - a),
            200.0 * u + 20.2 * (b - 1.0) + 19.8 * (d - 1.0),
            -360.0 * c * v - 2.0 * (1.0 - c),
            180.0 * v + 20.2 * (d - 1.0) + 19.8 * (b - 1.0),
        ]);
        100.0 * u * u
            + (1.0 - a).powi(2)
            + 90.0 * v * v
            + (1.0 - c).powi(2)
            + 10.1 * ((b - 1.0).powi(2) + (d - 1.0).powi(2))
            + 19.8 * (b - 1.0) * (d - 1.0)
    }

    /// Minimises a function until the largest absolute element of the gradient is at most `gtol` or
    /// the relative decrease at most `ftol`. Returns the numbers of iterations and evaluations and
    /// the value. `observe` is called after each evaluation.
    fn minimise(
        function: Function,
        start: &[f64],
        [gtol, ftol]: [f64; 2],
        mut observe: impl FnMut(&mut Lbfgs<f64>, &[f64]),
    ) -> (u64, u64, f64) {
        let (mut p, mut trial) = (start.to_vec(), start.to_vec());
        let mut g = vec![0.0; p.len()];
        let mut solver = Lbfgs::new(function(&p, &mut g), &g);
        let mut n_evaluations = 1;
        loop {
            let before = solver.value;
            solver.propose(&p, &mut trial, None);
            let value = function(&trial, &mut g);
            n_evaluations += 1;
            let progress = solver.observe(&mut p, &trial, value, &g);
            observe(&mut solver, &p);
            let largest = solver.gradient().iter().fold(0.0, |max: f64, g| max.max(g.abs()));
            let decrease = (before - solver.value) / before.abs().max(solver.value.abs()).max(1.0);
            match progress {
                SolverStatus::Accepted if largest <= gtol || decrease <= ftol => {
                    return (solver.n_iterations(), n_evaluations, solver.value);
                }
                SolverStatus::NoDecrease => panic!("no decrease at {p:?}"),
                _ => {}
            }
        }
    }

    /// The default tolerances of SciPy.
    const DEFAULT: [f64; 2] = [1e-5, 2.220446049250313e-09];

    #[test]
    fn iterations_evaluations_and_values_are_those_of_scipy() {
        // Results of `scipy.optimize.minimize(method="L-BFGS-B")` in SciPy 1.17.1. On longer paths,
        // rounding errors change the number of evaluations.
        let cases: [(Function, &[f64], u64, u64, f64); 4] = [
            (rosenbrock, &[-1.2, 1.0], 36, 44, 2.807_649_871_972_64e-12),
            (quadratic, &[1.0; 10], 117, 130, 1.594_729_584_134_69e-8),
            (log_cosh, &[5.0, -3.0, 4.0, 0.0, 20.0], 16, 20, 9.714_451_465_469_49e-13),
            (wood, &[-3.0, -1.0, -3.0, -1.0], 17, 20, 7.876_954_987_901_35),
        ];
        for (function, start, n_iterations, n_evaluations, expected) in cases {
            let found = minimise(function, start, DEFAULT, |_, _| ());
            assert_eq!((found.0, found.1), (n_iterations, n_evaluations), "{start:?}");
            assert!((found.2 - expected).abs() < 1e-10, "{start:?}: {found:?}");
        }
    }

    #[test]
    fn a_solver_that_is_interrupted_after_any_evaluation_takes_the_same_path() {
        let start = [-3.0, -1.0, -3.0, -1.0];
        let expected = minimise(wood, &start, DEFAULT, |_, _| ());
        let copied = minimise(wood, &start, DEFAULT, |solver, _| *solver = solver.clone());
        assert_eq!(copied, expected);
    }

    #[test]
    fn every_accepted_point_satisfies_the_wolfe_conditions() {
        let (mut last, mut gradient) = (vec![-1.2, 1.0], vec![0.0; 2]);
        let mut value = rosenbrock(&last, &mut gradient);
        minimise(rosenbrock, &last.clone(), DEFAULT, |solver, p| {
            if last == p {
                return;
            }
            let s = difference(p, &last);
            let (slope, new_slope) = (dot(&s, &gradient), dot(&s, solver.gradient()));
            assert!(solver.value <= value + 1e-3 * slope + 1e-14 * value.abs());
            assert!(new_slope.abs() <= 0.9 * slope.abs());
            (value, last) = (solver.value, p.to_vec());
            gradient.copy_from_slice(solver.gradient());
        });
    }
}
