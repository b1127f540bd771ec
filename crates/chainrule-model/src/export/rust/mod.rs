//! Export to a single Rust module: constant tables, no dependency except `core`, no allocation and
//! no unsafe code.

use std::collections::HashMap;
use std::f64::consts::TAU;
use std::fmt::Write;

use chainrule_table::{Encoding, Target};

use super::columns::{self, CategoryInputs, ExportColumn, InputType};
use super::expression::ExpressionWriter;
use super::identifier::{IdentifierCase, Identifiers, RUST_KEYWORDS, in_comment};
use super::language::{Language, Width};
use super::outputs;
use crate::{Member, Model, Precision};

/// Rust identifiers of columns and categories.
pub(super) struct RustNames {
    /// Field of each column in the input struct.
    pub(super) fields: Vec<String>,
    /// Enum type of each categorical column; empty for other columns.
    pub(super) enums: Vec<String>,
    /// Variants of each categorical column: missing, other, and one per category.
    pub(super) variants: Vec<Vec<String>>,
}

/// Exports a model to Rust.
pub(super) fn export(model: &Model, columns: &[ExportColumn]) -> String {
    let names = RustNames::new(columns);
    let mut writer = ExpressionWriter::new(Language::Rust, model.precision);
    let mut body = String::new();
    for (k, member) in model.members.iter().enumerate() {
        let suffix = if model.members.len() == 1 { String::new() } else { format!("_{k}") };
        encode(&mut body, &mut writer, &suffix, member, columns, &names);
        forward(&mut body, &mut writer, &suffix, member);
    }
    let mut text = header(model);
    types(&mut text, &writer, model, columns, &names);
    predict(&mut text, &writer, model);
    text + &body + writer.definitions().trim_end() + "\n"
}

impl RustNames {
    pub(super) fn new(columns: &[ExportColumn]) -> RustNames {
        let mut fields = Identifiers::new(RUST_KEYWORDS);
        let mut types = Identifiers::new(RUST_KEYWORDS);
        let mut names = RustNames { fields: Vec::new(), enums: Vec::new(), variants: Vec::new() };
        for column in columns {
            names.fields.push(fields.add("", &column.name, "column", IdentifierCase::Snake));
            let mut column_variants = Identifiers::new(RUST_KEYWORDS);
            let mut variants = Vec::new();
            let mut enum_type = String::new();
            if let InputType::Category(words) = &column.input_type {
                enum_type = types.add("", &column.name, "Column", IdentifierCase::Camel);
                let fixed = ["missing", "other"].into_iter().chain(words.iter().map(String::as_str));
                variants =
                    fixed.map(|word| column_variants.add("", word, "Word", IdentifierCase::Camel)).collect();
            }
            names.enums.push(enum_type);
            names.variants.push(variants);
        }
        names
    }
}

/// Returns the documentation at the start of the module.
fn header(model: &Model) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("//! Trained multilayer perceptron, exported by Chainrule {version}.\n//!\n");
    for member in &model.members {
        let _ = writeln!(text, "//! - {}", in_comment(&member.architecture.describe()));
    }
    if model.members.len() > 1 {
        text += "//!\n//! The prediction is the mean over these networks.\n";
    }
    let number_size = if model.precision == Precision::F32 { 4 } else { 8 };
    let n_bytes = number_size * model.members.iter().map(|member| member.parameters.len()).sum::<usize>();
    let _ = writeln!(
        text,
        "//!\n//! The parameters take {n_bytes} bytes. Tables for categories and zero biases take a few more bytes."
    );
    text += "//!\n//! Outputs:\n";
    for description in outputs::descriptions(model.target()) {
        let _ = writeln!(text, "//! - {}", in_comment(&description));
    }
    if outputs::width(model) == Width::Double {
        let _ = writeln!(text, "//!\n//! The outputs are `f64`, because {}.", outputs::DOUBLE_REASON);
    }
    text + "//!\n//! The module depends only on `core` and does not allocate.\n\n// Callers may use only some of the items.\n#![allow(dead_code)]\n\n"
}

/// Writes the number of outputs and the types of a row.
fn types(
    text: &mut String,
    writer: &ExpressionWriter<'_>,
    model: &Model,
    columns: &[ExportColumn],
    names: &RustNames,
) {
    let real = writer.real();
    let n_outputs = outputs::n_predicted(model.target());
    let _ = writeln!(text, "/// Number of outputs per row.\npub const N_OUTPUTS: usize = {n_outputs};\n");
    for (k, column) in columns.iter().enumerate() {
        let InputType::Category(words) = &column.input_type else { continue };
        let _ = writeln!(text, "/// Category of the column {}.", in_comment(&column.name));
        let _ =
            writeln!(text, "#[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub enum {} {{", names.enums[k]);
        let comments = ["missing value".to_owned(), "any other category".to_owned()].into_iter();
        let comments = comments.chain(words.iter().map(|word| in_comment(word)));
        for (variant, comment) in names.variants[k].iter().zip(comments) {
            let _ = writeln!(text, "    /// {comment}\n    {variant},");
        }
        text.push_str("}\n\n");
    }
    text.push_str("/// One row of inputs.\n#[derive(Clone, Copy, Debug, PartialEq)]\npub struct Input {\n");
    for (k, column) in columns.iter().enumerate() {
        let (field_type, description) = match &column.input_type {
            InputType::Number(Width::Model) => (real, ": number; NaN if missing"),
            InputType::Number(Width::Double) => ("f64", ": number; NaN if missing"),
            InputType::Date => ("f64", ": days since 1970-01-01; NaN if missing"),
            InputType::Category(_) => (names.enums[k].as_str(), ""),
        };
        let (name, field) = (in_comment(&column.name), &names.fields[k]);
        let _ = writeln!(text, "    /// {name}{description}\n    pub {field}: {field_type},");
    }
    text.push_str("}\n\n");
}

/// Writes the public functions: the mean over the members in the units of the table, and the
/// decisions.
fn predict(text: &mut String, writer: &ExpressionWriter<'_>, model: &Model) {
    let (target, real) = (model.target(), writer.real());
    let n = target.n_outputs();
    let width = outputs::width(model);
    let output_type = writer.number_type(width);
    let note = if width == Width::Double { " in double precision" } else { "" };
    let _ = writeln!(
        text,
        "/// Predicts the outputs of a row{note}.\npub fn predict(input: &Input) -> [{output_type}; N_OUTPUTS] {{"
    );
    let _ = writeln!(text, "    let mut mean = [0.0_f64; {n}];");
    for (k, member) in model.members.iter().enumerate() {
        let suffix = if model.members.len() == 1 { String::new() } else { format!("_{k}") };
        let weight = outputs::weight(model);
        let _ = writeln!(text, "    let y = forward{suffix}(&encode{suffix}(input));");
        if let Some(scales) = outputs::scales(&member.encoders.target) {
            for (k, [mean, deviation]) in scales.iter().enumerate() {
                let number = format!("y[{k}] as f64 * {deviation:?} + {mean:?}");
                let number = if weight.is_empty() { number } else { format!("{weight}({number})") };
                let _ = writeln!(text, "    mean[{k}] += {number};");
            }
        } else {
            let _ = writeln!(
                text,
                "    for (mean, y) in mean.iter_mut().zip(y) {{\n        *mean += {weight}y as f64;\n    }}"
            );
        }
    }
    if outputs::is_binary(target) {
        let _ = writeln!(text, "    [(1.0 - mean[0]) as {real}, mean[0] as {real}]\n}}\n");
    } else {
        let _ = writeln!(text, "    mean.map(|v| v as {output_type})\n}}\n");
    }
    match target {
        Target::Classes { classes, .. } => {
            let best = if outputs::is_binary(target) {
                "    usize::from(out[1] >= 0.5)".to_owned()
            } else {
                "    let mut best = 0;\n    for k in 1..N_OUTPUTS {\n        if out[k] > out[best] {\n            best = k;\n        \
                 }\n    }\n    best"
                    .to_owned()
            };
            let n = classes.len();
            let _ = writeln!(
                text,
                "/// Returns the index of the predicted class, starting at 0, for outputs of [`predict`].\npub fn class(out: &[{real}; N_OUTPUTS]) -> usize {{\n{best}\n}}\n\n\
                 /// Names of the classes.\npub const CLASSES: [&str; {n}] = {classes:?};\n"
            );
        }
        Target::Labels { .. } => {
            let _ = writeln!(
                text,
                "/// Returns whether each label is predicted (probability of at least 0.5).\npub fn labels(out: &[{real}; N_OUTPUTS]) -> [bool; N_OUTPUTS] {{\n    \
                 out.map(|p| p >= 0.5)\n}}\n"
            );
        }
        Target::Numbers { .. } => {}
    }
}

/// Writes the encoders of a member: from a row to the inputs of the network.
fn encode(
    text: &mut String,
    writer: &mut ExpressionWriter<'_>,
    suffix: &str,
    member: &Member,
    columns: &[ExportColumn],
    names: &RustNames,
) {
    let real = writer.real();
    let n_in = member.architecture.n_inputs();
    let _ = writeln!(
        text,
        "/// Encodes a row as the inputs of the network.\npub fn encode{suffix}(input: &Input) -> [{real}; {n_in}] {{"
    );
    let _ = writeln!(text, "    let mut x = [0.0; {n_in}];");
    for (input, first, c) in columns::inputs(member, columns) {
        let field = format!("input.{}", names.fields[c]);
        let missing_indicator = first + input.width() - 1;
        let _ = writeln!(text, "    // {}", in_comment(&input.column));
        match (&input.how, CategoryInputs::new(input, &columns[c].input_type)) {
            (Encoding::Number { scale, fill } | Encoding::Date { scale, fill, .. }, _) => {
                let numbers = columns::missing_numbers(input, &columns[c].input_type, writer.precision);
                let equal = numbers.iter().map(|number| format!(" || {field} as f64 == {number:?}"));
                let missing = format!("{field}.is_nan(){}", equal.collect::<String>());
                if input.has_missing_indicator {
                    let _ =
                        writeln!(text, "    if {missing} {{\n        x[{missing_indicator}] = 1.0;\n    }}");
                }
                let _ = writeln!(text, "    let v = if {missing} {{ {fill:?} }} else {{ {field} as f64 }};");
                if let Encoding::Date { parts: true, .. } = input.how {
                    for (k, period) in [365.2425, 7.0, 1.0].into_iter().enumerate() {
                        let calls =
                            [writer.function(Width::Double, "sin"), writer.function(Width::Double, "cos")];
                        for (at, call) in (first + 1 + 2 * k..).zip(calls) {
                            let _ = writeln!(
                                text,
                                "    x[{at}] = {call}({TAU:?} * (v / {period:?} % 1.0)) as {real};"
                            );
                        }
                    }
                }
                let shift = if scale.shift < 0.0 {
                    format!("({:?})", scale.shift)
                } else {
                    format!("{:?}", scale.shift)
                };
                let _ = writeln!(text, "    let v = (v - {shift}) / {:?};", scale.by);
                if scale.bent {
                    let sqrt = writer.function(Width::Double, "sqrt");
                    let _ = writeln!(text, "    let v = v / {sqrt}(1.0 + (v / 3.0) * (v / 3.0));");
                }
                let _ = writeln!(text, "    x[{first}] = v as {real};");
            }
            (Encoding::Boolean { .. }, Some(CategoryInputs::Signs(signs))) => {
                let _ = writeln!(text, "    const SIGNS_{c}: [i8; {}] = {signs:?};", signs.len());
                let _ = writeln!(text, "    x[{first}] = SIGNS_{c}[{field} as usize] as {real};");
                if input.has_missing_indicator {
                    let missing = format!("{}::{}", names.enums[c], names.variants[c][columns::MISSING]);
                    let _ = writeln!(
                        text,
                        "    if {field} == {missing} {{\n        x[{missing_indicator}] = 1.0;\n    }}"
                    );
                }
            }
            (Encoding::Category { .. }, Some(CategoryInputs::Positions(positions))) => {
                // A code without an input gets an index out of range.
                let indices: Vec<usize> =
                    positions.iter().map(|at| at.map_or(n_in, |at| first + at)).collect();
                let _ = writeln!(text, "    const PLACES_{c}: [usize; {}] = {indices:?};", indices.len());
                let _ = writeln!(
                    text,
                    "    if let Some(x) = x.get_mut(PLACES_{c}[{field} as usize]) {{\n        *x = 1.0;\n    }}"
                );
            }
            _ => unreachable!("`columns` checked that the members agree"),
        }
    }
    text.push_str("    x\n}\n\n");
}

/// Writes the network of a member.
fn forward(text: &mut String, writer: &mut ExpressionWriter<'_>, suffix: &str, member: &Member) {
    let real = writer.real();
    let architecture = &member.architecture;
    let layers = architecture.layers();
    let mut functions: HashMap<String, String> = HashMap::new();
    for layer in layers {
        let key = layer.activation.to_string();
        let formula = layer.activation.formula().filter(|_| layer.activation.name() != "identity");
        let (Some(formula), false) = (formula, functions.contains_key(&key)) else { continue };
        let name = format!("activation{suffix}_{}", functions.len());
        let value = writer.expression(&formula);
        let (activation, formula) = (in_comment(&key), in_comment(&formula.to_string()));
        let _ = writeln!(
            text,
            "/// {activation}: {formula}\nfn {name}(z: {real}) -> {real} {{\n    {value}\n}}\n"
        );
        functions.insert(key, name);
    }
    for (l, layer) in layers.iter().enumerate() {
        let (n_in, n_out) = (architecture.n_in(l), layer.n_units);
        let weights = architecture.weights(l, &member.parameters);
        let number = |v: &f64| writer.literal(*v);
        let row = |j: usize| weights.iter().skip(j).step_by(n_out).map(number).collect::<Vec<_>>().join(", ");
        let rows: Vec<String> = (0..n_out).map(row).collect();
        let rows = rows.join("],\n    [");
        let _ = writeln!(text, "static W{l}{suffix}: [[{real}; {n_in}]; {n_out}] = [\n    [{rows}],\n];\n");
        let bias = match architecture.bias(l, &member.parameters) {
            Some(bias) => bias.iter().map(number).collect::<Vec<_>>().join(", "),
            None => vec!["0.0"; n_out].join(", "),
        };
        let _ = writeln!(text, "static B{l}{suffix}: [{real}; {n_out}] = [{bias}];\n");
    }
    let (n_in, n_out) = (architecture.n_inputs(), architecture.n_outputs());
    let _ = writeln!(
        text,
        "/// Computes the outputs of the network for its inputs.\npub fn forward{suffix}(x: &[{real}; {n_in}]) -> [{real}; {n_out}] {{"
    );
    for (l, layer) in layers.iter().enumerate() {
        let name = in_comment(&architecture.layer_name(l));
        let from = if l == 0 { "x" } else { "&a" };
        let _ = writeln!(text, "    // {name}: {}", in_comment(&layer.activation.to_string()));
        let product = format!(
            "{}dense({from}, &W{l}{suffix}, &B{l}{suffix})",
            super::mathematics::function_prefix(writer.language, Width::Model)
        );
        match functions.get(&layer.activation.to_string()) {
            Some(function) => {
                let _ = writeln!(text, "    let a = {product}.map({function});");
            }
            None => {
                let _ = writeln!(text, "    let a = {product};");
            }
        }
    }
    writer.function(Width::Model, "dense");
    if architecture.output().activation.is_softmax() {
        let softmax = writer.function(Width::Model, "softmax");
        let _ = writeln!(text, "    {softmax}(a)\n}}\n");
    } else {
        text.push_str("    a\n}\n\n");
    }
}
