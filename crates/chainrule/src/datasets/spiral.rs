//! Arms that wind around the origin, each a class: hard for a network of few units.

use std::f64::consts::TAU;

use super::{
    Generate, Generated, classes_in_order, linspace, n_classes, n_samples, noise, numbered, push_displaced,
    shares,
};
use crate::kernel::math;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "spiral",
    aliases: &[],
    summary: "arms that wind around the origin, each a class",
    options: &[
        n_samples(300.0),
        n_classes(2.0),
        noise(0.02),
        OptionSpec {
            name: "turns",
            kind: OptionKind::Number(1.5, TURNS),
            summary: "how often an arm goes round",
        },
    ],
    make: |_| generate,
};

const TURNS: NumberRange = NumberRange { text: "a number from 0 to 10", test: |v| (0.0..=10.0).contains(&v) };

/// From the origin, where all arms would meet, a little is left out.
const FIRST_RADIUS: f64 = 0.05;

/// Arm k of n at radius r has the angle `2π·(turns·r + k/n)`; the radii of an arm lie at equal distances up to 1.
fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let (n_classes, noise) = (options.number("n_classes") as usize, options.number("noise"));
    let shares = shares(options, n_classes);
    let mut x = Vec::new();
    for (arm, &n) in shares.iter().enumerate() {
        for radius in linspace(FIRST_RADIUS, 1.0, n) {
            let angle = TAU * (options.number("turns") * radius + arm as f64 / n_classes as f64);
            push_displaced(&mut x, [radius * math::cos(angle), radius * math::sin(angle)], noise, random);
        }
    }
    Generated::of_classes(x, 2, &classes_in_order(&shares), numbered(n_classes))
}
