//! A disc inside a ring: two classes that require a closed boundary.

use std::f64::consts::TAU;

use super::generated::{class_sizes, classes_in_order, n_samples, named, noise, push_with_noise};
use super::{Generate, Generated};
use crate::kernel::math;
use crate::random::RandomState;
use crate::registry::{Entry, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "circle",
    aliases: &[],
    summary: "a disc of radius 0.5 inside a ring from radius 0.7 to 1",
    options: &[n_samples(300.0), noise(0.05)],
    make: |_| generate,
};

/// Inner and outer radius of each class: the ring is class 0, the disc class 1.
const RADII: [(f64, f64); 2] = [(0.7, 1.0), (0.0, 0.5)];

/// Draws for each sample: the squared radius, uniformly, so that the density is the same
/// everywhere; the angle; the noise of both coordinates.
fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let noise = options.number("noise");
    let sizes = class_sizes(options, 2);
    let mut x = Vec::new();
    for (&n, (inner, outer)) in sizes.iter().zip(RADII) {
        for _ in 0..n {
            let radius = random.uniform(inner * inner, outer * outer).sqrt();
            let angle = random.uniform(0.0, TAU);
            push_with_noise(&mut x, [radius * math::cos(angle), radius * math::sin(angle)], noise, random);
        }
    }
    Generated::from_classes(x, 2, &classes_in_order(&sizes), named(&["ring", "disc"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datasets::Generator;

    #[test]
    fn without_noise_samples_stay_within_their_radii() {
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
