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
        kind: OptionKind::Rows(NumberRange::FINITE),
        summary: "the values; weights as one row per input, or as one list in row-major order",
    }],
    make: |options| {
        let (values, shape) = options.rows("values");
        Arc::new(ListedValues { values, shape })
    },
};

#[derive(Debug)]
struct ListedValues {
    values: Vec<f64>,
    /// Number of rows and columns, if the values are given as rows.
    shape: Option<[usize; 2]>,
}

impl InitializerRule for ListedValues {
    fn fill(&self, _n_in: usize, _n_out: usize, _random: &mut RandomState, out: &mut [f64]) {
        out.copy_from_slice(&self.values);
    }

    fn check(&self, n_rows: usize, n_columns: usize) -> Result<(), Error> {
        match self.shape {
            Some(got) if got != [n_rows, n_columns] => {
                Err(Error::ValueShape { expected: [n_rows, n_columns], got })
            }
            None if self.values.len() != n_rows * n_columns => {
                Err(Error::ValueCount { expected: n_rows * n_columns, got: self.values.len() })
            }
            _ => Ok(()),
        }
    }
}
