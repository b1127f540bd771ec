//! The training of one network: a state machine of steps and epochs whose whole state can be taken out and put back.

use std::ops::Range;
use std::time::Instant;

use super::history::{Epoch, History, Warning};
use super::observer::Observer;
use super::penalty::{self, On, Penalty, Share};
use super::schedule::{self, Clock};
use super::settings::{Batch, Settings, Shuffle, Watch};
use super::stopping::{Monitor, Progress};
use super::units::Watcher;
use crate::Error;
use crate::dataset::Gather;
use crate::kernel::Scalar;
use crate::metrics::{Predictions, Task};
use crate::network::loss::Loss;
use crate::network::{Architecture, Dropout, Network, Part};
use crate::objective::{Objective, Reduction};
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
    settings: Settings,
    objective: Objective<'a, T>,
    validation: Option<Validation<'a, T>>,
    state: State<T>,
    history: History,
    gradient: Vec<T>,
    /// The ranges that training updates.
    trainable: Vec<Range<usize>>,
    watcher: Option<Watcher<T>>,
    epoch_began: Instant,
}

/// The validation samples: those of the training data that are not trained on, or data of their own.
struct Validation<'a, T: Scalar> {
    objective: Objective<'a, T>,
    /// In the data's order, so that a state need not hold them.
    rows: Vec<usize>,
    split_off: bool,
}

/// Everything that the rest of a training depends on, besides its settings and data.
#[derive(Clone, Debug, PartialEq)]
pub struct State<T> {
    /// The parameters, in the layout of the architecture.
    pub parameters: Vec<T>,
    /// The optimizer's vectors, each in the same layout.
    pub slots: Vec<Vec<T>>,
    /// Updates done: the optimizer's step count. Batches of weight 0 are steps without an update.
    pub updates: u64,
    /// Steps done.
    pub step: u64,
    /// Epochs finished.
    pub epoch: u64,
    /// Samples seen in the epochs finished.
    pub samples: u64,
    /// What the schedule remembers.
    pub schedule: schedule::State,
    /// The generator, from which the next epoch's shuffle will be drawn.
    pub random: RandomState,
    /// The order of the training rows in the epoch under way.
    pub order: Vec<usize>,
    /// How many of them have been trained on in this epoch.
    pub place: usize,
    /// The epoch's sum of batch losses, each times its rows (a mean) or as it is (a sum).
    pub running_loss: f64,
    /// How far early stopping has come.
    pub stopping: Progress,
    /// The best epoch on the validation samples.
    pub best: Option<Best<T>>,
    /// The parameters at the start of the latest epoch whose first loss was finite.
    pub finite: Vec<T>,
}

/// The best epoch on the validation samples so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Best<T> {
    /// The epoch, counted from 1.
    pub epoch: u64,
    /// The parameters after it.
    pub parameters: Vec<T>,
}

/// One step that was done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The step, counted from 1.
    pub step: u64,
    /// The batch's loss before the update, penalty included.
    pub loss: f64,
    /// The learning rate of the update.
    pub learning_rate: f64,
    /// The batch's samples.
    pub rows: usize,
    /// Whether it was the last of its epoch.
    pub ends_epoch: bool,
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
        data: &'a dyn Gather<T>,
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
        data: &'a dyn Gather<T>,
        validation: &'a dyn Gather<T>,
        settings: Settings,
        random: RandomState,
    ) -> Result<Training<'a, T>, Error> {
        Training::build(network, loss, data, Some(validation), settings, random)
    }

    fn build(
        network: Network<T>,
        loss: &Loss,
        data: &'a dyn Gather<T>,
        validation: Option<&'a dyn Gather<T>>,
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
        let watcher = (settings.watch_units == Watch::EachEpoch && architecture.layers().len() > 1)
            .then(|| Watcher::new(architecture, data, &order));
        let state = State {
            finite: parameters.clone(),
            slots: settings.optimizer.slots(parameters.len()),
            parameters,
            updates: 0,
            step: 0,
            epoch: 0,
            samples: 0,
            schedule: schedule::State::default(),
            random,
            order,
            place: 0,
            running_loss: 0.0,
            stopping: Progress::default(),
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
    pub fn state(&self) -> &State<T> {
        &self.state
    }

    /// Goes back (or on) to a state taken from a training with the same settings and data.
    ///
    /// # Errors
    /// [`Error::StateMismatch`] when the state's vectors do not fit this training.
    pub fn restore(&mut self, state: State<T>) -> Result<(), Error> {
        let now = &self.state;
        let lengths = [
            ("parameters", now.parameters.len(), state.parameters.len()),
            ("finite parameters", now.finite.len(), state.finite.len()),
            ("optimizer vectors", now.slots.len(), state.slots.len()),
            ("training rows", now.order.len(), state.order.len()),
        ];
        let slots = state
            .slots
            .iter()
            .map(|slot| ("an optimizer vector's numbers", now.parameters.len(), slot.len()));
        let best =
            state.best.iter().map(|b| ("the best parameters", now.parameters.len(), b.parameters.len()));
        for (what, expected, got) in lengths.into_iter().chain(slots).chain(best) {
            if expected != got {
                return Err(Error::StateMismatch { what, expected, got });
            }
        }
        let n = self.objective.data().n_samples();
        if let Some(&row) = state.order.iter().find(|&&row| row >= n) {
            return Err(Error::StateMismatch {
                what: "the data's rows, of which one is named",
                expected: n,
                got: row,
            });
        }
        if let Some(validation) = self.validation.as_mut().filter(|validation| validation.split_off) {
            validation.rows = all_but(&state.order, n);
        }
        if self.watcher.is_some() {
            let (architecture, data) = (self.objective.architecture(), self.objective.data());
            self.watcher = Some(Watcher::new(architecture, data, &state.order));
        }
        self.state = state;
        Ok(())
    }

    /// The epochs done in this process, and the warnings.
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
        let mut ending = Ending::Completed;
        while self.state.epoch < self.settings.epochs {
            let step = self.step()?;
            let mut cancelled = observer.stepped(self, &step).is_break();
            if step.ends_epoch {
                let epoch = self.history.epochs.last().expect("an epoch just ended").clone();
                cancelled |= observer.finished_epoch(self, &epoch).is_break();
            }
            if cancelled {
                return Ok(Ending::Cancelled);
            }
            let patience = self.settings.stopping.as_ref().map_or(u64::MAX, |stopping| stopping.patience);
            if step.ends_epoch && self.state.stopping.wait > patience {
                ending = Ending::Stopped;
                break;
            }
        }
        if let (Some(_), Some(best)) = (&self.settings.stopping, &self.state.best) {
            self.state.parameters.copy_from_slice(&best.parameters);
        }
        Ok(ending)
    }

    /// Trains to the end of the epoch under way.
    ///
    /// # Errors
    /// As [`Training::run`].
    pub fn epoch(&mut self) -> Result<&Epoch, Error> {
        while !self.step()?.ends_epoch {}
        Ok(self.history.epochs.last().expect("an epoch just ended"))
    }

    /// One update on the next batch.
    ///
    /// # Errors
    /// As [`Training::run`].
    pub fn step(&mut self) -> Result<Step, Error> {
        if self.state.place == 0 {
            self.begin_epoch();
        }
        let from = self.state.place;
        let to = self.state.order.len().min(from + self.batch_size());
        let ends_epoch = to == self.state.order.len();
        let learning_rate = self.learning_rate();

        // The loss and its gradient at the present parameters.
        let (loss, weight) = self.evaluate(from, to);
        if !loss.is_finite() {
            return Err(self.diverged(loss, learning_rate));
        }
        if from == 0 {
            self.state.finite.copy_from_slice(&self.state.parameters);
        }
        let gradient_norm = if ends_epoch { self.gradient_norms() } else { Vec::new() };

        // The update.
        if weight > 0.0 {
            self.update(learning_rate);
        }
        self.state.running_loss += match self.settings.reduction {
            Reduction::Mean => loss * (to - from) as f64,
            Reduction::Sum => loss,
        };
        self.state.step += 1;
        self.state.place = to;
        if ends_epoch {
            self.finish_epoch(learning_rate, gradient_norm)?;
        }
        Ok(Step { step: self.state.step, loss, learning_rate, rows: to - from, ends_epoch })
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        let (state, schedule) = (&self.state, &self.settings.schedule);
        let (now, of_an_epoch) = match schedule.clock() {
            Clock::Step => (state.step, self.steps_per_epoch()),
            Clock::Epoch => (state.epoch, 1),
            Clock::Samples => (state.samples, state.order.len() as u64),
        };
        let total = self.settings.epochs * of_an_epoch;
        self.settings.learning_rate * schedule.factor(now, total, &state.schedule)
    }

    fn batch_size(&self) -> usize {
        match self.settings.batch {
            Batch::Full => self.state.order.len(),
            Batch::Size(size) => size.min(self.state.order.len()),
        }
    }

    fn begin_epoch(&mut self) {
        self.epoch_began = Instant::now();
        self.state.running_loss = 0.0;
        if self.settings.shuffle == Shuffle::EachEpoch && self.settings.batch != Batch::Full {
            self.state.random.shuffle(&mut self.state.order);
        }
    }

    /// The loss of the batch `from..to` of the epoch's order, penalty included, its gradient in `self.gradient`, and
    /// the batch's weight: `L = (Σ w·l + shared penalty)/divisor + constant penalty`.
    fn evaluate(&mut self, from: usize, to: usize) -> (f64, f64) {
        let Training { settings, objective, state, gradient, .. } = self;
        let drops = objective.architecture().layers().iter().any(|layer| layer.dropout > 0.0);
        let dropout = drops.then_some(Dropout { seed: settings.seed, step: state.step });
        let sums = objective.sums(&state.parameters, &state.order[from..to], Some(gradient), dropout);
        if sums.weight == 0.0 {
            return (0.0, 0.0);
        }
        let mut loss = sums.loss;
        let penalise = |gradient: &mut [T]| -> f64 {
            let penalised =
                objective.architecture().trainable().filter(|block| settings.penalty.acts_on(block.part));
            penalised
                .map(|block| {
                    let range = block.range.clone();
                    settings.penalty.add(&state.parameters[range.clone()], &mut gradient[range])
                })
                .sum()
        };
        if settings.penalty.share == Share::PerWeight {
            loss += penalise(gradient);
        }
        let divisor = settings.reduction.divisor(sums);
        loss /= divisor;
        if divisor != 1.0 {
            let divisor = T::from_f64(divisor);
            gradient.iter_mut().for_each(|g| *g = *g / divisor);
        }
        if settings.penalty.share == Share::Constant {
            loss += penalise(gradient);
        }
        (loss, sums.weight)
    }

    /// `p ← p·(1 - rate·decay)` on what is penalised, then the optimizer's update, on trainable ranges.
    fn update(&mut self, learning_rate: f64) {
        let Training { settings, objective, state, gradient, trainable, .. } = self;
        let architecture = objective.architecture();
        if let Some(clip) = settings.clip {
            clip.apply(gradient, trainable);
        }
        state.updates += 1;
        let decay = settings.penalty.decoupled + settings.optimizer.decay();
        for block in architecture.trainable() {
            if decay > 0.0 && settings.penalty.acts_on(block.part) {
                penalty::decay(learning_rate, decay, &mut state.parameters[block.range.clone()]);
            }
            let range = block.range.clone();
            settings.optimizer.update(
                learning_rate,
                state.updates,
                range,
                &mut state.parameters,
                gradient,
                &mut state.slots,
            );
        }
    }

    /// The Euclidean norm of the gradient by each layer's parameters.
    fn gradient_norms(&self) -> Vec<f64> {
        let mut squares = vec![0.0; self.architecture().layers().len()];
        for block in self.architecture().trainable() {
            squares[block.layer] +=
                self.gradient[block.range.clone()].iter().map(|g| g.to_f64().powi(2)).sum::<f64>();
        }
        squares.into_iter().map(f64::sqrt).collect()
    }

    fn finish_epoch(&mut self, learning_rate: f64, gradient_norm: Vec<f64>) -> Result<(), Error> {
        if self.state.parameters.iter().any(|p| !p.is_finite()) {
            return Err(self.diverged(f64::NAN, learning_rate));
        }
        let n = self.state.order.len();
        self.state.epoch += 1;
        self.state.samples += n as u64;
        self.state.place = 0;
        let loss = match self.settings.reduction {
            Reduction::Mean => self.state.running_loss / n as f64,
            Reduction::Sum => self.state.running_loss,
        };
        let validation_loss = self.validation_loss();
        let (dead, saturated) = self.count_units();
        let epoch = Epoch {
            epoch: self.state.epoch,
            loss,
            validation_loss,
            metrics: self.metrics(),
            learning_rate,
            gradient_norm,
            dead,
            saturated,
            seconds: self.epoch_began.elapsed().as_secs_f64(),
        };
        self.settings.schedule.observe(&mut self.state.schedule, validation_loss.unwrap_or(loss));
        if let Some(stopping) = &self.settings.stopping {
            let cost = stopping.cost(&epoch, &self.settings.metrics);
            let (best, _) = stopping.observe(&mut self.state.stopping, cost);
            if best && self.validation.is_some() {
                let (epoch, parameters) = (epoch.epoch, self.state.parameters.clone());
                self.state.best = Some(Best { epoch, parameters });
            }
        }
        self.history.epochs.push(epoch);
        Ok(())
    }

    /// The metrics asked for, on the validation samples where there are any.
    fn metrics(&mut self) -> Vec<f64> {
        if self.settings.metrics.is_empty() {
            return Vec::new();
        }
        let outputs = match &mut self.validation {
            Some(validation) => validation.objective.outputs(&self.state.parameters, &validation.rows),
            None => self.objective.outputs(&self.state.parameters, &self.state.order),
        };
        let predictions = Predictions {
            task: Task::of(&self.objective.architecture().output().activation),
            y: &outputs.y,
            t: &outputs.t,
            weight: Some(&outputs.weight),
            n_outputs: self.objective.architecture().n_outputs(),
        };
        self.settings.metrics.iter().map(|metric| metric.value(&predictions)).collect()
    }

    /// The shares of dead and of saturated units by hidden layer; warns when a layer's dead units have become more
    /// by a tenth of the layer since the last warning.
    fn count_units(&mut self) -> (Vec<f64>, Vec<f64>) {
        let n_hidden = self.objective.architecture().layers().len() - 1;
        let Some(watcher) = &mut self.watcher else { return (vec![0.0; n_hidden], vec![0.0; n_hidden]) };
        let architecture = self.objective.architecture();
        let counts = watcher.count(architecture, &self.state.parameters, self.objective.data());
        let (mut dead, mut saturated) = (Vec::new(), Vec::new());
        for (l, units) in counts.enumerate() {
            let layer = architecture.layer_name(l);
            let warned = self.history.warnings.iter().rev().find_map(|warning| match warning {
                Warning::DeadUnits { layer: of, dead, .. } if *of == layer => Some(*dead),
                Warning::DeadUnits { .. } => None,
            });
            if units.dead > warned.unwrap_or(0) && (units.dead - warned.unwrap_or(0)) * 10 >= units.of {
                let (epoch, dead, of) = (self.state.epoch, units.dead, units.of);
                self.history.warnings.push(Warning::DeadUnits { epoch, layer, dead, of });
            }
            dead.push(units.dead as f64 / units.of as f64);
            saturated.push(units.saturated as f64 / units.of as f64);
        }
        (dead, saturated)
    }

    /// Puts the last finite parameters back and says what happened.
    fn diverged(&mut self, loss: f64, learning_rate: f64) -> Error {
        let finite = self.state.finite.clone();
        self.state.parameters.copy_from_slice(&finite);
        Error::Diverged { epoch: self.state.epoch + 1, step: self.state.step + 1, loss, learning_rate }
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

/// Weights alone are penalised unless the penalty says otherwise.
impl Penalty {
    fn acts_on(&self, part: Part) -> bool {
        part == Part::Weights || self.on == On::All
    }
}
