//! Training of an experiment's networks, from the samples and initial weights to the outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule::metrics::Metric;
use chainrule::network::activation::Activation;
use chainrule::network::loss::{Link, Loss};
use chainrule::network::{Architecture, Network};
use chainrule::objective::{Evaluate, Objective};
use chainrule::random::RandomState;
use chainrule::train::{Ending, Epoch, History, Observer, Step, Training, TrainingState, best_of};
use chainrule::{Dataset, Error as EngineError, Scalar};
use chainrule_model::Precision;
use chainrule_table::{Target, TargetScaling};

use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::checkpoints::Checkpoints;
use crate::data::Samples;
use crate::experiment::{Experiment, Variant};
use crate::outcome::Outcome;
use crate::train::setting_error;

/// A variant with its samples and initial weights, ready to train.
#[derive(Clone, Debug)]
pub struct PreparedTraining {
    /// Samples, in f64.
    pub samples: Samples,
    /// Architecture, with the output layer determined by the data and the loss.
    pub architecture: Architecture,
    /// Initial network, in f64.
    pub start: Network<f64>,
    /// Named parameters with their indices.
    pub names: Vec<(String, usize)>,
    /// Random number generator, after the data and the weights have been drawn.
    pub random: RandomState,
}

/// Maximum number of parameters of a network, which require about 5 GiB while they are trained.
const MAX_PARAMETERS: usize = 1 << 27;

/// Receives the progress of training.
pub trait Progress {
    /// Training of a variant starts; with restarts, once for each seed.
    fn begin(&mut self, variant: &str, epochs: u64);
    /// Training has completed `epochs` epochs, including a fraction of the current one, and has
    /// reached this loss.
    fn advance(&mut self, epochs: f64, loss: f64);
    /// An epoch has finished.
    fn finish_epoch(&mut self, _epoch: &Epoch) {}
    /// The next training run resumes from a checkpoint. `_changed` has a line for each changed
    /// setting.
    fn resumed(&mut self, _from: &Checkpoint, _changed: &[String]) {}
    /// A checkpoint has been saved, or could not be saved because of an error.
    fn checkpoint_saved(&mut self, _error: Option<&std::io::Error>) {}
    /// Training of a variant has ended.
    fn end(&mut self);
}

/// Ignores all progress.
impl Progress for () {
    fn begin(&mut self, _variant: &str, _epochs: u64) {}
    fn advance(&mut self, _epochs: f64, _loss: f64) {}
    fn end(&mut self) {}
}

impl Variant {
    /// Generates or reads the samples, determines the architecture and draws the initial weights.
    ///
    /// Data, weights, validation split and mini-batches are drawn in this order from one random
    /// stream. If `train.seed` is set, a new stream starts with the weights.
    ///
    /// # Errors
    /// Returns an error if the table cannot be used, or if the layers, targets and loss are
    /// incompatible.
    pub fn prepare(&self) -> Result<PreparedTraining, Error> {
        let mut random = RandomState::new(self.data.seed);
        let fraction = self.train.settings.validation_fraction;
        let samples = self.data.samples(&mut random, fraction, &self.train.loss, self.target_scaling())?;
        self.prepare_with(samples, random)
    }

    /// Does the same as [`prepare`](Variant::prepare) with existing samples, for example those of
    /// another variant with the same data, and the random number generator for the remaining draws.
    ///
    /// # Errors
    /// Returns the errors of [`prepare`](Variant::prepare).
    pub fn prepare_with(&self, samples: Samples, mut random: RandomState) -> Result<PreparedTraining, Error> {
        let (n_inputs, n_targets) = (samples.dataset.n_inputs(), samples.dataset.n_targets());
        self.check_outputs(&samples)?;
        let architecture = self.network.architecture(n_inputs, n_targets, &self.train.loss)?;
        if architecture.n_parameters() > MAX_PARAMETERS {
            // Parameters, gradients and the state of the optimizer, with a copy in double precision.
            const BYTES_PER_PARAMETER: f64 = 40.0;
            let gibibytes = architecture.n_parameters() as f64 * BYTES_PER_PARAMETER / (1_u64 << 30) as f64;
            return Err(Error::TooManyParameters {
                got: architecture.n_parameters(),
                max: MAX_PARAMETERS,
                gibibytes,
            });
        }
        let objective = Objective::new(&architecture, &self.train.loss, samples.dataset.clone());
        objective.map_err(|error| samples.locate(&error).unwrap_or_else(|| self.locate(error)))?;
        if let Some(seed) = self.train.seed {
            random = RandomState::new(seed);
        }
        let names = self.network.named(&architecture)?;
        let start = match &self.given {
            Some(given) if given.architecture().describe() == architecture.describe() => given.clone(),
            Some(_) => return Err(Error::OtherNetwork),
            None => Network::initialize(architecture.clone(), &mut random),
        };
        Ok(PreparedTraining { samples, architecture, start, names, random })
    }

    /// Checks that the loss has one output for each target of a table, and a single output for two
    /// classes.
    fn check_outputs(&self, samples: &Samples) -> Result<(), Error> {
        let Some(from) = &samples.from_table else { return Ok(()) };
        let target = &from.encoders.target;
        let allowed = match target {
            Target::Classes { column, classes }
                if classes.len() == 2 && self.train.loss.link() == Link::Softmax =>
            {
                format!("binary_cross_entropy, because \"{column}\" has only two classes")
            }
            _ if self.train.loss.n_outputs(target.n_outputs()) != target.n_outputs() => {
                "a loss with one output for each target; for quantile, give a single level".to_owned()
            }
            _ => return Ok(()),
        };
        let origin = self.tree.origin_of("train.loss").unwrap_or(&self.train.origin).clone();
        let value = self.train.loss.options().short();
        Err(Error::Value { origin, key: "train.loss".to_owned(), value, allowed })
    }

    /// Returns the default scaling of regression targets: targets are scaled only if the outputs
    /// are unbounded.
    pub(crate) fn target_scaling(&self) -> TargetScaling {
        let output = self.network.output_activation(&self.train.loss);
        if output == Activation::identity() { TargetScaling::Standard } else { TargetScaling::None }
    }

    /// Checks that the network can be trained, with compatible data, layers, loss and settings.
    ///
    /// # Errors
    /// Returns the errors of [`Variant::prepare`], or an error if the engine refuses a setting.
    pub fn check(&self) -> Result<(), Error> {
        let PreparedTraining { samples, start, random, .. } = self.prepare()?;
        let validation = samples.from_table.as_ref().and_then(|from| from.validation.clone());
        let settings = self.settings_for_engine();
        training(start, &self.train.loss, samples.dataset.clone(), validation, settings, random)
            .map(|_| ())
            .map_err(|error| self.locate(error))
    }

    /// Returns an outcome with the initial network, or the network of a model, and no training.
    ///
    /// # Errors
    /// Returns the errors of [`Variant::prepare`].
    pub fn initial_outcome(&self, history: History) -> Result<Outcome, Error> {
        let PreparedTraining { samples, architecture, start, names, .. } = self.prepare()?;
        let locate = |error| self.locate(error);
        let reduction = self.train.settings.reduction;
        let mut objective =
            Objective::new(&architecture, &self.train.loss, samples.dataset.clone()).map_err(locate)?;
        let rows: Vec<u32> = (0..samples.dataset.n_samples() as u32).collect();
        let loss = objective.value(start.parameters(), &rows, reduction).map_err(locate)?;
        let parameters = start.parameters().to_vec();
        Ok(Outcome {
            variant: self.name.clone(),
            loss: self.train.loss.clone(),
            reduction,
            precision: self.precision,
            snapshots: vec![(0, parameters.clone())],
            parameters,
            names,
            history,
            ending: Ok(Ending::Completed),
            restarts: Vec::new(),
            final_loss: (loss, None),
            metric_names: Vec::new(),
            architecture,
            samples,
        })
    }

    /// Adds the location of the setting concerned to an error of the engine.
    pub(crate) fn locate(&self, source: EngineError) -> Error {
        let path = match &source {
            EngineError::OutputWidth { .. } | EngineError::InputWidth { .. } => {
                "network.output.units".to_owned()
            }
            EngineError::TargetDomain { .. } => "train.loss".to_owned(),
            EngineError::TooLarge { .. } => "data".to_owned(),
            EngineError::Setting { setting, .. } => format!("train.{setting}"),
            _ => "train".to_owned(),
        };
        setting_error(self.tree.origin_of(&path).unwrap_or(&self.train.origin), source)
    }

    /// Trains the network and records the parameters after each of `epochs`.
    ///
    /// Divergence is not returned as an error but recorded in [`Outcome::ending`].
    ///
    /// # Errors
    /// Returns the errors of [`Variant::prepare`].
    pub fn run(
        &self,
        epochs: &BTreeSet<u64>,
        progress: &mut dyn Progress,
        cancel: &AtomicBool,
    ) -> Result<Outcome, Error> {
        self.run_prepared(self.prepare()?, epochs, progress, cancel, None)
    }

    /// Trains the network prepared by [`prepare`](Variant::prepare). With `checkpoints`, training
    /// saves checkpoints and resumes from an earlier one, if that is set.
    ///
    /// If training is cancelled, a checkpoint is saved, and the outcome has the weights of the best
    /// epoch, if there is one.
    ///
    /// # Errors
    /// Returns the errors of [`Variant::run`], or an error if training cannot resume from the
    /// checkpoint.
    pub fn run_prepared(
        &self,
        prepared: PreparedTraining,
        epochs: &BTreeSet<u64>,
        progress: &mut dyn Progress,
        cancel: &AtomicBool,
        checkpoints: Option<&mut Checkpoints>,
    ) -> Result<Outcome, Error> {
        let observer = RunObserver {
            variant: &self.name,
            epochs,
            progress,
            cancel,
            checkpoints,
            settings: self.settings(),
            fingerprint: prepared.samples.fingerprint().to_owned(),
            has_restarts: self.train.restarts > 1,
            trajectories: BTreeMap::new(),
        };
        match self.precision {
            Precision::F32 => self.run_in::<f32>(prepared, observer),
            Precision::F64 => self.run_in::<f64>(prepared, observer),
        }
    }

    fn run_in<T: Scalar>(
        &self,
        prepared: PreparedTraining,
        mut observer: RunObserver<'_>,
    ) -> Result<Outcome, Error> {
        let locate = |error| self.locate(error);
        let PreparedTraining { samples, architecture, start, names, random } = prepared;
        let data: Dataset<T> = samples
            .dataset
            .cast()
            .map_err(|error| samples.locate(&error).unwrap_or_else(|| locate(error)))?;
        let data = Arc::new(data);
        let validation = samples.from_table.as_ref().and_then(|from| from.validation.as_ref());
        let validation =
            validation.map(|dataset| dataset.cast().map(Arc::new)).transpose().map_err(locate)?;
        let settings = self.settings_for_engine();
        let has_restarts = observer.has_restarts;
        let seeds: Vec<u32> =
            (0..self.train.restarts.max(1)).map(|k| settings.seed.wrapping_add(k)).collect();
        let mut resume_points = BTreeMap::new();
        if let Some(checkpoints) = &mut observer.checkpoints {
            for seed in &seeds {
                let restart = has_restarts.then_some(*seed);
                let from = checkpoints.resume_point(
                    &self.name,
                    restart,
                    &observer.settings,
                    samples.fingerprint(),
                )?;
                let Some(from) = from else { continue };
                let changes = from.changed(&observer.settings);
                let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
                observer.progress.resumed(&from, &changes);
                observer.trajectories.insert(*seed, from.trajectory(architecture.n_parameters())?);
                resume_points.insert(*seed, from);
            }
        }
        let begin = |seed| {
            let (start, random) = if has_restarts {
                let mut random = RandomState::new(seed);
                (Network::initialize(architecture.clone(), &mut random), random)
            } else {
                (start.cast(), random.clone())
            };
            let settings = chainrule::train::Settings { seed, ..settings.clone() };
            let mut training =
                training(start, &self.train.loss, data.clone(), validation.clone(), settings, random)
                    .map_err(locate)?;
            resume_points.get(&seed).map_or(Ok(()), |from: &Checkpoint| from.restore(&mut training))?;
            Ok::<_, Error>(training)
        };
        let mut restarts = Vec::new();
        let (mut training, ending) = if has_restarts {
            let best = best_of(&seeds, begin, &mut observer)?;
            restarts = best.losses;
            (best.best, Ok(best.ending))
        } else {
            let mut training = begin(seeds[0])?;
            let ending = training.run(&mut observer);
            (training, ending)
        };
        observer.progress.end();
        if let (Ok(Ending::Cancelled), Some(best)) = (&ending, training.state().best.clone()) {
            let state = TrainingState { parameters: best.parameters, ..training.state().clone() };
            training.restore(state).map_err(locate)?;
        }
        let final_loss =
            (training.training_loss().map_err(locate)?, training.validation_loss().map_err(locate)?);
        Ok(Outcome {
            variant: self.name.clone(),
            loss: self.train.loss.clone(),
            reduction: self.train.settings.reduction,
            precision: self.precision,
            parameters: exact(&training.state().parameters),
            snapshots: observer.trajectories.remove(&training.settings().seed).unwrap_or_default(),
            names,
            history: training.history().clone(),
            ending,
            restarts,
            final_loss,
            metric_names: self.train.settings.metrics.iter().map(Metric::name).collect(),
            architecture,
            samples,
        })
    }

    /// Returns the settings of the engine, with the seed for dropout and restarts.
    pub fn settings_for_engine(&self) -> chainrule::train::Settings {
        let seed = self.train.seed.unwrap_or(self.data.seed);
        let settings = chainrule::train::Settings { seed, ..self.train.settings.clone() };
        // The rows of a table are split before they are encoded, not by the engine.
        let validation_fraction = settings.validation_fraction.filter(|_| !self.data.is_table());
        chainrule::train::Settings { validation_fraction, ..settings }
    }
}

/// Creates a training run, with a separate validation set if there is one.
fn training<T: Scalar>(
    start: Network<T>,
    loss: &Loss,
    data: Arc<Dataset<T>>,
    validation: Option<Arc<Dataset<T>>>,
    settings: chainrule::train::Settings,
    random: RandomState,
) -> Result<Training<T>, EngineError> {
    match validation {
        Some(validation) => Training::with_validation(start, loss, data, validation, settings, random),
        None => Training::new(start, loss, data, settings, random),
    }
}

impl Experiment {
    /// Trains the networks of the experiment one after the other and records the parameters that
    /// its claims require.
    ///
    /// # Errors
    /// Returns the errors of [`Variant::prepare`].
    pub fn run(&self, progress: &mut dyn Progress, cancel: &AtomicBool) -> Result<Vec<Outcome>, Error> {
        self.variants
            .iter()
            .map(|variant| variant.run(&self.epochs(&variant.name), progress, cancel))
            .collect()
    }

    /// Returns the epochs after which the claims require the parameters of the variant called
    /// `variant`.
    pub fn epochs(&self, variant: &str) -> BTreeSet<u64> {
        self.claims.iter().flat_map(|claim| claim.epochs(variant)).collect()
    }
}

/// Reports the progress of training, records parameters and saves checkpoints.
struct RunObserver<'w> {
    variant: &'w str,
    epochs: &'w BTreeSet<u64>,
    progress: &'w mut dyn Progress,
    cancel: &'w AtomicBool,
    checkpoints: Option<&'w mut Checkpoints>,
    /// Settings, fingerprint of the samples and whether there are several seeds, for checkpoints.
    settings: String,
    fingerprint: String,
    has_restarts: bool,
    /// Parameters after the recorded epochs, by seed.
    trajectories: BTreeMap<u32, Vec<(u64, Vec<f64>)>>,
}

/// Number of steps between two progress reports within an epoch.
const REPORT_INTERVAL: u64 = 64;

impl RunObserver<'_> {
    /// Records the current parameters if the epoch is among the requested ones and not recorded
    /// yet.
    fn record<T: Scalar>(&mut self, training: &Training<T>) {
        let state = training.state();
        let trajectory = self.trajectories.entry(training.settings().seed).or_default();
        let is_new = trajectory.last().is_none_or(|(epoch, _)| *epoch < state.epoch);
        if self.epochs.contains(&state.epoch) && is_new {
            trajectory.push((state.epoch, exact(&state.parameters)));
        }
    }

    /// Saves a checkpoint if it is due or training is cancelled.
    fn save<T: Scalar>(&mut self, training: &Training<T>, ends_epoch: bool) -> ControlFlow<()> {
        let cancelled = self.cancel.load(Ordering::Relaxed);
        if let Some(checkpoints) = &mut self.checkpoints {
            let trajectory = self.trajectories.get(&training.settings().seed).map_or(&[][..], Vec::as_slice);
            let written = if cancelled {
                checkpoints.save(training, trajectory)
            } else {
                checkpoints.save_if_due(training, trajectory, ends_epoch)
            };
            if let Some(written) = written {
                self.progress.checkpoint_saved(written.err().as_ref());
            }
        }
        if cancelled { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl<T: Scalar> Observer<T> for RunObserver<'_> {
    fn started(&mut self, training: &Training<T>) {
        self.progress.begin(self.variant, training.settings().epochs);
        if let Some(checkpoints) = &mut self.checkpoints {
            let restart = self.has_restarts.then_some(training.settings().seed);
            checkpoints.begin(self.variant, restart, &self.settings, &self.fingerprint);
        }
        // If training resumes within an epoch, the parameters are not those of a completed epoch.
        if training.state().place == 0 {
            self.record(training);
        }
    }

    fn stepped(&mut self, training: &Training<T>, step: &Step) -> ControlFlow<()> {
        if step.ends_epoch || step.step.is_multiple_of(REPORT_INTERVAL) {
            let epochs = step.step as f64 / training.steps_per_epoch() as f64;
            self.progress.advance(epochs, step.loss);
        }
        // At the end of an epoch, the checkpoint is saved after the parameters have been recorded.
        if step.ends_epoch { ControlFlow::Continue(()) } else { self.save(training, false) }
    }

    fn finished_epoch(&mut self, training: &Training<T>, epoch: &Epoch) -> ControlFlow<()> {
        self.progress.finish_epoch(epoch);
        self.record(training);
        self.save(training, true)
    }
}

fn exact<T: Scalar>(parameters: &[T]) -> Vec<f64> {
    parameters.iter().map(|p| p.to_f64()).collect()
}
