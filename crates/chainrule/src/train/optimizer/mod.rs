//! Optimizers, which update the parameters from their gradient.
//!
//! Each optimizer is implemented in its own file, as a loop over slices. To add an optimizer, write
//! its file and add its entry to [`REGISTRY`].

mod adagrad;
mod adam;
mod adamw;
mod irprop;
mod rmsprop;
mod rule;
mod sgd;

use std::sync::Arc;

pub use rule::{Optimizer, Rule, Slots, UpdateLoop, UpdateStep};

use crate::registry::{Entry, Registered};

/// All optimizers, in display order.
pub static REGISTRY: &[Entry<Arc<dyn Rule>>] =
    &[sgd::ENTRY, rmsprop::ENTRY, adagrad::ENTRY, adam::ENTRY, adamw::ENTRY, irprop::ENTRY];

impl Registered for Arc<dyn Rule> {
    const WHAT: &'static str = "optimizer";

    fn entries() -> &'static [Entry<Self>] {
        REGISTRY
    }
}

#[cfg(test)]
mod tests {
    use super::rule::MAX_SLOTS;
    use super::{Optimizer, REGISTRY, UpdateStep};

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
                optimizer.update(UpdateStep::new(0.02, step), 0..3, &mut p, &g, &mut slots);
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
                optimizer.update(UpdateStep::new(0.01, step), 0..50, &mut whole, &g, &mut slots);
                for range in [30..45, 10..13, 13..30] {
                    optimizer.update(
                        UpdateStep::new(0.01, step),
                        range,
                        &mut in_ranges,
                        &g,
                        &mut range_slots,
                    );
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
                optimizer.update(
                    UpdateStep::new(0.01, step),
                    0..20,
                    &mut single,
                    &g_single,
                    &mut single_slots,
                );
                optimizer.update(UpdateStep::new(0.01, step), 0..20, &mut double, &g, &mut double_slots);
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
                optimizer.update(UpdateStep::new(1e-3, step), 0..1, &mut p, &[g], &mut slots);
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
        Optimizer::adam().update(
            UpdateStep::new(0.1, 1),
            0..1,
            &mut [0.0],
            &[0.0],
            &mut Optimizer::sgd().slots(1),
        );
    }
}
