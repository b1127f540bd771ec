//! The choice of a solver with its options.

use crate::registry::{Chosen, Options};

/// Name of the solver that is the optimizer.
pub(super) const OPTIMIZER: &str = "optimizer";

/// A solver with its options.
///
/// ```
/// use chainrule::train::solver::Solver;
///
/// let solver = Solver::new("lbfgs", &[("gtol", 1e-4.into())])?;
/// assert!(solver.to_string().starts_with("lbfgs(gtol = 0.0001, "));
/// assert_eq!(Solver::new("lm", &[])?, Solver::levenberg_marquardt());
/// # Ok::<(), chainrule::Error>(())
/// ```
pub type Solver = Chosen<Method>;

/// A method with its options.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    Optimizer,
    Lbfgs(LbfgsOptions),
    LevenbergMarquardt(LevenbergMarquardtOptions),
}

/// Options of L-BFGS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LbfgsOptions {
    pub(super) gtol: f64,
    pub(super) ftol: f64,
    pub(super) max_evaluations: u64,
}

impl LbfgsOptions {
    pub(super) fn new(options: &Options) -> LbfgsOptions {
        LbfgsOptions {
            gtol: options.number("gtol"),
            ftol: options.number("ftol"),
            max_evaluations: options.number("max_evaluations") as u64,
        }
    }
}

/// Options of the Levenberg-Marquardt method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevenbergMarquardtOptions {
    /// Whether μ is multiplied by constant factors rather than by a function of the gain ratio.
    pub(super) constant_factors: bool,
    pub(super) mu: f64,
    pub(super) mu_decrease: f64,
    pub(super) mu_increase: f64,
    pub(super) mu_max: f64,
    pub(super) gtol: f64,
    pub(super) ftol: f64,
}

impl LevenbergMarquardtOptions {
    pub(super) fn new(options: &Options) -> LevenbergMarquardtOptions {
        let number = |key| options.number(key);
        LevenbergMarquardtOptions {
            constant_factors: options.text("damping") == "factors",
            mu: number("mu"),
            mu_decrease: number("mu_decrease"),
            mu_increase: number("mu_increase"),
            mu_max: number("mu_max"),
            gtol: number("gtol"),
            ftol: number("ftol"),
        }
    }
}

impl Solver {
    /// Returns the default: the optimizer's update for each batch.
    pub fn optimizer() -> Solver {
        Solver::of(OPTIMIZER, &[])
    }

    /// Returns whether the setting `optimizer` is used, and not a solver that replaces it.
    pub fn uses_optimizer(&self) -> bool {
        self.made == Method::Optimizer
    }
}
