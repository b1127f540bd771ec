//! Two interleaving half moons: two classes that require a curved boundary.

use std::f64::consts::PI;

use super::generated::{classes_in_order, linspace, n_samples, named, noise, push_with_noise};
use super::{Generate, Generated};
use crate::kernel::math;
use crate::random::RandomState;
use crate::registry::{Entry, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "moons",
    aliases: &[],
    summary: "two interleaving half moons",
    options: &[n_samples(300.0), noise(0.1)],
    make: |_| generate,
};

/// Generates the same numbers as scikit-learn's
/// `make_moons(n_samples, shuffle=False, noise=noise)`.
fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let (n, noise) = (options.number("n_samples") as usize, options.number("noise"));
    let sizes = [n / 2, n - n / 2];
    let mut x = Vec::new();
    for angle in linspace(0.0, PI, sizes[0]) {
        push_with_noise(&mut x, [math::cos(angle), math::sin(angle)], noise, random);
    }
    for angle in linspace(0.0, PI, sizes[1]) {
        push_with_noise(&mut x, [1.0 - math::cos(angle), 1.0 - math::sin(angle) - 0.5], noise, random);
    }
    Generated::from_classes(x, 2, &classes_in_order(&sizes), named(&["upper moon", "lower moon"]))
}
