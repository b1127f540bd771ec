//! Exclusive or: class 1 if the two inputs differ in sign, which a single unit cannot learn.

use super::generated::{class_sizes, classes_in_order, n_samples, named, noise, push_with_noise};
use super::{Generate, Generated};
use crate::random::RandomState;
use crate::registry::{Entry, OptionKind, OptionSpec, Options};

pub(super) const ENTRY: Entry<Generate> = Entry {
    name: "xor",
    aliases: &[],
    summary: "class 1 if x1 and x2 differ in sign",
    options: &[
        n_samples(200.0),
        noise(0.2),
        OptionSpec {
            name: "layout",
            kind: OptionKind::Choice(&["corners", "square"]),
            summary: "around the four corners (±1, ±1), or uniformly over the square they span",
        },
    ],
    make: |_| generate,
};

/// Corners of the square, those of class 0 first.
const CORNERS: [[f64; 2]; 4] = [[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]];

/// The class depends on the point before noise is added, so noise makes the classes overlap.
fn generate(options: &Options, random: &mut RandomState) -> Generated {
    let noise = options.number("noise");
    let (mut x, mut classes) = (Vec::new(), Vec::new());
    for corner in classes_in_order(&class_sizes(options, CORNERS.len())) {
        let point = match options.text("layout") {
            "corners" => CORNERS[corner],
            _ => [random.uniform(-1.0, 1.0), random.uniform(-1.0, 1.0)],
        };
        push_with_noise(&mut x, point, noise, random);
        classes.push(usize::from((point[0] < 0.0) != (point[1] < 0.0)));
    }
    Generated::from_classes(x, 2, &classes, named(&["same sign", "different signs"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datasets::Generator;

    #[test]
    fn without_noise_the_class_follows_the_signs_in_both_layouts() {
        for layout in ["corners", "square"] {
            let xor = Generator::new("xor", &[("noise", 0.0.into()), ("layout", layout.into())]).unwrap();
            let data = xor.generate(&mut RandomState::new(2)).into_dataset();
            for i in 0..data.n_samples() {
                let (x, t) = data.sample(i);
                assert_eq!(t[0] == 1.0, x[0] * x[1] < 0.0, "{layout}, sample {i}");
                assert!(x.iter().all(|v| v.abs() <= 1.0));
            }
            let ones = data.t().iter().sum::<f64>();
            assert!(
                if layout == "corners" { ones == 100.0 } else { (60.0..140.0).contains(&ones) },
                "{ones}"
            );
        }
    }
}
