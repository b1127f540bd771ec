//! Spiral arms around the origin, one per class: hard to learn for a network with few units.

use std::f64::consts::TAU;

use super::generated::{
    class_sizes, classes_in_order, linspace, n_classes, n_samples, noise, numbered, push_with_noise,
};
use super::{Generate, Generated};
use crate::kernel::math;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "spiral",
    aliases: &[],
    summary: "spiral arms around the origin, one per class",
    options: &[
        n_samples(300.0),
        n_classes(2.0),
        noise(0.02),
        OptionSpec {
            name: "turns",
            kind: OptionKind::Number(1.5, TURNS),
            summary: "number of turns of each arm",
        },
    ],
    make: |_| generate,
};

const TURNS: NumberRange = NumberRange { text: "a number from 0 to 10", test: |v| (0.0..=10.0).contains(&v) };

/// Smallest radius, above 0 because all arms would meet at the origin.
const FIRST_RADIUS: f64 = 0.05;

/// Arm k of n has the angle `2π·(turns·r + k/n)` at radius r. The radii of an arm are evenly spaced
/// up to 1.
fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let (n_classes, noise) = (options.number("n_classes") as usize, options.number("noise"));
    let sizes = class_sizes(options, n_classes);
    let mut x = Vec::new();
    for (arm, &n) in sizes.iter().enumerate() {
        for radius in linspace(FIRST_RADIUS, 1.0, n) {
            let angle = TAU * (options.number("turns") * radius + arm as f64 / n_classes as f64);
            push_with_noise(&mut x, [radius * math::cos(angle), radius * math::sin(angle)], noise, random);
        }
    }
    Generated::from_classes(x, 2, &classes_in_order(&sizes), numbered(n_classes))
}
