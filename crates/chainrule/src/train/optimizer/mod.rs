//! Optimizers: one update of the parameters from their gradient.
//!
//! One file an optimizer. A file holds the update as one loop over slices. To add one: write the file, add its line
//! to [`REGISTRY`].

mod sgd;

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::kernel::Scalar;
use crate::registry::{self, Entry, Options, Value};

/// All optimizers, in the order in which lists show them.
pub static REGISTRY: &[Entry<Arc<dyn Rule>>] = &[sgd::ENTRY];

/// What an optimizer's file implements.
pub(crate) trait Step: fmt::Debug + Send + Sync + 'static {
    /// How many vectors of state it keeps, each as long as the parameters and zero at first.
    const N_SLOTS: usize;
    /// Updates one range of the parameters: `p`, gradient `g` and each of the `N_SLOTS` slices of `slots` are the same
    /// range. `rate` is the learning rate of this step, `step` counts from 1.
    fn step<T: Scalar>(&self, rate: f64, step: u64, p: &mut [T], g: &[T], slots: &mut [&mut [T]]);
    /// The decoupled weight decay: before the step, `p ← p·(1 - rate·decay)` on what is penalised. Mostly 0.
    fn decay(&self) -> f64 {
        0.0
    }
}

/// An optimizer's loop in one precision.
#[doc(hidden)]
pub trait Update<T> {
    /// Updates one range of the parameters; see `Step::step`.
    fn update(&self, rate: f64, step: u64, p: &mut [T], g: &[T], slots: &mut [&mut [T]]);
}

/// An optimizer in both precisions.
#[doc(hidden)]
pub trait Rule: Update<f32> + Update<f64> + fmt::Debug + Send + Sync {
    /// How many vectors of state it keeps.
    fn n_slots(&self) -> usize;
    /// The decoupled weight decay.
    fn decay(&self) -> f64;
}

impl<S: Step, T: Scalar> Update<T> for S {
    fn update(&self, rate: f64, step: u64, p: &mut [T], g: &[T], slots: &mut [&mut [T]]) {
        self.step(rate, step, p, g, slots);
    }
}

impl<S: Step> Rule for S {
    fn n_slots(&self) -> usize {
        S::N_SLOTS
    }

    fn decay(&self) -> f64 {
        Step::decay(self)
    }
}

/// An optimizer, chosen by name with its options.
#[derive(Clone, Debug)]
pub struct Optimizer {
    options: Options,
    rule: Arc<dyn Rule>,
}

impl Optimizer {
    /// The optimizer called `name` with the options `given`.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, Value)]) -> Result<Optimizer, Error> {
        let (options, rule) = registry::choose("optimizer", REGISTRY, name, given)?;
        Ok(Optimizer { options, rule })
    }
}
