//! Gaussian values: with mean 0 the same bits as NumPy's `randn(n_in, n_out) * std`.

use std::sync::Arc;

use super::Fill;
use crate::random::RandomState;
use crate::registry::{Allowed, Entry, Kind, Parameter};

pub(super) const ENTRY: Entry<Arc<dyn Fill>> = Entry {
    name: "normal",
    summary: "Gaussian with a mean and a standard deviation",
    options: &[
        Parameter { name: "mean", kind: Kind::Number(0.0, Allowed::FINITE), summary: "the mean" },
        Parameter {
            name: "std",
            kind: Kind::Number(0.1, Allowed::NON_NEGATIVE),
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
