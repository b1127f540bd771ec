//! C code of the network of a member: constant tables and loops over them.

use std::collections::HashMap;
use std::fmt::Write;

use chainrule::network::activation::Activation;

use super::super::expression::ExpressionWriter;
use super::super::identifier::in_comment;
use super::super::language::Width;
use crate::{Member, Precision};

/// Memory use of a network in bytes.
pub(super) struct MemoryUse {
    /// Constant tables.
    pub(super) flash: usize,
    /// Scratch buffers on the stack.
    pub(super) scratch: usize,
}

/// Writes the function `PREFIX_forward`, where `PREFIX` is the prefix of the member.
pub(super) fn write(
    text: &mut String,
    writer: &mut ExpressionWriter<'_>,
    prefix: &str,
    member: &Member,
) -> MemoryUse {
    let real = writer.real();
    let architecture = &member.architecture;
    let layers = architecture.layers();
    for (l, layer) in layers.iter().enumerate() {
        let n_out = layer.n_units;
        let weights = architecture.weights(l, &member.parameters);
        // The weights of a unit are contiguous, in the order in which they are read.
        let rows = (0..n_out).flat_map(|j| weights.iter().skip(j).step_by(n_out));
        table(text, writer, &format!("{prefix}_W{l}"), rows);
        if let Some(bias) = architecture.bias(l, &member.parameters) {
            table(text, writer, &format!("{prefix}_b{l}"), bias.iter());
        }
    }
    let activations = activations(text, writer, prefix, layers.iter().map(|layer| &layer.activation));
    let widest = layers[..layers.len() - 1].iter().map(|layer| layer.n_units).max();
    let zero = writer.literal(0.0);
    let _ = writeln!(text, "void {prefix}_forward(const {real} *x, {real} *y) {{\n    int i, j;");
    if let Some(widest) = widest {
        let _ = writeln!(text, "    {real} a[{}][{widest}];", if layers.len() > 2 { 2 } else { 1 });
    }
    for (l, layer) in layers.iter().enumerate() {
        let (n_in, n_out) = (architecture.n_in(l), layer.n_units);
        let from = if l == 0 { "x".to_owned() } else { format!("a[{}]", (l - 1) % 2) };
        let to = if l + 1 == layers.len() { "y".to_owned() } else { format!("a[{}]", l % 2) };
        let start = if layer.bias.is_some() { format!("{prefix}_b{l}[j]") } else { zero.clone() };
        let value = match activations.get(&layer.activation.to_string()) {
            Some(function) => format!("{function}(z)"),
            None => "z".to_owned(),
        };
        let name = in_comment(&architecture.layer_name(l));
        let _ = write!(
            text,
            "    /* {name}: {n_in} -> {n_out} {} */\n    for (j = 0; j < {n_out}; j++) {{\n        {real} z = {start};\n        \
             for (i = 0; i < {n_in}; i++) z += {prefix}_W{l}[j * {n_in} + i] * {from}[i];\n        {to}[j] = {value};\n    }}\n",
            in_comment(&layer.activation.to_string()),
        );
    }
    if layers[layers.len() - 1].activation.is_softmax() {
        text.push_str(&softmax(writer, architecture.n_outputs()));
    }
    text.push_str("}\n\n");
    let number_size = if writer.precision == Precision::F32 { 4 } else { 8 };
    MemoryUse {
        flash: number_size * member.parameters.len(),
        scratch: number_size * widest.unwrap_or(0) * if layers.len() > 2 { 2 } else { 1 },
    }
}

/// Writes a constant table of floating-point numbers.
fn table<'v>(
    text: &mut String,
    writer: &ExpressionWriter<'_>,
    name: &str,
    values: impl Iterator<Item = &'v f64>,
) {
    let values: Vec<String> = values.map(|v| writer.literal(*v)).collect();
    let lines: Vec<String> = values.chunks(8).map(|line| line.join(", ")).collect();
    let _ = writeln!(
        text,
        "static const {} {name}[{}] = {{\n    {}\n}};\n",
        writer.real(),
        values.len(),
        lines.join(",\n    ")
    );
}

/// Writes a function for each distinct activation except identity and softmax. Returns the names of
/// the functions, keyed by the activation with its options.
pub(super) fn activations<'a>(
    text: &mut String,
    writer: &mut ExpressionWriter<'_>,
    prefix: &str,
    all: impl Iterator<Item = &'a Activation>,
) -> HashMap<String, String> {
    let mut known = HashMap::new();
    let real = writer.real();
    for activation in all {
        let key = activation.to_string();
        let formula = activation.formula().filter(|_| activation.name() != "identity");
        let (Some(formula), false) = (formula, known.contains_key(&key)) else { continue };
        let name = format!("{prefix}_f{}", known.len());
        let value = writer.expression(&formula);
        let _ = writeln!(
            text,
            "/* {}: {} */\nstatic {real} {name}({real} z) {{ return {value}; }}\n",
            in_comment(&key),
            in_comment(&formula.to_string())
        );
        known.insert(key, name);
    }
    known
}

/// Returns the code of a softmax of the outputs y; the largest is subtracted first to avoid
/// overflow.
pub(super) fn softmax(writer: &mut ExpressionWriter<'_>, n_out: usize) -> String {
    let (real, zero) = (writer.real(), writer.literal(0.0));
    let exp = writer.function(Width::Model, "exp");
    format!(
        "    {{\n        {real} largest = y[0], sum = {zero};\n        \
         for (j = 1; j < {n_out}; j++) if (y[j] > largest) largest = y[j];\n        \
         for (j = 0; j < {n_out}; j++) {{\n            y[j] = {exp}(y[j] - largest);\n            sum += y[j];\n        }}\n        \
         for (j = 0; j < {n_out}; j++) y[j] /= sum;\n    }}\n"
    )
}
