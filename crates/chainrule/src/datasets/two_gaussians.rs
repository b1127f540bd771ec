//! Two Gaussians on a line, far apart: two classes with many samples.

use super::generated::{class_sizes, classes_in_order, n_samples, named, noise};
use super::{Generate, Generated};
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "two_gaussians",
    aliases: &[],
    summary: "two Gaussians on a line, with means -mean and mean",
    options: &[
        n_samples(20_000.0),
        OptionSpec {
            name: "mean",
            kind: OptionKind::Number(6.0, MEAN),
            summary: "mean of class 1; that of class 0 is -mean",
        },
        noise(1.0),
    ],
    make: |_| generate,
};

const MEAN: NumberRange =
    NumberRange { text: "a number from 0 to 1000", test: |v| (0.0..=1000.0).contains(&v) };

fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let (mean, noise) = (options.number("mean"), options.number("noise"));
    let sizes = class_sizes(options, 2);
    let mut x = Vec::new();
    for (&n, center) in sizes.iter().zip([-mean, mean]) {
        x.extend((0..n).map(|_| random.normal(center, noise)));
    }
    Generated::from_classes(x, 1, &classes_in_order(&sizes), named(&["left", "right"]))
}
