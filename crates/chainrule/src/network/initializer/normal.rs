//! Normally distributed values; with mean 0, bit-identical to NumPy's `randn(n_in, n_out) * std`.

use std::sync::Arc;

use super::InitializerRule;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "normal",
    aliases: &[],
    summary: "normal distribution",
    options: &[
        OptionSpec { name: "mean", kind: OptionKind::Number(0.0, NumberRange::FINITE), summary: "mean" },
        OptionSpec {
            name: "std",
            kind: OptionKind::Number(0.1, NumberRange::NON_NEGATIVE),
            summary: "standard deviation",
        },
    ],
    make: |options| Arc::new(NormalInitializer { mean: options.number("mean"), std: options.number("std") }),
};

#[derive(Debug)]
struct NormalInitializer {
    mean: f64,
    std: f64,
}

impl InitializerRule for NormalInitializer {
    fn fill(&self, _n_in: usize, _n_out: usize, random: &mut RandomState, out: &mut [f64]) {
        random.fill_normal(self.mean, self.std, out);
    }
}
