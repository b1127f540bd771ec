//! What a metric is defined by: its input, and a function of it with its properties.

use crate::network::activation::Activation;

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

impl MetricInput<'_> {
    /// Returns the outputs, targets and weight of each sample.
    pub(super) fn samples(&self) -> impl Iterator<Item = (&[f64], &[f64], f64)> {
        let weight = move |s| self.weight.map_or(1.0, |w| w[s]);
        let samples = self.y.chunks_exact(self.n_outputs).zip(self.t.chunks_exact(self.n_outputs));
        samples.enumerate().map(move |(s, (y, t))| (y, t, weight(s)))
    }

    /// Returns output k, its target and the weight of each sample.
    pub(super) fn column(&self, k: usize) -> impl Iterator<Item = (f64, f64, f64)> {
        self.samples().map(move |(y, t, w)| (y[k], t[k], w))
    }

    /// Returns `Σ w·f / Σ w` over the samples.
    pub(super) fn mean(&self, f: impl Fn(&[f64], &[f64]) -> f64) -> f64 {
        self.samples().map(|(y, t, w)| w * f(y, t)).sum::<f64>() / self.total_weight()
    }

    /// Returns the unweighted mean of `f` over the outputs.
    pub(super) fn mean_over_outputs(&self, f: impl Fn(usize) -> f64) -> f64 {
        (0..self.n_outputs).map(f).sum::<f64>() / self.n_outputs as f64
    }

    pub(super) fn total_weight(&self) -> f64 {
        self.samples().map(|(_, _, w)| w).sum()
    }

    pub(super) fn n_samples(&self) -> usize {
        self.y.len() / self.n_outputs
    }

    pub(super) fn check(&self) {
        assert!(
            self.n_outputs > 0 && self.y.len().is_multiple_of(self.n_outputs),
            "the outputs must form whole samples"
        );
        assert_eq!(self.t.len(), self.y.len(), "one target per output");
        assert!(self.weight.is_none_or(|w| w.len() == self.n_samples()), "one weight per sample");
    }
}

/// Definition of a metric, apart from its name.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Computes the metric of at least one sample with positive weight, with no NaN among the
    /// outputs.
    pub(super) value: fn(&MetricInput) -> f64,
    /// Whether larger values are better.
    pub(super) higher_is_better: bool,
    /// Kinds of outputs for which the metric is defined.
    pub(super) tasks: &'static [OutputKind],
}

/// Kinds of outputs that predict classes.
pub(super) const CLASSIFICATION: &[OutputKind] = &[OutputKind::Binary, OutputKind::Categorical];

/// Returns whether a probability or target counts as class 1.
pub(crate) fn is_class_1(p: f64) -> bool {
    p >= 0.5
}

/// Returns the index of the largest number, the first one of several equal numbers.
pub(crate) fn arg_max(v: &[f64]) -> usize {
    (1..v.len()).fold(0, |best, k| if v[k] > v[best] { k } else { best })
}
