//! Brier score: the mean squared difference between predicted probability and outcome.
//!
//! For exclusive classes the squared differences are summed over the classes, which gives values
//! from 0 to 2, as in the original definition (G. W. Brier, Verification of forecasts expressed in
//! terms of probability, 1950). For one output there is one difference per sample, which gives
//! values from 0 to 1.

use super::definition::CLASSIFICATION;
use super::{Definition, MetricInput, OutputKind};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "brier",
    aliases: &[],
    summary: "mean of (y - t)² over the samples; summed over exclusive classes",
    options: &[],
    make: |_| Definition { value: brier, higher_is_better: false, tasks: CLASSIFICATION },
};

fn brier(p: &MetricInput) -> f64 {
    let sum = p.mean(|y, t| y.iter().zip(t).map(|(y, t)| (y - t) * (y - t)).sum());
    if p.task == OutputKind::Categorical { sum } else { sum / p.n_outputs as f64 }
}
