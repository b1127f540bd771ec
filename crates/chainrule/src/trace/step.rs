//! Trace of a training step, including the parameter update.

use super::Trace;
use super::chain::to_f64;
use super::update::Update;
use crate::Error;
use crate::kernel::Scalar;
use crate::train::{AnyTraining, Step, Training};

/// Traces `rows` at the current parameters, then performs the next training step and records its
/// update.
///
/// The batch of the step does not depend on `rows`. With a solver other than the optimizer, the steps
/// until it accepts a point or ends are performed.
///
/// ```
/// use std::sync::Arc;
///
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

    let (step, gradient) = if training.settings().solver.uses_optimizer() {
        (training.step()?, None)
    } else {
        let (step, gradient) = iterate(training)?;
        (step, Some(gradient))
    };
    let (settings, state) = (training.settings(), training.state());
    let end = if state.place == 0 { state.order.len() } else { state.place };
    trace.update = Some(Update {
        step: step.step,
        batch: state.order[end - step.rows..end].to_vec(),
        loss: step.loss,
        learning_rate: step.learning_rate,
        solver: settings.solver.clone(),
        optimizer: settings.optimizer.clone(),
        penalty: settings.penalty,
        penalty_factor,
        clip: settings.clip,
        happened: state.updates > updates || gradient.is_some() && state.parameters != before,
        before: to_f64(&before),
        gradient: gradient.unwrap_or_else(|| to_f64(training.gradient())),
        after: to_f64(&state.parameters),
    });
    Ok(trace)
}

/// Performs the steps of a solver until it accepts a point or ends. Returns the last step, with the
/// loss before it, and the gradient before it.
fn iterate<T: Scalar>(training: &mut Training<T>) -> Result<(Step, Vec<f64>), Error> {
    // The first step of a solver evaluates the current parameters.
    let begins = training.state().solver.is_none() || training.solver_ending().is_some();
    let mut step = if begins { Some(training.step()?) } else { None };
    let solver = training.state().solver.as_ref().expect("the solver has begun");
    let (loss, gradient) = (solver.value(), to_f64(solver.gradient()));
    while training.solver_ending().is_none() {
        let next = training.step()?;
        step = Some(next);
        if next.ends_epoch {
            break;
        }
    }
    let step = step.expect("the solver has not ended before its first step");
    Ok((Step { loss, ..step }, gradient))
}

impl AnyTraining {
    /// Performs the next training step and traces it like [`step`].
    ///
    /// # Errors
    /// Returns the errors of [`step`].
    pub fn trace_step(&mut self, rows: &[u32]) -> Result<Trace, Error> {
        match self {
            AnyTraining::F32(training) => step(training, rows),
            AnyTraining::F64(training) => step(training, rows),
        }
    }
}
