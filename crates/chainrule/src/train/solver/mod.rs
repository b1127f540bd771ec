//! Solvers: how the parameters are updated from the loss and its gradient.
//!
//! By default, the optimizer takes a step per batch. The other solvers use all samples in each
//! step, approximate second derivatives, and choose the length of each step themselves. An epoch
//! is one of their iterations, each of which decreases the loss; see [`REGISTRY`] and the setting
//! `solver` of [`Settings`](super::Settings).
//!
//! Such a solver never evaluates the loss. It proposes a point, its caller evaluates loss and
//! gradient there, and the solver accepts the point or proposes another one. Between two
//! evaluations, its state is plain data, so that training can be interrupted anywhere. To add a
//! solver, write its file, and add its entry to [`REGISTRY`] and its variants to [`Method`] and
//! [`SolverState`].

mod lbfgs;
mod levenberg_marquardt;
mod line_search;
mod state;

pub use lbfgs::LbfgsOptions;
pub(crate) use lbfgs::{Lbfgs, SolverStatus};
pub use levenberg_marquardt::LevenbergMarquardtOptions;
pub(super) use state::Newton;
pub use state::{SolverEnding, SolverState};

use super::clip::Clip;
use super::schedule::Schedule;
use super::settings::{Batch, Settings};
use crate::Error;
use crate::kernel::symmetric::SymmetricMatrix;
use crate::network::Architecture;
use crate::network::loss::Loss;
use crate::registry::{Chosen, Entry, Registered};

/// All solvers, in display order.
pub static REGISTRY: &[Entry<Method>] = &[OPTIMIZER, lbfgs::ENTRY, levenberg_marquardt::ENTRY];

const OPTIMIZER: Entry<Method> = Entry {
    name: "optimizer",
    aliases: &[],
    summary: "the optimizer's update for each batch, with the learning rate",
    options: &[],
    make: |_| Method::Optimizer,
};

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

impl Registered for Method {
    const WHAT: &'static str = "solver";

    fn entries() -> &'static [Entry<Self>] {
        REGISTRY
    }
}

impl Solver {
    /// Returns the default: the optimizer's update for each batch.
    pub fn optimizer() -> Solver {
        Solver::of(OPTIMIZER.name, &[])
    }

    /// Returns whether the setting `optimizer` is used, and not a solver that replaces it.
    pub fn uses_optimizer(&self) -> bool {
        self.made == Method::Optimizer
    }

    /// Checks that the other settings, the network and the loss suit the solver.
    pub(super) fn check(
        &self,
        settings: &Settings,
        architecture: &Architecture,
        loss: &Loss,
    ) -> Result<(), Error> {
        if self.uses_optimizer() {
            return Ok(());
        }
        let refuse = |setting: &str, value: String, allowed: String| {
            Err(Error::Setting { setting: setting.to_owned(), value, allowed })
        };
        let uses = |what: &str| format!("{what} with the solver {}", self.name());
        if let Batch::Size(size) = settings.batch {
            let allowed = uses("\"full\", since all samples are used in each step,");
            return refuse("batch", size.to_string(), allowed);
        }
        if let Some(layer) = architecture.layers().iter().find(|layer| layer.dropout > 0.0) {
            let allowed = uses("0, since random changes of the loss would mislead its steps,");
            return refuse("dropout", layer.dropout.to_string(), allowed);
        }
        match settings.clip {
            Some(Clip::Norm(max)) => return refuse("clip.norm", max.to_string(), uses("omitted")),
            Some(Clip::Value(max)) => return refuse("clip.value", max.to_string(), uses("omitted")),
            None => {}
        }
        let decay = settings.penalty.decoupled;
        if decay > 0.0 {
            let allowed = uses("0, since it is not part of the loss (use penalty.l2),");
            return refuse("penalty.decoupled", decay.to_string(), allowed);
        }
        if settings.penalty.adds_to_loss() && settings.penalty_schedule != Schedule::constant() {
            let value = settings.penalty_schedule.name().to_owned();
            return refuse("penalty_schedule", value, uses("constant"));
        }
        let Method::LevenbergMarquardt(_) = self.made else { return Ok(()) };
        if loss.curvature(&architecture.output().activation).is_none() {
            let allowed = format!(
                "lbfgs or optimizer with the loss {} and the output activation {}; {} requires squared_error, or \
                 a cross-entropy or poisson with its link (logistic, softmax or exp)",
                loss.name(),
                architecture.output().activation.name(),
                self.name()
            );
            return refuse("solver", self.name().to_owned(), allowed);
        }
        let n = architecture.n_parameters();
        if n > levenberg_marquardt::MAX_PARAMETERS {
            let allowed = format!(
                "lbfgs or optimizer for a network of {n} parameters; {} needs {:.1} GB for its two matrices, and is \
                 limited to {} parameters",
                self.name(),
                2.0 * SymmetricMatrix::n_bytes(n) as f64 / 1e9,
                levenberg_marquardt::MAX_PARAMETERS
            );
            return refuse("solver", self.name().to_owned(), allowed);
        }
        Ok(())
    }
}
