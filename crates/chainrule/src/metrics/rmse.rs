//! Root mean squared error, `sqrt(Σ w(y - t)² / Σ w)`, in the unit of the targets; the unweighted
//! mean over several outputs.

use super::{Definition, MetricInput, OutputKind};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "rmse",
    aliases: &["root_mean_squared_error"],
    summary: "square root of the mean of (y - t)²",
    options: &[],
    make: |_| Definition { value: rmse, higher_is_better: false, tasks: &[OutputKind::Real] },
};

fn rmse(p: &MetricInput) -> f64 {
    p.mean_over_outputs(|k| p.mean(|y, t| (y[k] - t[k]) * (y[k] - t[k])).sqrt())
}
