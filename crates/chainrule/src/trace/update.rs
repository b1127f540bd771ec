//! The parameter update of a traced training step.

use crate::train::optimizer::Optimizer;
use crate::train::penalty::PenaltyTarget;
use crate::train::solver::Solver;
use crate::train::{Clip, Penalty};

/// Parameter update of a training step: the parameters before and after, and the gradient.
///
/// All vectors have the layout of the parameters.
#[derive(Clone, Debug)]
pub struct Update {
    /// Number of the step, counted from 1.
    pub step: u64,
    /// Rows of the step's batch, counted from 0; not necessarily the traced rows.
    pub batch: Vec<u32>,
    /// Loss of the batch before the update, including the penalty.
    pub loss: f64,
    /// Learning rate of the step, or the step length that the solver chose.
    pub learning_rate: f64,
    /// Solver.
    pub solver: Solver,
    /// Optimizer, which is used if it is the solver.
    pub optimizer: Optimizer,
    /// Penalty, which is part of the gradient or, if decoupled, of the update.
    pub penalty: Penalty,
    /// Factor of all penalties and of weight decay in this step; see `Settings::penalty_schedule`.
    pub penalty_factor: f64,
    /// Gradient clipping.
    pub clip: Option<Clip>,
    /// Whether the parameters were updated. They are not if the sample weights of the batch are all
    /// 0.
    pub happened: bool,
    /// Parameters before the update.
    pub before: Vec<f64>,
    /// Gradient passed to the optimizer: that of the batch, with dropout, penalty and clipping, and
    /// 0 for frozen parameters.
    pub gradient: Vec<f64>,
    /// Parameters after the update.
    pub after: Vec<f64>,
}

impl Update {
    /// Returns whether the batch consists of `rows`, in any order.
    pub(super) fn has_batch(&self, rows: &[u32]) -> bool {
        let sorted = |rows: &[u32]| {
            let mut rows = rows.to_vec();
            rows.sort_unstable();
            rows
        };
        sorted(&self.batch) == sorted(rows)
    }

    /// Returns whether the update is exactly `p - rate·g`.
    pub(super) fn is_plain(&self) -> bool {
        self.solver.uses_optimizer()
            && self.optimizer.name() == "sgd"
            && self.optimizer.options().number("momentum") == 0.0
            && self.decay() == 0.0
    }

    /// Returns the decoupled weight decay of the step, to be multiplied by the learning rate.
    pub(super) fn decay(&self) -> f64 {
        if !self.solver.uses_optimizer() {
            return 0.0;
        }
        self.penalty.decoupled + self.optimizer.decay()
    }

    /// Names the parameters to which the penalty applies.
    pub(super) fn penalised(&self) -> &'static str {
        match self.penalty.applies_to {
            PenaltyTarget::Weights => "each weight",
            PenaltyTarget::All => "each parameter",
        }
    }
}
