//! A disc within a ring: two classes that need a closed boundary.

use std::f64::consts::TAU;

use super::{Generate, Generated, classes_in_order, n_samples, named, noise, push_displaced, shares};
use crate::kernel::math;
use crate::random::RandomState;
use crate::registry::{Entry, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "circle",
    aliases: &[],
    summary: "a disc of radius 0.5 within a ring from 0.7 to 1",
    options: &[n_samples(300.0), noise(0.05)],
    make: |_| generate,
};

/// From which radius to which: the ring is class 0, the disc class 1.
const RADII: [(f64, f64); 2] = [(0.7, 1.0), (0.0, 0.5)];

/// For each sample are drawn: the square of the radius, evenly, so that equal areas get equally many samples; the
/// angle; the two displacements.
fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let noise = options.number("noise");
    let shares = shares(options, 2);
    let mut x = Vec::new();
    for (&n, (inner, outer)) in shares.iter().zip(RADII) {
        for _ in 0..n {
            let radius = random.uniform(inner * inner, outer * outer).sqrt();
            let angle = random.uniform(0.0, TAU);
            push_displaced(&mut x, [radius * math::cos(angle), radius * math::sin(angle)], noise, random);
        }
    }
    Generated::of_classes(x, 2, &classes_in_order(&shares), named(&["ring", "disc"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datasets::Generator;

    #[test]
    fn without_noise_the_classes_keep_to_their_radii() {
        let circle = Generator::new("circle", &[("noise", 0.0.into()), ("n_samples", 401.0.into())]).unwrap();
        let data = circle.generate(&mut RandomState::new(2)).into_dataset();
        for i in 0..401 {
            let (x, t) = data.sample(i);
            let (inner, outer) = RADII[t[0] as usize];
            let radius = x[0].hypot(x[1]);
            assert!(radius > inner - 1e-12 && radius < outer + 1e-12, "sample {i}: {radius}");
        }
        assert_eq!(data.t().iter().sum::<f64>(), 200.0);
    }
}
