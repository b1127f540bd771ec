//! Initializers: the parameters before the first step.
//!
//! One file an initializer, or a family that shares its formula. To add one: write the file, add its line to
//! [`REGISTRY`].

mod constant;
mod normal;
mod uniform;
mod values;
mod variance;

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::random::RandomState;
use crate::registry::{self, Entry, OptionValue, Options};

/// All initializers, in the order in which lists show them.
pub static REGISTRY: &[Entry<Arc<dyn Fill>>] = &[
    variance::GLOROT_UNIFORM,
    variance::GLOROT_NORMAL,
    variance::HE_UNIFORM,
    variance::HE_NORMAL,
    variance::LECUN_UNIFORM,
    variance::LECUN_NORMAL,
    uniform::ENTRY,
    normal::ENTRY,
    constant::ZEROS,
    constant::CONSTANT,
    values::ENTRY,
];

/// What an initializer's file implements.
#[doc(hidden)]
pub trait Fill: fmt::Debug + Send + Sync {
    /// Overwrites `out`; see [`Initializer::fill`].
    fn fill(&self, n_in: usize, n_out: usize, random: &mut RandomState, out: &mut [f64]);
    /// Whether it can set `n_values` parameters; see [`Initializer::check`].
    fn check(&self, _n_values: usize) -> Result<(), Error> {
        Ok(())
    }
}

/// An initializer, chosen by name with its options.
///
/// ```
/// use chainrule::network::initializer::Initializer;
/// use chainrule::random::RandomState;
///
/// // numpy.random.seed(0); W = numpy.random.randn(2, 3) * 0.1
/// let small = Initializer::new("normal", &[("std", 0.1.into())])?;
/// assert_eq!(small.to_string(), "normal(mean = 0, std = 0.1)");
/// let mut w = [0.0; 2 * 3];
/// small.fill(2, 3, &mut RandomState::new(0), &mut w);
/// assert_eq!(w[0], 0.1764052345967664);
///
/// let given = Initializer::values(vec![1.0, 2.0]);
/// assert!(given.check(6).is_err());
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Initializer {
    options: Options,
    rule: Arc<dyn Fill>,
}

/// Same name, same options.
impl PartialEq for Initializer {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

impl fmt::Display for Initializer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl Initializer {
    /// The initializer called `name` with the options `given`.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Initializer, Error> {
        let (options, rule) = registry::choose("initializer", REGISTRY, name, given)?;
        Ok(Initializer { options, rule })
    }

    /// Evenly within `±sqrt(6/(n_in + n_out))`, for tanh and logistic units.
    pub fn glorot_uniform() -> Initializer {
        made("glorot_uniform", &[])
    }

    /// Gaussian with the standard deviation `sqrt(2/n_in)`, for ReLU and its kin.
    pub fn he_normal() -> Initializer {
        made("he_normal", &[])
    }

    /// Evenly from `low` to below `high`.
    ///
    /// # Panics
    /// When a bound is not from -1e100 to 1e100.
    pub fn uniform(low: f64, high: f64) -> Initializer {
        made("uniform", &[("low", low.into()), ("high", high.into())])
    }

    /// Gaussian around `mean` with the standard deviation `std`.
    ///
    /// # Panics
    /// When `mean` is not finite, or `std` is not a finite number of at least 0.
    pub fn normal(mean: f64, std: f64) -> Initializer {
        made("normal", &[("mean", mean.into()), ("std", std.into())])
    }

    /// All the same.
    ///
    /// # Panics
    /// When `value` is not finite.
    pub fn constant(value: f64) -> Initializer {
        made("constant", &[("value", value.into())])
    }

    /// All zero.
    pub fn zeros() -> Initializer {
        made("zeros", &[])
    }

    /// These values, in the order of the parameters.
    ///
    /// # Panics
    /// When a value is not finite.
    pub fn values(values: Vec<f64>) -> Initializer {
        made("values", &[("values", values.into())])
    }

    /// The name: `glorot_uniform`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// The name with every option's value.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether it can set `n_values` parameters.
    ///
    /// # Errors
    /// [`Error::ValueCount`] when it is a list of values of another length.
    pub fn check(&self, n_values: usize) -> Result<(), Error> {
        self.rule.check(n_values)
    }

    /// Overwrites `out` with starting values of a layer of `n_in` inputs and `n_out` units: its weights, shape
    /// `(n_in, n_out)` row-major, or its bias, `n_out` values.
    ///
    /// The draws come in the order of `out`, as NumPy draws an array of that shape. A constant draws nothing.
    ///
    /// # Panics
    /// When `n_in` or `n_out` is 0, or [`check`](Initializer::check) refuses `out.len()`.
    pub fn fill(&self, n_in: usize, n_out: usize, random: &mut RandomState, out: &mut [f64]) {
        assert!(n_in > 0 && n_out > 0, "a layer has at least one input and one unit");
        self.rule.fill(n_in, n_out, random, out);
    }
}

/// A choice of the engine's own callers, who break their contract with an option out of range.
fn made(name: &str, given: &[(&str, OptionValue)]) -> Initializer {
    Initializer::new(name, given).unwrap_or_else(|error| panic!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(initializer: &Initializer, n_in: usize, n_out: usize, seed: u32) -> Vec<f64> {
        let mut out = vec![f64::NAN; n_in * n_out];
        initializer.fill(n_in, n_out, &mut RandomState::new(seed), &mut out);
        out
    }

    #[test]
    fn every_entry_is_made_with_its_defaults_and_overwrites_all() {
        for entry in REGISTRY {
            let initializer = Initializer::new(entry.name, &[]).unwrap();
            let n = if entry.name == "values" { 0 } else { 12 };
            let mut out = vec![f64::NAN; n];
            initializer.check(n).unwrap();
            initializer.fill(3, 4, &mut RandomState::new(1), &mut out);
            assert!(out.iter().all(|v| v.is_finite()), "{initializer}");
            assert!(!entry.summary.is_empty());
        }
    }

    #[test]
    fn a_constant_draws_nothing() {
        for initializer in
            [Initializer::zeros(), Initializer::constant(0.5), Initializer::values(vec![3.0; 4])]
        {
            let mut random = RandomState::new(1);
            initializer.fill(2, 2, &mut random, &mut [0.0; 4]);
            assert_eq!(random, RandomState::new(1), "{initializer}");
        }
        assert_eq!(filled(&Initializer::zeros(), 1, 2, 0), [0.0, 0.0]);
        assert_eq!(filled(&Initializer::constant(-2.0), 1, 2, 0), [-2.0, -2.0]);
        assert_eq!(filled(&Initializer::values(vec![3.0, 5.0]), 1, 2, 0), [3.0, 5.0]);
    }

    #[test]
    fn a_normal_is_randn_times_the_deviation_to_the_bit() {
        for std in [0.1, 0.5, 1.0, 3.7] {
            let mut random = RandomState::new(42);
            let randn_times_std: Vec<u64> =
                (0..1000).map(|_| (random.standard_normal() * std).to_bits()).collect();
            let values = filled(&Initializer::normal(0.0, std), 20, 50, 42);
            assert_eq!(values.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), randn_times_std);
        }
    }

    #[test]
    fn a_uniform_lies_between_its_bounds() {
        let values = filled(&Initializer::uniform(-0.5, 2.0), 100, 100, 3);
        assert!(values.iter().all(|v| (-0.5..2.0).contains(v)));
        let mean = values.iter().sum::<f64>() / 1e4;
        assert!((mean - 0.75).abs() < 0.03, "{mean}");
    }

    #[test]
    fn a_count_of_values_that_does_not_fit_is_refused() {
        let error = Initializer::values(vec![1.0; 5]).check(6).unwrap_err();
        assert_eq!(error, Error::ValueCount { expected: 6, got: 5 });
        insta::assert_snapshot!(error, @r#"the initializer "values" has 5 values, but there are 6 to set; give one for each"#);
        assert_eq!(Initializer::values(vec![1.0; 6]).check(6), Ok(()));
    }

    #[test]
    fn equal_is_same_name_and_same_options() {
        assert_eq!(
            Initializer::normal(0.0, 1.0),
            Initializer::new("normal", &[("std", 1.0.into())]).unwrap()
        );
        assert_ne!(Initializer::normal(0.0, 1.0), Initializer::normal(0.0, 2.0));
        assert_ne!(Initializer::zeros(), Initializer::constant(0.0));
        assert_ne!(Initializer::glorot_uniform(), Initializer::he_normal());
    }

    #[test]
    #[should_panic(expected = "std of normal is -1, but must be a number of at least 0")]
    fn a_negative_deviation_panics() {
        Initializer::normal(0.0, -1.0);
    }
}
