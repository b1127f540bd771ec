//! Values drawn evenly from a range.

use std::sync::Arc;

use super::Fill;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Fill>> = Entry {
    name: "uniform",
    aliases: &[],
    summary: "evenly from low to high",
    options: &[
        OptionSpec { name: "low", kind: OptionKind::Number(-0.1, BOUND), summary: "the lower end" },
        OptionSpec {
            name: "high",
            kind: OptionKind::Number(0.1, BOUND),
            summary: "the upper end, itself left out",
        },
    ],
    make: |options| Arc::new(Uniform { low: options.number("low"), high: options.number("high") }),
};

/// Far below the largest f64, so that `high - low` is finite whatever the two.
const BOUND: NumberRange = NumberRange { text: "a number from -1e100 to 1e100", test: |v| v.abs() <= 1e100 };

#[derive(Debug)]
struct Uniform {
    low: f64,
    high: f64,
}

impl Fill for Uniform {
    fn fill(&self, _n_in: usize, _n_out: usize, random: &mut RandomState, out: &mut [f64]) {
        random.fill_uniform(self.low, self.high, out);
    }
}
