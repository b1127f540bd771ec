//! `[data] table`: samples from the columns of a file, encoded and split into training and
//! validation rows.

mod options;
mod plan;
mod remarks;
mod samples;
mod split;
mod usable;

pub(crate) use self::options::column_names;
pub(crate) use self::plan::{FittedTable, TABLE_KEYS, TablePlan};
pub use self::remarks::Remark;
pub use self::samples::TableSamples;
