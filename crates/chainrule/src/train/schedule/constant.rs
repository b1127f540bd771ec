//! The constant schedule: the base rate throughout.
use std::sync::Arc;

use super::{Curve, State};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn Curve>> = Entry {
    name: "constant",
    summary: "the base rate throughout",
    options: &[],
    make: |_| Arc::new(Constant),
};

#[derive(Debug)]
struct Constant;

impl Curve for Constant {
    fn factor(&self, _now: f64, _total: f64, _state: &State) -> f64 {
        1.0
    }
}
