//! Tables, and their encoding as the inputs and targets of a network.
//!
//! [`read()`] reads a CSV, Parquet, NPY, NPZ or JSON Lines file into a [`Table`] of named columns.
//! [`Stream`] reads such a file in chunks, and [`TableWriter`] writes one in chunks.
//! [`ColumnKinds`] infers the kind of each column. [`Encoders`] are fitted on the training rows and
//! convert tables to the inputs and targets of a network.

mod cell_type;
pub mod date;
mod encode;
mod error;
mod format;
mod kind;
mod output_file;
mod problem;
mod read;
mod split;
mod table;
mod write;

pub use cell_type::CellType;
pub use encode::{
    DateParts, EncoderOptions, Encoders, Encoding, Input, Scale, Scaling, Target, TargetScaling, Task,
    TrainingRows,
};
pub use error::Error;
pub use format::{
    CellFormat, ColumnFormat, ColumnNote, DateFormat, Marks, MissingTexts, NoteReason, NumberFormat,
};
pub use kind::{ColumnHints, ColumnKind, ColumnKinds, Ignored};
pub use output_file::{UNFINISHED, is_special, write_whole};
pub use problem::Problem;
pub use read::{NumberArray, ReadOptions, Stream, read, read_arrays, read_csv};
pub use split::Split;
pub use table::{Column, MISSING, Strings, Table, Values};
pub use write::{Destination, FileFormat, OutputColumn, TableWriter, write_arrays};
