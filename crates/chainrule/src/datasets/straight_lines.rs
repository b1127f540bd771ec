//! 25 points on two parallel lines: two linearly separable classes, for comparison with
//! `sine_curves`.

use super::sine_curves::on_two_curves;
use super::{Curve, Generate, Generated};
use crate::random::RandomState;
use crate::registry::{Entry, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "straight_lines",
    aliases: &[],
    summary: "10 points on -2·x1 + 2, 15 on -2·x1 + 4; deterministic",
    options: &[],
    make: |_| generate,
};

fn generate(_options: &Options, _random: &mut RandomState) -> Generated {
    on_two_curves(CURVES)
}

pub(super) const CURVES: [Curve; 2] = [|x1| -2.0 * x1 + 2.0, |x1| -2.0 * x1 + 4.0];
