//! Trace of a training step, including the parameter update.

use super::Trace;
use super::chain::to_f64;
use crate::Error;
use crate::kernel::Scalar;
use crate::train::optimizer::Optimizer;
use crate::train::penalty::PenaltyTarget;
use crate::train::{Clip, Penalty, Training};

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
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Optimizer.
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

/// Traces `rows` at the current parameters, then performs the next training step and records its
/// update.
///
/// The batch of the step does not depend on `rows`.
///
/// ```
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
/// use chainrule::random::RandomState;
/// use chainrule::train::{Settings, Training};
/// use chainrule::{Dataset, trace};
///
/// // y = w·x with w = 2: the squared error of (1, 3) is 1 and its gradient is 2·x·(y - t) = -2.
/// let line = Architecture::new(1, vec![Layer::new(1, Activation::identity()).without_bias()])?;
/// let data = Dataset::new(vec![1.0], 1, vec![3.0], 1)?;
/// let settings = Settings { learning_rate: 0.25, ..Settings::default() };
/// let network = Network::new(line, vec![2.0])?;
/// let mut training = Training::new(network, &Loss::squared_error(), Arc::new(data), settings, RandomState::new(0))?;
/// let trace = trace::step(&mut training, &[0])?;
/// let update = trace.update.unwrap();
/// assert_eq!((trace.total, update.gradient, update.after), (1.0, vec![-2.0], vec![2.5]));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Returns the errors of [`Trace::new`], in which case no step is performed, and of
/// [`Training::step`].
pub fn step<T: Scalar>(training: &mut Training<T>, rows: &[u32]) -> Result<Trace, Error> {
    let reduction = training.settings().reduction;
    let before = training.state().parameters.clone();
    let updates = training.state().updates;
    let penalty_factor = training.penalty_factor();
    let mut trace = Trace::new(training.objective(), &before, rows, reduction)?;

    let step = training.step()?;
    let (settings, state) = (training.settings(), training.state());
    let end = if step.ends_epoch { state.order.len() } else { state.place };
    trace.update = Some(Update {
        step: step.step,
        batch: state.order[end - step.rows..end].to_vec(),
        loss: step.loss,
        learning_rate: step.learning_rate,
        optimizer: settings.optimizer.clone(),
        penalty: settings.penalty,
        penalty_factor,
        clip: settings.clip,
        happened: state.updates > updates,
        before: to_f64(&before),
        gradient: to_f64(training.gradient()),
        after: to_f64(&state.parameters),
    });
    Ok(trace)
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
        self.optimizer.name() == "sgd"
            && self.optimizer.options().number("momentum") == 0.0
            && self.decay() == 0.0
    }

    /// Returns the decoupled weight decay of the step, to be multiplied by the learning rate.
    pub(super) fn decay(&self) -> f64 {
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
