//! Gaussian blobs in the plane, one per class.

use std::f64::consts::TAU;

use super::generated::{
    class_sizes, classes_in_order, n_classes, n_samples, noise, numbered, push_with_noise,
};
use super::{Generate, Generated};
use crate::kernel::math;
use crate::random::RandomState;
use crate::registry::{Entry, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "blobs",
    aliases: &[],
    summary: "Gaussian blobs, one per class",
    options: &[
        n_samples(300.0),
        n_classes(3.0),
        noise(0.3),
        OptionSpec {
            name: "centers",
            kind: OptionKind::Choice(&["circle", "drawn"]),
            summary: "at equal angles on the unit circle, or drawn uniformly from -2 to 2",
        },
    ],
    make: |_| generate,
};

/// Random centers are all drawn before the first sample.
fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let (n_classes, noise) = (options.number("n_classes") as usize, options.number("noise"));
    let centers: Vec<[f64; 2]> = (0..n_classes)
        .map(|k| match options.text("centers") {
            "circle" => {
                let angle = TAU * k as f64 / n_classes as f64;
                [math::cos(angle), math::sin(angle)]
            }
            _ => [random.uniform(-2.0, 2.0), random.uniform(-2.0, 2.0)],
        })
        .collect();
    let sizes = class_sizes(options, n_classes);
    let classes = classes_in_order(&sizes);
    let mut x = Vec::new();
    for &class in &classes {
        push_with_noise(&mut x, centers[class], noise, random);
    }
    Generated::from_classes(x, 2, &classes, numbered(n_classes))
}
