//! Accuracy: the fraction of correct predictions.
//!
//! For several labels it is the fraction of correct labels. scikit-learn's `accuracy_score` instead
//! counts the samples whose labels are all correct.

use super::definition::CLASSIFICATION;
use super::{Definition, MetricInput, OutputKind, arg_max, is_class_1};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "accuracy",
    aliases: &[],
    summary: "fraction of correct predictions, from 0 to 1",
    options: &[],
    make: |_| Definition { value: accuracy, higher_is_better: true, tasks: CLASSIFICATION },
};

fn accuracy(p: &MetricInput) -> f64 {
    let indicator = |is_correct: bool| f64::from(u8::from(is_correct));
    match p.task {
        OutputKind::Categorical => p.mean(|y, t| indicator(arg_max(y) == arg_max(t))),
        _ => p.mean(|y, t| {
            y.iter().zip(t).map(|(y, t)| indicator(is_class_1(*y) == is_class_1(*t))).sum::<f64>()
                / p.n_outputs as f64
        }),
    }
}
