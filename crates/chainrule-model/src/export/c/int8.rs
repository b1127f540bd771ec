//! A member's network of whole numbers in C.

use std::fmt::{Display, Write};

use super::super::expression::{Width, Writer};
use super::super::identifier::in_comment;
use super::super::int8::{Quantized, Then};
use super::network::{Size, activations, softmax};
use crate::{Member, Precision};

/// Writes `OWN_forward`.
pub(super) fn write(
    text: &mut String,
    writer: &mut Writer<'_>,
    own: &str,
    member: &Member,
    quantized: &Quantized,
) -> Size {
    let real = writer.real();
    let number = if writer.precision == Precision::F32 { 4 } else { 8 };
    let architecture = &member.architecture;
    let n_inputs = architecture.n_inputs();
    let literals = |k: usize| quantized.inputs.iter().map(|of| writer.literal(of[k])).collect::<Vec<_>>();
    table(text, real, &format!("{own}_centres"), &literals(0));
    table(text, real, &format!("{own}_factors"), &literals(1));
    let mut flash = 2 * number * n_inputs;
    for (l, layer) in quantized.layers.iter().enumerate() {
        table(text, "int8_t", &format!("{own}_W{l}"), &layer.weights);
        table(text, "int32_t", &format!("{own}_b{l}"), &layer.bias);
        flash += layer.weights.len() + 4 * layer.bias.len();
        match &layer.then {
            Then::Table { rescale, table: activation } => {
                let [multipliers, shifts] = [0, 1].map(|k| {
                    rescale
                        .iter()
                        .map(|(m, s)| if k == 0 { m.to_string() } else { s.to_string() })
                        .collect::<Vec<_>>()
                });
                table(text, "int32_t", &format!("{own}_m{l}"), &multipliers);
                table(text, "uint8_t", &format!("{own}_s{l}"), &shifts);
                table(text, "int8_t", &format!("{own}_t{l}"), activation);
                flash += 5 * rescale.len() + activation.len();
            }
            Then::Scales(scales) => {
                let scales: Vec<String> = scales.iter().map(|w| writer.literal(*w)).collect();
                table(text, real, &format!("{own}_scales"), &scales);
                flash += number * scales.len();
            }
        }
    }
    let output = architecture.output();
    let activations = activations(text, writer, own, std::iter::once(&output.activation));
    let (to_int8, rescaled) =
        (writer.function(Width::Own, "to_int8"), writer.function(Width::Own, "rescaled"));
    let hidden = architecture.layers()[..architecture.layers().len() - 1].iter().map(|layer| layer.n_units);
    let widest = hidden.chain([n_inputs]).max().unwrap_or(n_inputs);
    let n_arrays = if quantized.layers.len() > 1 { 2 } else { 1 };
    let _ = writeln!(
        text,
        "void {own}_forward(const {real} *x, {real} *y) {{\n    int8_t a[{n_arrays}][{widest}];\n    int i, j;\n    \
         for (i = 0; i < {n_inputs}; i++) a[0][i] = {to_int8}((x[i] - {own}_centres[i]) * {own}_factors[i]);"
    );
    for (l, layer) in quantized.layers.iter().enumerate() {
        let (n_in, n_out) = (architecture.n_in(l), layer.bias.len());
        let from = l % 2;
        let value = match &layer.then {
            Then::Table { .. } => format!(
                "a[{}][j] = {own}_t{l}[{rescaled}(sum, {own}_m{l}[j], {own}_s{l}[j]) + 128]",
                (l + 1) % 2
            ),
            Then::Scales(_) => {
                let z = format!("({real})sum * {own}_scales[j]");
                match activations.get(&output.activation.to_string()) {
                    Some(function) => format!("y[j] = {function}({z})"),
                    None => format!("y[j] = {z}"),
                }
            }
        };
        let says = architecture.layers()[l].activation.to_string();
        let _ = writeln!(
            text,
            "    /* {}: {n_in} -> {n_out} {} */\n    for (j = 0; j < {n_out}; j++) {{\n        int32_t sum = {own}_b{l}[j];\n        \
             for (i = 0; i < {n_in}; i++) sum += (int32_t){own}_W{l}[j * {n_in} + i] * a[{from}][i];\n        {value};\n    }}",
            in_comment(&architecture.layer_name(l)),
            in_comment(&says),
        );
    }
    if output.activation.is_softmax() {
        text.push_str(&softmax(writer, architecture.n_outputs()));
    }
    text.push_str("}\n\n");
    Size { flash, scratch: n_arrays * widest }
}

fn table(text: &mut String, of: &str, name: &str, values: &[impl Display]) {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    let lines: Vec<String> = values.chunks(16).map(|line| line.join(", ")).collect();
    let _ = writeln!(
        text,
        "static const {of} {name}[{}] = {{\n    {}\n}};\n",
        values.len(),
        lines.join(",\n    ")
    );
}
