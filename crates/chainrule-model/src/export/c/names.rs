//! Identifiers of an exported C file.

use super::super::columns::{ExportColumn, InputType};
use super::super::identifier::{C_KEYWORDS, IdentifierCase, Identifiers};

/// C identifiers of columns and categories.
pub(in crate::export) struct CNames {
    /// Field of each column in the input struct.
    pub(in crate::export) fields: Vec<String>,
    /// Enum type of each categorical column; empty for other columns.
    pub(in crate::export) enums: Vec<String>,
    /// Enum constants of each categorical column: missing, other, and one per category.
    pub(in crate::export) constants: Vec<Vec<String>>,
}

impl CNames {
    pub(in crate::export) fn new(p: &str, columns: &[ExportColumn]) -> CNames {
        let mut fields = Identifiers::new(C_KEYWORDS);
        // All other identifiers that a file can define with the prefix.
        let reserved = [
            "input",
            "predict",
            "class",
            "class_name",
            "label",
            "encode",
            "forward",
            "N_INPUTS",
            "N_OUTPUTS",
            "N_COLUMNS",
            "DECLARED",
            "DECLARATIONS",
            "abs",
            "exp",
            "exp_m1",
            "ln_1p",
            "tanh",
            "erf",
            "sin",
            "cos",
            "sqrt",
            "square",
            "max",
            "min",
            "power",
            "nearest",
            "of_quadrant",
            "minus_quadrants",
            "dense",
            "softmax",
            "scaled",
            "bent",
            "fract",
            "to_int8",
            "rescaled",
            "put",
        ];
        let reserved = reserved.map(|name| format!("{p}_{name}")).join(" ");
        let mut global = Identifiers::new(&reserved);
        let mut names = CNames { fields: Vec::new(), enums: Vec::new(), constants: Vec::new() };
        for column in columns {
            let field = fields.add("", &column.name, "column", IdentifierCase::Snake);
            let mut constants = Vec::new();
            let mut enum_type = String::new();
            if let InputType::Category(words) = &column.input_type {
                // "column" separates the type from the functions and tables of the file.
                enum_type = global.add(&format!("{p}_column_"), &field, "column", IdentifierCase::Snake);
                let prefix = format!("{}_{}_", p.to_ascii_uppercase(), field.to_ascii_uppercase());
                let fixed = ["missing", "other"].into_iter().chain(words.iter().map(String::as_str));
                constants =
                    fixed.map(|word| global.add(&prefix, word, "word", IdentifierCase::Upper)).collect();
            }
            names.fields.push(field);
            names.enums.push(enum_type);
            names.constants.push(constants);
        }
        names
    }
}
