//! Confusion matrix and number of misclassified samples.

use std::fmt;

use super::{MetricInput, OutputKind, arg_max, is_class_1};

/// Confusion matrix: the total weight of the samples of each true class (rows) that were assigned
/// each predicted class (columns).
///
/// The `Display` form is a table with labels.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionMatrix {
    /// Names of the classes: `0`, `1` and so on, unless set by
    /// [`with_labels`](ConfusionMatrix::with_labels).
    labels: Vec<String>,
    /// Entries, row-major.
    counts: Vec<f64>,
}

/// Scores of a class, with tp the weight of its correctly predicted samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassScores {
    /// `tp / (tp + fp)`: the fraction of the samples predicted as this class that belong to it; NaN
    /// if there are none.
    pub precision: f64,
    /// `tp / (tp + fn)`: the fraction of the samples of this class that are predicted as it; NaN if
    /// there are none.
    pub recall: f64,
    /// `2·tp / (2·tp + fp + fn)`: the harmonic mean of both; NaN if the class does not occur.
    pub f1: f64,
    /// Total weight of the samples of the class.
    pub support: f64,
}

/// Returns the confusion matrix of predictions, for two classes with one output or for exclusive
/// classes.
///
/// Comparisons with NaN are false, which determines the predicted class if an output is NaN.
/// [`misclassified`] counts such a sample as wrong.
///
/// # Panics
/// Panics if the outputs are real numbers or several labels (each label has its own matrix), or if
/// the lengths do not match.
///
/// ```
/// use chainrule::metrics::{MetricInput, OutputKind, confusion_matrix};
///
/// let p = MetricInput { task: OutputKind::Binary, y: &[0.9, 0.4, 0.2], t: &[1.0, 1.0, 0.0], weight: None, n_outputs: 1 };
/// let matrix = confusion_matrix(&p).with_labels(&["healthy", "ill"]);
/// assert_eq!(matrix.get(1, 0), 1.0);
/// let table = "\
/// true \\ predicted  healthy  ill
/// healthy                 1    0
/// ill                     1    1
/// ";
/// assert_eq!(matrix.to_string(), table);
/// ```
pub fn confusion_matrix(predictions: &MetricInput) -> ConfusionMatrix {
    predictions.check();
    let (n_classes, class): (usize, fn(&[f64]) -> usize) = match (predictions.task, predictions.n_outputs) {
        (OutputKind::Categorical, n) => (n, arg_max),
        (OutputKind::Binary, 1) => (2, |v| usize::from(is_class_1(v[0]))),
        (task, n) => panic!("no confusion matrix is defined for {n} {task:?} outputs"),
    };
    let mut counts = vec![0.0; n_classes * n_classes];
    for (y, t, w) in predictions.samples() {
        counts[class(t) * n_classes + class(y)] += w;
    }
    ConfusionMatrix { labels: (0..n_classes).map(|k| k.to_string()).collect(), counts }
}

/// Returns the number of samples whose class, or any of whose labels, is wrong. Weights are
/// ignored, and a NaN is wrong.
///
/// # Panics
/// Panics if the outputs are real numbers, or if the lengths do not match.
///
/// ```
/// use chainrule::metrics::{MetricInput, OutputKind, misclassified};
///
/// let (y, t) = ([0.2, 0.5, 0.3, 0.6, 0.3, 0.1], [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
/// assert_eq!(misclassified(&MetricInput { task: OutputKind::Categorical, y: &y, t: &t, weight: None, n_outputs: 3 }), 1);
/// ```
pub fn misclassified(predictions: &MetricInput) -> usize {
    predictions.check();
    let is_correct: fn(&[f64], &[f64]) -> bool = match predictions.task {
        OutputKind::Real => panic!("Real outputs cannot be misclassified"),
        OutputKind::Binary => |y, t| y.iter().zip(t).all(|(y, t)| is_class_1(*y) == is_class_1(*t)),
        OutputKind::Categorical => |y, t| arg_max(y) == arg_max(t),
    };
    let is_wrong = |y: &[f64], t: &[f64]| y.iter().any(|y| y.is_nan()) || !is_correct(y, t);
    predictions.samples().filter(|(y, t, _)| is_wrong(y, t)).count()
}

impl ConfusionMatrix {
    /// Returns the weight of the samples of class `truth` that were assigned class `predicted`.
    ///
    /// # Panics
    /// Panics if a class is out of range.
    pub fn get(&self, truth: usize, predicted: usize) -> f64 {
        let n = self.n_classes();
        assert!(
            truth < n && predicted < n,
            "class {truth} or {predicted} is not below {n}, the number of classes"
        );
        self.counts[truth * n + predicted]
    }

    /// Returns the number of classes.
    pub fn n_classes(&self) -> usize {
        self.labels.len()
    }

    /// Returns the names of the classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Returns precision, recall and F1 score of each class, which is compared with all others.
    ///
    /// ```
    /// use chainrule::metrics::{MetricInput, OutputKind, confusion_matrix};
    ///
    /// let (y, t) = ([0.9, 0.8, 0.4, 0.2], [1.0, 0.0, 1.0, 0.0]);
    /// let p = MetricInput { task: OutputKind::Binary, y: &y, t: &t, weight: None, n_outputs: 1 };
    /// let [negative, positive] = confusion_matrix(&p).class_scores()[..] else { unreachable!() };
    /// assert_eq!((positive.precision, positive.recall, positive.f1, positive.support), (0.5, 0.5, 0.5, 2.0));
    /// assert_eq!(negative.recall, 0.5);
    /// ```
    pub fn class_scores(&self) -> Vec<ClassScores> {
        let classes = 0..self.n_classes();
        let sum = |weights: &mut dyn Iterator<Item = f64>| weights.fold(0.0, |sum, w| sum + w);
        let scores = |k: usize| {
            let correct = self.get(k, k);
            let support = sum(&mut classes.clone().map(|predicted| self.get(k, predicted)));
            let predicted = sum(&mut classes.clone().map(|truth| self.get(truth, k)));
            ClassScores {
                precision: correct / predicted,
                recall: correct / support,
                f1: 2.0 * correct / (predicted + support),
                support,
            }
        };
        classes.clone().map(scores).collect()
    }

    /// Returns the sum of two matrices with the same classes.
    ///
    /// # Panics
    /// Panics if the numbers of classes differ.
    pub fn plus(mut self, other: &ConfusionMatrix) -> ConfusionMatrix {
        assert_eq!(self.n_classes(), other.n_classes(), "the same classes");
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count);
        self
    }

    /// Returns the same matrix with these class names.
    ///
    /// # Panics
    /// Panics if the number of names is not the number of classes.
    pub fn with_labels<S: AsRef<str>>(self, labels: &[S]) -> ConfusionMatrix {
        assert_eq!(labels.len(), self.n_classes(), "one label per class");
        ConfusionMatrix { labels: labels.iter().map(|label| label.as_ref().to_owned()).collect(), ..self }
    }
}

/// Header of the column of row labels.
const CORNER: &str = "true \\ predicted";

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_decimals = if self.counts.iter().all(|v| v.fract() == 0.0) { 0 } else { 2 };
        let cells: Vec<String> = self.counts.iter().map(|v| format!("{v:.n_decimals$}")).collect();
        let n = self.n_classes();
        let rows = || cells.chunks_exact(n);
        let width = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max();
        let first = width(&mut self.labels.iter()).max(Some(CORNER.len())).unwrap_or(0);
        let column = |k: usize| width(&mut rows().map(|row| &row[k]).chain([&self.labels[k]])).unwrap_or(0);
        let widths: Vec<usize> = (0..n).map(column).collect();
        let mut line = |label: &str, cells: &[String]| {
            write!(f, "{label:first$}")?;
            cells.iter().zip(&widths).try_for_each(|(cell, width)| write!(f, "  {cell:>width$}"))?;
            writeln!(f)
        };
        line(CORNER, &self.labels)?;
        self.labels.iter().zip(rows()).try_for_each(|(label, row)| line(label, row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input<'a>(task: OutputKind, n_outputs: usize, y: &'a [f64], t: &'a [f64]) -> MetricInput<'a> {
        MetricInput { task, y, t, weight: None, n_outputs }
    }

    #[test]
    fn weights_are_shown_with_decimals_and_labels_in_any_script() {
        let (y, t) = ([0.9, 0.4, 0.2], [1.0, 1.0, 0.0]);
        let p = MetricInput { weight: Some(&[0.5, 2.0, 10.25]), ..input(OutputKind::Binary, 1, &y, &t) };
        let table = "\
true \\ predicted  gesund  übel
gesund             10.25  0.00
übel                2.00  0.50
";
        assert_eq!(confusion_matrix(&p).with_labels(&["gesund", "übel"]).to_string(), table);
    }

    #[test]
    fn nan_is_wrong_for_any_target() {
        for t in [0.0, 1.0] {
            assert_eq!(misclassified(&input(OutputKind::Binary, 1, &[f64::NAN], &[t])), 1);
            assert_eq!(misclassified(&input(OutputKind::Categorical, 2, &[f64::NAN, 0.5], &[t, 1.0 - t])), 1);
        }
    }

    #[test]
    fn one_wrong_label_makes_a_sample_wrong() {
        let t = [1.0, 0.0, 1.0, 0.0];
        assert_eq!(misclassified(&input(OutputKind::Binary, 2, &[0.5, 0.4, 0.4, 0.6], &t)), 1);
        assert_eq!(misclassified(&input(OutputKind::Binary, 2, &[0.5, 0.6, 0.4, 0.4], &t)), 2);
    }

    #[test]
    #[should_panic(expected = "no confusion matrix is defined for 3 Binary outputs")]
    fn several_labels_have_no_confusion_matrix() {
        confusion_matrix(&input(OutputKind::Binary, 3, &[0.5; 3], &[1.0; 3]));
    }
}
