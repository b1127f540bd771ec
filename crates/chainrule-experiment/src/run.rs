//! Running an experiment's networks: data drawn, weights drawn, trained, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule::metrics::Metric;
use chainrule::network::activation::Activation;
use chainrule::network::loss::{Link, Loss};
use chainrule::network::{Architecture, Network};
use chainrule::objective::{Objective, Reduction};
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

/// A variant with its data and starting weights, ready to train.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The samples, in f64.
    pub samples: Samples,
    /// The architecture, its output layer settled by data and loss.
    pub architecture: Architecture,
    /// The starting weights, in f64.
    pub start: Network<f64>,
    /// The named parameters with their indices.
    pub names: Vec<(String, usize)>,
    /// The one stream of draws, after data and weights.
    pub random: RandomState,
}

/// What came of training one network.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The variant's name; empty for an experiment of one network.
    pub variant: String,
    /// The samples it was trained on.
    pub samples: Samples,
    /// Its shape.
    pub architecture: Architecture,
    /// Its loss.
    pub loss: Loss,
    /// How the loss was reduced.
    pub reduction: Reduction,
    /// The precision of the training.
    pub precision: Precision,
    /// The parameters at the end, exactly, in f64.
    pub parameters: Vec<f64>,
    /// The parameters after some epochs: 0 is the start.
    snapshots: Vec<(u64, Vec<f64>)>,
    /// The named parameters with their indices.
    pub names: Vec<(String, usize)>,
    /// Every epoch, and the warnings.
    pub history: History,
    /// How the training ended; the divergence that ended it.
    pub ending: Result<Ending, EngineError>,
    /// For each seed of several restarts its final loss.
    pub restarts: Vec<(u32, f64)>,
    /// The loss over all training samples at the end; on the validation samples, where there are any.
    pub final_loss: (f64, Option<f64>),
    /// The names of the metrics that the history records.
    pub metric_names: Vec<&'static str>,
}

/// Who watches a run: its beginning, its way, and whether it should be cancelled.
pub trait Progress {
    /// A training of so many epochs begins; with restarts, one for each seed.
    fn begin(&mut self, variant: &str, epochs: u64);
    /// It has come to this many epochs (a fraction within one), and the loss was this.
    fn advance(&mut self, epochs: f64, loss: f64);
    /// An epoch is done.
    fn epoch(&mut self, _epoch: &Epoch) {}
    /// The training that begins next goes on from here; these settings are not as they were.
    fn resumed(&mut self, _from: &Checkpoint, _changed: &[String]) {}
    /// A checkpoint has been written, or could not be.
    fn saved(&mut self, _failed: Option<&std::io::Error>) {}
    /// It is over.
    fn end(&mut self);
}

/// Nobody watches.
impl Progress for () {
    fn begin(&mut self, _variant: &str, _epochs: u64) {}
    fn advance(&mut self, _epochs: f64, _loss: f64) {}
    fn end(&mut self) {}
}

impl Variant {
    /// Draws or reads the samples, settles the architecture and draws the starting weights.
    ///
    /// The order of the draws is data, weights, validation split, epochs, from one stream; `train.seed` starts a new
    /// stream at the weights.
    ///
    /// # Errors
    /// A table that cannot be used, or layers, targets and loss that do not fit each other.
    pub fn prepare(&self) -> Result<Prepared, Error> {
        let mut random = RandomState::new(self.data.seed);
        let share = self.train.settings.validation_fraction;
        let samples = self.data.samples(&mut random, share, &self.train.loss, self.target_scaling())?;
        self.prepare_with(samples, random)
    }

    /// As [`prepare`](Variant::prepare), with samples that are made already, such as those of another variant with the same
    /// data, and the stream for the draws to come.
    ///
    /// # Errors
    /// As [`prepare`](Variant::prepare).
    pub fn prepare_with(&self, samples: Samples, mut random: RandomState) -> Result<Prepared, Error> {
        let (n_inputs, n_targets) = (samples.dataset.n_inputs(), samples.dataset.n_targets());
        self.suits_table(&samples)?;
        let architecture = self.network.architecture(n_inputs, n_targets, &self.train.loss)?;
        let objective = Objective::new(&architecture, &self.train.loss, &samples.dataset);
        objective.map_err(|error| samples.placed(&error).unwrap_or_else(|| self.placed(error)))?;
        if let Some(seed) = self.train.seed {
            random = RandomState::new(seed);
        }
        let names = self.network.named(&architecture)?;
        let start = match &self.given {
            Some(given) if given.architecture().describe() == architecture.describe() => given.clone(),
            Some(_) => return Err(Error::OtherNetwork),
            None => Network::initialize(architecture.clone(), &mut random),
        };
        Ok(Prepared { samples, architecture, start, names, random })
    }

    /// Checks that outputs mean something to the table's targets: one for each, and for two classes the second's probability.
    fn suits_table(&self, samples: &Samples) -> Result<(), Error> {
        let Some(from) = &samples.from_table else { return Ok(()) };
        let target = &from.encoders.target;
        let allowed = match target {
            Target::Classes { column, classes }
                if classes.len() == 2 && self.train.loss.link() == Link::Softmax =>
            {
                format!(
                    "binary_cross_entropy, since {column} has two classes and one output is enough for them"
                )
            }
            _ if self.train.loss.n_outputs(target.n_outputs()) != target.n_outputs() => {
                "a loss of one output for each target: of quantile, one level at a time".to_owned()
            }
            _ => return Ok(()),
        };
        let origin = self.tree.origin_of("train.loss").unwrap_or(&self.train.origin).clone();
        let value = self.train.loss.options().short();
        Err(Error::Value { origin, key: "train.loss".to_owned(), value, allowed })
    }

    /// The scaling of targets that suits the outputs, where nobody says another: only what takes any value can be moved.
    pub(crate) fn target_scaling(&self) -> TargetScaling {
        let output = self.network.output_activation(&self.train.loss);
        if output == Activation::identity() { TargetScaling::Standard } else { TargetScaling::None }
    }

    /// Whether the network can be trained at all: data, layers, loss and settings fit each other.
    ///
    /// # Errors
    /// As [`Variant::prepare`], or settings that the engine refuses.
    pub fn check(&self) -> Result<(), Error> {
        let Prepared { samples, start, random, .. } = self.prepare()?;
        let validation = samples.from_table.as_ref().and_then(|from| from.validation.as_deref());
        let settings = self.settings_for_engine();
        training(start, &self.train.loss, &samples.dataset, validation, settings, random)
            .map(|_| ())
            .map_err(|error| self.placed(error))
    }

    /// The network as it begins, untrained, or the model that was given, as an outcome to be looked at.
    ///
    /// # Errors
    /// As [`Variant::prepare`].
    pub fn as_it_is(&self, history: History) -> Result<Outcome, Error> {
        let Prepared { samples, architecture, start, names, .. } = self.prepare()?;
        let reduction = self.train.settings.reduction;
        let mut objective =
            Objective::new(&architecture, &self.train.loss, &samples.dataset).map_err(|e| self.placed(e))?;
        let rows: Vec<usize> = (0..samples.dataset.n_samples()).collect();
        let loss = objective.value(start.parameters(), &rows, reduction);
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

    /// Puts the place in the file to an error of the engine.
    pub(crate) fn placed(&self, source: EngineError) -> Error {
        let path = match &source {
            EngineError::OutputWidth { .. } | EngineError::InputWidth { .. } => {
                "network.output.units".to_owned()
            }
            EngineError::TargetDomain { .. } => "train.loss".to_owned(),
            EngineError::TooLarge { .. } => "data".to_owned(),
            EngineError::Setting { setting, .. } => format!("train.{setting}"),
            _ => "train".to_owned(),
        };
        let origin = self.tree.origin_of(&path).unwrap_or(&self.train.origin);
        Error::Engine { origin: origin.clone(), source }
    }

    /// Trains the network, keeping the parameters after each of `epochs`.
    ///
    /// A training that diverges is an outcome too: its ending says so.
    ///
    /// # Errors
    /// As [`Variant::prepare`].
    pub fn run(
        &self,
        epochs: &BTreeSet<u64>,
        progress: &mut dyn Progress,
        cancel: &AtomicBool,
    ) -> Result<Outcome, Error> {
        self.run_prepared(self.prepare()?, epochs, progress, cancel, None)
    }

    /// Trains the network from what [`prepare`](Variant::prepare) made, saved on the way where there are checkpoints, and from
    /// where those lead that it goes on from.
    ///
    /// A training that somebody ends is saved as it was, and its outcome has the weights of its best epoch, where there is one.
    ///
    /// # Errors
    /// As [`Variant::run`], and a checkpoint that is of another training.
    pub fn run_prepared(
        &self,
        prepared: Prepared,
        epochs: &BTreeSet<u64>,
        progress: &mut dyn Progress,
        cancel: &AtomicBool,
        checkpoints: Option<&mut Checkpoints>,
    ) -> Result<Outcome, Error> {
        let watcher = Watcher {
            variant: &self.name,
            epochs,
            progress,
            cancel,
            checkpoints,
            settings: self.settings(),
            fingerprint: prepared.samples.fingerprint().to_owned(),
            restarts: self.train.restarts > 1,
            paths: BTreeMap::new(),
        };
        match self.precision {
            Precision::F32 => self.run_in::<f32>(prepared, watcher),
            Precision::F64 => self.run_in::<f64>(prepared, watcher),
        }
    }

    fn run_in<T: Scalar>(&self, prepared: Prepared, mut watcher: Watcher<'_>) -> Result<Outcome, Error> {
        let placed = |error| self.placed(error);
        let Prepared { samples, architecture, start, names, random } = prepared;
        let data: Dataset<T> = samples
            .dataset
            .cast()
            .map_err(|error| samples.placed(&error).unwrap_or_else(|| placed(error)))?;
        let validation = samples.from_table.as_ref().and_then(|from| from.validation.as_ref());
        let validation: Option<Dataset<T>> =
            validation.map(|held| held.cast()).transpose().map_err(placed)?;
        let settings = self.settings_for_engine();
        let several = watcher.restarts;
        let seeds: Vec<u32> =
            (0..self.train.restarts.max(1)).map(|k| settings.seed.wrapping_add(k)).collect();
        let mut saved = BTreeMap::new();
        if let Some(checkpoints) = &mut watcher.checkpoints {
            for seed in &seeds {
                let restart = several.then_some(*seed);
                let from = checkpoints.saved(&self.name, restart, samples.fingerprint())?;
                let Some(from) = from else { continue };
                watcher.progress.resumed(&from, &from.changed(&watcher.settings));
                watcher.paths.insert(*seed, from.trajectory(architecture.n_parameters())?);
                saved.insert(*seed, from);
            }
        }
        let begin = |seed| {
            let (start, random) = if several {
                let mut random = RandomState::new(seed);
                (Network::initialize(architecture.clone(), &mut random), random)
            } else {
                (start.cast(), random.clone())
            };
            let settings = chainrule::train::Settings { seed, ..settings.clone() };
            let mut training =
                training(start, &self.train.loss, &data, validation.as_ref(), settings, random)
                    .map_err(placed)?;
            saved.get(&seed).map_or(Ok(()), |from: &Checkpoint| from.restore(&mut training))?;
            Ok::<_, Error>(training)
        };
        let mut restarts = Vec::new();
        let (mut training, ending) = if several {
            let best = best_of(&seeds, begin, &mut watcher)?;
            restarts = best.losses;
            (best.best, Ok(best.ending))
        } else {
            let mut training = begin(seeds[0])?;
            let ending = training.run(&mut watcher);
            (training, ending)
        };
        watcher.progress.end();
        if let (Ok(Ending::Cancelled), Some(best)) = (&ending, training.state().best.clone()) {
            let state = TrainingState { parameters: best.parameters, ..training.state().clone() };
            training.restore(state).map_err(placed)?;
        }
        let final_loss = (training.training_loss(), training.validation_loss());
        Ok(Outcome {
            variant: self.name.clone(),
            loss: self.train.loss.clone(),
            reduction: self.train.settings.reduction,
            precision: self.precision,
            parameters: exact(&training.state().parameters),
            snapshots: watcher.paths.remove(&training.settings().seed).unwrap_or_default(),
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

    /// The engine's settings, with the seed that dropout and restarts take.
    pub fn settings_for_engine(&self) -> chainrule::train::Settings {
        let seed = self.train.seed.unwrap_or(self.data.seed);
        let settings = chainrule::train::Settings { seed, ..self.train.settings.clone() };
        // A table's rows are held back before they are encoded.
        let validation_fraction = settings.validation_fraction.filter(|_| !self.data.is_table());
        chainrule::train::Settings { validation_fraction, ..settings }
    }
}

/// A training with validation samples of its own, where there are any.
fn training<'a, T: Scalar>(
    start: Network<T>,
    loss: &Loss,
    data: &'a Dataset<T>,
    validation: Option<&'a Dataset<T>>,
    settings: chainrule::train::Settings,
    random: RandomState,
) -> Result<Training<'a, T>, EngineError> {
    match validation {
        Some(validation) => Training::with_validation(start, loss, data, validation, settings, random),
        None => Training::new(start, loss, data, settings, random),
    }
}

impl Experiment {
    /// Trains every network of the experiment, one after the other, with what its claims need.
    ///
    /// # Errors
    /// As [`Variant::prepare`].
    pub fn run(&self, progress: &mut dyn Progress, cancel: &AtomicBool) -> Result<Vec<Outcome>, Error> {
        self.variants
            .iter()
            .map(|variant| variant.run(&self.epochs(&variant.name), progress, cancel))
            .collect()
    }

    /// The epochs after which the claims about the variant called `variant` need its parameters.
    pub fn epochs(&self, variant: &str) -> BTreeSet<u64> {
        self.claims.iter().flat_map(|claim| claim.epochs(variant)).collect()
    }
}

impl Outcome {
    /// The parameters after `epoch`, at the end where none is given or where the training ended before.
    pub(crate) fn parameters_after(&self, epoch: Option<u64>) -> &[f64] {
        let kept = epoch.and_then(|epoch| self.snapshots.iter().find(|(known, _)| *known == epoch));
        kept.map_or(&self.parameters, |(_, parameters)| parameters)
    }

    /// The parameters after the epochs that were asked for, in their order; epoch 0 is the start.
    pub fn trajectory(&self) -> &[(u64, Vec<f64>)] {
        &self.snapshots
    }

    /// The same outcome with the samples that were held back in place of those that were trained on, where there are any.
    pub fn held_back(&self) -> Option<Outcome> {
        let dataset = self.samples.from_table.as_ref()?.validation.clone()?;
        let held_back = self.clone();
        Some(Outcome { samples: held_back.samples.holding(dataset), ..held_back })
    }

    /// The network at the end, in f64.
    ///
    /// # Panics
    /// Never: what a training leaves is finite and fits.
    pub fn network(&self) -> Network<f64> {
        Network::new(self.architecture.clone(), self.parameters.clone()).expect("finite parameters that fit")
    }
}

/// Sees the training for whoever watches, and keeps the parameters that were asked for.
struct Watcher<'w> {
    variant: &'w str,
    epochs: &'w BTreeSet<u64>,
    progress: &'w mut dyn Progress,
    cancel: &'w AtomicBool,
    checkpoints: Option<&'w mut Checkpoints>,
    /// The settings, what tells the samples from others, and whether there are several seeds, for checkpoints.
    settings: String,
    fingerprint: String,
    restarts: bool,
    /// For each seed the parameters after some epochs.
    paths: BTreeMap<u32, Vec<(u64, Vec<f64>)>>,
}

/// Steps between two reports within an epoch.
const REPORT: u64 = 64;

impl Watcher<'_> {
    /// Keeps the parameters as they are, where they were asked for and are not kept yet.
    fn keep<T: Scalar>(&mut self, training: &Training<'_, T>) {
        let state = training.state();
        let path = self.paths.entry(training.settings().seed).or_default();
        if self.epochs.contains(&state.epoch) && path.last().is_none_or(|(epoch, _)| *epoch < state.epoch) {
            path.push((state.epoch, exact(&state.parameters)));
        }
    }

    /// Saves the training where it is time, or where it is to end here.
    fn save<T: Scalar>(&mut self, training: &Training<'_, T>, ends_epoch: bool) -> ControlFlow<()> {
        let cancelled = self.cancel.load(Ordering::Relaxed);
        if let Some(checkpoints) = &mut self.checkpoints {
            let path = self.paths.get(&training.settings().seed).map_or(&[][..], Vec::as_slice);
            let written = if cancelled {
                checkpoints.save(training, path)
            } else {
                checkpoints.stepped(training, path, ends_epoch)
            };
            if let Some(written) = written {
                self.progress.saved(written.err().as_ref());
            }
        }
        if cancelled { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl<T: Scalar> Observer<T> for Watcher<'_> {
    fn started(&mut self, training: &Training<'_, T>) {
        self.progress.begin(self.variant, training.settings().epochs);
        if let Some(checkpoints) = &mut self.checkpoints {
            let restart = self.restarts.then_some(training.settings().seed);
            checkpoints.begin(self.variant, restart, &self.settings, &self.fingerprint);
        }
        // Within an epoch the parameters are those of none.
        if training.state().place == 0 {
            self.keep(training);
        }
    }

    fn stepped(&mut self, training: &Training<'_, T>, step: &Step) -> ControlFlow<()> {
        if step.ends_epoch || step.step.is_multiple_of(REPORT) {
            let epochs = step.step as f64 / training.steps_per_epoch() as f64;
            self.progress.advance(epochs, step.loss);
        }
        // At an epoch's end once its parameters are kept.
        if step.ends_epoch { ControlFlow::Continue(()) } else { self.save(training, false) }
    }

    fn finished_epoch(&mut self, training: &Training<'_, T>, epoch: &Epoch) -> ControlFlow<()> {
        self.progress.epoch(epoch);
        self.keep(training);
        self.save(training, true)
    }
}

fn exact<T: Scalar>(parameters: &[T]) -> Vec<f64> {
    parameters.iter().map(|p| p.to_f64()).collect()
}
