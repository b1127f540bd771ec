//! Accuracy: the share of right decisions.
//!
//! Of several labels it is the share of labels that are right, not of samples in which all are (scikit-learn's
//! `accuracy_score` counts the latter).

use super::{CLASSIFICATION, Definition, MetricInput, OutputKind, arg_max, holds};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "accuracy",
    aliases: &[],
    summary: "the share of right decisions, from 0 to 1",
    options: &[],
    make: |_| Definition { value: accuracy, higher_is_better: true, tasks: CLASSIFICATION },
};

fn accuracy(p: &MetricInput) -> f64 {
    let right = |right: bool| f64::from(u8::from(right));
    match p.task {
        OutputKind::Categorical => p.mean(|y, t| right(arg_max(y) == arg_max(t))),
        _ => p.mean(|y, t| {
            y.iter().zip(t).map(|(y, t)| right(holds(*y) == holds(*t))).sum::<f64>() / p.n_outputs as f64
        }),
    }
}
