//! The trace of one step of a training, with the update that follows from it.

use super::Trace;
use super::chain::to_f64;
use crate::Error;
use crate::kernel::Scalar;
use crate::train::optimizer::Optimizer;
use crate::train::penalty::PenaltyTarget;
use crate::train::{Clip, Penalty, Training};

/// One update of a training: where the parameters were, the gradient, where they went.
///
/// All vectors have the layout of the parameters.
#[derive(Clone, Debug)]
pub struct Update {
    /// The step, counted from 1.
    pub step: u64,
    /// The samples of the step's batch, as rows counted from 0: not necessarily those traced.
    pub batch: Vec<usize>,
    /// The batch's loss before the update, penalty included.
    pub loss: f64,
    /// The learning rate of the step.
    pub learning_rate: f64,
    /// What made the update of the gradient.
    pub optimizer: Optimizer,
    /// The penalty, which is in the gradient (or, decoupled, in the update).
    pub penalty: Penalty,
    /// The bound that the gradient was held to.
    pub clip: Option<Clip>,
    /// Whether there was an update: there is none where the whole batch weighs nothing.
    pub happened: bool,
    /// The parameters before.
    pub before: Vec<f64>,
    /// The gradient that the optimizer was given: of the batch, with dropout, penalty and clipping; 0 where frozen.
    pub gradient: Vec<f64>,
    /// The parameters after.
    pub after: Vec<f64>,
}

/// Traces `rows` at the training's present parameters, then does the training's next step, and records its update.
///
/// The step's batch is the training's own, whatever the rows traced.
///
/// ```
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
/// use chainrule::random::RandomState;
/// use chainrule::train::{Settings, Training};
/// use chainrule::{Dataset, trace};
///
/// // y = w·x with w = 2: the squared error of (1, 3) is 1, its gradient 2·x·(y - t) = -2.
/// let line = Architecture::new(1, vec![Layer::new(1, Activation::identity()).without_bias()])?;
/// let data = Dataset::new(vec![1.0], 1, vec![3.0], 1)?;
/// let settings = Settings { learning_rate: 0.25, ..Settings::default() };
/// let network = Network::new(line, vec![2.0])?;
/// let mut training = Training::new(network, &Loss::squared_error(), &data, settings, RandomState::new(0))?;
/// let trace = trace::step(&mut training, &[0])?;
/// let update = trace.update.unwrap();
/// assert_eq!((trace.total, update.gradient, update.after), (1.0, vec![-2.0], vec![2.5]));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`Trace::new`], before anything is trained; as [`Training::step`].
pub fn step<T: Scalar>(training: &mut Training<'_, T>, rows: &[usize]) -> Result<Trace, Error> {
    let reduction = training.settings().reduction;
    let before = training.state().parameters.clone();
    let updates = training.state().updates;
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
        clip: settings.clip,
        happened: state.updates > updates,
        before: to_f64(&before),
        gradient: to_f64(training.gradient()),
        after: to_f64(&state.parameters),
    });
    Ok(trace)
}

impl Update {
    /// Whether the batch is the rows traced, in whatever order.
    pub(super) fn is_of(&self, rows: &[usize]) -> bool {
        let sorted = |rows: &[usize]| {
            let mut rows = rows.to_vec();
            rows.sort_unstable();
            rows
        };
        sorted(&self.batch) == sorted(rows)
    }

    /// Whether the update is `p - rate·g` and nothing else.
    pub(super) fn is_plain(&self) -> bool {
        self.optimizer.name() == "sgd"
            && self.optimizer.options().number("momentum") == 0.0
            && self.decay() == 0.0
    }

    /// What a parameter decays by besides the optimizer's step, in units of the rate.
    pub(super) fn decay(&self) -> f64 {
        self.penalty.decoupled + self.optimizer.decay()
    }

    /// What the penalty acts on.
    pub(super) fn penalised(&self) -> &'static str {
        match self.penalty.applies_to {
            PenaltyTarget::Weights => "each weight",
            PenaltyTarget::All => "each parameter",
        }
    }
}
