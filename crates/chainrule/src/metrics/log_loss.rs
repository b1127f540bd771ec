//! Log loss: the mean negative logarithm of the probability predicted for the true class.
//!
//! Probabilities are clipped to be at least 2^-52 away from 0 and 1, as in scikit-learn, so that a
//! confident wrong prediction costs 36 rather than infinity. The cross-entropy losses are not
//! clipped.

use super::definition::CLASSIFICATION;
use super::{Definition, MetricInput, OutputKind};
use crate::kernel::math;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "log_loss",
    aliases: &[],
    summary: "-Σ t ln y, averaged over the samples",
    options: &[],
    make: |_| Definition { value: log_loss, higher_is_better: false, tasks: CLASSIFICATION },
};

fn log_loss(p: &MetricInput) -> f64 {
    let term = |t: f64, y: f64| -t * math::ln(y.clamp(f64::EPSILON, 1.0 - f64::EPSILON));
    match p.task {
        OutputKind::Categorical => p.mean(|y, t| y.iter().zip(t).map(|(&y, &t)| term(t, y)).sum()),
        _ => p.mean(|y, t| {
            let both = y.iter().zip(t).map(|(&y, &t)| term(t, y) + term(1.0 - t, 1.0 - y));
            both.sum::<f64>() / p.n_outputs as f64
        }),
    }
}
