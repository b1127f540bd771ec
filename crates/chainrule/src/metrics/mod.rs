//! Metrics, which measure the quality of predictions.
//!
//! There is one file per metric. To add a metric, write its file and add its entry to [`REGISTRY`].
//! Definitions are scikit-learn's unless the file states otherwise. Everything is computed in f64.
//! Metrics are not differentiated; losses are.

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

/// All metrics, in the order in which they are listed.
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

/// Meaning of outputs and targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// Regression: each output is an estimate of its target, a number.
    Real,
    /// Binary or multilabel classification: each output is the probability that its target is 1
    /// rather than 0, and predicts class 1 if it is at least 0.5.
    ///
    /// With several outputs (labels), every metric is the unweighted mean over them.
    Binary,
    /// Classification: the outputs of a sample are the probabilities of exclusive classes, and the
    /// targets are one-hot.
    ///
    /// The predicted class is that of the largest output, the first one of several equal outputs.
    Categorical,
}

impl OutputKind {
    /// Returns the kind of the outputs of this activation: logistic and softmax outputs are
    /// probabilities; all others are real numbers.
    pub fn of(output: &Activation) -> OutputKind {
        match output.name() {
            "logistic" => OutputKind::Binary,
            "softmax" => OutputKind::Categorical,
            _ => OutputKind::Real,
        }
    }
}

/// Input of a metric: the outputs of a network and the targets.
#[derive(Clone, Copy, Debug)]
pub struct MetricInput<'a> {
    /// Kind of the outputs.
    pub task: OutputKind,
    /// Outputs, `n_outputs` for each sample, row-major.
    pub y: &'a [f64],
    /// Targets, in the same order.
    pub t: &'a [f64],
    /// Weight of each sample; all weights are equal if none are given.
    pub weight: Option<&'a [f64]>,
    /// Number of outputs of a sample.
    pub n_outputs: usize,
}

/// Definition of a metric, apart from its name.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Computes the metric of at least one sample with positive weight, with no NaN among the
    /// outputs.
    value: fn(&MetricInput) -> f64,
    /// Whether larger values are better.
    higher_is_better: bool,
    /// Kinds of outputs for which the metric is defined.
    tasks: &'static [OutputKind],
}

/// Kinds of outputs that predict classes.
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
    /// Returns the metric called `name` with the options `given`.
    ///
    /// # Errors
    /// Returns an error for an unknown name or option, with the nearest known one, or for an option
    /// that is out of range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Metric, Error> {
        let (options, definition) = registry::choose("metric", REGISTRY, name, given)?;
        Ok(Metric { options, definition })
    }

    /// Returns all metrics that are defined for this kind of outputs, in the order of the registry.
    ///
    /// ```
    /// use chainrule::metrics::{Metric, OutputKind};
    ///
    /// let names: Vec<_> = Metric::all(OutputKind::Real).map(|metric| metric.name()).collect();
    /// assert_eq!(names, ["r2", "rmse", "mae"]);
    /// ```
    ///
    /// # Panics
    /// Never panics, since every name is taken from the registry.
    pub fn all(task: OutputKind) -> impl Iterator<Item = Metric> {
        let metrics = REGISTRY
            .iter()
            .map(|entry| Metric::new(entry.name, &[]).expect("the name comes from the registry"));
        metrics.filter(move |metric| metric.suits(task))
    }

    /// Returns the name, such as `roc_auc`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// Returns the name with the values of all options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns whether larger values are better.
    pub fn higher_is_better(&self) -> bool {
        self.definition.higher_is_better
    }

    /// Returns whether the metric is defined for this kind of outputs.
    pub fn suits(&self, task: OutputKind) -> bool {
        self.definition.tasks.contains(&task)
    }

    /// Computes the metric of `predictions`.
    ///
    /// It is NaN if an output is NaN, if no sample has weight, and where the file of the metric
    /// states that it is undefined.
    ///
    /// # Panics
    /// Panics if the metric does not [suit](Metric::suits) the kind of outputs, or if the lengths
    /// do not match.
    pub fn value(&self, predictions: &MetricInput) -> f64 {
        assert!(
            self.suits(predictions.task),
            "{} is not defined for {:?} outputs",
            self.name(),
            predictions.task
        );
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
    /// Returns the outputs, targets and weight of each sample.
    fn samples(&self) -> impl Iterator<Item = (&[f64], &[f64], f64)> {
        let weight = move |s| self.weight.map_or(1.0, |w| w[s]);
        let samples = self.y.chunks_exact(self.n_outputs).zip(self.t.chunks_exact(self.n_outputs));
        samples.enumerate().map(move |(s, (y, t))| (y, t, weight(s)))
    }

    /// Returns output k, its target and the weight of each sample.
    fn column(&self, k: usize) -> impl Iterator<Item = (f64, f64, f64)> {
        self.samples().map(move |(y, t, w)| (y[k], t[k], w))
    }

    /// Returns `Σ w·f / Σ w` over the samples.
    fn mean(&self, f: impl Fn(&[f64], &[f64]) -> f64) -> f64 {
        self.samples().map(|(y, t, w)| w * f(y, t)).sum::<f64>() / self.total_weight()
    }

    /// Returns the unweighted mean of `f` over the outputs.
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
            "the outputs must form whole samples"
        );
        assert_eq!(self.t.len(), self.y.len(), "one target per output");
        assert!(self.weight.is_none_or(|w| w.len() == self.n_samples()), "one weight per sample");
    }
}

/// Returns whether a probability or target counts as class 1.
pub(crate) fn is_class_1(p: f64) -> bool {
    p >= 0.5
}

/// Returns the index of the largest number, the first one of several equal numbers.
pub(crate) fn arg_max(v: &[f64]) -> usize {
    (1..v.len()).fold(0, |best, k| if v[k] > v[best] { k } else { best })
}
