//! Generated datasets: those of the published experiments, and common shapes for testing
//! classifiers.
//!
//! There is one file per dataset. Each is a function of its options and the random stream, which it
//! leaves in the same state as NumPy would, so that initial weights drawn afterwards are also
//! NumPy's. To add a dataset, write the file and add its line to [`REGISTRY`].

mod blobs;
mod circle;
mod moons;
mod rbf_line;
mod sine_curves;
mod spiral;
mod straight_lines;
mod three_rings;
mod two_gaussians;
mod xor;

use std::fmt;

use crate::random::RandomState;
use crate::registry::{self, Entry, NumberRange, OptionKind, OptionSpec, OptionValue, Options};
use crate::{Dataset, Error};

/// All datasets, in the order in which they are listed.
pub static REGISTRY: &[Entry<Generate>] = &[
    three_rings::ENTRY,
    circle::ENTRY,
    xor::ENTRY,
    moons::ENTRY,
    spiral::ENTRY,
    blobs::ENTRY,
    two_gaussians::ENTRY,
    rbf_line::ENTRY,
    sine_curves::ENTRY,
    straight_lines::ENTRY,
];

/// Function that generates the samples of a dataset from checked options and the random stream.
pub type Generate = fn(&Options, &mut RandomState) -> Generated;

/// A curve x2 = f(x1).
pub type Curve = fn(f64) -> f64;

/// A dataset generator, chosen by name with its options.
///
/// ```
/// use chainrule::datasets::Generator;
/// use chainrule::random::RandomState;
///
/// let rings = Generator::new("three_rings", &[("noise", 0.1.into())])?;
/// assert_eq!(rings.to_string(), "three_rings(n_samples = 150, noise = 0.1)");
/// let generated = rings.generate(&mut RandomState::new(0));
/// assert_eq!(generated.class_names, ["disc", "inner ring", "outer ring"]);
/// let data = generated.into_dataset();
/// assert_eq!((data.n_samples(), data.n_inputs(), data.n_targets()), (150, 2, 3));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    options: Options,
    generate: Generate,
}

/// Samples made by a [`Generator`], with the names of their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// Inputs, shape `(n_samples, n_inputs)`, row-major.
    pub x: Vec<f64>,
    /// Number of inputs of a sample.
    pub n_inputs: usize,
    /// Targets, shape `(n_samples, n_targets)`, row-major. Two classes have one column, 1 for class
    /// 1; more classes have one column each, one-hot.
    pub t: Vec<f64>,
    /// Number of targets of a sample.
    pub n_targets: usize,
    /// Names of the classes, in their order.
    pub class_names: Vec<String>,
}

/// Generators are equal if their names and options are.
impl PartialEq for Generator {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

impl fmt::Display for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl Generator {
    /// Returns the generator of the dataset called `name` with the options `given`.
    ///
    /// # Errors
    /// Returns an error for an unknown name or option, with the nearest known one, or for an option
    /// that is out of range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Generator, Error> {
        let (options, generate) = registry::choose("dataset", REGISTRY, name, given)?;
        Ok(Generator { options, generate })
    }

    /// Returns the name, such as `three_rings`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// Returns the name with the values of all options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns one curve per class if the samples of each class lie on a curve, else nothing.
    pub fn curves(&self) -> &'static [Curve] {
        match self.name() {
            "sine_curves" => &sine_curves::CURVES,
            "straight_lines" => &straight_lines::CURVES,
            _ => &[],
        }
    }

    /// Generates the samples, with random numbers from `random`.
    pub fn generate(&self, random: &mut RandomState) -> Generated {
        (self.generate)(&self.options, random)
    }
}

impl Generated {
    /// Converts the samples to a dataset in which each has weight 1.
    ///
    /// # Panics
    /// Panics if the fields have been changed to values that [`Dataset::new`] rejects.
    pub fn into_dataset(self) -> Dataset<f64> {
        Dataset::new(self.x, self.n_inputs, self.t, self.n_targets).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns samples of classes: `classes[i]` is the class of row i of `x`, and `names` has one
    /// name per class.
    fn from_classes(x: Vec<f64>, n_inputs: usize, classes: &[usize], names: Vec<String>) -> Generated {
        let t = match names.len() {
            2 => classes.iter().map(|&class| class as f64).collect(),
            n => classes
                .iter()
                .flat_map(|&class| (0..n).map(move |k| f64::from(u8::from(k == class))))
                .collect(),
        };
        Generated { n_targets: n_target_columns(names.len()), x, n_inputs, t, class_names: names }
    }
}

/// Returns the number of target columns: one for two classes, else one per class.
fn n_target_columns(n_classes: usize) -> usize {
    if n_classes == 2 { 1 } else { n_classes }
}

/// Returns the option `n_samples` with its default. The upper limit keeps a typing error from
/// exhausting memory.
const fn n_samples(default: f64) -> OptionSpec {
    const ALLOWED: NumberRange = NumberRange {
        text: "a whole number from 1 to 10000000",
        test: |v| v.fract() == 0.0 && (1.0..=1e7).contains(&v),
    };
    OptionSpec {
        name: "n_samples",
        kind: OptionKind::Number(default, ALLOWED),
        summary: "total number of samples",
    }
}

/// Returns the option `n_classes` with its default.
const fn n_classes(default: f64) -> OptionSpec {
    const ALLOWED: NumberRange = NumberRange {
        text: "a whole number from 2 to 100",
        test: |v| v.fract() == 0.0 && (2.0..=100.0).contains(&v),
    };
    OptionSpec { name: "n_classes", kind: OptionKind::Number(default, ALLOWED), summary: "number of classes" }
}

/// Returns the option `noise` with its default.
const fn noise(default: f64) -> OptionSpec {
    const ALLOWED: NumberRange =
        NumberRange { text: "a number from 0 to 1000", test: |v| (0.0..=1000.0).contains(&v) };
    OptionSpec {
        name: "noise",
        kind: OptionKind::Number(default, ALLOWED),
        summary: "standard deviation of the Gaussian noise added to each coordinate",
    }
}

/// Splits the option `n_samples` among `n_classes` as evenly as possible; the first classes get the
/// remainder.
fn class_sizes(options: &Options, n_classes: usize) -> Vec<usize> {
    let n = options.number("n_samples") as usize;
    (0..n_classes).map(|k| n / n_classes + usize::from(k < n % n_classes)).collect()
}

/// Returns the classes in order: class 0 `sizes[0]` times, then class 1, and so on.
fn classes_in_order(sizes: &[usize]) -> Vec<usize> {
    sizes.iter().enumerate().flat_map(|(class, &n)| std::iter::repeat_n(class, n)).collect()
}

/// Returns names for classes that have no names of their own: `class 0`, `class 1`, …
fn numbered(n_classes: usize) -> Vec<String> {
    (0..n_classes).map(|k| format!("class {k}")).collect()
}

fn named(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Appends the point with noise: a draw from the standard normal distribution times `noise` is
/// added to each coordinate.
///
/// It also draws if `noise` is 0, so that the same seed always gives the same displacements, scaled
/// by `noise`.
fn push_with_noise(x: &mut Vec<f64>, point: [f64; 2], noise: f64, random: &mut RandomState) {
    x.extend(point.map(|coordinate| coordinate + noise * random.standard_normal()));
}

/// Returns `n` evenly spaced numbers from `first` to `last`, rounded like those of NumPy's
/// `linspace`.
fn linspace(first: f64, last: f64, n: usize) -> Vec<f64> {
    let step = (last - first) / n.saturating_sub(1).max(1) as f64;
    let mut numbers: Vec<f64> = (0..n).map(|i| i as f64 * step + first).collect();
    if n > 1 {
        numbers[n - 1] = last;
    }
    numbers
}
