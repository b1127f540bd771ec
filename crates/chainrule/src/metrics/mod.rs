//! Metrics, which measure the quality of predictions.
//!
//! There is one file per metric. To add a metric, write its file and add its entry to [`REGISTRY`].
//! Definitions are scikit-learn's unless the file states otherwise. Everything is computed in f64.
//! Metrics are not differentiated; losses are.

mod accuracy;
mod brier;
mod confusion;
mod definition;
mod f1;
mod log_loss;
mod mae;
mod r2;
mod rmse;
mod roc_auc;
#[cfg(test)]
mod tests;

pub use confusion::{ClassScores, ConfusionMatrix, confusion_matrix, misclassified};
pub use definition::{Definition, MetricInput, OutputKind};
pub(crate) use definition::{arg_max, is_class_1};

use crate::registry::{Chosen, Entry, Registered};

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
pub type Metric = Chosen<Definition>;

impl Registered for Definition {
    const WHAT: &'static str = "metric";

    fn entries() -> &'static [Entry<Self>] {
        REGISTRY
    }
}

impl Metric {
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

    /// Returns whether larger values are better.
    pub fn higher_is_better(&self) -> bool {
        self.made.higher_is_better
    }

    /// Returns whether the metric is defined for this kind of outputs.
    pub fn suits(&self, task: OutputKind) -> bool {
        self.made.tasks.contains(&task)
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
        (self.made.value)(predictions)
    }
}
