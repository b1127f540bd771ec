//! Trained networks with the encoders of their tables, stored in one safetensors file.
//!
//! [`Model::save`] and [`Model::load`] write and read the file. [`Model::predict`] predicts the
//! rows of a table, and [`evaluate`] computes the metrics of the predictions. [`export`] converts a
//! model to ONNX, C, Rust or JSON, and [`verify`] compares an export with its model.

mod choice;
mod error;
mod evaluate;
mod export;
mod file;
mod importance;
mod model;
mod path_text;

pub use error::Error;
pub use evaluate::{EncodedRows, Evaluation, Metrics, baseline, evaluate, evaluate_encoded, sample_weights};
pub use export::{
    Arithmetic, DifferenceUnit, Export, ExportFormat, ExportOptions, Int8Report, Libm, Tools, Verified,
    export, verify, verify_all,
};
pub use file::{FORMAT_VERSION, sha256};
pub use importance::{Importance, ImportanceMeasure, PermutationImportance, importance};
pub use model::{Member, Model, Precision, Predictions, Score, Trained, TrainedEpoch};
pub use path_text::{path_from_text, path_to_text};
