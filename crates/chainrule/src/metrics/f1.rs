//! F1: the harmonic mean of precision and recall, `2·tp/(2·tp + fp + fn)`, tp true positives and so on.
//!
//! With one output it is that of class 1; of several labels or exclusive classes the plain mean of each one's. One
//! that is neither true nor predicted anywhere counts 0 as a label, and does not count as a class.

use super::{CLASSIFICATION, Definition, MetricInput, OutputKind, confusion_matrix, holds};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "f1",
    aliases: &[],
    summary: "2·tp/(2·tp + fp + fn), of class 1 or the mean over several labels or classes",
    options: &[],
    make: |_| Definition { value: f1, higher_is_better: true, tasks: CLASSIFICATION },
};

fn f1(p: &MetricInput) -> f64 {
    if p.task == OutputKind::Binary {
        return p.mean_over_outputs(|k| {
            let (mut hits, mut marks) = (0.0, 0.0);
            for (y, t, w) in p.column(k) {
                hits += if holds(y) && holds(t) { w } else { 0.0 };
                marks += w * (f64::from(u8::from(holds(y))) + f64::from(u8::from(holds(t))));
            }
            harmonic(hits, marks).unwrap_or(0.0)
        });
    }
    let counts = confusion_matrix(p);
    let of_class = |k| {
        let marks = (0..p.n_outputs).map(|j| counts.get(k, j) + counts.get(j, k)).sum();
        harmonic(counts.get(k, k), marks)
    };
    let of_each: Vec<f64> = (0..p.n_outputs).filter_map(of_class).collect();
    of_each.iter().sum::<f64>() / of_each.len() as f64
}

/// `2·tp/(2·tp + fp + fn)` from the hits tp and the marks, those true plus those predicted; none without marks.
fn harmonic(hits: f64, marks: f64) -> Option<f64> {
    (marks > 0.0).then(|| 2.0 * hits / marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scikit-learn's conventions for what is neither true nor predicted.
    #[test]
    fn an_absent_class_does_not_count_but_an_absent_label_is_0() {
        let t = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let p = MetricInput { task: OutputKind::Categorical, y: &t, t: &t, weight: None, n_outputs: 3 };
        assert_eq!(f1(&p), 1.0);
        assert_eq!(f1(&MetricInput { task: OutputKind::Binary, ..p }), 2.0 / 3.0);
    }
}
