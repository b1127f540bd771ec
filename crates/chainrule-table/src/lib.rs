//! Tables from files, and what makes samples of them.
//!
//! [`read()`] takes a CSV, Parquet, NPY, NPZ or JSON Lines file into a [`Table`] of named columns; [`Stream`] takes it piece by
//! piece, and [`Writer`] writes one so. [`ColumnKinds`] finds what each column is, and [`Encoders`], fitted on the rows of the training, turn tables into the numbers
//! of a network's inputs and targets.

pub mod date;
mod encode;
mod error;
mod kind;
mod read;
mod split;
mod table;
mod write;

pub use encode::{
    DateParts, EncoderOptions, Encoders, Encoding, Input, Scale, Scaling, Target, TargetScaling, Task,
};
pub use error::{Error, Problem};
pub use kind::{ColumnHints, ColumnKind, ColumnKinds, Ignored};
pub use read::{CellType, ReadOptions, Stream, read, read_csv};
pub use split::Split;
pub use table::{Column, MISSING, Strings, Table, Values};
pub use write::{Destination, FileFormat, OutputColumn, Writer};
