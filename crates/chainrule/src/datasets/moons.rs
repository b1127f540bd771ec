//! Two half moons that reach into each other: two classes that need a curved boundary.

use std::f64::consts::PI;

use super::{Generate, Generated, classes_in_order, linspace, n_samples, named, noise, push_displaced};
use crate::kernel::math;
use crate::random::RandomState;
use crate::registry::{Entry, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "moons",
    aliases: &[],
    summary: "two half moons that reach into each other",
    options: &[n_samples(300.0), noise(0.1)],
    make: |_| generate,
};

/// The numbers of scikit-learn's `make_moons(n_samples, shuffle=False, noise=noise)`.
fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let (n, noise) = (options.number("n_samples") as usize, options.number("noise"));
    let shares = [n / 2, n - n / 2];
    let mut x = Vec::new();
    for angle in linspace(0.0, PI, shares[0]) {
        push_displaced(&mut x, [math::cos(angle), math::sin(angle)], noise, random);
    }
    for angle in linspace(0.0, PI, shares[1]) {
        push_displaced(&mut x, [1.0 - math::cos(angle), 1.0 - math::sin(angle) - 0.5], noise, random);
    }
    Generated::of_classes(x, 2, &classes_in_order(&shares), named(&["upper moon", "lower moon"]))
}
