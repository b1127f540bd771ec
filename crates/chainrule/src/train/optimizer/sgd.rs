//! Stochastic gradient descent.
use std::sync::Arc;

use super::{Rule, Step};
use crate::kernel::Scalar;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Arc<dyn Rule>> =
    Entry { name: "sgd", summary: "p ← p - rate·g", options: &[], make: |_| Arc::new(Sgd) };

#[derive(Debug)]
struct Sgd;

impl Step for Sgd {
    const N_SLOTS: usize = 0;

    fn step<T: Scalar>(&self, rate: f64, _step: u64, p: &mut [T], g: &[T], _slots: &mut [&mut [T]]) {
        let rate = T::from_f64(rate);
        for (p, &g) in p.iter_mut().zip(g) {
            *p -= rate * g;
        }
    }
}
