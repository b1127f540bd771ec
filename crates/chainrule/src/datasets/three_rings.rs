//! A disc inside two rings: three classes in the plane that overlap a little.

use std::f64::consts::TAU;

use super::generated::{class_sizes, classes_in_order, n_samples, named, noise, push_with_noise};
use super::{Generate, Generated};
use crate::kernel::math;
use crate::random::RandomState;
use crate::registry::{Entry, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "three_rings",
    aliases: &[],
    summary: "a disc inside two rings of radius 0.75 and 1.25; three classes",
    options: &[n_samples(150.0), noise(0.2)],
    make: |_| generate,
};

/// Radii of the classes. The disc is a Gaussian around the origin.
const RADII: [f64; 3] = [0.0, 0.75, 1.25];

/// Generates points with noise at equal angles, class by class, and then shuffles all of them.
fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let noise = options.number("noise");
    let sizes = class_sizes(options, RADII.len());
    let mut in_order = Vec::new();
    for (&n, radius) in sizes.iter().zip(RADII) {
        let step = TAU / n as f64;
        for i in 0..n {
            let angle = i as f64 * step;
            let point = [math::cos(angle) * radius, math::sin(angle) * radius];
            push_with_noise(&mut in_order, point, noise, random);
        }
    }
    let classes = classes_in_order(&sizes);
    let order = random.permutation(classes.len());
    let x = order.iter().flat_map(|&i| [in_order[2 * i], in_order[2 * i + 1]]).collect();
    let classes: Vec<usize> = order.iter().map(|&i| classes[i]).collect();
    Generated::from_classes(x, 2, &classes, named(&["disc", "inner ring", "outer ring"]))
}
