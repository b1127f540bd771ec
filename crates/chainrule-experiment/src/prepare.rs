//! Preparation of an experiment's networks for training: samples, architecture, initial weights,
//! checks, and the training runs that start from them.

use std::sync::Arc;

use chainrule::network::activation::Activation;
use chainrule::network::loss::Link;
use chainrule::network::{Architecture, Network};
use chainrule::objective::{Evaluate, Objective};
use chainrule::random::RandomState;
use chainrule::train::{AnyTraining, Ending, History, Monitor, Settings, Training};
use chainrule::{Dataset, Error as EngineError, Scalar};
use chainrule_model::Precision;
use chainrule_table::{Target, TargetScaling};

use crate::Error;
use crate::data::Samples;
use crate::experiment::Variant;
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
            // The settings are those of the model, with changes such as another dropout rate.
            Some(given) if given.architecture().describe() == architecture.describe() => {
                Network::new(architecture.clone(), given.parameters().to_vec())
                    .map_err(|_| Error::OtherNetwork)?
            }
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
    /// Returns the errors of [`Variant::training`].
    pub fn check(&self) -> Result<(), Error> {
        self.training().map(drop)
    }

    /// Returns the training run of the network, before its first step. With several restarts, it is
    /// the first one.
    ///
    /// ```
    /// use chainrule_experiment::Experiment;
    ///
    /// let experiment = Experiment::open("three-rings", &[])?;
    /// let mut training = experiment.variants[0].training()?;
    /// let step = training.step()?;
    /// assert_eq!((step.step, training.history().epochs.len()), (1, usize::from(step.ends_epoch)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`Variant::prepare`], or an error if the engine refuses a setting.
    pub fn training(&self) -> Result<AnyTraining, Error> {
        let prepared = self.prepare()?;
        prepared.start(self, &TrainingData::new(self, &prepared.samples)?, self.restarts()[0])
    }

    /// Returns the seed of each restart, or `None` for a single training run, which continues the
    /// random stream of the data.
    pub(crate) fn restarts(&self) -> Vec<Option<u32>> {
        match self.train.restarts {
            0 | 1 => vec![None],
            n => (0..n).map(|k| Some(self.seed().wrapping_add(k))).collect(),
        }
    }

    /// Returns the seed for dropout and restarts.
    fn seed(&self) -> u32 {
        self.train.seed.unwrap_or(self.data.seed)
    }

    /// Returns an outcome with the initial network, or the network of a model, and no training.
    ///
    /// # Errors
    /// Returns the errors of [`Variant::prepare`].
    pub fn initial_outcome(&self, history: History) -> Result<Outcome, Error> {
        let PreparedTraining { samples, architecture, start, names, .. } = self.prepare()?;
        let locate = |error| self.locate(error);
        let reduction = self.train.settings.reduction;
        let loss = |samples: &Arc<Dataset<f64>>| {
            let rows: Vec<u32> = (0..samples.n_samples() as u32).collect();
            let mut objective = Objective::new(&architecture, &self.train.loss, samples.clone())?;
            objective.value(start.parameters(), &rows, reduction)
        };
        let held_out = samples.from_table.as_ref().and_then(|from| from.validation.as_ref());
        let final_loss =
            (loss(&samples.dataset).map_err(locate)?, held_out.map(loss).transpose().map_err(locate)?);
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
            final_loss,
            metric_names: Vec::new(),
            seconds: 0.0,
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
            EngineError::TooLarge { what, .. } => format!("data.{what}"),
            EngineError::Setting { setting, .. } => format!("train.{setting}"),
            _ => "train".to_owned(),
        };
        setting_error(self.tree.origin_of(&path).unwrap_or(&self.train.origin), source)
    }

    /// Returns the settings of the engine, with the seed for dropout and restarts.
    pub fn settings_for_engine(&self) -> Settings {
        let settings = Settings { seed: self.seed(), ..self.train.settings.clone() };
        // The rows of a table are split before they are encoded, not by the engine.
        let validation_fraction = settings.validation_fraction.filter(|_| !self.data.is_table());
        Settings { validation_fraction, ..settings }
    }
}

/// The samples of a variant in its precision.
pub(crate) enum TrainingData {
    F32(Data<f32>),
    F64(Data<f64>),
}

/// Training samples, and separate validation samples, if there are any.
pub(crate) struct Data<T: Scalar> {
    training: Arc<Dataset<T>>,
    validation: Option<Arc<Dataset<T>>>,
}

impl TrainingData {
    /// Converts the samples of a variant to its precision.
    ///
    /// # Errors
    /// Returns an error if a sample is out of range in f32.
    pub(crate) fn new(variant: &Variant, samples: &Samples) -> Result<TrainingData, Error> {
        let (training, from_table) = (&samples.dataset, samples.from_table.as_ref());
        let validation = from_table.and_then(|from| from.validation.as_ref());
        let cast = |dataset: &Arc<Dataset<f64>>| {
            let cast = dataset.cast::<f32>().map(Arc::new);
            cast.map_err(|error| samples.locate(&error).unwrap_or_else(|| variant.locate(error)))
        };
        Ok(match variant.precision {
            Precision::F32 => TrainingData::F32(Data {
                training: cast(training)?,
                validation: validation.map(cast).transpose()?,
            }),
            Precision::F64 => {
                TrainingData::F64(Data { training: training.clone(), validation: validation.cloned() })
            }
        })
    }
}

impl<T: Scalar> Data<T> {
    fn training(
        &self,
        variant: &Variant,
        network: &Network<f64>,
        settings: Settings,
        random: RandomState,
    ) -> Result<Training<T>, EngineError> {
        let (network, loss, data) = (network.cast(), &variant.train.loss, self.training.clone());
        match self.validation.clone() {
            Some(validation) => Training::with_validation(network, loss, data, validation, settings, random),
            None => Training::new(network, loss, data, settings, random),
        }
    }
}

impl PreparedTraining {
    /// Creates the training run of the prepared network, or a restart, whose weights and later
    /// draws come from its seed.
    ///
    /// # Errors
    /// Returns an error if the engine refuses a setting.
    pub(crate) fn start(
        &self,
        variant: &Variant,
        data: &TrainingData,
        restart: Option<u32>,
    ) -> Result<AnyTraining, Error> {
        let mut settings = variant.settings_for_engine();
        let held_out = self.samples.from_table.as_ref().and_then(|from| from.validation.as_ref());
        if let (Some(_), None, Some(stopping)) = (&variant.given, held_out, &mut settings.stopping) {
            // A model that continues without held-out rows.
            if stopping.monitor == Monitor::ValidationLoss {
                stopping.monitor = Monitor::Loss;
            }
        }
        let (network, random) = match restart {
            Some(seed) => {
                settings.seed = seed;
                let mut random = RandomState::new(seed);
                (Network::initialize(self.architecture.clone(), &mut random), random)
            }
            None => (self.start.clone(), self.random.clone()),
        };
        let training = match data {
            TrainingData::F32(data) => {
                data.training(variant, &network, settings, random).map(AnyTraining::from)
            }
            TrainingData::F64(data) => {
                data.training(variant, &network, settings, random).map(AnyTraining::from)
            }
        };
        training.map_err(|error| variant.locate(error))
    }
}
