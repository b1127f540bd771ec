//! Formats and options of an export.

use chainrule_table::Table;

/// Format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// ONNX file (opset 17) with one named input per column.
    Onnx,
    /// Single C99 file that depends only on `<math.h>`, or on no library with [`Libm::None`].
    C,
    /// Single Rust module that depends only on `core`.
    Rust,
    /// JSON file with every number in full precision.
    Json,
}

impl ExportFormat {
    /// Name, file extension and value of each format.
    pub const ALL: [(&'static str, &'static str, ExportFormat); 4] = [
        ("onnx", "onnx", ExportFormat::Onnx),
        ("c", "c", ExportFormat::C),
        ("rust", "rs", ExportFormat::Rust),
        ("json", "json", ExportFormat::Json),
    ];

    /// Returns the name of the format.
    pub fn name(self) -> &'static str {
        ExportFormat::ALL[self as usize].0
    }

    /// Returns the file extension of the format, without a dot.
    pub fn extension(self) -> &'static str {
        ExportFormat::ALL[self as usize].1
    }
}

/// Options of an export.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `prefix` | chainrule | C only: prefix of all identifiers |
/// | `libm` | system | C only: source of `exp`, `tanh` and other mathematical functions |
/// | `arithmetic` | floating | C only: arithmetic of the network |
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the table above documents the fields")]
pub struct ExportOptions<'t> {
    pub prefix: String,
    pub libm: Libm,
    pub arithmetic: Arithmetic<'t>,
}

impl Default for ExportOptions<'_> {
    fn default() -> Self {
        let prefix = "chainrule".to_owned();
        ExportOptions { prefix, libm: Libm::default(), arithmetic: Arithmetic::default() }
    }
}

/// Source of the mathematical functions in exported C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Libm {
    /// `<math.h>`.
    #[default]
    System,
    /// Definitions in the exported file itself, so that no library is linked.
    None,
}

/// Arithmetic of an exported network.
#[derive(Clone, Copy, Debug, Default)]
pub enum Arithmetic<'t> {
    /// Floating point in the precision of the model.
    #[default]
    Floating,
    /// 8-bit integers, with scales calibrated on the rows of this table.
    Int8(&'t Table),
}
