//! One value for all parameters, mostly 0: what biases start from.

use std::sync::Arc;

use super::Fill;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ZEROS: Entry<Arc<dyn Fill>> = Entry {
    name: "zeros",
    aliases: &[],
    summary: "all 0",
    options: &[],
    make: |_| Arc::new(Constant { value: 0.0 }),
};

pub(super) const CONSTANT: Entry<Arc<dyn Fill>> = Entry {
    name: "constant",
    aliases: &[],
    summary: "all the same value",
    options: &[OptionSpec {
        name: "value",
        kind: OptionKind::Number(0.0, NumberRange::FINITE),
        summary: "the value",
    }],
    make: |options| Arc::new(Constant { value: options.number("value") }),
};

#[derive(Debug)]
struct Constant {
    value: f64,
}

impl Fill for Constant {
    fn fill(&self, _n_in: usize, _n_out: usize, _random: &mut RandomState, out: &mut [f64]) {
        out.fill(self.value);
    }
}
