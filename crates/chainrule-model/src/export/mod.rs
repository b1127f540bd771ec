//! Export of models, including their encoders, to formats that do not require Chainrule.

mod c;
mod coefficients;
mod columns;
mod comparison;
mod expression;
mod identifier;
mod int8;
mod json;
mod language;
mod mathematics;
mod onnx;
mod options;
mod outputs;
mod rust;
mod verify;

pub use comparison::{DifferenceUnit, Verified};
pub use int8::Int8Report;
pub use options::{Arithmetic, ExportFormat, ExportOptions, Libm};
pub use verify::{Tools, verify, verify_all};

use crate::{Error, Model};

/// An exported file.
#[derive(Clone, Debug)]
pub struct Export {
    /// Format of the file.
    pub format: ExportFormat,
    /// Prefix of all identifiers, for C only.
    pub prefix: String,
    /// Content of the file: UTF-8 text in all formats except ONNX.
    pub bytes: Vec<u8>,
    /// Accuracy on the calibration table, for 8-bit arithmetic only.
    pub int8: Option<Int8Report>,
}

/// Exports a model.
///
/// An export contains the encoders, so its inputs are the unencoded cells of a row. It predicts the
/// mean over the members of an ensemble.
///
/// The inputs and outputs have the precision of the model. Those that single precision cannot
/// represent with at least four significant digits of their spread are in double precision: dates,
/// columns far from 0, and all outputs if a target is far from 0, for example seconds since 1970.
///
/// ```
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
/// use chainrule::random::RandomState;
/// use chainrule_model::{ExportOptions, ExportFormat, Member, Model, Precision, Trained, export};
/// use chainrule_table::{Column, ColumnHints, ColumnKinds, EncoderOptions, Encoders, Table, Values};
///
/// let columns = [("age", [31.0, 64.0, 8.5]), ("days", [12.5, 3.0, 5.0])];
/// let table = Table::new(columns.map(|(name, v)| Column::new(name, Values::Numbers(v.to_vec()))).to_vec());
/// let hints = ColumnHints { targets: vec!["days".to_owned()], ..ColumnHints::default() };
/// let kinds = ColumnKinds::find(&table, &hints)?;
/// let encoders = Encoders::fit(&table, [0, 1, 2][..].into(), &kinds, &hints.targets, None, EncoderOptions::default())?;
/// let layers = vec![Layer::new(3, Activation::tanh()), Layer::new(1, Activation::identity())];
/// let network = Network::<f64>::initialize(Architecture::new(1, layers)?, &mut RandomState::new(1));
/// let (architecture, parameters) = network.into_parts();
/// let members = vec![Member { encoders, architecture, parameters }];
/// let model =
///     Model { members, loss: Loss::squared_error(), precision: Precision::F64, trained: Trained::default() };
///
/// let options = ExportOptions { prefix: "stay".to_owned(), ..ExportOptions::default() };
/// let c = String::from_utf8(export(&model, ExportFormat::C, &options)?.bytes)?;
/// assert!(c.contains("void stay_predict(const stay_input *in, double *out);"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns [`Error::CustomActivation`], [`Error::NonFiniteParameter`] or [`Error::MembersDiffer`]
/// if the model cannot be exported, [`Error::InvalidPrefix`] if the prefix cannot start C
/// identifiers, [`Error::UnsupportedOnnxInput`] if a column cannot be an ONNX input, and for 8-bit
/// arithmetic [`Error::Int8RequiresC`], [`Error::TooWide`], [`Error::NoCalibrationRows`],
/// [`Error::TextColumn`] or [`Error::Table`] if the format, the network or the calibration table is
/// unsuitable.
pub fn export(model: &Model, format: ExportFormat, options: &ExportOptions<'_>) -> Result<Export, Error> {
    check(model)?;
    let columns = columns::columns(model)?;
    let floating = matches!(options.arithmetic, Arithmetic::Floating);
    if !floating && format != ExportFormat::C {
        return Err(Error::Int8RequiresC { format: format.name() });
    }
    let (bytes, int8) = match format {
        ExportFormat::Onnx => (onnx::export(model, &columns)?, None),
        ExportFormat::C => c::export(model, &columns, options)?,
        ExportFormat::Rust => (rust::export(model, &columns).into_bytes(), None),
        ExportFormat::Json => (json::export(model).into_bytes(), None),
    };
    Ok(Export { format, prefix: options.prefix.clone(), bytes, int8 })
}

/// Checks the requirements of all formats.
fn check(model: &Model) -> Result<(), Error> {
    for member in &model.members {
        let architecture = &member.architecture;
        for (l, layer) in architecture.layers().iter().enumerate() {
            if !layer.activation.is_softmax() && layer.activation.formula().is_none() {
                return Err(Error::CustomActivation { layer: architecture.layer_name(l) });
            }
        }
        if let Some(index) = member.parameters.iter().position(|p| !p.is_finite()) {
            let parameter = architecture.parameter_name(index);
            return Err(Error::NonFiniteParameter { parameter, value: member.parameters[index] });
        }
    }
    Ok(())
}
