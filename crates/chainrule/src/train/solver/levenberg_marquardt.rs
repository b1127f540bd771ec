//! The Levenberg-Marquardt method, for any loss with a known Hessian with respect to the outputs a
//! generalised Gauss-Newton method with damping.
//!
//! A step d from the parameters p solves `(G + μ·I)·d = -g`, where g is the gradient of the loss and
//! G its Gauss-Newton matrix `Σ w·Jᵀ·H·J / Σ w`: J is the Jacobian of the outputs with respect to
//! the parameters and H the Hessian of the loss with respect to the outputs. For the squared error,
//! G is `2·Σ w·Jᵀ·J / Σ w`. An L2 penalty adds its strength to the diagonal.
//!
//! If the loss decreases at `p + d`, the step is accepted and μ reduced, which makes the next step
//! more similar to Newton's; otherwise μ is increased, which makes it shorter and more similar to
//! gradient descent. The option `damping` selects the rule:
//!
//! | `damping` | accepted | not accepted |
//! |---|---|---|
//! | `gain_ratio` | `μ ← μ·max(1/3, 1 - (2ρ - 1)³)` | `μ ← μ·2, μ·4, μ·8, ...` |
//! | `factors`, as in MATLAB's trainlm | `μ ← μ·mu_decrease` | `μ ← μ·mu_increase` |
//!
//! ρ is the decrease of the loss divided by the decrease that the quadratic model predicts.
//!
//! From K. Levenberg, A method for the solution of certain non-linear problems in least squares,
//! 1944; D. Marquardt, An algorithm for least-squares estimation of nonlinear parameters, 1963; with
//! the gain ratio from H. B. Nielsen, Damping parameter in Marquardt's method, 1999; for networks
//! M. T. Hagan, M. B. Menhaj, Training feedforward networks with the Marquardt algorithm, 1994; with
//! other losses N. N. Schraudolph, Fast curvature matrix-vector products for second-order gradient
//! descent, 2002.

use super::super::state_values::{Parts, StateValues};
use super::lbfgs::SolverStatus;
use super::method::{LevenbergMarquardtOptions, Method, Solver};
use crate::Error;
use crate::kernel::Scalar;
use crate::kernel::symmetric::{Cholesky, SymmetricMatrix};
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Method> = Entry {
    name: "levenberg_marquardt",
    aliases: &["lm"],
    summary: "p ← p - (G + μ·I)⁻¹·g with the Gauss-Newton matrix G; up to 5000 parameters",
    options: &[
        OptionSpec {
            name: "damping",
            kind: OptionKind::Choice(&["gain_ratio", "factors"]),
            summary: "rule for μ: by the gain ratio, or with two constant factors as in MATLAB's trainlm",
        },
        OptionSpec {
            name: "mu",
            kind: OptionKind::Number(1e-3, NumberRange::POSITIVE),
            summary: "initial damping μ",
        },
        OptionSpec {
            name: "mu_decrease",
            kind: OptionKind::Number(0.1, NumberRange::INSIDE_UNIT),
            summary: "factor of μ after an accepted step, for factors",
        },
        OptionSpec {
            name: "mu_increase",
            kind: OptionKind::Number(10.0, NumberRange::ABOVE_ONE),
            summary: "factor of μ after a step that was not accepted, for factors",
        },
        OptionSpec {
            name: "mu_max",
            kind: OptionKind::Number(1e10, NumberRange::POSITIVE),
            summary: "μ above which training ends",
        },
        OptionSpec {
            name: "gtol",
            kind: OptionKind::Number(1e-7, NumberRange::NON_NEGATIVE),
            summary: "largest absolute element of the gradient at which training ends",
        },
        OptionSpec {
            name: "ftol",
            kind: OptionKind::Number(1e-10, NumberRange::NON_NEGATIVE),
            summary: "decrease of the loss, relative to it, at which training ends",
        },
    ],
    make: |options| Method::LevenbergMarquardt(LevenbergMarquardtOptions::new(options)),
};

/// Maximum number of parameters.
pub(in crate::train) const MAX_PARAMETERS: usize = 5000;

impl Solver {
    /// Returns the Levenberg-Marquardt method with its default options.
    pub fn levenberg_marquardt() -> Solver {
        Solver::of(ENTRY.name, &[])
    }
}

/// Prefix of the names of the parts of the state.
const PREFIX: &str = "solver.levenberg_marquardt.";

/// State of a minimisation between two steps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LevenbergMarquardt<T> {
    /// Value at the current point.
    pub(super) value: f64,
    /// Gradient at the current point.
    pub(super) gradient: Vec<T>,
    /// Damping μ of the next step.
    pub(super) mu: f64,
    /// Factor of μ if the next step is not accepted, for the rule of the gain ratio.
    pub(super) growth: f64,
    /// Decrease of the value that the quadratic model predicts for the proposed step.
    pub(super) predicted: f64,
}

impl<T: Scalar> LevenbergMarquardt<T> {
    /// Begins at a point with this value and gradient.
    pub(super) fn new(options: &LevenbergMarquardtOptions, value: f64, gradient: &[T]) -> Self {
        LevenbergMarquardt {
            value,
            gradient: gradient.to_vec(),
            mu: options.mu.max(MIN_MU),
            growth: 2.0,
            predicted: 0.0,
        }
    }

    /// Returns all parts of the state by name.
    pub(super) fn to_named(&self) -> Vec<(String, StateValues)> {
        let numbers =
            [("value", self.value), ("mu", self.mu), ("growth", self.growth), ("predicted", self.predicted)];
        let mut named: Vec<_> =
            numbers.map(|(part, v)| (format!("{PREFIX}{part}"), StateValues::Numbers(vec![v]))).into();
        let gradient = self.gradient.iter().map(|g| g.to_f64()).collect();
        named.push((format!("{PREFIX}gradient"), StateValues::Numbers(gradient)));
        named
    }

    /// Restores the state from its parts, if there are any.
    pub(super) fn from_named(parts: &Parts<'_>) -> Result<Option<LevenbergMarquardt<T>>, Error> {
        let number = |part: &str| parts.number(&format!("{PREFIX}{part}"));
        if !parts.has(&format!("{PREFIX}mu")) {
            return Ok(None);
        }
        Ok(Some(LevenbergMarquardt {
            value: number("value")?,
            gradient: parts.exact(&format!("{PREFIX}gradient"))?,
            mu: number("mu")?,
            growth: number("growth")?,
            predicted: number("predicted")?,
        }))
    }

    /// Computes the next point to evaluate from the current point `p` and the Gauss-Newton matrix
    /// there; `trial` is overwritten, unless no damping makes the matrix positive definite.
    ///
    /// The predicted decrease is that of the quadratic model, `-gᵀ·d - ½·dᵀ·G·d = ½·dᵀ·(μ·d - g)`.
    pub(super) fn propose(
        &mut self,
        options: &LevenbergMarquardtOptions,
        matrix: &SymmetricMatrix,
        cholesky: &mut Cholesky,
        p: &[T],
        trial: &mut [T],
    ) -> SolverStatus {
        while !cholesky.factorize(matrix, self.mu) {
            if self.increase_damping(options) == SolverStatus::NoDecrease {
                return SolverStatus::NoDecrease;
            }
        }
        let mut d: Vec<f64> = self.gradient.iter().map(|g| -g.to_f64()).collect();
        cholesky.solve(&mut d);
        let term = |(d, g): (&f64, &T)| d * (self.mu * d - g.to_f64());
        self.predicted = 0.5 * d.iter().zip(&self.gradient).map(term).sum::<f64>();
        for ((trial, p), d) in trial.iter_mut().zip(p).zip(&d) {
            *trial = T::from_f64(p.to_f64() + d);
        }
        SolverStatus::Searching
    }

    /// Takes the value and the gradient at the point `trial` that was proposed into account. If it
    /// is accepted, it replaces the current point `p`.
    pub(super) fn observe(
        &mut self,
        options: &LevenbergMarquardtOptions,
        p: &mut [T],
        trial: &[T],
        value: f64,
        gradient: &[T],
    ) -> SolverStatus {
        let decrease = self.value - value;
        // The comparison is false for NaN. An infinite loss is not a decrease either.
        if !(decrease > 0.0 && gradient.iter().all(|g| g.is_finite())) {
            if self.predicted <= f64::EPSILON * self.value.abs() {
                return SolverStatus::NoDecrease;
            }
            return self.increase_damping(options);
        }
        self.mu *= if options.constant_factors {
            options.mu_decrease
        } else {
            let excess = 2.0 * decrease / self.predicted - 1.0;
            (1.0 - excess * excess * excess).max(1.0 / 3.0)
        };
        // Below this, the damping has no effect on the sums in f64.
        self.mu = self.mu.max(MIN_MU);
        self.growth = 2.0;
        self.value = value;
        self.gradient.copy_from_slice(gradient);
        p.copy_from_slice(trial);
        SolverStatus::Accepted
    }

    /// Checks that the damping of a restored state can be increased.
    pub(super) fn check_damping(&self) -> Result<(), Error> {
        let parts = [("mu", self.mu, MIN_MU), ("growth", self.growth, 1.0)];
        match parts.into_iter().find(|(_, v, min)| !(v.is_finite() && v >= min)) {
            None => Ok(()),
            Some((part, ..)) => Err(Error::MissingState { name: format!("{PREFIX}{part}") }),
        }
    }

    fn increase_damping(&mut self, options: &LevenbergMarquardtOptions) -> SolverStatus {
        if options.constant_factors {
            self.mu *= options.mu_increase;
        } else {
            self.mu *= self.growth;
            self.growth *= 2.0;
        }
        if self.mu <= options.mu_max { SolverStatus::Searching } else { SolverStatus::NoDecrease }
    }
}

/// Smallest damping.
const MIN_MU: f64 = 1e-20;
