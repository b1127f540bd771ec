//! Exports: a whole model, encoders and all, in a form that runs where Chainrule does not.

mod c;
mod coefficients;
mod columns;
mod expression;
mod identifier;
mod int8;
mod json;
mod mathematics;
mod onnx;
mod outputs;
mod rust;
mod verify;

use chainrule_table::Table;

pub use int8::Int8Loss;
pub use verify::{Tools, Verified, verify, verify_all};

use crate::{Error, Model};

/// A form that a model is exported in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An ONNX file (opset 17) with one named input a column.
    Onnx,
    /// One file of C99 that needs nothing but, unless it is told otherwise, `<math.h>`.
    C,
    /// One module of Rust that needs nothing but `core`.
    Rust,
    /// The whole model as text, every number exactly.
    Json,
}

/// How a model is exported.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `prefix` | chainrule | C: what every name begins with |
/// | `libm` | system | C: where `exp`, `tanh` and their kin come from |
/// | `arithmetic` | floating | C: what the network calculates with |
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the table above says what each is")]
pub struct ExportOptions<'t> {
    pub prefix: String,
    pub libm: Libm,
    pub arithmetic: Arithmetic<'t>,
}

/// Where the functions of exported C come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Libm {
    /// From `<math.h>`.
    #[default]
    System,
    /// From the file itself, so that nothing is linked.
    None,
}

/// What an exported network calculates with.
#[derive(Clone, Copy, Debug, Default)]
pub enum Arithmetic<'t> {
    /// The model's own precision.
    #[default]
    Floating,
    /// Whole numbers of 8 bits, whose scales are found from these rows.
    Int8(&'t Table),
}

/// A file that a model was exported to.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its form.
    pub format: Format,
    /// C: what every name in it begins with.
    pub prefix: String,
    /// The file: text, in UTF-8, for all formats but ONNX.
    pub bytes: Vec<u8>,
    /// What 8 bits cost, where they were asked for.
    pub int8: Option<Int8Loss>,
}

impl Format {
    /// All formats with the words for them and the ends of their files' names.
    pub const ALL: [(&'static str, &'static str, Format); 4] = [
        ("onnx", "onnx", Format::Onnx),
        ("c", "c", Format::C),
        ("rust", "rs", Format::Rust),
        ("json", "json", Format::Json),
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        Format::ALL[self as usize].0
    }

    /// How the name of its file ends.
    pub fn extension(self) -> &'static str {
        Format::ALL[self as usize].1
    }
}

impl Default for ExportOptions<'_> {
    fn default() -> Self {
        let prefix = "chainrule".to_owned();
        ExportOptions { prefix, libm: Libm::default(), arithmetic: Arithmetic::default() }
    }
}

/// A model in another form.
///
/// Every form takes the table's own cells: it holds the encoders, and for several members the mean over them.
///
/// ```
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
/// use chainrule::random::RandomState;
/// use chainrule_model::{ExportOptions, Format, Member, Model, Precision, Trained, export};
/// use chainrule_table::{Column, EncoderOptions, Encoders, ColumnKinds, Said, Table, Values};
///
/// let columns = [("age", [31.0, 64.0, 8.5]), ("days", [12.5, 3.0, 5.0])];
/// let table = Table::new(columns.map(|(name, v)| Column::new(name, Values::Numbers(v.to_vec()))).to_vec());
/// let said = Said { targets: vec!["days".to_owned()], ..Said::default() };
/// let kinds = ColumnKinds::find(&table, &said)?;
/// let encoders = Encoders::fit(&table, &[0, 1, 2], &kinds, &said.targets, None, EncoderOptions::default())?;
/// let layers = vec![Layer::new(3, Activation::tanh()), Layer::new(1, Activation::identity())];
/// let network = Network::<f64>::initialize(Architecture::new(1, layers)?, &mut RandomState::new(1));
/// let (architecture, parameters) = network.into_parts();
/// let members = vec![Member { encoders, architecture, parameters }];
/// let model =
///     Model { members, loss: Loss::squared_error(), precision: Precision::F64, trained: Trained::default() };
///
/// let options = ExportOptions { prefix: "stay".to_owned(), ..ExportOptions::default() };
/// let c = String::from_utf8(export(&model, Format::C, &options)?.bytes)?;
/// assert!(c.contains("void stay_predict(const stay_input *in, double *out);"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What the form cannot say: a custom activation, a parameter that is no finite number, members that read different columns,
/// a prefix that is no identifier, and whatever is peculiar to a form, with the column that it is about.
pub fn export(model: &Model, format: Format, options: &ExportOptions<'_>) -> Result<Export, Error> {
    check(model)?;
    let columns = columns::columns(model)?;
    let floating = matches!(options.arithmetic, Arithmetic::Floating);
    if !floating && format != Format::C {
        return Err(Error::OnlyInC { format: format.name() });
    }
    let (bytes, int8) = match format {
        Format::Onnx => (onnx::export(model, &columns)?, None),
        Format::C => c::export(model, &columns, options)?,
        Format::Rust => (rust::export(model, &columns).into_bytes(), None),
        Format::Json => (json::export(model).into_bytes(), None),
    };
    Ok(Export { format, prefix: options.prefix.clone(), bytes, int8 })
}

/// Refuses what no form can say.
fn check(model: &Model) -> Result<(), Error> {
    for member in &model.members {
        let architecture = &member.architecture;
        for (l, layer) in architecture.layers().iter().enumerate() {
            if !layer.activation.is_softmax() && layer.activation.formula().is_none() {
                return Err(Error::Custom { layer: architecture.layer_name(l) });
            }
        }
        if let Some(index) = member.parameters.iter().position(|p| !p.is_finite()) {
            let parameter = architecture.parameter_name(index);
            return Err(Error::NotFinite { parameter, value: member.parameters[index] });
        }
    }
    Ok(())
}
