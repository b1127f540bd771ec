//! Glorot's, He's and LeCun's initializers: a spread that keeps the variance of what passes through a layer.
//!
//! | name | variance of a weight | keeps |
//! |---|---|---|
//! | glorot | `gain²·2/(n_in + n_out)` | outputs and gradients, half and half |
//! | he | `gain²·2/n_in` | outputs behind a ReLU, which lets half of them through |
//! | lecun | `gain²·1/n_in` | outputs |
//!
//! Evenly up to the bound `±sqrt(3·variance)`, or Gaussian; the Gaussian is not truncated (PyTorch's is not, Keras's
//! is). Under the root stands `(6·gain²)/(n_in + n_out)`, so that `gain = sqrt(1/3)` gives scikit-learn's weights
//! behind a logistic layer, `sqrt(2/(n_in + n_out))`, to the bit; and lecun's with that gain PyTorch's default,
//! `±sqrt(1/n_in)`.
//!
//! Sources: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
//! 2010; K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015; Y. LeCun, L. Bottou, G. Orr, K.-R.
//! Müller, "Efficient BackProp", 1998.

use std::sync::Arc;

use super::Fill;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const GLOROT_UNIFORM: Entry<Arc<dyn Fill>> = Entry {
    name: "glorot_uniform",
    aliases: &["xavier_uniform"],
    summary: "evenly within ±gain·sqrt(6/(n_in + n_out)), for tanh and logistic",
    options: OPTIONS,
    make: |options| made(options, 2.0, Fan::Both, Shape::Uniform),
};

pub(super) const GLOROT_NORMAL: Entry<Arc<dyn Fill>> = Entry {
    name: "glorot_normal",
    aliases: &["xavier_normal"],
    summary: "Gaussian of deviation gain·sqrt(2/(n_in + n_out)), for tanh and logistic",
    options: OPTIONS,
    make: |options| made(options, 2.0, Fan::Both, Shape::Normal),
};

pub(super) const HE_UNIFORM: Entry<Arc<dyn Fill>> = Entry {
    name: "he_uniform",
    aliases: &["kaiming_uniform"],
    summary: "evenly within ±gain·sqrt(6/n_in), for ReLU and its kin",
    options: OPTIONS,
    make: |options| made(options, 2.0, Fan::In, Shape::Uniform),
};

pub(super) const HE_NORMAL: Entry<Arc<dyn Fill>> = Entry {
    name: "he_normal",
    aliases: &["kaiming_normal"],
    summary: "Gaussian of deviation gain·sqrt(2/n_in), for ReLU and its kin",
    options: OPTIONS,
    make: |options| made(options, 2.0, Fan::In, Shape::Normal),
};

pub(super) const LECUN_UNIFORM: Entry<Arc<dyn Fill>> = Entry {
    name: "lecun_uniform",
    aliases: &[],
    summary: "evenly within ±gain·sqrt(3/n_in), for SELU",
    options: OPTIONS,
    make: |options| made(options, 1.0, Fan::In, Shape::Uniform),
};

pub(super) const LECUN_NORMAL: Entry<Arc<dyn Fill>> = Entry {
    name: "lecun_normal",
    aliases: &[],
    summary: "Gaussian of deviation gain·sqrt(1/n_in), for SELU",
    options: OPTIONS,
    make: |options| made(options, 1.0, Fan::In, Shape::Normal),
};

const OPTIONS: &[OptionSpec] =
    &[OptionSpec { name: "gain", kind: OptionKind::Number(1.0, GAIN), summary: "the factor on the spread" }];

/// Its square must be finite.
const GAIN: NumberRange =
    NumberRange { text: "a number from 0 to 1e100", test: |v| (0.0..=1e100).contains(&v) };

#[derive(Debug)]
struct Variance {
    /// `variance·fan`.
    scale: f64,
    fan: Fan,
    shape: Shape,
}

/// What the variance is divided by.
#[derive(Clone, Copy, Debug)]
enum Fan {
    In,
    Both,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Uniform,
    Normal,
}

fn made(options: &Options, scale: f64, fan: Fan, shape: Shape) -> Arc<dyn Fill> {
    let gain = options.number("gain");
    Arc::new(Variance { scale: scale * (gain * gain), fan, shape })
}

impl Fill for Variance {
    fn fill(&self, n_in: usize, n_out: usize, random: &mut RandomState, out: &mut [f64]) {
        let fan = match self.fan {
            Fan::In => n_in,
            Fan::Both => n_in + n_out,
        } as f64;
        match self.shape {
            Shape::Uniform => {
                let bound = (3.0 * self.scale / fan).sqrt();
                random.fill_uniform(-bound, bound, out);
            }
            Shape::Normal => random.fill_normal(0.0, (self.scale / fan).sqrt(), out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::initializer::Initializer;

    /// The bound of a uniform one is reached, within a few parts in a thousand, and never passed.
    #[test]
    fn spreads_are_those_of_the_papers() {
        let (n_in, n_out): (usize, usize) = (200, 50);
        let papers = [("glorot", 2.0 / 250.0), ("he", 2.0 / 200.0), ("lecun", 1.0 / 200.0)];
        for (name, variance) in papers {
            for gain in [1.0, 0.5] {
                let variance: f64 = gain * gain * variance;
                let fill = |shape: &str| {
                    let initializer =
                        Initializer::new(&format!("{name}_{shape}"), &[("gain", gain.into())]).unwrap();
                    let mut out = vec![0.0; n_in * n_out];
                    initializer.fill(n_in, n_out, &mut RandomState::new(5), &mut out);
                    let largest = out.iter().fold(0.0f64, |m, v| m.max(v.abs()));
                    (out.iter().map(|v| v * v).sum::<f64>() / out.len() as f64, largest)
                };
                let (_, largest) = fill("uniform");
                let bound = (3.0 * variance).sqrt();
                assert!(largest <= bound && largest > 0.995 * bound, "{name}: {largest} of {bound}");
                let (measured, _) = fill("normal");
                assert!((measured / variance - 1.0).abs() < 0.05, "{name}: {measured}, not {variance}");
            }
        }
    }

    #[test]
    fn gain_sqrt_one_third_is_the_square_root_of_two_by_the_fans_to_the_bit() {
        let gain = (1.0f64 / 3.0).sqrt();
        let logistic = Initializer::new("glorot_uniform", &[("gain", gain.into())]).unwrap();
        for (n_in, n_out) in [(1, 1), (2, 3), (7, 100), (784, 10)] {
            let bound = (2.0 / (n_in + n_out) as f64).sqrt();
            let (mut drawn, mut expected) = ([0.0; 50], [0.0; 50]);
            logistic.fill(n_in, n_out, &mut RandomState::new(9), &mut drawn);
            RandomState::new(9).fill_uniform(-bound, bound, &mut expected);
            assert_eq!(drawn, expected);
        }
    }
}
