//! Optimizers: one update of the parameters from their gradient.
//!
//! One file an optimizer. A file holds the update as one loop over slices. To add one: write the file, add its line
//! to [`REGISTRY`].

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

/// All optimizers, in the order in which lists show them.
pub static REGISTRY: &[Entry<Arc<dyn Rule>>] =
    &[sgd::ENTRY, rmsprop::ENTRY, adagrad::ENTRY, adam::ENTRY, adamw::ENTRY];

/// The most vectors of state that an optimizer may keep.
const MAX_SLOTS: usize = 3;

/// One range of each vector of an optimizer's state; empty slices stand for those that it does not keep.
///
/// An array, because a step allocates nothing. A pattern takes what it needs: `[m, v, ..]: Slots<'_, T>`.
#[doc(hidden)]
pub type Slots<'a, T> = [&'a mut [T]; MAX_SLOTS];

/// What an optimizer's file implements.
pub(crate) trait OptimizerStep: fmt::Debug + Send + Sync + 'static {
    /// How many vectors of state it keeps, each as long as the parameters and zero at first.
    fn n_slots(&self) -> usize;
    /// Updates one range of the parameters: `p`, the gradient `g` and the slots kept are the same range. `rate` is the
    /// learning rate of this step, `step` counts from 1.
    ///
    /// What is the same for all entries is computed in f64, then rounded. The loop is a plain one, to be inlined where
    /// the machine's instructions are known, and the compiler makes vectors of it.
    fn step<T: Scalar>(&self, rate: f64, step: u64, p: &mut [T], g: &[T], slots: Slots<'_, T>);
    /// The decoupled weight decay: before the step, `p ← p·(1 - rate·decay)` on what is penalised. Mostly 0.
    fn decay(&self) -> f64 {
        0.0
    }
}

/// An optimizer's loop in one precision.
#[doc(hidden)]
pub trait UpdateLoop<T>: Sync {
    /// Updates one range of the parameters; see `OptimizerStep::step`.
    fn update(&self, rate: f64, step: u64, p: &mut [T], g: &[T], slots: Slots<'_, T>);
}

/// An optimizer in both precisions.
#[doc(hidden)]
pub trait Rule: UpdateLoop<f32> + UpdateLoop<f64> + fmt::Debug + Send + Sync {
    /// How many vectors of state it keeps.
    fn n_slots(&self) -> usize;
    /// The decoupled weight decay.
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

/// An optimizer, chosen by name with its options.
///
/// It holds no state: what it remembers from step to step lies in *slots*, vectors as long as the parameters, which
/// the caller keeps (and stores, and restores).
///
/// ```
/// use chainrule::train::optimizer::Optimizer;
///
/// let optimizer = Optimizer::new("sgd", &[("momentum", 0.5.into())])?;
/// assert_eq!(optimizer.to_string(), "sgd(momentum = 0.5, kind = classical, velocity = without_rate)");
/// let mut parameters = [1.0, 1.0, 1.0];
/// let mut slots = optimizer.slots(3);
/// for step in 1..=2 {
///     // The gradient is 2 for each; the last parameter is frozen.
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

/// Same name, same options.
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
    /// The optimizer called `name` with the options `given`.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Optimizer, Error> {
        let (options, rule) = registry::choose("optimizer", REGISTRY, name, given)?;
        Ok(Optimizer { options, rule })
    }

    /// The name: `adam`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// The name with every option's value.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// How many vectors of state it keeps, each as long as the parameters and zero at first.
    pub fn n_slots(&self) -> usize {
        self.rule.n_slots()
    }

    /// The state before the first step, for `n_parameters` parameters.
    pub fn slots<T: Scalar>(&self, n_parameters: usize) -> Vec<Vec<T>> {
        vec![vec![T::ZERO; n_parameters]; self.n_slots()]
    }

    /// The strength of its decoupled weight decay, 0 for all but adamw. [`update`](Optimizer::update) leaves it to the
    /// caller, who knows what is penalised: see [`decay`](super::penalty::decay).
    pub fn decay(&self) -> f64 {
        self.rule.decay()
    }

    /// One step on the `range` of the parameters.
    ///
    /// `parameters[range]` and `slots[..][range]` are overwritten. `rate` is the learning rate of this step; `step`
    /// counts the steps from 1. Ranges may be updated in any order and in any pieces: each parameter goes its own way.
    /// Nothing is allocated, and no other thread takes part.
    ///
    /// # Panics
    /// When the number of slots is not [`n_slots`](Optimizer::n_slots), or the range reaches beyond one of the vectors.
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

    /// As [`update`](Optimizer::update), shared by `n_threads` where the range is long enough: those that have made the
    /// gradient, each of which then has some of it, and of the parameters, in its own cache.
    #[expect(clippy::too_many_arguments, reason = "an update's, and the threads")]
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
        assert_eq!(slots.len(), self.n_slots(), "the slots of {}", self.name());
        let mut kept = slots.iter_mut().map(|slot| &mut slot[range.clone()]);
        let mut slots: Slots<'_, T> = std::array::from_fn(|_| kept.next().unwrap_or_default());
        let (mut p, mut g) = (&mut parameters[range.clone()], &gradient[range]);
        let rule = T::optimizer(&*self.rule);
        let n_pieces = n_threads.min(p.len() / WORTH_A_THREAD);
        if n_pieces <= 1 {
            rule.update(rate, step, p, g, slots);
            return;
        }
        let piece = p.len().div_ceil(n_pieces).next_multiple_of(64);
        let mut pieces: [Piece<'_, T>; MAX_THREADS] = std::array::from_fn(|_| {
            let end = piece.min(p.len());
            Piece {
                p: p.split_off_mut(..end).unwrap_or_default(),
                g: g.split_off(..end).unwrap_or_default(),
                slots: slots
                    .each_mut()
                    .map(|slot| slot.split_off_mut(..end.min(slot.len())).unwrap_or_default()),
            }
        });
        pool::each(n_pieces, &mut pieces[..n_pieces], &|_, Piece { p, g, slots }: &mut Piece<'_, T>| {
            rule.update(rate, step, p, g, slots.each_mut().map(|slot| &mut **slot));
        });
    }

    /// The optimizer called `name`, whose file vouches for the options `given`.
    fn of(name: &str, given: &[(&str, OptionValue)]) -> Optimizer {
        Optimizer::new(name, given).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// So many parameters are worth a thread.
const WORTH_A_THREAD: usize = 1 << 11;

/// A thread's part of an update.
struct Piece<'a, T> {
    p: &'a mut [T],
    g: &'a [T],
    slots: Slots<'a, T>,
}

/// `v`, or 0 where it is too small to matter; a NaN stays.
///
/// A running mean of a gradient that has become 0 (a dead unit's, say) decays until its numbers are subnormal, and
/// stays there: `0.9·v` then rounds back to `v`. Arithmetic on such numbers takes tens of times as long.
#[inline(always)]
fn flush<T: Scalar>(v: T) -> T {
    let least = T::from_f64(if T::SINGLE { 1e-31 } else { 1e-292 });
    T::select(v.abs().lt(least), T::ZERO, v)
}

#[cfg(test)]
mod tests {
    use super::{MAX_SLOTS, Optimizer, REGISTRY};

    fn all() -> impl Iterator<Item = Optimizer> {
        let momentum = [("momentum", 0.9.into())];
        REGISTRY.iter().map(|entry| Optimizer::of(entry.name, &[])).chain([Optimizer::of("sgd", &momentum)])
    }

    #[test]
    fn the_slots_suffice() {
        assert!(all().all(|optimizer| optimizer.n_slots() <= MAX_SLOTS));
    }

    #[test]
    fn every_optimizer_walks_down_a_bowl() {
        for optimizer in all() {
            let scale = [1.0, 4.0, 0.5];
            let mut p = [1.0, -1.0, 0.7];
            let mut slots = optimizer.slots(3);
            for step in 1..=500 {
                let g: Vec<f64> = p.iter().zip(scale).map(|(p, scale)| scale * p).collect();
                optimizer.update(0.02, step, 0..3, &mut p, &g, &mut slots);
            }
            // AdaGrad, the slowest, has come by about rate·2·sqrt(500) = 0.9 at most.
            assert!(p.iter().all(|p| p.abs() < 0.5), "{optimizer}: {p:?}");
        }
    }

    #[test]
    fn pieces_make_the_same_bits_and_leave_the_rest_alone() {
        for optimizer in all() {
            let start: Vec<f32> = (0..50).map(|i| (i * 37 % 11) as f32 - 5.0).collect();
            let (mut whole, mut pieces) = (start.clone(), start.clone());
            let (mut slots, mut slots_of_pieces) = (optimizer.slots(50), optimizer.slots(50));
            for step in 1..=5 {
                let g: Vec<f32> = (0..50).map(|i| ((i + step) * 13 % 7) as f32 - 3.0).collect();
                optimizer.update(0.01, step, 0..50, &mut whole, &g, &mut slots);
                for range in [30..45, 10..13, 13..30] {
                    optimizer.update(0.01, step, range, &mut pieces, &g, &mut slots_of_pieces);
                }
            }
            assert_ne!(whole[10..45], start[10..45], "{optimizer}");
            assert_eq!(pieces[10..45], whole[10..45], "{optimizer}");
            assert_eq!((&pieces[..10], &pieces[45..]), (&start[..10], &start[45..]), "{optimizer}");
            assert!(slots_of_pieces.iter().all(|slot| slot[..10] == [0.0; 10] && slot[45..] == [0.0; 5]));
        }
    }

    #[test]
    fn f32_follows_f64() {
        for optimizer in all() {
            let (mut single, mut double) = (vec![0.5_f32; 20], vec![0.5_f64; 20]);
            let (mut slots, mut slots_of_double) = (optimizer.slots(20), optimizer.slots(20));
            for step in 1..=30 {
                // Multiples of 1/8: exact in both.
                let g: Vec<f64> = (1..=20).map(|i| ((i * step) % 31) as f64 / 8.0 - 1.75).collect();
                let g_single: Vec<f32> = g.iter().map(|&g| g as f32).collect();
                optimizer.update(0.01, step, 0..20, &mut single, &g_single, &mut slots);
                optimizer.update(0.01, step, 0..20, &mut double, &g, &mut slots_of_double);
            }
            for (single, double) in single.iter().zip(&double) {
                assert!((f64::from(*single) - double).abs() < 1e-5, "{optimizer}: {single} {double}");
            }
        }
    }

    #[test]
    fn what_decays_never_becomes_subnormal() {
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
    fn equal_by_name_and_options() {
        assert_eq!(Optimizer::sgd_with_momentum(0.0), Optimizer::sgd());
        assert_ne!(Optimizer::sgd_with_momentum(0.9), Optimizer::sgd());
        assert_ne!(Optimizer::adam(), Optimizer::adamw());
        assert_eq!(Optimizer::new("adam", &[("beta1", 0.9.into())]), Ok(Optimizer::adam()));
    }

    #[test]
    #[should_panic(expected = "the slots of adam")]
    fn the_slots_must_be_its_own() {
        Optimizer::adam().update(0.1, 1, 0..1, &mut [0.0], &[0.0], &mut Optimizer::sgd().slots(1));
    }
}
