//! Given values, one for each parameter.

use std::sync::Arc;

use super::Fill;
use crate::Error;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec};

pub(super) const ENTRY: Entry<Arc<dyn Fill>> = Entry {
    name: "values",
    aliases: &[],
    summary: "given values, one for each parameter",
    options: &[OptionSpec {
        name: "values",
        kind: OptionKind::List(&[], NumberRange::FINITE),
        summary: "the values: weights row after row, a row for each input",
    }],
    make: |options| Arc::new(Values { values: options.list("values").to_vec() }),
};

#[derive(Debug)]
struct Values {
    values: Vec<f64>,
}

impl Fill for Values {
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
