//! Ready-made datasets: those of the published experiments, and the shapes on which classifiers are tried.
//!
//! One file a dataset. Each is a function of its options and of the random stream, which it leaves where NumPy would
//! leave it, so that starting weights drawn next are NumPy's too. To add one: write the file, add its line to
//! [`REGISTRY`].

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

/// All datasets, in the order in which lists show them.
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

/// What a dataset's file implements: samples from checked options and the random stream.
pub type Generate = fn(&Options, &mut RandomState) -> Generated;

/// A curve x2 = f(x1).
pub type Curve = fn(f64) -> f64;

/// A dataset's recipe, chosen by name with its options.
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

/// The samples that a [`Generator`] made, with what the numbers mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// Inputs, shape `(n_samples, n_inputs)`, row-major.
    pub x: Vec<f64>,
    /// How many inputs a sample has.
    pub n_inputs: usize,
    /// Targets, shape `(n_samples, n_targets)`, row-major: of two classes one column, 1 for class 1; of more a column
    /// for each class, one-hot.
    pub t: Vec<f64>,
    /// How many targets a sample has.
    pub n_targets: usize,
    /// What the classes are, in their order.
    pub class_names: Vec<String>,
}

/// Same name, same options.
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
    /// The dataset called `name` with the options `given`.
    ///
    /// # Errors
    /// An unknown name or option, with the nearest one, or an option out of its range.
    pub fn new(name: &str, given: &[(&str, OptionValue)]) -> Result<Generator, Error> {
        let (options, generate) = registry::choose("dataset", REGISTRY, name, given)?;
        Ok(Generator { options, generate })
    }

    /// The name: `three_rings`.
    pub fn name(&self) -> &'static str {
        self.options.name()
    }

    /// The name with every option's value.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The curves on which the samples of each class lie, where the recipe has any.
    pub fn curves(&self) -> &'static [Curve] {
        match self.name() {
            "sine_curves" => &sine_curves::CURVES,
            "straight_lines" => &straight_lines::CURVES,
            _ => &[],
        }
    }

    /// Makes the samples, with draws from `random` where chance is in them.
    pub fn generate(&self, random: &mut RandomState) -> Generated {
        (self.generate)(&self.options, random)
    }
}

impl Generated {
    /// The samples as a dataset of weight 1 each.
    ///
    /// # Panics
    /// When the fields have been changed into what [`Dataset::new`] refuses.
    pub fn into_dataset(self) -> Dataset<f64> {
        Dataset::new(self.x, self.n_inputs, self.t, self.n_targets).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Samples of classes: `classes[i]` is that of row i of `x`, `names` has one name for each class.
    fn of_classes(x: Vec<f64>, n_inputs: usize, classes: &[usize], names: Vec<String>) -> Generated {
        let t = match names.len() {
            2 => classes.iter().map(|&class| class as f64).collect(),
            n => classes
                .iter()
                .flat_map(|&class| (0..n).map(move |k| f64::from(u8::from(k == class))))
                .collect(),
        };
        Generated { n_targets: t_columns(names.len()), x, n_inputs, t, class_names: names }
    }
}

/// One column tells two classes apart; more need one each.
fn t_columns(n_classes: usize) -> usize {
    if n_classes == 2 { 1 } else { n_classes }
}

/// The option `n_samples` with its default. The upper end keeps a slip of the pen from filling the memory.
const fn n_samples(default: f64) -> OptionSpec {
    const ALLOWED: NumberRange = NumberRange {
        text: "a whole number from 1 to 10000000",
        test: |v| v.fract() == 0.0 && (1.0..=1e7).contains(&v),
    };
    OptionSpec {
        name: "n_samples",
        kind: OptionKind::Number(default, ALLOWED),
        summary: "how many samples, all classes together",
    }
}

/// The option `n_classes` with its default.
const fn n_classes(default: f64) -> OptionSpec {
    const ALLOWED: NumberRange = NumberRange {
        text: "a whole number from 2 to 100",
        test: |v| v.fract() == 0.0 && (2.0..=100.0).contains(&v),
    };
    OptionSpec { name: "n_classes", kind: OptionKind::Number(default, ALLOWED), summary: "how many classes" }
}

/// The option `noise` with its default.
const fn noise(default: f64) -> OptionSpec {
    const ALLOWED: NumberRange =
        NumberRange { text: "a number from 0 to 1000", test: |v| (0.0..=1000.0).contains(&v) };
    OptionSpec {
        name: "noise",
        kind: OptionKind::Number(default, ALLOWED),
        summary: "the standard deviation of each coordinate around its place",
    }
}

/// The option `n_samples` shared out among `n_classes` as evenly as can be, the first ones taking what is left over.
fn shares(options: &Options, n_classes: usize) -> Vec<usize> {
    let n = options.number("n_samples") as usize;
    (0..n_classes).map(|k| n / n_classes + usize::from(k < n % n_classes)).collect()
}

/// Class 0 as often as `shares[0]` says, then class 1, and so on.
fn classes_in_order(shares: &[usize]) -> Vec<usize> {
    shares.iter().enumerate().flat_map(|(class, &n)| std::iter::repeat_n(class, n)).collect()
}

/// Names for classes that have none of their own: `class 0`, `class 1`, …
fn numbered(n_classes: usize) -> Vec<String> {
    (0..n_classes).map(|k| format!("class {k}")).collect()
}

fn named(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Appends the point, each coordinate displaced by `noise` times a draw.
///
/// It draws with noise 0 as well: the same seed gives the same displacements, larger or smaller.
fn push_displaced(x: &mut Vec<f64>, point: [f64; 2], noise: f64, random: &mut RandomState) {
    x.extend(point.map(|coordinate| coordinate + noise * random.standard_normal()));
}

/// `n` numbers from `first` to `last` at equal distances, rounded as NumPy's `linspace` rounds them.
fn linspace(first: f64, last: f64, n: usize) -> Vec<f64> {
    let step = (last - first) / n.saturating_sub(1).max(1) as f64;
    let mut numbers: Vec<f64> = (0..n).map(|i| i as f64 * step + first).collect();
    if n > 1 {
        numbers[n - 1] = last;
    }
    numbers
}
