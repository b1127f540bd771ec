//! Tables from files, and what makes samples of them.
//!
//! [`read`] takes a CSV, Parquet, NPY, NPZ or JSON Lines file into a [`Table`] of named columns; [`Stream`] takes it piece by
//! piece. [`Plan`] finds what each column is, and [`Encoders`], fitted on the rows of the training, turn tables into the numbers
//! of a network's inputs and targets.

mod error;
pub mod read;
mod table;

pub use error::{Error, Problem};
pub use read::{ReadOptions, Stream, Want, read};
pub use table::{Column, MISSING, Table, Texts, Values};
