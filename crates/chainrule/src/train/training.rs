//! The training of one network: a state machine of steps and epochs whose whole state can be taken out and put back.

use std::ops::Range;
use std::time::Instant;

use super::history::{Epoch, History};
use super::observer::Observer;
use super::schedule;
use super::settings::{Settings, UnitTracking};
use super::state::TrainingState;
use super::stopping::{Monitor, StoppingState};
use super::units::UnitTracker;
use crate::Error;
use crate::dataset::DataSource;
use crate::kernel::Scalar;
use crate::metrics::Metric;
use crate::network::loss::Loss;
use crate::network::{Architecture, Network};
use crate::objective::Objective;
use crate::random::RandomState;

/// A network in training.
///
/// [`Training::step`] does one update, [`Training::epoch`] one pass over the samples, [`Training::run`] all of it.
/// Between any two steps [`Training::state`] is everything that the rest depends on: a training put back into it by
/// [`Training::restore`] goes on to the same bits.
///
/// ```
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
/// let mut training = Training::new(network, &Loss::binary_cross_entropy(), &xor, settings, random)?;
/// training.run(())?;
/// assert!(training.history().epochs.last().unwrap().loss < 0.1);
/// assert!(training.into_network().predict(&[0.0, 1.0])[0] > 0.9);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Training<'a, T: Scalar> {
    pub(super) settings: Settings,
    pub(super) objective: Objective<'a, T>,
    pub(super) validation: Option<Validation<'a, T>>,
    pub(super) state: TrainingState<T>,
    pub(super) history: History,
    pub(super) gradient: Vec<T>,
    /// The ranges that training updates.
    pub(super) trainable: Vec<Range<usize>>,
    pub(super) watcher: Option<UnitTracker<T>>,
    pub(super) epoch_began: Instant,
}

/// The validation samples: those of the training data that are not trained on, or data of their own.
pub(super) struct Validation<'a, T: Scalar> {
    pub(super) objective: Objective<'a, T>,
    /// In the data's order, so that a state need not hold them.
    pub(super) rows: Vec<usize>,
    pub(super) split_off: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All epochs are done.
    Completed,
    /// Early stopping ended it.
    Stopped,
    /// An observer ended it.
    Cancelled,
}

impl<'a, T: Scalar> Training<'a, T> {
    /// A training of `network` on `data`, with the samples split off for validation that the settings ask for.
    ///
    /// `random` is the one stream of the run: after data and weights were drawn from it, the validation split and the
    /// epochs' shuffles follow.
    ///
    /// # Errors
    /// Settings out of range, data that do not fit the network, targets outside the loss's domain.
    pub fn new(
        network: Network<T>,
        loss: &Loss,
        data: &'a dyn DataSource<T>,
        settings: Settings,
        random: RandomState,
    ) -> Result<Training<'a, T>, Error> {
        Training::build(network, loss, data, None, settings, random)
    }

    /// A training with validation samples of their own.
    ///
    /// # Errors
    /// As [`Training::new`], for the validation samples too.
    pub fn with_validation(
        network: Network<T>,
        loss: &Loss,
        data: &'a dyn DataSource<T>,
        validation: &'a dyn DataSource<T>,
        settings: Settings,
        random: RandomState,
    ) -> Result<Training<'a, T>, Error> {
        Training::build(network, loss, data, Some(validation), settings, random)
    }

    fn build(
        network: Network<T>,
        loss: &Loss,
        data: &'a dyn DataSource<T>,
        validation: Option<&'a dyn DataSource<T>>,
        settings: Settings,
        mut random: RandomState,
    ) -> Result<Training<'a, T>, Error> {
        settings.check()?;
        let (architecture, parameters) = network.into_parts();
        let architecture = &architecture;
        let objective = Objective::new(architecture, loss, data)?;
        let (order, validation) = match (validation, settings.validation_fraction) {
            (Some(own), _) => {
                let rows = (0..own.n_samples()).collect();
                let objective = Objective::new(architecture, loss, own)?;
                ((0..data.n_samples()).collect(), Some(Validation { objective, rows, split_off: false }))
            }
            (None, Some(share)) => {
                let (rows, order) = split(data.n_samples(), share, &mut random)?;
                let objective = Objective::new(architecture, loss, data)?;
                (order, Some(Validation { objective, rows, split_off: true }))
            }
            (None, None) => ((0..data.n_samples()).collect(), None),
        };
        if validation.is_none()
            && settings.stopping.as_ref().is_some_and(|s| s.monitor == Monitor::ValidationLoss)
        {
            return Err(Error::Setting {
                setting: "stopping.monitor".to_owned(),
                value: "validation_loss".to_owned(),
                allowed:
                    "loss, since there are no validation samples (set validation_fraction to split some off)"
                        .to_owned(),
            });
        }
        let n_outputs = architecture.n_outputs();
        if !settings.metrics.is_empty() && n_outputs != data.n_targets() {
            let names: Vec<&str> = settings.metrics.iter().map(Metric::name).collect();
            return Err(Error::Setting {
                setting: "metrics".to_owned(),
                value: names.join(", "),
                allowed: format!(
                    "left out, since the loss has {n_outputs} outputs for {} and metrics compare one with one",
                    if data.n_targets() == 1 {
                        "one target".to_owned()
                    } else {
                        format!("{} targets", data.n_targets())
                    }
                ),
            });
        }
        let watcher = (settings.track_dead_units == UnitTracking::EachEpoch
            && architecture.layers().len() > 1)
            .then(|| UnitTracker::new(architecture, data, &order));
        let state = TrainingState {
            finite: parameters.clone(),
            slots: settings.optimizer.slots(parameters.len()),
            parameters,
            updates: 0,
            step: 0,
            epoch: 0,
            samples: 0,
            schedule: schedule::ScheduleState::default(),
            random,
            order,
            place: 0,
            running_loss: 0.0,
            stopping: StoppingState::default(),
            best: None,
        };
        Ok(Training {
            gradient: vec![T::ZERO; state.parameters.len()],
            trainable: architecture.trainable().map(|block| block.range.clone()).collect(),
            history: History::default(),
            epoch_began: Instant::now(),
            settings,
            objective,
            validation,
            state,
            watcher,
        })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The loss over the training data.
    pub fn objective(&self) -> &Objective<'a, T> {
        &self.objective
    }

    /// The gradient of the latest step, as the optimizer was given it: reduced over the batch, penalised, clipped.
    pub fn gradient(&self) -> &[T] {
        &self.gradient
    }

    /// The architecture.
    pub fn architecture(&self) -> &Architecture {
        self.objective.architecture()
    }

    /// Everything the rest of the training depends on.
    pub fn state(&self) -> &TrainingState<T> {
        &self.state
    }

    /// Goes back (or on) to a state taken from a training with the same settings and data.
    ///
    /// # Errors
    /// [`Error::StateMismatch`] when the state's vectors do not fit this training, [`Error::ParameterNotFinite`].
    pub fn restore(&mut self, state: TrainingState<T>) -> Result<(), Error> {
        let n = self.objective.data().n_samples();
        state.check(&self.state, n)?;
        let best = state.best.as_ref().map(|best| &best.parameters);
        for parameters in [&state.parameters, &state.finite].into_iter().chain(best) {
            if let Some(k) = parameters.iter().position(|p| !p.is_finite()) {
                let name = self.architecture().parameter_name(k);
                return Err(Error::ParameterNotFinite { name, value: parameters[k].to_f64() });
            }
        }
        if let Some(validation) = self.validation.as_mut().filter(|validation| validation.split_off) {
            validation.rows = all_but(&state.order, n);
        }
        if self.watcher.is_some() {
            let (architecture, data) = (self.objective.architecture(), self.objective.data());
            self.watcher = Some(UnitTracker::new(architecture, data, &state.order));
        }
        self.state = state;
        Ok(())
    }

    /// As [`restore`](Training::restore), with the epochs that led to the state, so that the history is whole.
    ///
    /// # Errors
    /// As [`restore`](Training::restore), and [`Error::StateMismatch`] when the epochs record other metrics or layers.
    pub fn resume(&mut self, state: TrainingState<T>, history: History) -> Result<(), Error> {
        let (n_metrics, n_layers) = (self.settings.metrics.len(), self.architecture().layers().len());
        for epoch in &history.epochs {
            let lengths = [
                ("the metrics of an epoch", n_metrics, epoch.metrics.len()),
                ("the layers of an epoch's gradient norms", n_layers, epoch.gradient_norm.len()),
                ("the hidden layers of an epoch's dead units", n_layers - 1, epoch.dead.len()),
                ("the hidden layers of an epoch's saturated units", n_layers - 1, epoch.saturated.len()),
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

    /// The epochs done in this process, or resumed from, and the warnings.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The network as it is now.
    pub fn network(&self) -> Network<T> {
        Network::new(self.architecture().clone(), self.state.parameters.clone())
            .expect("finite parameters that fit")
    }

    /// The network as it is now, the training given up.
    pub fn into_network(self) -> Network<T> {
        self.network()
    }

    /// The loss over all training samples at the present parameters, without penalty and dropout.
    pub fn training_loss(&mut self) -> f64 {
        let mut rows = self.state.order.clone();
        rows.sort_unstable();
        self.objective.value(&self.state.parameters, &rows, self.settings.reduction)
    }

    /// The loss over the validation samples at the present parameters; none without any.
    pub fn validation_loss(&mut self) -> Option<f64> {
        let validation = self.validation.as_mut()?;
        Some(validation.objective.value(&self.state.parameters, &validation.rows, self.settings.reduction))
    }

    /// Steps in one epoch: the last, shorter batch counts.
    pub fn steps_per_epoch(&self) -> u64 {
        self.state.order.len().div_ceil(self.batch_size()) as u64
    }

    /// Trains until all epochs are done, early stopping ends it, or the observer does.
    ///
    /// # Errors
    /// [`Error::Diverged`] when the loss or a parameter turns infinite or NaN. The parameters are then those of the
    /// last epoch that began with a finite loss, and the history is that of the epochs before.
    pub fn run(&mut self, mut observer: impl Observer<T>) -> Result<Ending, Error> {
        observer.started(self);
        // Asked before the first step too: a state may be that of a training which had come to its end.
        while !self.is_over() {
            let step = self.step()?;
            let mut cancelled = observer.stepped(self, &step).is_break();
            if step.ends_epoch {
                let epoch = self.history.epochs.last().expect("an epoch just ended");
                cancelled |= observer.finished_epoch(self, epoch).is_break();
            }
            if cancelled {
                return Ok(Ending::Cancelled);
            }
        }
        let ending = if self.is_out_of_patience() { Ending::Stopped } else { Ending::Completed };
        if let (Some(_), Some(best)) = (&self.settings.stopping, &self.state.best) {
            self.state.parameters.copy_from_slice(&best.parameters);
        }
        Ok(ending)
    }

    /// Whether there is nothing more to train: all epochs are done, or patience is at its end.
    pub fn is_over(&self) -> bool {
        self.state.epoch >= self.settings.epochs || self.is_out_of_patience()
    }

    fn is_out_of_patience(&self) -> bool {
        self.settings.stopping.as_ref().is_some_and(|stopping| self.state.stopping.wait > stopping.patience)
    }

    /// Trains to the end of the epoch under way.
    ///
    /// # Errors
    /// As [`Training::run`].
    pub fn epoch(&mut self) -> Result<&Epoch, Error> {
        while !self.step()?.ends_epoch {}
        Ok(self.history.epochs.last().expect("an epoch just ended"))
    }
}

/// Validation rows (in the data's order) and training rows: of one permutation the first ⌈share·n⌉, and the rest.
fn split(n: usize, share: f64, random: &mut RandomState) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let n_validation = (share * n as f64).ceil() as usize;
    if n_validation >= n {
        return Err(Error::Setting {
            setting: "validation_fraction".to_owned(),
            value: share.to_string(),
            allowed: format!("small enough to leave one of the {n} samples for training"),
        });
    }
    let training = random.permutation(n).split_off(n_validation);
    Ok((all_but(&training, n), training))
}

/// The rows below n that are not among these, in order.
fn all_but(rows: &[usize], n: usize) -> Vec<usize> {
    let mut left = vec![true; n];
    rows.iter().for_each(|&row| left[row] = false);
    (0..n).filter(|&row| left[row]).collect()
}
