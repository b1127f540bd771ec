//! Constant initial values; zeros are the default for biases.

use std::sync::Arc;

use super::InitializerRule;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ZEROS: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "zeros",
    aliases: &[],
    summary: "all zeros",
    options: &[],
    make: |_| Arc::new(ConstantInitializer { value: 0.0 }),
};

pub(super) const CONSTANT: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "constant",
    aliases: &[],
    summary: "the same value for all parameters",
    options: &[OptionSpec {
        name: "value",
        kind: OptionKind::Number(0.0, NumberRange::FINITE),
        summary: "value of all parameters",
    }],
    make: |options| Arc::new(ConstantInitializer { value: options.number("value") }),
};

#[derive(Debug)]
struct ConstantInitializer {
    value: f64,
}

impl InitializerRule for ConstantInitializer {
    fn fill(&self, _n_in: usize, _n_out: usize, _random: &mut RandomState, out: &mut [f64]) {
        out.fill(self.value);
    }
}
