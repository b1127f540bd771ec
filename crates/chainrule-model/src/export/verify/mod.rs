//! Verification of exports: an export is compiled or loaded with the usual tools and run on a
//! table, and its predictions are compared with those of the model.

mod c;
mod case;
mod json;
mod onnx;
mod rust;
mod tools;

use chainrule_table::Table;

use self::case::{ExportCase, ExportOutput};
pub use self::tools::Tools;
#[cfg(test)]
pub(super) use self::tools::output;
use super::comparison::Verified;
use super::{Export, ExportFormat};
use crate::{Error, Model};

/// Runs an export on the rows of a table and compares its predictions with those of its model.
///
/// Probabilities are compared as they are, numbers in standard deviations of the target (see
/// [`DifferenceUnit`](crate::DifferenceUnit)).
///
/// # Errors
/// Returns [`Error::ToolNotFound`] or [`Error::ToolFailed`] if a tool is missing or fails,
/// [`Error::Table`] or [`Error::TextColumn`] if a column does not exist or has the wrong type,
/// [`Error::MembersDiffer`] if the model cannot be exported, and [`Error::Unwritable`] if a
/// temporary file cannot be written.
pub fn verify(model: &Model, export: &Export, tools: &Tools, table: &Table) -> Result<Verified, Error> {
    let mut verified = verify_all(&[(model, export)], tools, table)?;
    Ok(verified.pop().expect("there is one result per export"))
}

/// Verifies several exports of one format, like [`verify`].
///
/// All exports are compiled as one program, because compilation takes most of the time. Each C
/// export must have a different prefix.
///
/// # Errors
/// The same as those of [`verify`].
///
/// # Panics
/// Panics if the exports have different formats.
pub fn verify_all(
    exports: &[(&Model, &Export)],
    tools: &Tools,
    table: &Table,
) -> Result<Vec<Verified>, Error> {
    let Some(format) = exports.first().map(|(_, export)| export.format) else { return Ok(Vec::new()) };
    assert!(exports.iter().all(|(_, export)| export.format == format), "the exports have different formats");
    let cases: Result<Vec<_>, Error> =
        exports.iter().map(|(model, export)| ExportCase::new(model, export, table)).collect();
    let cases = cases?;
    let folder =
        tempfile::tempdir().map_err(|source| Error::Unwritable { path: std::env::temp_dir(), source })?;
    let outputs = match format {
        ExportFormat::C => c::run(&cases, tools, folder.path())?,
        ExportFormat::Rust => rust::run(&cases, tools, folder.path())?,
        ExportFormat::Onnx => onnx::run(&cases, tools, folder.path())?,
        ExportFormat::Json => cases.iter().map(|case| json::run(case, table)).collect::<Result<_, _>>()?,
    };
    cases.iter().zip(outputs).map(|(case, output)| case.compare(table, &output)).collect()
}
