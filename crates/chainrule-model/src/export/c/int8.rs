//! C code of the quantised network of a member.

use std::fmt::{Display, Write};

use super::super::expression::ExpressionWriter;
use super::super::identifier::in_comment;
use super::super::int8::{Epilogue, QuantizedNetwork};
use super::super::language::Width;
use super::network::{MemoryUse, activations, softmax};
use crate::{Member, Precision};

/// Writes the function `PREFIX_forward`, where `PREFIX` is the prefix of the member.
pub(super) fn write(
    text: &mut String,
    writer: &mut ExpressionWriter<'_>,
    prefix: &str,
    member: &Member,
    quantized: &QuantizedNetwork,
) -> MemoryUse {
    let real = writer.real();
    let number_size = if writer.precision == Precision::F32 { 4 } else { 8 };
    let architecture = &member.architecture;
    let n_inputs = architecture.n_inputs();
    let literals =
        |k: usize| quantized.inputs.iter().map(|input| writer.literal(input[k])).collect::<Vec<_>>();
    table(text, real, &format!("{prefix}_centres"), &literals(0));
    table(text, real, &format!("{prefix}_factors"), &literals(1));
    let mut flash = 2 * number_size * n_inputs;
    for (l, layer) in quantized.layers.iter().enumerate() {
        table(text, "int8_t", &format!("{prefix}_W{l}"), &layer.weights);
        table(text, "int32_t", &format!("{prefix}_b{l}"), &layer.bias);
        flash += layer.weights.len() + 4 * layer.bias.len();
        match &layer.epilogue {
            Epilogue::Lookup { rescale, table: activation } => {
                let [multipliers, shifts] = [0, 1].map(|k| {
                    rescale
                        .iter()
                        .map(|(m, s)| if k == 0 { m.to_string() } else { s.to_string() })
                        .collect::<Vec<_>>()
                });
                table(text, "int32_t", &format!("{prefix}_m{l}"), &multipliers);
                table(text, "uint8_t", &format!("{prefix}_s{l}"), &shifts);
                table(text, "int8_t", &format!("{prefix}_t{l}"), activation);
                flash += 5 * rescale.len() + activation.len();
            }
            Epilogue::Dequantize(scales) => {
                let scales: Vec<String> = scales.iter().map(|w| writer.literal(*w)).collect();
                table(text, real, &format!("{prefix}_scales"), &scales);
                flash += number_size * scales.len();
            }
        }
    }
    let output = architecture.output();
    let activations = activations(text, writer, prefix, std::iter::once(&output.activation));
    let (to_int8, rescaled) =
        (writer.function(Width::Model, "to_int8"), writer.function(Width::Model, "rescaled"));
    let hidden = architecture.layers()[..architecture.layers().len() - 1].iter().map(|layer| layer.n_units);
    let widest = hidden.chain([n_inputs]).max().unwrap_or(n_inputs);
    let n_arrays = if quantized.layers.len() > 1 { 2 } else { 1 };
    let _ = writeln!(
        text,
        "void {prefix}_forward(const {real} *x, {real} *y) {{\n    int8_t a[{n_arrays}][{widest}];\n    int i, j;\n    \
         for (i = 0; i < {n_inputs}; i++) a[0][i] = {to_int8}((x[i] - {prefix}_centres[i]) * {prefix}_factors[i]);"
    );
    for (l, layer) in quantized.layers.iter().enumerate() {
        let (n_in, n_out) = (architecture.n_in(l), layer.bias.len());
        let from = l % 2;
        let value = match &layer.epilogue {
            Epilogue::Lookup { .. } => format!(
                "a[{}][j] = {prefix}_t{l}[{rescaled}(sum, {prefix}_m{l}[j], {prefix}_s{l}[j]) + 128]",
                (l + 1) % 2
            ),
            Epilogue::Dequantize(_) => {
                let z = format!("({real})sum * {prefix}_scales[j]");
                match activations.get(&output.activation.to_string()) {
                    Some(function) => format!("y[j] = {function}({z})"),
                    None => format!("y[j] = {z}"),
                }
            }
        };
        let activation = architecture.layers()[l].activation.to_string();
        let _ = writeln!(
            text,
            "    /* {}: {n_in} -> {n_out} {} */\n    for (j = 0; j < {n_out}; j++) {{\n        int32_t sum = {prefix}_b{l}[j];\n        \
             for (i = 0; i < {n_in}; i++) sum += (int32_t){prefix}_W{l}[j * {n_in} + i] * a[{from}][i];\n        {value};\n    }}",
            in_comment(&architecture.layer_name(l)),
            in_comment(&activation),
        );
    }
    if output.activation.is_softmax() {
        text.push_str(&softmax(writer, architecture.n_outputs()));
    }
    text.push_str("}\n\n");
    MemoryUse { flash, scratch: n_arrays * widest }
}

/// Writes a constant table of values of a C type.
fn table(text: &mut String, c_type: &str, name: &str, values: &[impl Display]) {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    let lines: Vec<String> = values.chunks(16).map(|line| line.join(", ")).collect();
    let _ = writeln!(
        text,
        "static const {c_type} {name}[{}] = {{\n    {}\n}};\n",
        values.len(),
        lines.join(",\n    ")
    );
}
