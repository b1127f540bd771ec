//! R², the coefficient of determination: `1 - Σ w(y - t)² / Σ w(t - t̄)²`, and the unweighted mean
//! over several outputs.
//!
//! 1 is perfect, 0 is as good as predicting the mean of the targets, and negative values are worse.
//! If all targets are equal, R² is 1 if they are predicted exactly and 0 otherwise. It is NaN for
//! fewer than two samples.

use super::{Definition, MetricInput, OutputKind};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "r2",
    aliases: &[],
    summary: "1 - Σ (y - t)² / Σ (t - mean)², the fraction of variance explained",
    options: &[],
    make: |_| Definition { value: r2, higher_is_better: true, tasks: &[OutputKind::Real] },
};

fn r2(p: &MetricInput) -> f64 {
    if p.n_samples() < 2 {
        return f64::NAN;
    }
    p.mean_over_outputs(|k| {
        let mean = p.column(k).map(|(_, t, w)| w * t).sum::<f64>() / p.total_weight();
        let residual: f64 = p.column(k).map(|(y, t, w)| w * (y - t) * (y - t)).sum();
        let total: f64 = p.column(k).map(|(_, t, w)| w * (t - mean) * (t - mean)).sum();
        // Checked on the targets rather than on the total, because the mean of equal numbers may
        // have a rounding error.
        let is_constant = p.column(k).all(|(_, t, _)| t == p.t[k]);
        match (is_constant, residual == 0.0) {
            (true, true) => 1.0,
            (true, false) => 0.0,
            (false, _) => 1.0 - residual / total,
        }
    })
}
