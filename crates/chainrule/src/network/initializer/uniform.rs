//! Uniformly distributed values.

use std::sync::Arc;

use super::InitializerRule;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "uniform",
    aliases: &[],
    summary: "uniform distribution on [low, high)",
    options: &[
        OptionSpec { name: "low", kind: OptionKind::Number(-0.1, BOUND), summary: "lower bound, included" },
        OptionSpec { name: "high", kind: OptionKind::Number(0.1, BOUND), summary: "upper bound, excluded" },
    ],
    make: |options| Arc::new(UniformInitializer { low: options.number("low"), high: options.number("high") }),
};

/// Range of the bounds, small enough that `high - low` is always finite.
const BOUND: NumberRange = NumberRange { text: "a number from -1e100 to 1e100", test: |v| v.abs() <= 1e100 };

#[derive(Debug)]
struct UniformInitializer {
    low: f64,
    high: f64,
}

impl InitializerRule for UniformInitializer {
    fn fill(&self, _n_in: usize, _n_out: usize, random: &mut RandomState, out: &mut [f64]) {
        random.fill_uniform(self.low, self.high, out);
    }
}
