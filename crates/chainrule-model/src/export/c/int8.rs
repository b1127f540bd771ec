//! Networks of whole numbers of 8 bits in C.

use super::super::expression::Writer;
use super::network::Size;
use crate::{Error, Member, Model};
use chainrule_table::Table;

/// What 8 bits cost, measured on the rows that the scales were found from.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Loss {
    /// The largest difference from the model's own predictions, as [`Verified`](crate::Verified) measures it.
    pub largest_difference: f64,
    /// How many rows there were.
    pub n_rows: usize,
    /// How many of them are predicted the same; none where numbers are predicted.
    pub agreeing: Option<usize>,
}

pub(super) struct Quantized {
    pub(super) members: Vec<()>,
    pub(super) loss: Int8Loss,
}

pub(super) fn quantize(_: &Model, _: &Table) -> Result<Quantized, Error> {
    unimplemented!()
}

pub(super) fn write(_: &mut String, _: &mut Writer<'_>, _: &str, _: &Member, (): &()) -> Size {
    unimplemented!()
}
