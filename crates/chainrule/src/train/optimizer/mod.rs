//! Optimizers, which update the parameters from their gradient.
//!
//! Each optimizer is implemented in its own file, as a loop over slices. To add an optimizer, write
//! its file and add its entry to [`REGISTRY`].

mod adagrad;
mod adam;
mod adamw;
mod rmsprop;
mod sgd;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use fearless_simd::dispatch;

use crate::Error;
use crate::kernel::Scalar;
use crate::kernel::level::level;
use crate::kernel::pool::{self, MAX_THREADS};
use crate::registry::{self, Entry, OptionValue, Options};

/// All optimizers, in display order.
pub static REGISTRY: &[Entry<Arc<dyn Rule>>] =
    &[sgd::ENTRY, rmsprop::ENTRY, adagrad::ENTRY, adam::ENTRY, adamw::ENTRY];

/// Maximum number of state vectors of an optimizer.
const MAX_SLOTS: usize = 3;

/// One range of each state vector of an optimizer; the slices of unused slots are empty.
///
/// This is an array, so that a step does not allocate. Optimizers destructure it:
/// `[m, v, ..]: Slots<'_, T>`.
#[doc(hidden)]
pub type Slots<'a, T> = [&'a mut [T]; MAX_SLOTS];

/// Implementation of an optimizer.
pub(crate) trait OptimizerStep: fmt::Debug + Send + Sync + 'static {
    /// Returns the number of state vectors, each of the length of the parameters and initially
    /// zero.
    fn n_slots(&self) -> usize;
    /// Updates one range of the parameters. `p`, the gradient `g` and the used slots cover the same
    /// range, `rate` is the learning rate of this step, and `step` counts from 1.
    ///
    /// Values that are the same for all entries are computed in f64 and then rounded. The loop has
    /// to be simple, so that it can be inlined into code for a known instruction set and vectorised
    /// by the compiler.
    fn step<T: Scalar>(&self, rate: f64, step: u64, p: &mut [T], g: &[T], slots: Slots<'_, T>);
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
    fn update(&self, rate: f64, step: u64, p: &mut [T], g: &[T], slots: Slots<'_, T>);
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
    fn update(&self, rate: f64, step: u64, p: &mut [T], g: &[T], slots: Slots<'_, T>) {
        dispatch!(level(), _simd => self.step(rate, step, p, g, slots));
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

/// An optimizer with its options.
///
/// An optimizer is stateless: its state is in *slots*, vectors of the length of the parameters,
/// which the caller owns (and saves and restores).
///
/// ```
/// use chainrule::train::optimizer::Optimizer;
///
/// let optimizer = Optimizer::new("sgd", &[("momentum", 0.5.into())])?;
/// assert_eq!(optimizer.to_string(), "sgd(momentum = 0.5, kind = classical, velocity = without_rate)");
/// let mut parameters = [1.0, 1.0, 1.0];
/// let mut slots = optimizer.slots(3);
/// for step in 1..=2 {
///     // All entries of the gradient are 2; the last parameter is frozen.
///     optimizer.update(0.1, step, 0..2, &mut parameters, &[2.0; 3], &mut slots);
/// }
/// assert_eq!(parameters, [0.5, 0.5, 1.0]); // 1 - 0.1·2 - 0.1·(0.5·2 + 2)
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Optimizer {
    options: Options,
    rule: Arc<dyn Rule>,
}

/// Optimizers are equal if their names and options are equal.
impl PartialEq for Optimizer {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

impl fmt::Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl Optimizer {
    /// Creates the optimizer called `name` with the options `given`.
    ///
    /// # Errors
    /// Returns [`Error::UnknownName`] or [`Error::UnknownOption`], with the most similar name, if
    /// the name or an option is unknown, and [`Error::OptionRange`] if a value is out of range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Optimizer, Error> {
        let (options, rule) = registry::choose("optimizer", REGISTRY, name, given)?;
        Ok(Optimizer { options, rule })
    }

    /// Returns the name: `adam`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// Returns the name and the values of all options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the number of state vectors, each of the length of the parameters and initially
    /// zero.
    pub fn n_slots(&self) -> usize {
        self.rule.n_slots()
    }

    /// Returns the state before the first step for `n_parameters` parameters.
    pub fn slots<T: Scalar>(&self, n_parameters: usize) -> Vec<Vec<T>> {
        vec![vec![T::ZERO; n_parameters]; self.n_slots()]
    }

    /// Returns the strength of decoupled weight decay, which is 0 for all optimizers other than
    /// adamw.
    ///
    /// [`update`](Optimizer::update) does not apply the decay, since it depends on which parameters
    /// are penalised; see [`decay`](super::penalty::decay).
    pub fn decay(&self) -> f64 {
        self.rule.decay()
    }

    /// Performs one step on the `range` of the parameters.
    ///
    /// Overwrites `parameters[range]` and `slots[..][range]`. `rate` is the learning rate of this
    /// step, and `step` counts the steps from 1. Parameters are updated independently of each
    /// other, so that they can be split into ranges in any way and updated in any order. This
    /// method does not allocate and runs in the calling thread only.
    ///
    /// # Panics
    /// Panics if the number of slots is not [`n_slots`](Optimizer::n_slots), or the range exceeds
    /// one of the vectors.
    pub fn update<T: Scalar>(
        &self,
        rate: f64,
        step: u64,
        range: Range<usize>,
        parameters: &mut [T],
        gradient: &[T],
        slots: &mut [Vec<T>],
    ) {
        self.update_on(1, rate, step, range, parameters, gradient, slots);
    }

    /// Performs [`update`](Optimizer::update) with up to `n_threads` threads if the range is long
    /// enough.
    ///
    /// These should be the threads that computed the gradient, since each of them has parts of the
    /// gradient and the parameters in its cache.
    #[expect(clippy::too_many_arguments, reason = "the arguments of `update`, and the number of threads")]
    pub(super) fn update_on<T: Scalar>(
        &self,
        n_threads: usize,
        rate: f64,
        step: u64,
        range: Range<usize>,
        parameters: &mut [T],
        gradient: &[T],
        slots: &mut [Vec<T>],
    ) {
        assert_eq!(slots.len(), self.n_slots(), "wrong number of slots for {}", self.name());
        let mut used = slots.iter_mut().map(|slot| &mut slot[range.clone()]);
        let mut slots: Slots<'_, T> = std::array::from_fn(|_| used.next().unwrap_or_default());
        let (mut p, mut g) = (&mut parameters[range.clone()], &gradient[range]);
        let rule = T::optimizer(&*self.rule);
        let n_ranges = n_threads.min(p.len() / MIN_PARAMETERS_PER_THREAD);
        if n_ranges <= 1 {
            rule.update(rate, step, p, g, slots);
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
            rule.update(rate, step, p, g, slots.each_mut().map(|slot| &mut **slot));
        };
        pool::each(n_ranges, &mut ranges[..n_ranges], &update);
    }

    /// Creates the optimizer called `name`; panics if the options `given` are invalid.
    fn of(name: &str, given: &[(&str, OptionValue)]) -> Optimizer {
        Optimizer::new(name, given).unwrap_or_else(|error| panic!("{error}"))
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
fn flush<T: Scalar>(v: T) -> T {
    let threshold = T::from_f64(if T::SINGLE { 1e-31 } else { 1e-292 });
    T::select(v.abs().lt(threshold), T::ZERO, v)
}

#[cfg(test)]
mod tests {
    use super::{MAX_SLOTS, Optimizer, REGISTRY};

    fn all() -> impl Iterator<Item = Optimizer> {
        let momentum = [("momentum", 0.9.into())];
        REGISTRY.iter().map(|entry| Optimizer::of(entry.name, &[])).chain([Optimizer::of("sgd", &momentum)])
    }

    #[test]
    fn no_optimizer_exceeds_the_maximum_number_of_slots() {
        assert!(all().all(|optimizer| optimizer.n_slots() <= MAX_SLOTS));
    }

    #[test]
    fn every_optimizer_minimises_a_quadratic_function() {
        for optimizer in all() {
            let scale = [1.0, 4.0, 0.5];
            let mut p = [1.0, -1.0, 0.7];
            let mut slots = optimizer.slots(3);
            for step in 1..=500 {
                let g: Vec<f64> = p.iter().zip(scale).map(|(p, scale)| scale * p).collect();
                optimizer.update(0.02, step, 0..3, &mut p, &g, &mut slots);
            }
            // AdaGrad, the slowest, moves by at most about rate·2·sqrt(500) = 0.9.
            assert!(p.iter().all(|p| p.abs() < 0.5), "{optimizer}: {p:?}");
        }
    }

    #[test]
    fn updating_in_ranges_gives_the_same_bits_and_leaves_other_parameters_unchanged() {
        for optimizer in all() {
            let start: Vec<f32> = (0..50).map(|i| (i * 37 % 11) as f32 - 5.0).collect();
            let (mut whole, mut in_ranges) = (start.clone(), start.clone());
            let (mut slots, mut range_slots) = (optimizer.slots(50), optimizer.slots(50));
            for step in 1..=5 {
                let g: Vec<f32> = (0..50).map(|i| ((i + step) * 13 % 7) as f32 - 3.0).collect();
                optimizer.update(0.01, step, 0..50, &mut whole, &g, &mut slots);
                for range in [30..45, 10..13, 13..30] {
                    optimizer.update(0.01, step, range, &mut in_ranges, &g, &mut range_slots);
                }
            }
            assert_ne!(whole[10..45], start[10..45], "{optimizer}");
            assert_eq!(in_ranges[10..45], whole[10..45], "{optimizer}");
            assert_eq!((&in_ranges[..10], &in_ranges[45..]), (&start[..10], &start[45..]), "{optimizer}");
            assert!(range_slots.iter().all(|slot| slot[..10] == [0.0; 10] && slot[45..] == [0.0; 5]));
        }
    }

    #[test]
    fn f32_and_f64_agree() {
        for optimizer in all() {
            let (mut single, mut double) = (vec![0.5_f32; 20], vec![0.5_f64; 20]);
            let (mut single_slots, mut double_slots) = (optimizer.slots(20), optimizer.slots(20));
            for step in 1..=30 {
                // Multiples of 1/8, which are exact in both precisions.
                let g: Vec<f64> = (1..=20).map(|i| ((i * step) % 31) as f64 / 8.0 - 1.75).collect();
                let g_single: Vec<f32> = g.iter().map(|&g| g as f32).collect();
                optimizer.update(0.01, step, 0..20, &mut single, &g_single, &mut single_slots);
                optimizer.update(0.01, step, 0..20, &mut double, &g, &mut double_slots);
            }
            for (single, double) in single.iter().zip(&double) {
                assert!((f64::from(*single) - double).abs() < 1e-5, "{optimizer}: {single} {double}");
            }
        }
    }

    #[test]
    fn decaying_state_never_becomes_subnormal() {
        for optimizer in all() {
            let (mut p, mut slots) = ([1.0_f32], optimizer.slots(1));
            for step in 1..100_000 {
                let g = if step == 1 { 1.0 } else { 0.0 };
                optimizer.update(1e-3, step, 0..1, &mut p, &[g], &mut slots);
                assert!(slots.iter().all(|slot| !slot[0].is_subnormal()), "{optimizer}, step {step}");
            }
        }
    }

    #[test]
    fn optimizers_are_compared_by_name_and_options() {
        assert_eq!(Optimizer::sgd_with_momentum(0.0), Optimizer::sgd());
        assert_ne!(Optimizer::sgd_with_momentum(0.9), Optimizer::sgd());
        assert_ne!(Optimizer::adam(), Optimizer::adamw());
        assert_eq!(Optimizer::new("adam", &[("beta1", 0.9.into())]), Ok(Optimizer::adam()));
    }

    #[test]
    #[should_panic(expected = "wrong number of slots for adam")]
    fn a_wrong_number_of_slots_panics() {
        Optimizer::adam().update(0.1, 1, 0..1, &mut [0.0], &[0.0], &mut Optimizer::sgd().slots(1));
    }
}
