//! Training of a network: a state machine of steps and epochs whose complete state can be saved and
//! restored.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::history::{Epoch, History};
use super::schedule;
use super::settings::Settings;
use super::solver::{Newton, SolverEnding};
use super::split::{all_but, all_rows, sorted, split};
use super::state::TrainingState;
use super::stopping::{Monitor, StoppingState};
use super::units::UnitTracker;
use crate::Error;
use crate::dataset::DataSource;
use crate::kernel::Scalar;
use crate::metrics::{Metric, OutputKind};
use crate::network::loss::Loss;
use crate::network::{Architecture, Network};
use crate::objective::{Evaluate, Objective};
use crate::random::RandomState;

/// A training run of a network.
///
/// [`Training::step`] performs one update, [`Training::epoch`] one pass over the samples, and
/// [`Training::run`] all remaining epochs. Between two steps, [`Training::state`] contains
/// everything that the rest of the run depends on: after [`Training::restore`], training continues
/// with exactly the same results, to the last bit.
///
/// ```
/// use std::sync::Arc;
///
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
/// use chainrule::random::RandomState;
/// use chainrule::train::{Settings, Training};
/// use chainrule::Dataset;
///
/// let xor = Dataset::new(vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2, vec![0.0, 1.0, 1.0, 0.0], 1)?;
/// let layers = vec![Layer::new(4, Activation::tanh()), Layer::new(1, Activation::logistic())];
/// let mut random = RandomState::new(1);
/// let network = Network::<f64>::initialize(Architecture::new(2, layers)?, &mut random);
/// let settings = Settings { epochs: 500, learning_rate: 1.0, ..Settings::default() };
/// let mut training = Training::new(network, &Loss::binary_cross_entropy(), Arc::new(xor.clone()), settings, random)?;
/// training.run(())?;
/// assert!(training.history().epochs.last().unwrap().loss < 0.1);
/// assert!(training.into_network().predict(&[0.0, 1.0])[0] > 0.9);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Training<T: Scalar> {
    pub(super) settings: Settings,
    pub(super) objective: Box<dyn Evaluate<T>>,
    pub(super) validation: Option<Validation<T>>,
    /// Training rows in the order of the data.
    pub(super) rows: Vec<u32>,
    pub(super) state: TrainingState<T>,
    pub(super) history: History,
    pub(super) gradient: Vec<T>,
    /// Point that a solver evaluates.
    pub(super) trial: Vec<T>,
    /// Matrices of the Levenberg-Marquardt method, once they have been used.
    pub(super) newton: Option<Newton>,
    /// Ranges of the trainable parameters.
    pub(super) trainable: Vec<Range<usize>>,
    pub(super) unit_tracker: Option<UnitTracker>,
    pub(super) epoch_started: Instant,
}

/// Validation set: held-out rows of the training data, or separate data.
pub(super) struct Validation<T: Scalar> {
    pub(super) objective: Box<dyn Evaluate<T>>,
    /// Validation rows in the order of the data, so that the training state does not have to
    /// contain them.
    pub(super) rows: Vec<u32>,
    pub(super) split_off: bool,
}

impl<T: Scalar> Training<T> {
    /// Creates a training run of `network` on `data`, with a validation set split off as specified
    /// by the settings.
    ///
    /// `random` is the random number generator of the run. The validation split and the shuffling
    /// continue the stream from which the data and the weights were drawn.
    ///
    /// # Errors
    /// Returns an error if a setting is out of range, the data do not match the network, or a
    /// target is outside the domain of the loss.
    pub fn new(
        network: Network<T>,
        loss: &Loss,
        data: Arc<dyn DataSource<T>>,
        settings: Settings,
        random: RandomState,
    ) -> Result<Training<T>, Error> {
        Training::build(network, loss, data, None, settings, random)
    }

    /// Creates a training run with a separate validation set.
    ///
    /// # Errors
    /// Returns the same errors as [`Training::new`], also for the validation set.
    pub fn with_validation(
        network: Network<T>,
        loss: &Loss,
        data: Arc<dyn DataSource<T>>,
        validation: Arc<dyn DataSource<T>>,
        settings: Settings,
        random: RandomState,
    ) -> Result<Training<T>, Error> {
        Training::build(network, loss, data, Some(validation), settings, random)
    }

    fn build(
        network: Network<T>,
        loss: &Loss,
        data: Arc<dyn DataSource<T>>,
        validation: Option<Arc<dyn DataSource<T>>>,
        settings: Settings,
        mut random: RandomState,
    ) -> Result<Training<T>, Error> {
        settings.check()?;
        let (architecture, parameters) = network.into_parts();
        let architecture = &architecture;
        let (n, n_targets) = (data.n_samples(), data.n_targets());
        let objective = Objective::new(architecture, loss, data.clone())?;
        let (order, validation) = match (validation, settings.validation_fraction) {
            (Some(validation), _) => {
                let rows = all_rows(validation.n_samples());
                let objective = Box::new(Objective::new(architecture, loss, validation)?);
                (all_rows(n), Some(Validation { objective, rows, split_off: false }))
            }
            (None, Some(fraction)) => {
                let (rows, order) = split(&*data, settings.validation_split, fraction, &mut random)?;
                let objective = Box::new(Objective::unchecked(architecture, loss, data));
                (order, Some(Validation { objective, rows, split_off: true }))
            }
            (None, None) => (all_rows(n), None),
        };
        check_settings(&settings, architecture, loss, n_targets, validation.is_some())?;
        let rows = sorted(&order);
        let state = TrainingState {
            finite: parameters.clone(),
            slots: settings.optimizer.slots(parameters.len()),
            parameters,
            updates: 0,
            last_loss: f64::INFINITY,
            step: 0,
            epoch: 0,
            solver: None,
            samples: 0,
            schedule: schedule::ScheduleState::default(),
            random,
            order,
            place: 0,
            running_loss: 0.0,
            stopping: StoppingState::default(),
            best: None,
        };
        let mut training = Training {
            gradient: vec![T::ZERO; state.parameters.len()],
            trainable: architecture.trainable().map(|block| block.range.clone()).collect(),
            history: History::default(),
            epoch_started: Instant::now(),
            settings,
            objective: Box::new(objective),
            validation,
            rows,
            state,
            unit_tracker: None,
            trial: Vec::new(),
            newton: None,
        };
        training.track_units();
        Ok(training)
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the objective on the training data.
    pub fn objective(&self) -> &dyn Evaluate<T> {
        &*self.objective
    }

    /// Returns the gradient that was passed to the optimizer in the last step: reduced over the
    /// batch, with penalty, clipped.
    pub fn gradient(&self) -> &[T] {
        &self.gradient
    }

    /// Returns the architecture.
    pub fn architecture(&self) -> &Architecture {
        self.objective.architecture()
    }

    /// Returns everything that the rest of the training run depends on.
    pub fn state(&self) -> &TrainingState<T> {
        &self.state
    }

    /// Restores a state of a training run with the same settings and data.
    ///
    /// # Errors
    /// Returns [`Error::StateMismatch`] if the vectors of the state do not match this training run,
    /// and [`Error::ParameterNotFinite`] if a parameter is not finite.
    pub fn restore(&mut self, state: TrainingState<T>) -> Result<(), Error> {
        let n = self.objective.n_samples();
        state.check(&self.state, n)?;
        if let Some(solver) = &state.solver {
            solver.check(&self.settings.solver, self.state.parameters.len())?;
        }
        let best = state.best.as_ref().map(|best| &best.parameters);
        for parameters in [&state.parameters, &state.finite].into_iter().chain(best) {
            self.check_finite(parameters)?;
        }
        if let Some(validation) = self.validation.as_mut().filter(|validation| validation.split_off) {
            validation.rows = all_but(&state.order, n);
        }
        self.rows = sorted(&state.order);
        self.track_units();
        self.state = state;
        self.newton = None;
        Ok(())
    }

    /// Restores a state together with the history that led to it; see
    /// [`restore`](Training::restore).
    ///
    /// # Errors
    /// Returns the same errors as [`restore`](Training::restore), and [`Error::StateMismatch`] if
    /// the metrics or layers of the history do not match.
    pub fn resume(&mut self, state: TrainingState<T>, history: History) -> Result<(), Error> {
        let (n_metrics, n_layers) = (self.settings.metrics.len(), self.architecture().layers().len());
        for epoch in &history.epochs {
            let lengths = [
                ("number of metrics in the history", n_metrics, epoch.metrics.len()),
                ("number of gradient norms in the history", n_layers, epoch.gradient_norm.len()),
                ("number of dead-unit fractions in the history", n_layers - 1, epoch.dead.len()),
                ("number of saturated-unit fractions in the history", n_layers - 1, epoch.saturated.len()),
            ];
            if let Some((what, expected, got)) =
                lengths.into_iter().find(|(_, expected, got)| expected != got)
            {
                return Err(Error::StateMismatch { what, expected, got });
            }
        }
        self.restore(state)?;
        self.history = history;
        Ok(())
    }

    /// Returns the epochs, including those before a resumed state, and the warnings.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns the network with the current parameters.
    pub fn network(&self) -> Network<T> {
        Network::new(self.architecture().clone(), self.state.parameters.clone())
            .expect("the parameters are finite and match the architecture")
    }

    /// Consumes the training run and returns the network with the current parameters.
    pub fn into_network(self) -> Network<T> {
        self.network()
    }

    /// Computes the loss over all training samples at the current parameters, without penalty and
    /// dropout.
    ///
    /// # Errors
    /// Returns [`Error::Unreadable`] if samples cannot be read.
    pub fn training_loss(&mut self) -> Result<f64, Error> {
        self.objective.value(&self.state.parameters, &self.rows, self.settings.reduction)
    }

    /// Computes the loss over the validation set at the current parameters, if there is a
    /// validation set.
    ///
    /// # Errors
    /// Returns [`Error::Unreadable`] if samples cannot be read.
    pub fn validation_loss(&mut self) -> Result<Option<f64>, Error> {
        let Some(Validation { objective, rows, .. }) = &mut self.validation else { return Ok(None) };
        objective.value(&self.state.parameters, rows, self.settings.reduction).map(Some)
    }

    /// Computes the loss on the validation set if there is one, and on the training set otherwise.
    ///
    /// # Errors
    /// Returns [`Error::Unreadable`] if samples cannot be read.
    pub fn final_loss(&mut self) -> Result<f64, Error> {
        match self.validation_loss()? {
            Some(loss) => Ok(loss),
            None => self.training_loss(),
        }
    }

    /// Returns the number of threads that a step uses, at most.
    pub fn n_threads(&self) -> usize {
        self.objective.n_threads(self.batch_size())
    }

    /// Returns the number of steps per epoch, including the last, possibly smaller, batch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.state.order.len().div_ceil(self.batch_size()) as u64
    }

    /// Replaces the current parameters by those of the best epoch on the validation set, if there
    /// is one. [`run`](Training::run) does so at the end, unless an observer ends the run.
    pub fn restore_best(&mut self) {
        if let Some(best) = &self.state.best {
            self.state.parameters.copy_from_slice(&best.parameters);
            // A solver that has not ended would continue from other parameters.
            if self.solver_ending().is_none() {
                self.restart_solver();
            }
        }
    }

    /// Returns whether the run is finished: all epochs are completed, the patience of early stopping
    /// is exceeded, or the solver has ended.
    pub fn is_over(&self) -> bool {
        self.state.epoch >= self.settings.epochs || self.patience_exceeded() || self.solver_ending().is_some()
    }

    /// Returns why the solver has ended, if it has. A further step starts it again at the current
    /// parameters.
    pub fn solver_ending(&self) -> Option<SolverEnding> {
        self.state.solver.as_ref().and_then(|solver| solver.ending)
    }

    pub(super) fn patience_exceeded(&self) -> bool {
        self.settings.stopping.as_ref().is_some_and(|stopping| self.state.stopping.wait > stopping.patience)
    }

    /// Trains until the end of the current epoch, or until the solver ends. Returns the last epoch.
    ///
    /// # Errors
    /// Returns [`Error::Diverged`] if the loss or a parameter becomes infinite or NaN; see
    /// [`Training::run`].
    pub fn epoch(&mut self) -> Result<&Epoch, Error> {
        while !self.step()?.ends_epoch && self.solver_ending().is_none() {}
        Ok(self.history.epochs.last().expect("the last step ended an epoch"))
    }
}

/// Checks settings, also against the network and the data.
pub(super) fn check_settings(
    settings: &Settings,
    architecture: &Architecture,
    loss: &Loss,
    n_targets: usize,
    has_validation: bool,
) -> Result<(), Error> {
    settings.check()?;
    settings.solver.check(settings, architecture, loss)?;
    if !has_validation && settings.stopping.as_ref().is_some_and(|s| s.monitor == Monitor::ValidationLoss) {
        return Err(Error::Setting {
            setting: "stopping.monitor".to_owned(),
            value: "validation_loss".to_owned(),
            allowed:
                "loss, since there are no validation samples (set validation_fraction to split some off)"
                    .to_owned(),
        });
    }
    let task = OutputKind::of(&architecture.output().activation);
    if let Some(metric) = settings.metrics.iter().find(|metric| !metric.suits(task)) {
        let suitable: Vec<&str> = Metric::all(task).map(|metric| metric.name()).collect();
        let outputs = match task {
            OutputKind::Real => "real numbers",
            OutputKind::Binary | OutputKind::Categorical => "probabilities",
        };
        return Err(Error::Setting {
            setting: "metrics".to_owned(),
            value: metric.name().to_owned(),
            allowed: format!("one of {}, since the outputs are {outputs}", suitable.join(", ")),
        });
    }
    let n_outputs = architecture.n_outputs();
    if !settings.metrics.is_empty() && n_outputs != n_targets {
        let names: Vec<&str> = settings.metrics.iter().map(Metric::name).collect();
        return Err(Error::Setting {
            setting: "metrics".to_owned(),
            value: names.join(", "),
            allowed: format!(
                "omitted, since the network has {n_outputs} outputs for {} and metrics compare each output \
                     with one target",
                if n_targets == 1 { "one target".to_owned() } else { format!("{n_targets} targets") }
            ),
        });
    }
    Ok(())
}
