//! A member's network in C: tables of weights, and the loops over them.

use std::collections::HashMap;
use std::fmt::Write;

use chainrule::network::activation::Activation;

use super::super::expression::{Width, Writer};
use super::super::identifier::in_comment;
use crate::{Member, Precision};

/// How many bytes a network takes.
pub(super) struct Size {
    /// For its tables.
    pub(super) flash: usize,
    /// On the stack, while it runs.
    pub(super) scratch: usize,
}

/// Writes `OWN_forward`.
pub(super) fn write(text: &mut String, writer: &mut Writer<'_>, own: &str, member: &Member) -> Size {
    let real = writer.real();
    let architecture = &member.architecture;
    let layers = architecture.layers();
    for (l, layer) in layers.iter().enumerate() {
        let n_out = layer.n_units;
        let weights = architecture.weights(l, &member.parameters);
        // A unit's weights side by side: they are read so.
        let rows = (0..n_out).flat_map(|j| weights.iter().skip(j).step_by(n_out));
        table(text, writer, &format!("{own}_W{l}"), rows);
        if let Some(bias) = architecture.bias(l, &member.parameters) {
            table(text, writer, &format!("{own}_b{l}"), bias.iter());
        }
    }
    let activations = activations(text, writer, own, layers.iter().map(|layer| &layer.activation));
    let widest = layers[..layers.len() - 1].iter().map(|layer| layer.n_units).max();
    let zero = writer.literal(0.0);
    let _ = writeln!(text, "void {own}_forward(const {real} *x, {real} *y) {{\n    int i, j;");
    if let Some(widest) = widest {
        let _ = writeln!(text, "    {real} a[{}][{widest}];", if layers.len() > 2 { 2 } else { 1 });
    }
    for (l, layer) in layers.iter().enumerate() {
        let (n_in, n_out) = (architecture.n_in(l), layer.n_units);
        let from = if l == 0 { "x".to_owned() } else { format!("a[{}]", (l - 1) % 2) };
        let to = if l + 1 == layers.len() { "y".to_owned() } else { format!("a[{}]", l % 2) };
        let start = if layer.bias.is_some() { format!("{own}_b{l}[j]") } else { zero.clone() };
        let value = match activations.get(&layer.activation.to_string()) {
            Some(function) => format!("{function}(z)"),
            None => "z".to_owned(),
        };
        let name = in_comment(&architecture.layer_name(l));
        let _ = write!(
            text,
            "    /* {name}: {n_in} -> {n_out} {} */\n    for (j = 0; j < {n_out}; j++) {{\n        {real} z = {start};\n        \
             for (i = 0; i < {n_in}; i++) z += {own}_W{l}[j * {n_in} + i] * {from}[i];\n        {to}[j] = {value};\n    }}\n",
            in_comment(&layer.activation.to_string()),
        );
    }
    if layers[layers.len() - 1].activation.is_softmax() {
        text.push_str(&softmax(writer, architecture.n_outputs()));
    }
    text.push_str("}\n\n");
    let number = if writer.precision == Precision::F32 { 4 } else { 8 };
    Size {
        flash: number * member.parameters.len(),
        scratch: number * widest.unwrap_or(0) * if layers.len() > 2 { 2 } else { 1 },
    }
}

/// A table of numbers.
fn table<'v>(text: &mut String, writer: &Writer<'_>, name: &str, values: impl Iterator<Item = &'v f64>) {
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

/// A function for each activation that changes anything; their names, by what the activation is called with its options.
pub(super) fn activations<'a>(
    text: &mut String,
    writer: &mut Writer<'_>,
    own: &str,
    all: impl Iterator<Item = &'a Activation>,
) -> HashMap<String, String> {
    let mut known = HashMap::new();
    let real = writer.real();
    for activation in all {
        let key = activation.to_string();
        let formula = activation.formula().filter(|_| activation.name() != "identity");
        let (Some(formula), false) = (formula, known.contains_key(&key)) else { continue };
        let name = format!("{own}_f{}", known.len());
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

/// The outputs y as a distribution; the largest is taken off first, so that nothing overflows.
pub(super) fn softmax(writer: &mut Writer<'_>, n_out: usize) -> String {
    let (real, zero) = (writer.real(), writer.literal(0.0));
    let exp = writer.function(Width::Own, "exp");
    format!(
        "    {{\n        {real} largest = y[0], sum = {zero};\n        \
         for (j = 1; j < {n_out}; j++) if (y[j] > largest) largest = y[j];\n        \
         for (j = 0; j < {n_out}; j++) {{\n            y[j] = {exp}(y[j] - largest);\n            sum += y[j];\n        }}\n        \
         for (j = 0; j < {n_out}; j++) y[j] /= sum;\n    }}\n"
    )
}
