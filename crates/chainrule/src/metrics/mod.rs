//! Metrics: how good predictions are, in the numbers that people compare models by.
//!
//! One file a metric. To add one: write the file, add its line to [`REGISTRY`]. Definitions are scikit-learn's
//! unless a file says otherwise. All of it is in f64, and no metric is ever differentiated: that is a loss.

mod accuracy;
mod brier;
mod confusion;
mod f1;
mod log_loss;
mod mae;
mod r2;
mod rmse;
mod roc_auc;
#[cfg(test)]
mod tests;

use std::fmt;

pub use confusion::{ConfusionMatrix, confusion_matrix, misclassified};

use crate::Error;
use crate::network::activation::Activation;
use crate::registry::{self, Entry, OptionValue, Options};

/// All metrics, in the order in which lists show them.
pub static REGISTRY: &[Entry<Definition>] = &[
    accuracy::ENTRY,
    log_loss::ENTRY,
    roc_auc::ENTRY,
    f1::ENTRY,
    brier::ENTRY,
    r2::ENTRY,
    rmse::ENTRY,
    mae::ENTRY,
];

/// What outputs and targets mean: a metric of classes has to know what a class is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// Each output is an estimate of its target, a number.
    Real,
    /// Each output is the probability that its label holds (target 1) or not (0), and counts as class 1 from 0.5.
    ///
    /// One output is the plain question of two classes; of several labels, every metric is the plain mean.
    Binary,
    /// The outputs of a sample are the probabilities of exclusive classes, of which the targets name one (one-hot).
    ///
    /// The class predicted is that of the largest output, the first of equals.
    Categorical,
}

impl OutputKind {
    /// The task of a network whose outputs come from this activation: logistic and softmax outputs are probabilities.
    pub fn of(output: &Activation) -> OutputKind {
        match output.name() {
            "logistic" => OutputKind::Binary,
            "softmax" => OutputKind::Categorical,
            _ => OutputKind::Real,
        }
    }
}

/// The outputs of a network beside the targets, as metrics take them.
#[derive(Clone, Copy, Debug)]
pub struct MetricInput<'a> {
    /// What they mean.
    pub task: OutputKind,
    /// The outputs, sample after sample, `n_outputs` each.
    pub y: &'a [f64],
    /// The targets, likewise.
    pub t: &'a [f64],
    /// How much each sample counts; all alike when nobody says.
    pub weight: Option<&'a [f64]>,
    /// How many outputs a sample has.
    pub n_outputs: usize,
}

/// What a metric's file holds besides its name.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The metric of at least one sample of positive weight, without a NaN among the outputs.
    value: fn(&MetricInput) -> f64,
    /// Whether more is better.
    higher_is_better: bool,
    /// What it can be asked of.
    tasks: &'static [OutputKind],
}

/// The tasks that are about classes.
const CLASSIFICATION: &[OutputKind] = &[OutputKind::Binary, OutputKind::Categorical];

/// A metric, chosen by name.
///
/// ```
/// use chainrule::metrics::{Metric, MetricInput, OutputKind};
///
/// let predictions =
///     MetricInput { task: OutputKind::Binary, y: &[0.9, 0.5, 0.2, 0.1], t: &[1.0, 0.0, 0.0, 1.0], weight: None, n_outputs: 1 };
/// assert_eq!(Metric::new("accuracy", &[])?.value(&predictions), 0.5);
/// assert_eq!(Metric::new("roc_auc", &[])?.value(&predictions), 0.5);
/// assert!(!Metric::new("rmse", &[])?.suits(OutputKind::Binary));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Metric {
    options: Options,
    definition: Definition,
}

impl Metric {
    /// The metric called `name` with the options `given`.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Metric, Error> {
        let (options, definition) = registry::choose("metric", REGISTRY, name, given)?;
        Ok(Metric { options, definition })
    }

    /// All metrics that can be asked of a task, in the registry's order.
    ///
    /// ```
    /// use chainrule::metrics::{Metric, OutputKind};
    ///
    /// let names: Vec<_> = Metric::all(OutputKind::Real).map(|metric| metric.name()).collect();
    /// assert_eq!(names, ["r2", "rmse", "mae"]);
    /// ```
    ///
    /// # Panics
    /// Never, as long as the names of the registry differ.
    pub fn all(task: OutputKind) -> impl Iterator<Item = Metric> {
        let metrics =
            REGISTRY.iter().map(|entry| Metric::new(entry.name, &[]).expect("it is in the registry"));
        metrics.filter(move |metric| metric.suits(task))
    }

    /// The name: `roc_auc`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// The name with every option's value.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether a greater value is a better one.
    pub fn higher_is_better(&self) -> bool {
        self.definition.higher_is_better
    }

    /// Whether it can be asked of a task.
    pub fn suits(&self, task: OutputKind) -> bool {
        self.definition.tasks.contains(&task)
    }

    /// The metric of `predictions`.
    ///
    /// NaN when an output is NaN, when no sample has weight, and where the metric's own file says that it is
    /// undefined.
    ///
    /// # Panics
    /// When it does not [suit](Metric::suits) the task, or the lengths do not fit each other.
    pub fn value(&self, predictions: &MetricInput) -> f64 {
        assert!(self.suits(predictions.task), "{} cannot be asked of {:?}", self.name(), predictions.task);
        predictions.check();
        if predictions.y.iter().any(|y| y.is_nan()) || predictions.total_weight() == 0.0 {
            return f64::NAN;
        }
        (self.definition.value)(predictions)
    }
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl MetricInput<'_> {
    /// Outputs, targets and weight of each sample.
    fn samples(&self) -> impl Iterator<Item = (&[f64], &[f64], f64)> {
        let weight = move |s| self.weight.map_or(1.0, |w| w[s]);
        let samples = self.y.chunks_exact(self.n_outputs).zip(self.t.chunks_exact(self.n_outputs));
        samples.enumerate().map(move |(s, (y, t))| (y, t, weight(s)))
    }

    /// Output k, its target and the sample's weight, of each sample.
    fn column(&self, k: usize) -> impl Iterator<Item = (f64, f64, f64)> {
        self.samples().map(move |(y, t, w)| (y[k], t[k], w))
    }

    /// `Σ w·f / Σ w` over the samples.
    fn mean(&self, f: impl Fn(&[f64], &[f64]) -> f64) -> f64 {
        self.samples().map(|(y, t, w)| w * f(y, t)).sum::<f64>() / self.total_weight()
    }

    /// The plain mean of `f` over the outputs.
    fn mean_over_outputs(&self, f: impl Fn(usize) -> f64) -> f64 {
        (0..self.n_outputs).map(f).sum::<f64>() / self.n_outputs as f64
    }

    fn total_weight(&self) -> f64 {
        self.samples().map(|(_, _, w)| w).sum()
    }

    fn n_samples(&self) -> usize {
        self.y.len() / self.n_outputs
    }

    fn check(&self) {
        assert!(
            self.n_outputs > 0 && self.y.len().is_multiple_of(self.n_outputs),
            "outputs for whole samples"
        );
        assert_eq!(self.t.len(), self.y.len(), "one target an output");
        assert!(self.weight.is_none_or(|w| w.len() == self.n_samples()), "one weight a sample");
    }
}

/// Whether a probability, or a target, counts as class 1.
pub(crate) fn holds(p: f64) -> bool {
    p >= 0.5
}

/// The place of the largest number, the first of equals.
pub(crate) fn arg_max(v: &[f64]) -> usize {
    (1..v.len()).fold(0, |best, k| if v[k] > v[best] { k } else { best })
}
