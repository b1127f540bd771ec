//! Explicit initial values, one per parameter.

use std::sync::Arc;

use super::InitializerRule;
use crate::Error;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "values",
    aliases: &[],
    summary: "explicit values, one per parameter",
    options: &[OptionSpec {
        name: "values",
        kind: OptionKind::List(&[], NumberRange::FINITE),
        summary: "the values; weights in row-major order, one row per input",
    }],
    make: |options| Arc::new(ListedValues { values: options.list("values").to_vec() }),
};

#[derive(Debug)]
struct ListedValues {
    values: Vec<f64>,
}

impl InitializerRule for ListedValues {
    fn fill(&self, _n_in: usize, _n_out: usize, _random: &mut RandomState, out: &mut [f64]) {
        out.copy_from_slice(&self.values);
    }

    fn check(&self, n_values: usize) -> Result<(), Error> {
        if self.values.len() == n_values {
            Ok(())
        } else {
            Err(Error::ValueCount { expected: n_values, got: self.values.len() })
        }
    }
}
