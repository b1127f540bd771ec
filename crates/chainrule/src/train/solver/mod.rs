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
mod method;
mod state;

pub(crate) use lbfgs::{Lbfgs, SolverStatus};
pub(super) use levenberg_marquardt::MAX_PARAMETERS;
pub use method::{LbfgsOptions, LevenbergMarquardtOptions, Method, Solver};
pub(super) use state::Newton;
pub use state::{SolverEnding, SolverState};

use crate::registry::{Entry, Registered};

/// All solvers, in display order.
pub static REGISTRY: &[Entry<Method>] = &[ENTRY, lbfgs::ENTRY, levenberg_marquardt::ENTRY];

const ENTRY: Entry<Method> = Entry {
    name: method::OPTIMIZER,
    aliases: &[],
    summary: "the optimizer's update for each batch, with the learning rate",
    options: &[],
    make: |_| Method::Optimizer,
};

impl Registered for Method {
    const WHAT: &'static str = "solver";

    fn entries() -> &'static [Entry<Self>] {
        REGISTRY
    }
}
