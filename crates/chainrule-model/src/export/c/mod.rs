//! Export to a single C99 file: constant tables that can stay in flash, no allocation, no mutable
//! state and no dependency except optionally `<math.h>`.
//!
//! The file is its own header: if `PREFIX_DECLARATIONS` is defined before it is included, it
//! contains only declarations.

mod encoders;
mod int8;
mod names;
mod network;

use std::fmt::Write;

use chainrule_table::Target;

pub(super) use self::names::CNames;
use super::columns::{ExportColumn, InputType};
use super::expression::ExpressionWriter;
use super::identifier::{C_KEYWORDS, c_string, in_comment};
use super::language::{Language, Width};
use super::{Arithmetic, ExportOptions, Int8Report, Libm, outputs};
use crate::{Error, Model, Precision};

/// Exports a model to C; also returns the accuracy of 8-bit arithmetic, if requested.
pub(super) fn export(
    model: &Model,
    columns: &[ExportColumn],
    options: &ExportOptions<'_>,
) -> Result<(Vec<u8>, Option<Int8Report>), Error> {
    let p = options.prefix.as_str();
    check_prefix(p)?;
    let names = CNames::new(p, columns);
    let int8 = match options.arithmetic {
        Arithmetic::Floating => None,
        Arithmetic::Int8(table) => Some(super::int8::quantize(model, columns, table)?),
    };
    let mut writer = ExpressionWriter::new(Language::C { prefix: p, libm: options.libm }, model.precision);
    let mut body = String::new();
    let (mut flash, mut scratch) = (0, 0);
    for (k, member) in model.members.iter().enumerate() {
        encoders::write(
            &mut body,
            &mut writer,
            &member_prefix(model, p, k),
            member,
            columns,
            &names,
            &mut flash,
        );
        let size = match &int8 {
            None => network::write(&mut body, &mut writer, &member_prefix(model, p, k), member),
            Some((quantized, _)) => {
                int8::write(&mut body, &mut writer, &member_prefix(model, p, k), member, &quantized[k])
            }
        };
        flash += size.flash;
        scratch = scratch.max(size.scratch);
    }
    predict(&mut body, &mut writer, model, p);
    let widest = model.members.iter().map(|member| member.architecture.n_inputs()).max().unwrap_or(0);
    let number_size = if model.precision == Precision::F32 { 4 } else { 8 };
    let stack =
        scratch + number_size * (widest + model.target().n_outputs()) + 8 * model.target().n_outputs();
    let report = int8.map(|(_, report)| report);
    let mut text = header(model, columns, options, report.as_ref(), [flash, stack]);
    let _ = writeln!(text, "#ifndef {p}_DECLARED\n#define {p}_DECLARED\n");
    declarations(&mut text, &writer, model, columns, &names, p);
    let _ = writeln!(text, "#endif\n\n#ifndef {p}_DECLARATIONS\n");
    let uses_stdint = options.libm == Libm::None || report.is_some();
    if writer.uses_libm() {
        text += "#include <math.h>\n";
    }
    if uses_stdint {
        text += "#include <stdint.h>\n";
    }
    text += "\n";
    text += &writer.definitions();
    text += &body;
    let _ = writeln!(text, "#endif");
    Ok((text.into_bytes(), report))
}

/// Returns the prefix of the identifiers of member k.
fn member_prefix(model: &Model, p: &str, k: usize) -> String {
    if model.members.len() == 1 { p.to_owned() } else { format!("{p}_{k}") }
}

fn check_prefix(prefix: &str) -> Result<(), Error> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts_with_letter = prefix.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_keyword = C_KEYWORDS.split_whitespace().any(|word| word == prefix);
    if starts_with_letter && prefix.chars().all(is_allowed) && !is_keyword {
        return Ok(());
    }
    Err(Error::InvalidPrefix { prefix: prefix.to_owned() })
}

/// Returns the comment at the start of the file: networks, memory use, columns and outputs.
fn header(
    model: &Model,
    columns: &[ExportColumn],
    options: &ExportOptions<'_>,
    report: Option<&Int8Report>,
    [flash, stack]: [usize; 2],
) -> String {
    let p = &options.prefix;
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("/* Trained multilayer perceptron, exported by Chainrule {version}.\n *\n");
    for (k, member) in model.members.iter().enumerate() {
        let name = if model.members.len() == 1 { "Network".to_owned() } else { format!("Network {k}") };
        let _ = writeln!(text, " * {name}: {}", in_comment(&member.architecture.describe()));
    }
    if model.members.len() > 1 {
        text += " * The prediction is the mean over the networks.\n";
    }
    let libm = if options.libm == Libm::System { "those of <math.h>" } else { "none; no library is linked" };
    let _ = write!(
        text,
        " * Flash: {flash} bytes of constant tables, plus code.\n \
         * RAM: about {stack} bytes of stack for the scratch buffers of {p}_predict; no static or heap memory.\n \
         * External functions: {libm}.\n"
    );
    if let Some(report) = report {
        let _ = write!(
            text,
            " * Arithmetic: 8-bit integers; the activation of the last layer is computed in floating point.\n \
             * Quantisation error on {} calibration rows: at most {:.2e} {}.\n",
            report.n_rows,
            report.largest_difference,
            match report.agreeing_predictions {
                Some(n) => format!("{} ({n} of {} predictions unchanged)", report.unit, report.n_rows),
                None => report.unit.to_string(),
            }
        );
    }
    text += " *\n * Columns:\n";
    for column in columns {
        let description = match &column.input_type {
            InputType::Number(_) => "number; NaN if missing".to_owned(),
            InputType::Date => "days since 1970-01-01; NaN if missing".to_owned(),
            InputType::Category(words) => {
                format!("one of {} categories; OTHER if unknown, MISSING if missing", words.len())
            }
        };
        let _ = writeln!(text, " *   {}: {description}", in_comment(&column.name));
    }
    text += " * Outputs:\n";
    for description in outputs::descriptions(model.target()) {
        let _ = writeln!(text, " *   {}", in_comment(&description));
    }
    if outputs::width(model) == Width::Double {
        let _ = writeln!(text, " * The outputs are double, because {}.", outputs::DOUBLE_REASON);
    }
    let _ = write!(
        text,
        " *\n * Compile this file as C99, without options that break NaN handling (such as -ffast-math). To call it from\n \
         * another file, define {p}_DECLARATIONS and include this file there: it then contains only declarations. */\n\n"
    );
    text
}

/// Writes the types, constants and prototypes.
fn declarations(
    text: &mut String,
    writer: &ExpressionWriter<'_>,
    model: &Model,
    columns: &[ExportColumn],
    names: &CNames,
    p: &str,
) {
    let real = writer.real();
    let n_outputs = outputs::n_predicted(model.target());
    text.push_str("#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    let _ = writeln!(text, "enum {{ {p}_N_COLUMNS = {}, {p}_N_OUTPUTS = {n_outputs} }};\n", columns.len());
    for (k, column) in columns.iter().enumerate() {
        let InputType::Category(words) = &column.input_type else { continue };
        let _ = writeln!(text, "/* {} */\ntypedef enum {{", in_comment(&column.name));
        let comments = ["missing value".to_owned(), "any other category".to_owned()].into_iter();
        let comments = comments.chain(words.iter().map(|word| in_comment(word)));
        let last = names.constants[k].len() - 1;
        for (c, (constant, comment)) in names.constants[k].iter().zip(comments).enumerate() {
            let comma = if c == last { "" } else { "," };
            let _ = writeln!(text, "    {constant} = {c}{comma} /* {comment} */");
        }
        let _ = writeln!(text, "}} {};\n", names.enums[k]);
    }
    let _ = writeln!(text, "/* One row of inputs. */\ntypedef struct {{");
    for (k, column) in columns.iter().enumerate() {
        let field_type = match &column.input_type {
            InputType::Number(Width::Model) => real,
            InputType::Number(Width::Double) | InputType::Date => "double",
            InputType::Category(_) => &names.enums[k],
        };
        let _ = writeln!(text, "    {field_type} {}; /* {} */", names.fields[k], in_comment(&column.name));
    }
    let _ = writeln!(text, "}} {p}_input;\n");
    let width = outputs::width(model);
    let output_type = writer.number_type(width);
    let note = if width == Width::Double { " in double precision" } else { "" };
    let _ = writeln!(text, "/* Predicts the {p}_N_OUTPUTS outputs of a row{note}. */");
    let _ = writeln!(text, "void {p}_predict(const {p}_input *in, {output_type} *out);");
    match model.target() {
        Target::Classes { .. } => {
            let _ = writeln!(
                text,
                "/* Returns the index of the predicted class, starting at 0, for outputs of {p}_predict. */"
            );
            let _ = writeln!(text, "int {p}_class(const {real} *out);");
            let _ =
                writeln!(text, "/* Returns the name of a class, or \"\" if the index is out of range. */");
            let _ = writeln!(text, "const char *{p}_class_name(int index);");
        }
        Target::Labels { .. } => {
            let _ = writeln!(
                text,
                "/* Returns 1 if label k is predicted (probability of at least 0.5), else 0. */\n\
                 int {p}_label(const {real} *out, int k);"
            );
        }
        Target::Numbers { .. } => {}
    }
    for k in 0..model.members.len() {
        let prefix = member_prefix(model, p, k);
        let architecture = &model.members[k].architecture;
        let (n_in, n_out) = (architecture.n_inputs(), architecture.n_outputs());
        let _ = writeln!(text, "/* Encodes a row as the {n_in} inputs x of the network. */");
        let _ = writeln!(text, "void {prefix}_encode(const {p}_input *in, {real} *x);");
        let _ = writeln!(text, "/* Computes the {n_out} outputs y of the network for its inputs x. */");
        let _ = writeln!(text, "void {prefix}_forward(const {real} *x, {real} *y);");
    }
    text.push_str("\n#ifdef __cplusplus\n}\n#endif\n\n");
}

/// Writes the public functions: the mean over the members in the units of the table, and the
/// decisions.
fn predict(text: &mut String, writer: &mut ExpressionWriter<'_>, model: &Model, p: &str) {
    let (target, real) = (model.target(), writer.real());
    let n = target.n_outputs();
    let widest = model.members.iter().map(|member| member.architecture.n_inputs()).max().unwrap_or(1);
    let output_type = writer.number_type(outputs::width(model));
    let _ = writeln!(text, "void {p}_predict(const {p}_input *in, {output_type} *out) {{");
    let _ = writeln!(text, "    {real} x[{widest}], y[{n}];\n    double mean[{n}] = {{0}};\n    int k;");
    for (k, member) in model.members.iter().enumerate() {
        let prefix = member_prefix(model, p, k);
        let weight = outputs::weight(model);
        let _ = writeln!(text, "    {prefix}_encode(in, x);\n    {prefix}_forward(x, y);");
        if let Some(scales) = outputs::scales(&member.encoders.target) {
            for (k, [mean, deviation]) in scales.iter().enumerate() {
                let _ =
                    writeln!(text, "    mean[{k}] += {weight}((double)y[{k}] * {deviation:?} + {mean:?});");
            }
        } else {
            let _ = writeln!(text, "    for (k = 0; k < {n}; k++) mean[k] += {weight}(double)y[k];");
        }
    }
    if outputs::is_binary(target) {
        let _ = writeln!(
            text,
            "    k = 0;\n    out[0] = ({real})(1.0 - mean[k]);\n    out[1] = ({real})mean[k];\n}}\n"
        );
    } else {
        let _ = writeln!(text, "    for (k = 0; k < {n}; k++) out[k] = ({output_type})mean[k];\n}}\n");
    }
    match target {
        Target::Classes { classes, .. } => {
            if outputs::is_binary(target) {
                let half = writer.literal(0.5);
                let _ = writeln!(text, "int {p}_class(const {real} *out) {{ return out[1] >= {half}; }}\n");
            } else {
                let _ = writeln!(
                    text,
                    "int {p}_class(const {real} *out) {{\n    int k, best = 0;\n    for (k = 1; k < {n}; k++) {{\n        \
                     if (out[k] > out[best]) best = k;\n    }}\n    return best;\n}}\n"
                );
            }
            let names: Vec<String> = classes.iter().map(|class| c_string(class)).collect();
            let (n, names) = (classes.len(), names.join(", "));
            let _ = writeln!(
                text,
                "const char *{p}_class_name(int index) {{\n    static const char *const names[{n}] = {{{names}}};\n    \
                 return index >= 0 && index < {n} ? names[index] : \"\";\n}}\n"
            );
        }
        Target::Labels { .. } => {
            let half = writer.literal(0.5);
            let _ =
                writeln!(text, "int {p}_label(const {real} *out, int k) {{ return out[k] >= {half}; }}\n");
        }
        Target::Numbers { .. } => {}
    }
}
