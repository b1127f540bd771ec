//! State of a solver between two evaluations of the loss.

use super::super::state_values::{Parts, StateValues};
use super::lbfgs::{Lbfgs, SolverStatus};
use super::levenberg_marquardt::LevenbergMarquardt;
use super::method::{Method, Solver};
use crate::Error;
use crate::kernel::Scalar;
use crate::kernel::symmetric::{Cholesky, SymmetricMatrix};

/// State of a solver other than the optimizer between two evaluations of the loss.
#[derive(Clone, Debug, PartialEq)]
pub struct SolverState<T> {
    pub(in crate::train) method: MethodState<T>,
    /// Number of evaluations, including that of the start.
    pub(in crate::train) n_evaluations: u64,
    /// Why the solver has ended, if it has.
    pub(in crate::train) ending: Option<SolverEnding>,
}

/// State of a method.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::train) enum MethodState<T> {
    Lbfgs(Lbfgs<T>),
    LevenbergMarquardt(LevenbergMarquardt<T>),
}

const N_EVALUATIONS: &str = "solver.n_evaluations";
const ENDING: &str = "solver.ending";

/// Why a solver ended. The numbers are those of checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SolverEnding {
    /// The gradient is at most `gtol`, or the relative decrease of the loss at most `ftol`.
    Converged = 1,
    /// No step that the method finds decreases the loss.
    NoDecrease,
    /// The maximum number of evaluations was exceeded.
    MaxEvaluations,
}

/// Matrices of the Levenberg-Marquardt method, which are computed from the parameters.
#[derive(Debug)]
pub(in crate::train) struct Newton {
    pub(in crate::train) matrix: SymmetricMatrix,
    /// Divisor of the loss, once it is known.
    pub(in crate::train) divisor: Option<f64>,
    /// Whether the matrix is that of the current parameters.
    pub(in crate::train) is_current: bool,
    cholesky: Cholesky,
}

impl Newton {
    pub(in crate::train) fn new(n_parameters: usize) -> Newton {
        Newton {
            matrix: SymmetricMatrix::zeros(n_parameters),
            divisor: None,
            is_current: false,
            cholesky: Cholesky::new(n_parameters),
        }
    }
}

impl<T: Scalar> SolverState<T> {
    /// Begins at a point with this value and gradient.
    pub(in crate::train) fn new(solver: &Solver, value: f64, gradient: &[T]) -> SolverState<T> {
        let method = match &solver.made {
            Method::Lbfgs(_) => MethodState::Lbfgs(Lbfgs::new(value, gradient)),
            Method::LevenbergMarquardt(options) => {
                MethodState::LevenbergMarquardt(LevenbergMarquardt::new(options, value, gradient))
            }
            Method::Optimizer => panic!("the optimizer has no state of a solver"),
        };
        let [gtol, _] = solver.tolerances();
        let ending = (largest(gradient) <= gtol).then_some(SolverEnding::Converged);
        SolverState { method, n_evaluations: 1, ending }
    }

    /// Returns all parts of the state by name.
    pub(in crate::train) fn to_named(&self) -> Vec<(String, StateValues)> {
        let mut named = match &self.method {
            MethodState::Lbfgs(state) => state.to_named(),
            MethodState::LevenbergMarquardt(state) => state.to_named(),
        };
        let ending = self.ending.map_or(0, |ending| ending as u64);
        named.push((N_EVALUATIONS.to_owned(), StateValues::Integers(vec![self.n_evaluations])));
        named.push((ENDING.to_owned(), StateValues::Integers(vec![ending])));
        named
    }

    /// Restores the state from its parts, if there are any.
    pub(in crate::train) fn from_named(parts: &Parts<'_>) -> Result<Option<SolverState<T>>, Error> {
        if !parts.has(N_EVALUATIONS) {
            return Ok(None);
        }
        let lbfgs = Lbfgs::from_named(parts)?.map(MethodState::Lbfgs);
        let method = match lbfgs {
            Some(method) => Some(method),
            None => LevenbergMarquardt::from_named(parts)?.map(MethodState::LevenbergMarquardt),
        };
        let endings = [SolverEnding::Converged, SolverEnding::NoDecrease, SolverEnding::MaxEvaluations];
        let ending = parts.integer(ENDING)?;
        Ok(Some(SolverState {
            method: method.ok_or_else(|| Error::MissingState { name: "solver".to_owned() })?,
            n_evaluations: parts.integer(N_EVALUATIONS)?,
            ending: endings.into_iter().find(|candidate| *candidate as u64 == ending),
        }))
    }

    /// Computes the next point to evaluate from the current point `p`; `trial` is overwritten,
    /// unless the solver ends.
    pub(in crate::train) fn propose(
        &mut self,
        solver: &Solver,
        newton: Option<&mut Newton>,
        p: &[T],
        trial: &mut [T],
    ) {
        match (&mut self.method, &solver.made) {
            (MethodState::Lbfgs(state), _) => state.propose(p, trial, None),
            (MethodState::LevenbergMarquardt(state), Method::LevenbergMarquardt(options)) => {
                let Newton { matrix, cholesky, .. } = newton.expect("the matrix has been computed");
                if state.propose(options, matrix, cholesky, p, trial) == SolverStatus::NoDecrease {
                    self.ending = Some(SolverEnding::NoDecrease);
                }
            }
            _ => panic!("the state is that of the solver"),
        }
    }

    /// Takes the value and the gradient at the point `trial` that was proposed into account, and
    /// decides whether the solver has ended. If the point is accepted, it replaces the current point
    /// `p`. The order of the checks is that of SciPy.
    pub(in crate::train) fn observe(
        &mut self,
        solver: &Solver,
        p: &mut [T],
        trial: &[T],
        value: f64,
        gradient: &[T],
    ) -> SolverStatus {
        self.n_evaluations = self.n_evaluations.saturating_add(1);
        let before = self.value();
        let status = match (&mut self.method, &solver.made) {
            (MethodState::Lbfgs(state), _) => state.observe(p, trial, value, gradient),
            (MethodState::LevenbergMarquardt(state), Method::LevenbergMarquardt(options)) => {
                state.observe(options, p, trial, value, gradient)
            }
            _ => panic!("the state is that of the solver"),
        };
        let [gtol, ftol] = solver.tolerances();
        // SciPy's L-BFGS-B compares with 1 if the values are smaller.
        let scale = match self.method {
            MethodState::Lbfgs(_) => before.abs().max(value.abs()).max(1.0),
            MethodState::LevenbergMarquardt(_) => before.abs(),
        };
        self.ending = match status {
            SolverStatus::NoDecrease => Some(SolverEnding::NoDecrease),
            SolverStatus::Accepted if self.n_evaluations > solver.max_evaluations() => {
                Some(SolverEnding::MaxEvaluations)
            }
            SolverStatus::Accepted if largest(gradient) <= gtol || before - value <= ftol * scale => {
                Some(SolverEnding::Converged)
            }
            SolverStatus::Accepted | SolverStatus::Searching => None,
        };
        status
    }

    /// Returns the value at the current point.
    pub(crate) fn value(&self) -> f64 {
        match &self.method {
            MethodState::Lbfgs(state) => state.value,
            MethodState::LevenbergMarquardt(state) => state.value,
        }
    }

    /// Returns the gradient at the current point.
    pub(crate) fn gradient(&self) -> &[T] {
        match &self.method {
            MethodState::Lbfgs(state) => state.gradient(),
            MethodState::LevenbergMarquardt(state) => &state.gradient,
        }
    }

    /// Returns the length of the last step in units of the method's own step: the result of the
    /// line search, or 1.
    pub(in crate::train) fn step_length(&self) -> f64 {
        match &self.method {
            MethodState::Lbfgs(state) => state.step_length,
            MethodState::LevenbergMarquardt(_) => 1.0,
        }
    }

    /// Checks that the state is one of `solver` for `n_parameters` parameters.
    pub(in crate::train) fn check(&self, solver: &Solver, n_parameters: usize) -> Result<(), Error> {
        let (is_same, lengths) = match (&self.method, &solver.made) {
            (MethodState::Lbfgs(state), Method::Lbfgs(_)) => (true, state.lengths()),
            (MethodState::LevenbergMarquardt(state), Method::LevenbergMarquardt(_)) => {
                state.check_damping()?;
                (true, vec![state.gradient.len()])
            }
            _ => (false, Vec::new()),
        };
        if !is_same {
            return Err(Error::MissingState { name: format!("solver.{}", solver.name()) });
        }
        match lengths.into_iter().find(|length| *length != n_parameters) {
            None => Ok(()),
            Some(got) => {
                let what = "length of a solver state vector";
                Err(Error::StateMismatch { what, expected: n_parameters, got })
            }
        }
    }
}

impl Solver {
    /// Returns `gtol` and `ftol`.
    fn tolerances(&self) -> [f64; 2] {
        match &self.made {
            Method::Optimizer => [0.0; 2],
            Method::Lbfgs(options) => [options.gtol, options.ftol],
            Method::LevenbergMarquardt(options) => [options.gtol, options.ftol],
        }
    }

    fn max_evaluations(&self) -> u64 {
        match &self.made {
            Method::Lbfgs(options) => options.max_evaluations,
            _ => u64::MAX,
        }
    }
}

/// Returns the largest absolute element of a gradient.
fn largest<T: Scalar>(gradient: &[T]) -> f64 {
    gradient.iter().fold(0.0, |max: f64, g| max.max(g.to_f64().abs()))
}
