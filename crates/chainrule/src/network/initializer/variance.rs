//! Variance scaling: Glorot's, He's and LeCun's initializers, which preserve the variance of
//! signals through a layer.
//!
//! | name | variance of a weight | preserves the variance of |
//! |---|---|---|
//! | glorot | `gain²·2/(n_in + n_out)` | outputs and gradients, as a compromise |
//! | he | `gain²·2/n_in` | outputs after a ReLU, which passes half of them |
//! | lecun | `gain²·1/n_in` | outputs |
//!
//! The distribution is uniform with the bound `±sqrt(3·variance)`, or normal. The normal
//! distribution is not truncated (as in PyTorch, unlike Keras).
//!
//! The bound of `glorot_uniform` is computed as `sqrt((6·gain²)/(n_in + n_out))`, so that `gain =
//! sqrt(1/3)` reproduces scikit-learn's bound for logistic layers, `sqrt(2/(n_in + n_out))`, to the
//! bit. With the same gain, `lecun_uniform` has the bound of PyTorch's default, `sqrt(1/n_in)`.
//!
//! Sources: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
//! networks", AISTATS 2010; K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV
//! 2015; Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, "Efficient BackProp", 1998.

use std::sync::Arc;

use super::InitializerRule;
use crate::random::RandomState;
use crate::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};

pub(super) const GLOROT_UNIFORM: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "glorot_uniform",
    aliases: &["xavier_uniform"],
    summary: "uniform within ±gain·sqrt(6/(n_in + n_out)), for tanh and logistic layers",
    options: OPTIONS,
    make: |options| variance_scaling(options, 2.0, Fan::InPlusOut, VarianceDistribution::Uniform),
};

pub(super) const GLOROT_NORMAL: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "glorot_normal",
    aliases: &["xavier_normal"],
    summary: "normal with standard deviation gain·sqrt(2/(n_in + n_out)), for tanh and logistic layers",
    options: OPTIONS,
    make: |options| variance_scaling(options, 2.0, Fan::InPlusOut, VarianceDistribution::Normal),
};

pub(super) const HE_UNIFORM: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "he_uniform",
    aliases: &["kaiming_uniform"],
    summary: "uniform within ±gain·sqrt(6/n_in), for ReLU and its variants",
    options: OPTIONS,
    make: |options| variance_scaling(options, 2.0, Fan::In, VarianceDistribution::Uniform),
};

pub(super) const HE_NORMAL: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "he_normal",
    aliases: &["kaiming_normal"],
    summary: "normal with standard deviation gain·sqrt(2/n_in), for ReLU and its variants",
    options: OPTIONS,
    make: |options| variance_scaling(options, 2.0, Fan::In, VarianceDistribution::Normal),
};

pub(super) const LECUN_UNIFORM: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "lecun_uniform",
    aliases: &[],
    summary: "uniform within ±gain·sqrt(3/n_in), for SELU",
    options: OPTIONS,
    make: |options| variance_scaling(options, 1.0, Fan::In, VarianceDistribution::Uniform),
};

pub(super) const LECUN_NORMAL: Entry<Arc<dyn InitializerRule>> = Entry {
    name: "lecun_normal",
    aliases: &[],
    summary: "normal with standard deviation gain·sqrt(1/n_in), for SELU",
    options: OPTIONS,
    make: |options| variance_scaling(options, 1.0, Fan::In, VarianceDistribution::Normal),
};

const OPTIONS: &[OptionSpec] = &[OptionSpec {
    name: "gain",
    kind: OptionKind::Number(1.0, GAIN),
    summary: "factor on the bound or the standard deviation",
}];

/// Range of the gain, whose square must be finite.
const GAIN: NumberRange =
    NumberRange { text: "a number from 0 to 1e100", test: |v| (0.0..=1e100).contains(&v) };

#[derive(Debug)]
struct VarianceScaling {
    /// Variance of a weight times the fan.
    scale: f64,
    fan: Fan,
    distribution: VarianceDistribution,
}

/// Divisor of the variance: the fan-in, or the fan-in plus the fan-out.
#[derive(Clone, Copy, Debug)]
enum Fan {
    In,
    InPlusOut,
}

/// Distribution of the weights.
#[derive(Clone, Copy, Debug)]
enum VarianceDistribution {
    Uniform,
    Normal,
}

/// Creates the initializer with the variance `gain²·scale/fan`.
fn variance_scaling(
    options: &Options,
    scale: f64,
    fan: Fan,
    distribution: VarianceDistribution,
) -> Arc<dyn InitializerRule> {
    let gain = options.number("gain");
    Arc::new(VarianceScaling { scale: scale * (gain * gain), fan, distribution })
}

impl InitializerRule for VarianceScaling {
    fn fill(&self, n_in: usize, n_out: usize, random: &mut RandomState, out: &mut [f64]) {
        let fan = match self.fan {
            Fan::In => n_in,
            Fan::InPlusOut => n_in + n_out,
        } as f64;
        // The variance is scale/fan, and bound²/3 for a uniform distribution within ±bound.
        match self.distribution {
            VarianceDistribution::Uniform => {
                let bound = (3.0 * self.scale / fan).sqrt();
                random.fill_uniform(-bound, bound, out);
            }
            VarianceDistribution::Normal => random.fill_normal(0.0, (self.scale / fan).sqrt(), out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::initializer::Initializer;

    /// The largest uniform value must be within 0.5 % of the bound and not exceed it.
    #[test]
    fn variances_and_bounds_match_the_papers() {
        let (n_in, n_out): (usize, usize) = (200, 50);
        let papers = [("glorot", 2.0 / 250.0), ("he", 2.0 / 200.0), ("lecun", 1.0 / 200.0)];
        for (name, variance) in papers {
            for gain in [1.0, 0.5] {
                let variance: f64 = gain * gain * variance;
                let mean_square_and_largest = |distribution: &str| {
                    let initializer =
                        Initializer::new(&format!("{name}_{distribution}"), &[("gain", gain.into())])
                            .unwrap();
                    let mut out = vec![0.0; n_in * n_out];
                    initializer.fill(n_in, n_out, &mut RandomState::new(5), &mut out);
                    let largest = out.iter().fold(0.0f64, |m, v| m.max(v.abs()));
                    (out.iter().map(|v| v * v).sum::<f64>() / out.len() as f64, largest)
                };
                let (_, largest) = mean_square_and_largest("uniform");
                let bound = (3.0 * variance).sqrt();
                assert!(
                    largest <= bound && largest > 0.995 * bound,
                    "{name}: largest value {largest}, bound {bound}"
                );
                let (measured, _) = mean_square_and_largest("normal");
                assert!(
                    (measured / variance - 1.0).abs() < 0.05,
                    "{name}: variance {measured}, expected {variance}"
                );
            }
        }
    }

    #[test]
    fn gain_sqrt_one_third_reproduces_scikit_learns_logistic_bound_to_the_bit() {
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
