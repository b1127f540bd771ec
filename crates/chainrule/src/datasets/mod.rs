//! Generated datasets: those of the published experiments, and common shapes for testing
//! classifiers.
//!
//! There is one file per dataset. Each dataset is a function of its options and the random stream.
//! The stream is left in the same state as in NumPy, so that initial weights drawn afterwards also
//! agree with NumPy's. To add a dataset, write its file and add its entry to [`REGISTRY`].

mod blobs;
mod circle;
mod generated;
mod moons;
mod rbf_line;
mod sine_curves;
mod spiral;
mod straight_lines;
mod three_rings;
mod two_gaussians;
mod xor;

use std::fmt;

pub use generated::{Curve, Generate, Generated};
use generated::{
    class_sizes, classes_in_order, linspace, n_classes, n_samples, named, noise, numbered, push_with_noise,
};

use crate::Error;
use crate::random::RandomState;
use crate::registry::{self, Entry, OptionValue, Options};

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

    /// Returns one curve per class if the samples of each class are on a curve, otherwise an empty
    /// slice.
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
