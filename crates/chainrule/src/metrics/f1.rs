//! F1 score: the harmonic mean of precision and recall, `2·tp/(2·tp + fp + fn)`, with tp the true
//! positives, fp the false positives and fn the false negatives.
//!
//! With one output it is the score of class 1; for several labels or exclusive classes it is the
//! unweighted mean of their scores. A label that occurs neither in the targets nor in the
//! predictions has a score of 0; a class that occurs in neither is left out of the mean.

use super::definition::CLASSIFICATION;
use super::{Definition, MetricInput, OutputKind, confusion_matrix, is_class_1};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "f1",
    aliases: &[],
    summary: "2·tp/(2·tp + fp + fn) of class 1, or its mean over several labels or classes",
    options: &[],
    make: |_| Definition { value: f1, higher_is_better: true, tasks: CLASSIFICATION },
};

fn f1(p: &MetricInput) -> f64 {
    if p.task == OutputKind::Binary {
        return p.mean_over_outputs(|k| {
            let (mut tp, mut positives) = (0.0, 0.0);
            for (y, t, w) in p.column(k) {
                tp += if is_class_1(y) && is_class_1(t) { w } else { 0.0 };
                positives += w * (f64::from(u8::from(is_class_1(y))) + f64::from(u8::from(is_class_1(t))));
            }
            score(tp, positives).unwrap_or(0.0)
        });
    }
    let counts = confusion_matrix(p);
    let class_score = |k| {
        let positives = (0..p.n_outputs).map(|j| counts.get(k, j) + counts.get(j, k)).sum();
        score(counts.get(k, k), positives)
    };
    let scores: Vec<f64> = (0..p.n_outputs).filter_map(class_score).collect();
    scores.iter().sum::<f64>() / scores.len() as f64
}

/// Returns `2·tp/(2·tp + fp + fn)` from tp and the sum of the positives in the targets and in the
/// predictions, or `None` if that sum is 0.
fn score(tp: f64, positives: f64) -> Option<f64> {
    (positives > 0.0).then(|| 2.0 * tp / positives)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows scikit-learn for classes and labels that occur neither in the targets nor in the
    /// predictions.
    #[test]
    fn an_absent_class_is_left_out_but_an_absent_label_is_0() {
        let t = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let p = MetricInput { task: OutputKind::Categorical, y: &t, t: &t, weight: None, n_outputs: 3 };
        assert_eq!(f1(&p), 1.0);
        assert_eq!(f1(&MetricInput { task: OutputKind::Binary, ..p }), 2.0 / 3.0);
    }
}
