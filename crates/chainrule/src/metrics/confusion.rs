//! Which classes are taken for which, and how many samples are wrong.

use std::fmt;

use super::{MetricInput, OutputKind, arg_max, holds};

/// How much weight of samples of each true class (rows) was given each predicted class (columns).
///
/// Displayed as a table with its labels.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionMatrix {
    /// The classes' names: `0`, `1` and so on, until [named](ConfusionMatrix::with_labels).
    labels: Vec<String>,
    /// Row after row.
    counts: Vec<f64>,
}

/// The confusion matrix of predictions: two classes with one output, or exclusive classes.
///
/// A NaN is not at least 0.5 nor larger than another output, and is decided so; [`misclassified`] counts it wrong.
///
/// # Panics
/// For values, for several labels (each has a matrix of its own), and when the lengths do not fit each other.
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
        (OutputKind::Binary, 1) => (2, |v| usize::from(holds(v[0]))),
        (task, n) => panic!("{n} outputs of {task:?} have no confusion matrix"),
    };
    let mut counts = vec![0.0; n_classes * n_classes];
    for (y, t, w) in predictions.samples() {
        counts[class(t) * n_classes + class(y)] += w;
    }
    ConfusionMatrix { labels: (0..n_classes).map(|k| k.to_string()).collect(), counts }
}

/// How many samples are wrong in their class, or in any of their labels; weights do not matter, a NaN is wrong.
///
/// # Panics
/// For values, and when the lengths do not fit each other.
///
/// ```
/// use chainrule::metrics::{MetricInput, OutputKind, misclassified};
///
/// let (y, t) = ([0.2, 0.5, 0.3, 0.6, 0.3, 0.1], [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
/// assert_eq!(misclassified(&MetricInput { task: OutputKind::Categorical, y: &y, t: &t, weight: None, n_outputs: 3 }), 1);
/// ```
pub fn misclassified(predictions: &MetricInput) -> usize {
    predictions.check();
    let is_right: fn(&[f64], &[f64]) -> bool = match predictions.task {
        OutputKind::Real => panic!("values have no classes to be wrong in"),
        OutputKind::Binary => |y, t| y.iter().zip(t).all(|(y, t)| holds(*y) == holds(*t)),
        OutputKind::Categorical => |y, t| arg_max(y) == arg_max(t),
    };
    let is_wrong = |y: &[f64], t: &[f64]| y.iter().any(|y| y.is_nan()) || !is_right(y, t);
    predictions.samples().filter(|(y, t, _)| is_wrong(y, t)).count()
}

impl ConfusionMatrix {
    /// The weight of samples of class `truth` that were given class `predicted`.
    ///
    /// # Panics
    /// When there is no such class.
    pub fn get(&self, truth: usize, predicted: usize) -> f64 {
        let n = self.n_classes();
        assert!(truth < n && predicted < n, "class {truth} or {predicted} of {n}");
        self.counts[truth * n + predicted]
    }

    /// How many classes there are.
    pub fn n_classes(&self) -> usize {
        self.labels.len()
    }

    /// The classes' names.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The same matrix with the classes' names.
    ///
    /// # Panics
    /// When there are not as many as classes.
    pub fn with_labels<S: AsRef<str>>(self, labels: &[S]) -> ConfusionMatrix {
        assert_eq!(labels.len(), self.n_classes(), "one label a class");
        ConfusionMatrix { labels: labels.iter().map(|label| label.as_ref().to_owned()).collect(), ..self }
    }
}

/// What stands above the rows' labels.
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

    fn of<'a>(task: OutputKind, n_outputs: usize, y: &'a [f64], t: &'a [f64]) -> MetricInput<'a> {
        MetricInput { task, y, t, weight: None, n_outputs }
    }

    #[test]
    fn weights_are_shown_with_decimals_and_labels_in_any_script() {
        let (y, t) = ([0.9, 0.4, 0.2], [1.0, 1.0, 0.0]);
        let p = MetricInput { weight: Some(&[0.5, 2.0, 10.25]), ..of(OutputKind::Binary, 1, &y, &t) };
        let table = "\
true \\ predicted  gesund  übel
gesund             10.25  0.00
übel                2.00  0.50
";
        assert_eq!(confusion_matrix(&p).with_labels(&["gesund", "übel"]).to_string(), table);
    }

    #[test]
    fn a_nan_is_wrong_whatever_the_target() {
        for t in [0.0, 1.0] {
            assert_eq!(misclassified(&of(OutputKind::Binary, 1, &[f64::NAN], &[t])), 1);
            assert_eq!(misclassified(&of(OutputKind::Categorical, 2, &[f64::NAN, 0.5], &[t, 1.0 - t])), 1);
        }
    }

    #[test]
    fn one_wrong_label_makes_a_sample_wrong() {
        let t = [1.0, 0.0, 1.0, 0.0];
        assert_eq!(misclassified(&of(OutputKind::Binary, 2, &[0.5, 0.4, 0.4, 0.6], &t)), 1);
        assert_eq!(misclassified(&of(OutputKind::Binary, 2, &[0.5, 0.6, 0.4, 0.4], &t)), 2);
    }

    #[test]
    #[should_panic(expected = "3 outputs of Labels have no confusion matrix")]
    fn several_labels_have_no_one_matrix() {
        confusion_matrix(&of(OutputKind::Binary, 3, &[0.5; 3], &[1.0; 3]));
    }
}
