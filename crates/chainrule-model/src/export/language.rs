//! Languages of an export, and the types of their numbers.

use super::options::Libm;
use crate::Precision;

/// Target language of an export, with its options.
#[derive(Clone, Copy)]
pub(super) enum Language<'p> {
    C { prefix: &'p str, libm: Libm },
    Rust,
}

/// Precision of a function or of a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    /// Precision of the model.
    Model,
    /// Double precision. Encoders always use it, because the cells of a column can be far from 0
    /// and close to each other; outputs use it only if this is true of a target.
    Double,
}

impl Language<'_> {
    /// Returns the type of numbers of a width in the export of a model.
    pub(super) fn number_type(self, precision: Precision, width: Width) -> &'static str {
        match (self, precision, width) {
            (Language::C { .. }, Precision::F32, Width::Model) => "float",
            (Language::C { .. }, ..) => "double",
            (Language::Rust, Precision::F32, Width::Model) => "f32",
            (Language::Rust, ..) => "f64",
        }
    }
}
