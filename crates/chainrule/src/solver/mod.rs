//! Solvers: methods that use the loss and the gradient over all samples to approximate second
//! derivatives, and choose the length of each step themselves.
//!
//! A solver never evaluates the function. It proposes a point, its caller evaluates the function
//! there and reports value and gradient, and the solver decides. Between two evaluations, the
//! solver is plain data, so that it can be interrupted anywhere.

mod lbfgs;
mod line_search;

pub(crate) use lbfgs::{Lbfgs, SolverStatus};
