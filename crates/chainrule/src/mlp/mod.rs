//! Classifiers and regressors in a few lines: settings with defaults, `fit` and `predict`.
//!
//! [`Mlp`] builds the network, standardises the samples and trains, with defaults that suit most
//! small and medium tables. [`Training`] gives control over everything
//! else: sample weights, layers of different kinds, steps, checkpoints.

mod fitted;
mod rows;
mod standardizer;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::fitted::FittedNetwork;
pub use self::fitted::{FittedClassifier, FittedRegressor};
pub use self::rows::Rows;
use self::standardizer::Standardizer;
use crate::network::activation::Activation;
use crate::network::loss::Loss;
use crate::network::{Architecture, Layer, Network};
use crate::random::RandomState;
use crate::train::optimizer::Optimizer;
use crate::train::penalty::PenaltyDivisor;
use crate::train::{Batch, Monitor, Penalty, Settings, Stopping, Training, UnitTracking, ValidationSplit};
use crate::{Dataset, Error, Scalar};

/// A multilayer perceptron to be trained: its hidden layers and training settings.
///
/// Inputs are [`Rows`]: slices, or arrays of `ndarray` with the feature `ndarray`. They are
/// standardised to mean 0 and standard deviation 1, as are the targets of a regressor.
///
/// | method | default | purpose |
/// |---|---|---|
/// | [`hidden`](Mlp::hidden) | one layer of 100 | units of the hidden layers |
/// | [`activation`](Mlp::activation) | relu | activation of the hidden layers |
/// | [`epochs`](Mlp::epochs) | 200 | maximum number of passes over the samples |
/// | [`batch_size`](Mlp::batch_size) | 32 | samples of a training step |
/// | [`optimizer`](Mlp::optimizer) | adam | update rule |
/// | [`learning_rate`](Mlp::learning_rate) | 0.001 | step size |
/// | [`l2`](Mlp::l2) | 1e-4 | strength of the L2 penalty |
/// | [`validation_fraction`](Mlp::validation_fraction) | none | fraction of the samples held out for early stopping |
/// | [`patience`](Mlp::patience) | 10 | epochs without an improvement before training stops |
/// | [`seed`](Mlp::seed) | 0 | seed of the initial weights, the validation split and the batches |
/// | [`settings`](Mlp::settings) | | all other training settings |
///
/// The same data and settings give the same bits on every machine with fused multiply-add.
///
/// ```
/// use chainrule::Mlp;
///
/// let x = [0.0_f64, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
/// let y = ["equal", "different", "different", "equal"];
/// let model = Mlp::classifier().hidden([16]).learning_rate(0.01).epochs(500).fit(&x, &y)?;
/// assert_eq!(model.predict(&x)?, y);
///
/// let t = [1.0, 3.0, 2.0, 4.0];
/// let model = Mlp::regressor().hidden([]).learning_rate(0.1).patience(50).fit(&x, &t)?;
/// assert!((model.predict(&[2.0, 1.0])?[0] - 5.0).abs() < 0.1);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mlp<K> {
    hidden: Vec<usize>,
    activation: Activation,
    settings: Settings,
    kind: K,
}

/// An [`Mlp`] that predicts classes.
#[derive(Clone, Debug)]
pub struct Classifier(());

/// An [`Mlp`] that predicts numbers.
#[derive(Clone, Debug)]
pub struct Regressor {
    n_targets: usize,
}

impl Mlp<Classifier> {
    /// Returns a classifier with the default settings.
    ///
    /// Two classes have one logistic output, more classes softmax outputs; the loss is the
    /// cross-entropy. A validation set is stratified by class.
    pub fn classifier() -> Mlp<Classifier> {
        let mut mlp = Mlp::new(Classifier(()));
        mlp.settings.validation_split = ValidationSplit::Stratified;
        mlp
    }

    /// Trains on samples `x` (n, n_inputs) with their `labels` (n).
    ///
    /// A label is a value of any ordered type, such as a number or a string. The number of inputs
    /// of a slice follows from the number of labels.
    ///
    /// # Errors
    /// Returns an error if there are no samples, their numbers do not match, a number is not
    /// finite, there is a single class, a setting is out of range, or training diverges.
    ///
    /// ```
    /// use chainrule::{Error, Mlp};
    ///
    /// let error = Mlp::classifier().fit(&[0.1, 0.2, f64::NAN], &[0, 1, 1]).unwrap_err();
    /// assert!(error.to_string().starts_with("x is NaN in row 3, column 1"));
    /// ```
    pub fn fit<'l, X: Rows + ?Sized, L: Ord + Clone + 'l>(
        &self,
        x: &X,
        labels: impl IntoIterator<Item = &'l L>,
    ) -> Result<FittedClassifier<X::Number, L>, Error> {
        let labels: Vec<&L> = labels.into_iter().collect();
        let classes: Vec<&L> = labels.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let indices: Vec<usize> = labels
            .iter()
            .map(|label| classes.binary_search(label).expect("every label is one of the classes"))
            .collect();
        let (x, n_columns) = (x.values(), x.n_columns());
        let n_inputs = rows::n_inputs(&x, n_columns, labels.len())?;
        let standardizer = Standardizer::fit("x", &x, n_inputs)?;
        let x = standardizer.apply("x", &x)?;
        let (data, loss) = match classes.len() {
            0 | 1 => return Err(Error::SingleClass),
            2 => {
                let t = indices.iter().map(|&class| X::Number::from_f64(class as f64)).collect();
                (Dataset::new(x, n_inputs, t, 1)?, Loss::binary_cross_entropy())
            }
            n_classes => (Dataset::from_classes(x, n_inputs, &indices, n_classes)?, Loss::cross_entropy()),
        };
        let fitted = self.train(data, &loss, standardizer)?;
        Ok(FittedClassifier { fitted, classes: classes.into_iter().cloned().collect() })
    }
}

impl Mlp<Regressor> {
    /// Returns a regressor with the default settings.
    ///
    /// It has linear outputs and minimises the squared error of the standardised targets.
    pub fn regressor() -> Mlp<Regressor> {
        Mlp::new(Regressor { n_targets: 1 })
    }

    /// Sets the number of targets of a sample if they are given as a slice; the default is 1.
    pub fn targets(self, n_targets: usize) -> Self {
        Mlp { kind: Regressor { n_targets }, ..self }
    }

    /// Trains on samples `x` (n, n_inputs) with targets `t` (n, n_targets).
    ///
    /// The number of inputs of a slice follows from the number of targets.
    ///
    /// # Errors
    /// Returns an error if there are no samples, their numbers do not match, a number is not
    /// finite, a setting is out of range, or training diverges.
    ///
    /// ```
    /// use chainrule::Mlp;
    ///
    /// // The sum and the difference of two numbers.
    /// let x = [0.0_f64, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
    /// let t = [0.0, 0.0, 1.0, 1.0, 1.0, -1.0, 2.0, 0.0];
    /// let model = Mlp::regressor().targets(2).hidden([]).learning_rate(0.1).fit(&x, &t)?;
    /// let y = model.predict(&[2.0, 1.0])?;
    /// assert!((y[0] - 3.0).abs() < 0.1 && (y[1] - 1.0).abs() < 0.1, "{y:?}");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn fit<X: Rows + ?Sized, Y: Rows<Number = X::Number> + ?Sized>(
        &self,
        x: &X,
        t: &Y,
    ) -> Result<FittedRegressor<X::Number>, Error> {
        let n_targets = t.n_columns().unwrap_or(self.kind.n_targets);
        let t = t.values();
        let n_rows = crate::dataset::n_rows("t", &t, n_targets)?;
        let (x, n_columns) = (x.values(), x.n_columns());
        let n_inputs = rows::n_inputs(&x, n_columns, n_rows)?;
        let inputs = Standardizer::fit("x", &x, n_inputs)?;
        let targets = Standardizer::fit("t", &t, n_targets)?;
        let data = Dataset::new(inputs.apply("x", &x)?, n_inputs, targets.apply("t", &t)?, n_targets)?;
        let fitted = self.train(data, &Loss::squared_error(), inputs)?;
        Ok(FittedRegressor { fitted, targets })
    }
}

impl<K> Mlp<K> {
    fn new(kind: K) -> Mlp<K> {
        let settings = Settings {
            epochs: 200,
            batch: Batch::Size(32),
            optimizer: Optimizer::adam(),
            learning_rate: 1e-3,
            penalty: Penalty { l2: 1e-4, divisor: PenaltyDivisor::BatchWeight, ..Penalty::default() },
            stopping: Some(Stopping { monitor: Monitor::Loss, patience: 10, tol: 1e-4 }),
            track_dead_units: UnitTracking::Never,
            ..Settings::default()
        };
        Mlp { hidden: vec![100], activation: Activation::relu(), settings, kind }
    }

    /// Sets the number of units of each hidden layer; without any, the model is linear.
    pub fn hidden(self, n_units: impl IntoIterator<Item = usize>) -> Self {
        Mlp { hidden: n_units.into_iter().collect(), ..self }
    }

    /// Sets the activation of the hidden layers.
    pub fn activation(self, activation: Activation) -> Self {
        Mlp { activation, ..self }
    }

    /// Sets the maximum number of passes over the training samples, at least 1.
    pub fn epochs(self, epochs: u64) -> Self {
        self.settings(|settings| settings.epochs = epochs)
    }

    /// Sets the number of samples of a training step, at least 1.
    pub fn batch_size(self, n_samples: usize) -> Self {
        self.settings(|settings| settings.batch = Batch::Size(n_samples))
    }

    /// Sets the optimizer.
    pub fn optimizer(self, optimizer: Optimizer) -> Self {
        self.settings(|settings| settings.optimizer = optimizer)
    }

    /// Sets the learning rate, above 0.
    pub fn learning_rate(self, learning_rate: f64) -> Self {
        self.settings(|settings| settings.learning_rate = learning_rate)
    }

    /// Sets the strength of the L2 penalty `l2/2·Σw²`, which is added to the sum of the losses of a
    /// batch, like `alpha` in scikit-learn.
    pub fn l2(self, l2: f64) -> Self {
        self.settings(|settings| settings.penalty.l2 = l2)
    }

    /// Holds out this fraction of the samples, between 0 and 1, as a validation set. Training stops
    /// when the validation loss no longer improves, and the weights of the best epoch are kept.
    ///
    /// By default there is no validation set, and training stops when the training loss no longer
    /// improves.
    pub fn validation_fraction(self, fraction: f64) -> Self {
        self.settings(|settings| {
            settings.validation_fraction = Some(fraction);
            if let Some(stopping) = &mut settings.stopping {
                stopping.monitor = Monitor::ValidationLoss;
            }
        })
    }

    /// Sets the maximum number of consecutive epochs without an improvement of at least 1e-4; it has
    /// no effect if early stopping is turned off in the [`settings`](Mlp::settings).
    pub fn patience(self, n_epochs: u64) -> Self {
        self.settings(|settings| {
            if let Some(stopping) = &mut settings.stopping {
                stopping.patience = n_epochs;
            }
        })
    }

    /// Sets the seed of the initial weights, the validation split and the order of the samples.
    pub fn seed(self, seed: u32) -> Self {
        self.settings(|settings| settings.seed = seed)
    }

    /// Changes any training setting.
    ///
    /// ```
    /// use chainrule::Mlp;
    /// use chainrule::train::schedule::Schedule;
    ///
    /// let regressor = Mlp::regressor().settings(|settings| {
    ///     settings.schedule = Schedule::cosine();
    ///     settings.stopping = None;
    /// });
    /// let model = regressor.epochs(50).fit(&[1.0, 2.0, 3.0], &[1.0, 4.0, 9.0])?;
    /// assert_eq!(model.history().epochs.len(), 50);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Trains a network with the output layer that the loss requires on standardised samples.
    fn train<T: Scalar>(
        &self,
        data: Dataset<T>,
        loss: &Loss,
        inputs: Standardizer,
    ) -> Result<FittedNetwork<T>, Error> {
        let n_outputs = loss.n_outputs(data.n_targets());
        let hidden = self.hidden.iter().map(|&n_units| Layer::new(n_units, self.activation.clone()));
        let layers = hidden.chain([Layer::new(n_outputs, loss.link().activation())]).collect();
        let architecture = Architecture::new(data.n_inputs(), layers)?;
        let mut random = RandomState::new(self.settings.seed);
        let network = Network::initialize(architecture, &mut random);
        let mut training = Training::new(network, loss, Arc::new(data), self.settings.clone(), random)?;
        training.run(())?;
        let history = training.history().clone();
        Ok(FittedNetwork { network: training.into_network(), history, inputs })
    }
}
