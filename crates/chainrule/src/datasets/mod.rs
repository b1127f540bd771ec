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

pub use generated::{Curve, Generate, Generated};

use crate::random::RandomState;
use crate::registry::{Chosen, Entry, Registered};

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
pub type Generator = Chosen<Generate>;

impl Registered for Generate {
    const WHAT: &'static str = "dataset";

    fn entries() -> &'static [Entry<Self>] {
        REGISTRY
    }
}

impl Generator {
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
        (self.made)(self.options(), random)
    }
}
