//! Mean absolute error, `Σ w|y - t| / Σ w`, in the unit of the targets; the unweighted mean over
//! several outputs.

use super::{Definition, MetricInput, OutputKind};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "mae",
    aliases: &["mean_absolute_error"],
    summary: "mean of |y - t|",
    options: &[],
    make: |_| Definition { value: mae, higher_is_better: false, tasks: &[OutputKind::Real] },
};

fn mae(p: &MetricInput) -> f64 {
    p.mean_over_outputs(|k| p.mean(|y, t| (y[k] - t[k]).abs()))
}
