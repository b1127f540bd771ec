//! Gaussian values: with mean 0 the same bits as NumPy's `randn(n_in, n_out) * std`.

use std::sync::Arc;

use super::Fill;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Fill>> = Entry {
    name: "normal",
    aliases: &[],
    summary: "Gaussian with a mean and a standard deviation",
    options: &[
        OptionSpec { name: "mean", kind: OptionKind::Number(0.0, NumberRange::FINITE), summary: "the mean" },
        OptionSpec {
            name: "std",
            kind: OptionKind::Number(0.1, NumberRange::NON_NEGATIVE),
            summary: "the standard deviation",
        },
    ],
    make: |options| Arc::new(Normal { mean: options.number("mean"), std: options.number("std") }),
};

#[derive(Debug)]
struct Normal {
    mean: f64,
    std: f64,
}

impl Fill for Normal {
    fn fill(&self, _n_in: usize, _n_out: usize, random: &mut RandomState, out: &mut [f64]) {
        random.fill_normal(self.mean, self.std, out);
    }
}
