//! The Brier score: the mean squared difference of probability and what came.
//!
//! Of exclusive classes it is the sum over the classes, from 0 to 2, as G. W. Brier had it (Verification of forecasts
//! expressed in terms of probability, 1950); of one output, from 0 to 1, that output's alone.

use super::{CLASSIFICATION, Definition, MetricInput, OutputKind};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "brier",
    aliases: &[],
    summary: "(y - t)², the mean over the samples; of exclusive classes summed over them",
    options: &[],
    make: |_| Definition { value: brier, higher_is_better: false, tasks: CLASSIFICATION },
};

fn brier(p: &MetricInput) -> f64 {
    let sum = p.mean(|y, t| y.iter().zip(t).map(|(y, t)| (y - t) * (y - t)).sum());
    if p.task == OutputKind::Categorical { sum } else { sum / p.n_outputs as f64 }
}
