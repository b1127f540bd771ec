//! `chainrule export`: exports a model to another format, and verifies the export.

use std::path::Path;

use chainrule_model::{Arithmetic, ExportFormat, ExportOptions, Libm, Model, Tools, export, verify};
use chainrule_table::write_whole;

use super::predict::read_whole;
use crate::arguments::ExportArguments;
use crate::error::Failure;
use crate::output::outln;

pub(crate) fn run(arguments: &ExportArguments) -> Result<(), Failure> {
    let model = Model::load(&arguments.model)?;
    let format = format(arguments)?;
    let read = |path: &Path| read_whole(path, &arguments.reading, &model.formats());
    let calibration = arguments.int8.as_deref().map(read).transpose()?;
    let arithmetic = calibration.as_ref().map_or(Arithmetic::Floating, Arithmetic::Int8);
    let libm = if arguments.no_libm { Libm::None } else { Libm::System };
    let prefix = arguments.prefix.clone().unwrap_or_else(|| ExportOptions::default().prefix);
    let exported = export(&model, format, &ExportOptions { prefix, libm, arithmetic })?;
    let default = || arguments.model.with_extension(format.extension());
    let path = arguments.output.clone().unwrap_or_else(default);
    let mut inputs = vec![(arguments.model.as_path(), "the model")];
    inputs.extend(arguments.int8.as_deref().map(|table| (table, "--int8")));
    inputs.extend(arguments.verify.as_deref().map(|table| (table, "--verify")));
    super::refuse_same_files(&[(&path, "--output")], &inputs)?;
    if arguments.output.is_none() && !arguments.force {
        super::refuse_to_overwrite(&path, "--output")?;
    }
    write_whole(&path, &exported.bytes)
        .map_err(|source| Failure::Unwritable { path: path.clone(), source })?;
    outln!("written to {} ({} bytes)", path.display(), exported.bytes.len());
    let agreement = |agreeing: Option<usize>, n_rows: usize| {
        agreeing.map_or_else(String::new, |n| format!("; {n} of {n_rows} predictions agree"))
    };
    if let Some(int8) = &exported.int8 {
        outln!(
            "int8 on {} rows; largest difference from the model: {:.1e} {}{}",
            int8.n_rows,
            int8.largest_difference,
            int8.unit,
            agreement(int8.agreeing_predictions, int8.n_rows)
        );
    }
    if let Some(data) = &arguments.verify {
        let verified = verify(&model, &exported, &Tools::default(), &read(data)?)?;
        let tolerance = match (verified.tolerance, verified.is_within_tolerance()) {
            (Some(tolerance), Some(true)) => format!(" (tolerance {tolerance:.1e})"),
            (Some(tolerance), _) => format!(", above the tolerance of {tolerance:.1e}"),
            (None, _) => String::new(),
        };
        outln!(
            "verified on {} rows of {}; largest difference from the model: {:.1e} {}{tolerance}{}",
            verified.n_rows,
            data.display(),
            verified.largest_difference,
            verified.unit,
            agreement(verified.agreeing_predictions, verified.n_rows)
        );
        if verified.is_within_tolerance() == Some(false) {
            return Err(Failure::WrongExport);
        }
    }
    Ok(())
}

/// The format given by `--to`, else by the extension of `--output`.
fn format(arguments: &ExportArguments) -> Result<ExportFormat, Failure> {
    let extension = arguments.output.as_deref().and_then(Path::extension).unwrap_or_default();
    let extension = extension.to_string_lossy().to_lowercase();
    let to = arguments.to.as_deref();
    let found =
        ExportFormat::ALL.iter().find(|(name, known, _)| to.map_or(*known == extension, |to| *name == to));
    found.map(|(.., format)| *format).ok_or_else(|| {
        let names = ExportFormat::ALL.map(|(name, ..)| name).join(", ");
        let extensions = ExportFormat::ALL.map(|(_, extension, _)| format!(".{extension}")).join(", ");
        Failure::Argument {
            argument: "--to",
            value: to.unwrap_or("missing").to_owned(),
            allowed: format!("one of {names}, or --output must end in {extensions}"),
        }
    })
}
