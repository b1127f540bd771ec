//! `chainrule export`: a model in a form that runs where Chainrule does not, and the proof that it does the same.

use std::path::Path;

use chainrule_model::{
    Arithmetic, ExportFormat, ExportOptions, Libm, Model, Tools, export, verify, write_whole,
};

use super::predict::whole;
use crate::arguments::table::Export;
use crate::error::Failure;

pub(crate) fn run(arguments: &Export) -> Result<(), Failure> {
    let model = Model::load(&arguments.model)?;
    let format = format(arguments)?;
    let calibration =
        arguments.int8.as_ref().map(|path| whole(path, &arguments.reading, &model.wanted())).transpose()?;
    let arithmetic = calibration.as_ref().map_or(Arithmetic::Floating, Arithmetic::Int8);
    let libm = if arguments.no_libm { Libm::None } else { Libm::System };
    let prefix = arguments.prefix.clone().unwrap_or_else(|| ExportOptions::default().prefix);
    let exported = export(&model, format, &ExportOptions { prefix, libm, arithmetic })?;
    let default = || arguments.model.with_extension(format.extension());
    let path = arguments.output.clone().unwrap_or_else(default);
    write_whole(&path, &exported.bytes)
        .map_err(|source| Failure::Unwritable { path: path.clone(), source })?;
    anstream::println!("written to {} ({} bytes)", path.display(), exported.bytes.len());
    if let Some(loss) = &exported.int8 {
        let same = loss
            .agreeing_predictions
            .map_or_else(String::new, |n| format!(", {n} of {} predictions the same", loss.n_rows));
        anstream::println!(
            "8 bits: at most {:.3e} off on {} rows{same}",
            loss.largest_difference,
            loss.n_rows
        );
    }
    if let Some(data) = &arguments.verify {
        let table = whole(data, &arguments.reading, &model.wanted())?;
        let verified = verify(&model, &exported, &Tools::default(), &table)?;
        let same = verified
            .agreeing_predictions
            .map_or_else(String::new, |n| format!(", {n} of {} predictions the same", verified.n_rows));
        anstream::println!(
            "verified on {} rows of {}: at most {:.3e} from the model{same}",
            verified.n_rows,
            data.display(),
            verified.largest_difference
        );
    }
    Ok(())
}

/// The form: as it is said, or as the file's ending says.
fn format(arguments: &Export) -> Result<ExportFormat, Failure> {
    let ending = arguments
        .output
        .as_deref()
        .and_then(Path::extension)
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let said = arguments.to.as_deref();
    let found = ExportFormat::ALL
        .iter()
        .find(|(word, extension, _)| said.map_or(*extension == ending, |said| *word == said));
    let words = || ExportFormat::ALL.map(|(word, ..)| word).join(", ");
    found.map(|(.., format)| *format).ok_or_else(|| Failure::Argument {
        argument: "--to",
        value: said.unwrap_or("missing").to_owned(),
        allowed: format!("one of {}, or a file of such an ending", words()),
    })
}
