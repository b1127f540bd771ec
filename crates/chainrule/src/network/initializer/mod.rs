//! Initializers: the initial values of the parameters.
//!
//! Each initializer, or family of initializers with a common formula, has a file of its own. To add
//! an initializer, write its file and add its entry to [`REGISTRY`].

mod constant;
mod normal;
mod rule;
mod uniform;
mod values;
mod variance;

use std::sync::Arc;

pub use rule::InitializerRule;

use crate::Error;
use crate::random::RandomState;
use crate::registry::{Chosen, Entry, Registered};

/// All initializers, in display order.
pub static REGISTRY: &[Entry<Arc<dyn InitializerRule>>] = &[
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

/// An initializer, selected by name and options.
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
/// let explicit = Initializer::values(vec![1.0, 2.0]);
/// assert!(explicit.check(3, 2).is_err());
/// # Ok::<(), chainrule::Error>(())
/// ```
pub type Initializer = Chosen<Arc<dyn InitializerRule>>;

impl Registered for Arc<dyn InitializerRule> {
    const WHAT: &'static str = "initializer";

    fn entries() -> &'static [Entry<Self>] {
        REGISTRY
    }
}

impl Initializer {
    /// Creates `glorot_uniform`: uniform within `±sqrt(6/(n_in + n_out))`, for tanh and logistic
    /// layers.
    pub fn glorot_uniform() -> Initializer {
        Chosen::of("glorot_uniform", &[])
    }

    /// Creates `he_normal`: normal with standard deviation `sqrt(2/n_in)`, for ReLU and its
    /// variants.
    pub fn he_normal() -> Initializer {
        Chosen::of("he_normal", &[])
    }

    /// Creates `uniform`: the uniform distribution on `[low, high)`.
    ///
    /// # Panics
    /// Panics if a bound is not between -1e100 and 1e100.
    pub fn uniform(low: f64, high: f64) -> Initializer {
        Chosen::of("uniform", &[("low", low.into()), ("high", high.into())])
    }

    /// Creates `normal`: the normal distribution with the given mean and standard deviation.
    ///
    /// # Panics
    /// Panics if `mean` is not finite, or if `std` is negative or not finite.
    pub fn normal(mean: f64, std: f64) -> Initializer {
        Chosen::of("normal", &[("mean", mean.into()), ("std", std.into())])
    }

    /// Creates `constant`: the same value for all parameters.
    ///
    /// # Panics
    /// Panics if `value` is not finite.
    pub fn constant(value: f64) -> Initializer {
        Chosen::of("constant", &[("value", value.into())])
    }

    /// Creates `zeros`: 0 for all parameters.
    pub fn zeros() -> Initializer {
        Chosen::of("zeros", &[])
    }

    /// Creates `values`: explicit values, in the order of the parameters.
    ///
    /// # Panics
    /// Panics if a value is not finite.
    pub fn values(values: Vec<f64>) -> Initializer {
        Chosen::of("values", &[("values", values.into())])
    }

    /// Checks that the initializer can set parameters of the shape (`n_rows`, `n_columns`):
    /// (n_in, n_out) for weights, (1, n_out) for a bias.
    ///
    /// # Errors
    /// Returns [`Error::ValueCount`] if the initializer is a list of values of a different length,
    /// and [`Error::ValueShape`] if it consists of rows of values of a different shape.
    pub fn check(&self, n_rows: usize, n_columns: usize) -> Result<(), Error> {
        self.made.check(n_rows, n_columns)
    }

    /// Overwrites `out` with initial values for a layer with `n_in` inputs and `n_out` units.
    ///
    /// `out` is either the weights (n_in, n_out), row-major, or the bias (n_out). Values are drawn
    /// in the order of `out`, as NumPy draws an array of that shape. Constant initializers do not
    /// use the random number generator.
    ///
    /// # Panics
    /// Panics if `n_in` or `n_out` is 0, or if a list of values does not have the length of `out`.
    pub fn fill(&self, n_in: usize, n_out: usize, random: &mut RandomState, out: &mut [f64]) {
        assert!(n_in > 0 && n_out > 0, "a layer must have at least one input and one unit");
        self.made.fill(n_in, n_out, random, out);
    }
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
    fn every_initializer_overwrites_all_values_with_default_options() {
        for entry in REGISTRY {
            let initializer = Initializer::new(entry.name, &[]).unwrap();
            let n = if entry.name == "values" { 0 } else { 12 };
            let mut out = vec![f64::NAN; n];
            initializer.check(n / 4, 4).unwrap();
            initializer.fill(3, 4, &mut RandomState::new(1), &mut out);
            assert!(out.iter().all(|v| v.is_finite()), "{initializer}");
            assert!(!entry.summary.is_empty());
        }
    }

    #[test]
    fn constants_do_not_use_the_generator() {
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
    fn normal_values_are_randn_times_std_to_the_bit() {
        for std in [0.1, 0.5, 1.0, 3.7] {
            let mut random = RandomState::new(42);
            let randn_times_std: Vec<u64> =
                (0..1000).map(|_| (random.standard_normal() * std).to_bits()).collect();
            let values = filled(&Initializer::normal(0.0, std), 20, 50, 42);
            assert_eq!(values.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), randn_times_std);
        }
    }

    #[test]
    fn uniform_values_are_within_the_bounds() {
        let values = filled(&Initializer::uniform(-0.5, 2.0), 100, 100, 3);
        assert!(values.iter().all(|v| (-0.5..2.0).contains(v)));
        let mean = values.iter().sum::<f64>() / 1e4;
        assert!((mean - 0.75).abs() < 0.03, "{mean}");
    }

    #[test]
    fn a_list_of_the_wrong_length_is_rejected() {
        let error = Initializer::values(vec![1.0; 5]).check(3, 2).unwrap_err();
        assert_eq!(error, Error::ValueCount { expected: 6, got: 5 });
        insta::assert_snapshot!(error, @r#"the initializer "values" has 5 values for 6 parameters; give one value per parameter"#);
        assert_eq!(Initializer::values(vec![1.0; 6]).check(3, 2), Ok(()));
    }

    #[test]
    fn rows_of_values_must_have_the_shape_of_the_parameters() {
        let rows = vec![vec![1.0, 2.0], vec![3.0, 4.0], vec![5.0, 6.0]];
        let initializer = Initializer::new("values", &[("values", rows.into())]).unwrap();
        assert_eq!(initializer.to_string(), "values(values = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])");
        assert_eq!(initializer.check(3, 2), Ok(()));
        assert_eq!(filled(&initializer, 3, 2, 0), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let error = initializer.check(2, 3).unwrap_err();
        insta::assert_snapshot!(error, @r#"the initializer "values" has the shape (3, 2), but the parameters have the shape (2, 3); give one row per input with one value per unit, or for a bias a single list"#);
        let ragged = vec![vec![1.0, 2.0], vec![3.0]];
        let error = Initializer::new("values", &[("values", ragged.into())]).unwrap_err();
        insta::assert_snapshot!(error, @"values of values is [[1.0, 2.0], [3.0]], but must be a list of numbers or of rows of equal length, each entry a finite number");
    }

    #[test]
    fn equality_compares_name_and_options() {
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
    fn a_negative_standard_deviation_panics() {
        Initializer::normal(0.0, -1.0);
    }
}
