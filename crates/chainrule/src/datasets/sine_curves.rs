//! 25 points on two sine curves, one above the other: two classes that are not linearly separable.

use super::generated::{linspace, named};
use super::{Curve, Generate, Generated};
use crate::kernel::math;
use crate::random::RandomState;
use crate::registry::{Entry, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "sine_curves",
    aliases: &[],
    summary: "10 points on sin(x1), 15 on sin(x1) + 1; deterministic",
    options: &[],
    make: |_| generate,
};

fn generate(_options: &Options, _random: &mut RandomState) -> Generated {
    on_two_curves(CURVES)
}

pub(super) const CURVES: [Curve; 2] = [math::sin, |x1| math::sin(x1) + 1.0];

/// Returns 10 points `(x1, curve(x1))` of the first curve, with x1 from -5 to 5, and 15 of the
/// second, with x1 from -4.5 to 4.8.
pub(super) fn on_two_curves(curves: [Curve; 2]) -> Generated {
    let lower = linspace(-5.0, 5.0, 10).into_iter().map(|x1| [x1, curves[0](x1)]);
    let upper = linspace(-4.5, 4.8, 15).into_iter().map(|x1| [x1, curves[1](x1)]);
    let x = lower.chain(upper).flatten().collect();
    let classes: Vec<usize> = (0..25).map(|i| usize::from(i >= 10)).collect();
    Generated::from_classes(x, 2, &classes, named(&["lower curve", "upper curve"]))
}
