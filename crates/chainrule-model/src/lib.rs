//! Models: trained networks with the encoders of their tables, in one file that any reader of safetensors opens.
//!
//! [`Model::save`] and [`Model::load`] write and read the file, [`Model::predict`] predicts a table, and [`evaluate`] says how
//! well. [`export`] writes it as ONNX, C, Rust or JSON, and [`verify`] runs what it wrote beside it.

mod choice;
mod error;
mod evaluate;
mod export;
mod file;
mod model;

pub use error::Error;
pub use evaluate::{Evaluation, Importance, evaluate, evaluate_encoded, importance, naive};
pub use export::{
    Arithmetic, Export, ExportOptions, Format, Int8Loss, Libm, Tools, Verified, export, verify, verify_all,
};
pub use file::{FORMAT_VERSION, UNFINISHED, sha256, write_whole};
pub use model::{Member, Model, Precision, Predictions, Score, Trained, TrainedEpoch};
