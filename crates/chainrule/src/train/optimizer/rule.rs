//! The trait that every optimizer implements, its loops in both precisions, and the optimizer with
//! its options.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use fearless_simd::dispatch;

use crate::kernel::level::level;
use crate::kernel::pool::{self, MAX_THREADS};
use crate::kernel::{InBothPrecisions, Scalar};
use crate::registry::Chosen;

/// Maximum number of state vectors of an optimizer.
pub(super) const MAX_SLOTS: usize = 3;

/// One range of each state vector of an optimizer; the slices of unused slots are empty.
///
/// This is an array, so that a step does not allocate. Optimizers destructure it:
/// `[m, v, ..]: Slots<'_, T>`.
#[doc(hidden)]
pub type Slots<'a, T> = [&'a mut [T]; MAX_SLOTS];

/// What an update depends on besides the gradient and the state of the optimizer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateStep {
    /// Learning rate.
    pub rate: f64,
    /// Number of the update, counted from 1.
    pub number: u64,
    /// Whether the loss is larger than before the previous update.
    pub loss_increased: bool,
}

impl UpdateStep {
    /// Returns an update with this learning rate and number, after which the loss has not increased.
    pub fn new(rate: f64, number: u64) -> UpdateStep {
        UpdateStep { rate, number, loss_increased: false }
    }
}

/// Implementation of an optimizer.
pub(crate) trait OptimizerStep: fmt::Debug + Send + Sync + 'static {
    /// Returns the number of state vectors, each of the length of the parameters and initially
    /// zero.
    fn n_slots(&self) -> usize;
    /// Updates one range of the parameters. `p`, the gradient `g` and the used slots cover the same
    /// range.
    ///
    /// Values that are the same for all entries are computed in f64 and then rounded. The loop has
    /// to be simple, so that it can be inlined into code for a known instruction set and vectorised
    /// by the compiler.
    fn step<T: Scalar>(&self, at: UpdateStep, p: &mut [T], g: &[T], slots: Slots<'_, T>);
    /// Returns the strength of decoupled weight decay, 0 by default. Before each step, the
    /// penalised parameters are updated by `p ← p·(1 - rate·decay)`.
    fn decay(&self) -> f64 {
        0.0
    }
}

/// The update loop of an optimizer in one precision.
#[doc(hidden)]
pub trait UpdateLoop<T>: Sync {
    /// Updates one range of the parameters; see `OptimizerStep::step`.
    fn update(&self, at: UpdateStep, p: &mut [T], g: &[T], slots: Slots<'_, T>);
}

/// An optimizer in both precisions.
#[doc(hidden)]
pub trait Rule: UpdateLoop<f32> + UpdateLoop<f64> + fmt::Debug + Send + Sync {
    /// Returns the number of state vectors.
    fn n_slots(&self) -> usize;
    /// Returns the strength of decoupled weight decay.
    fn decay(&self) -> f64;
}

impl<S: OptimizerStep, T: Scalar> UpdateLoop<T> for S {
    fn update(&self, at: UpdateStep, p: &mut [T], g: &[T], slots: Slots<'_, T>) {
        dispatch!(level(), _simd => self.step(at, p, g, slots));
    }
}

impl<S: OptimizerStep> Rule for S {
    fn n_slots(&self) -> usize {
        OptimizerStep::n_slots(self)
    }

    fn decay(&self) -> f64 {
        OptimizerStep::decay(self)
    }
}

impl InBothPrecisions for dyn Rule {
    type Loops<T: 'static> = dyn UpdateLoop<T>;

    fn single(&self) -> &Self::Loops<f32> {
        self
    }

    fn double(&self) -> &Self::Loops<f64> {
        self
    }
}

/// An optimizer with its options.
///
/// An optimizer is stateless: its state is in *slots*, vectors of the length of the parameters,
/// which the caller owns (and saves and restores).
///
/// ```
/// use chainrule::train::optimizer::{Optimizer, UpdateStep};
///
/// let optimizer = Optimizer::new("sgd", &[("momentum", 0.5.into())])?;
/// assert_eq!(optimizer.to_string(), "sgd(momentum = 0.5, kind = classical, velocity = without_rate)");
/// let mut parameters = [1.0, 1.0, 1.0];
/// let mut slots = optimizer.slots(3);
/// for step in 1..=2 {
///     // All entries of the gradient are 2; the last parameter is frozen.
///     optimizer.update(UpdateStep::new(0.1, step), 0..2, &mut parameters, &[2.0; 3], &mut slots);
/// }
/// assert_eq!(parameters, [0.5, 0.5, 1.0]); // 1 - 0.1·2 - 0.1·(0.5·2 + 2)
/// # Ok::<(), chainrule::Error>(())
/// ```
pub type Optimizer = Chosen<Arc<dyn Rule>>;

impl Optimizer {
    /// Returns the number of state vectors, each of the length of the parameters and initially
    /// zero.
    pub fn n_slots(&self) -> usize {
        self.made.n_slots()
    }

    /// Returns the state before the first step for `n_parameters` parameters.
    pub fn slots<T: Scalar>(&self, n_parameters: usize) -> Vec<Vec<T>> {
        vec![vec![T::ZERO; n_parameters]; self.n_slots()]
    }

    /// Returns the strength of decoupled weight decay, which is 0 for all optimizers other than
    /// adamw.
    ///
    /// [`update`](Optimizer::update) does not apply the decay, since it depends on which parameters
    /// are penalised; see [`decay`](super::super::penalty::decay).
    pub fn decay(&self) -> f64 {
        self.made.decay()
    }

    /// Performs one step on the `range` of the parameters.
    ///
    /// Overwrites `parameters[range]` and `slots[..][range]`. Parameters are updated independently of each
    /// other, so that they can be split into ranges in any way and updated in any order. This
    /// method does not allocate and runs in the calling thread only.
    ///
    /// # Panics
    /// Panics if the number of slots is not [`n_slots`](Optimizer::n_slots), or the range exceeds
    /// one of the vectors.
    pub fn update<T: Scalar>(
        &self,
        at: UpdateStep,
        range: Range<usize>,
        parameters: &mut [T],
        gradient: &[T],
        slots: &mut [Vec<T>],
    ) {
        self.update_on(1, at, range, parameters, gradient, slots);
    }

    /// Performs [`update`](Optimizer::update) with up to `n_threads` threads if the range is long
    /// enough.
    ///
    /// These should be the threads that computed the gradient, since each of them has parts of the
    /// gradient and the parameters in its cache.
    pub(in crate::train) fn update_on<T: Scalar>(
        &self,
        n_threads: usize,
        at: UpdateStep,
        range: Range<usize>,
        parameters: &mut [T],
        gradient: &[T],
        slots: &mut [Vec<T>],
    ) {
        assert_eq!(slots.len(), self.n_slots(), "wrong number of slots for {}", self.name());
        let mut used = slots.iter_mut().map(|slot| &mut slot[range.clone()]);
        let mut slots: Slots<'_, T> = std::array::from_fn(|_| used.next().unwrap_or_default());
        let (mut p, mut g) = (&mut parameters[range.clone()], &gradient[range]);
        let rule = T::loops(&*self.made);
        let n_ranges = n_threads.min(p.len() / MIN_PARAMETERS_PER_THREAD);
        if n_ranges <= 1 {
            rule.update(at, p, g, slots);
            return;
        }
        let range_len = p.len().div_ceil(n_ranges).next_multiple_of(64);
        let mut ranges: [ParameterRange<'_, T>; MAX_THREADS] = std::array::from_fn(|_| {
            let end = range_len.min(p.len());
            ParameterRange {
                p: p.split_off_mut(..end).unwrap_or_default(),
                g: g.split_off(..end).unwrap_or_default(),
                slots: slots
                    .each_mut()
                    .map(|slot| slot.split_off_mut(..end.min(slot.len())).unwrap_or_default()),
            }
        });
        let update = |_, ParameterRange { p, g, slots }: &mut ParameterRange<'_, T>| {
            rule.update(at, p, g, slots.each_mut().map(|slot| &mut **slot));
        };
        pool::each(n_ranges, &mut ranges[..n_ranges], &update);
    }
}

/// Minimum number of parameters for which an additional thread pays off.
const MIN_PARAMETERS_PER_THREAD: usize = 1 << 11;

/// A range of the parameters that is updated by one thread.
struct ParameterRange<'a, T> {
    p: &'a mut [T],
    g: &'a [T],
    slots: Slots<'a, T>,
}

/// Returns `v`, or 0 if its magnitude is negligible; NaN stays NaN.
///
/// If a gradient becomes 0 (for example that of a dead unit), its running mean decays until it is
/// subnormal and then remains subnormal, since `0.9·v` rounds back to `v`. Arithmetic on subnormal
/// numbers is tens of times slower.
#[inline(always)]
pub(super) fn flush<T: Scalar>(v: T) -> T {
    let threshold = T::from_f64(if T::SINGLE { 1e-31 } else { 1e-292 });
    T::select(v.abs().lt(threshold), T::ZERO, v)
}
