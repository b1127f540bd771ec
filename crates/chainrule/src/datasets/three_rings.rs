//! A disc within a ring within a ring: three classes, in the plane, that overlap a little.

use std::f64::consts::TAU;

use super::{Generate, Generated, classes_in_order, n_samples, named, noise, push_displaced, shares};
use crate::kernel::math;
use crate::random::RandomState;
use crate::registry::{Entry, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "three_rings",
    aliases: &[],
    summary: "a disc and two rings around it, of radius 0.75 and 1.25; three classes",
    options: &[n_samples(150.0), noise(0.2)],
    make: |_| generate,
};

/// The disc is a Gaussian around the origin.
const RADII: [f64; 3] = [0.0, 0.75, 1.25];

/// Places at equal angles, displaced, class after class; then all in one random order.
fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let noise = options.number("noise");
    let shares = shares(options, RADII.len());
    let mut in_order = Vec::new();
    for (&n, radius) in shares.iter().zip(RADII) {
        let step = TAU / n as f64;
        for i in 0..n {
            let angle = i as f64 * step;
            let place = [math::cos(angle) * radius, math::sin(angle) * radius];
            push_displaced(&mut in_order, place, noise, random);
        }
    }
    let classes = classes_in_order(&shares);
    let order = random.permutation(classes.len());
    let x = order.iter().flat_map(|&i| [in_order[2 * i], in_order[2 * i + 1]]).collect();
    let classes: Vec<usize> = order.iter().map(|&i| classes[i]).collect();
    Generated::of_classes(x, 2, &classes, named(&["disc", "inner ring", "outer ring"]))
}
