//! Exports as one module of Rust: constant tables, `core` alone, no allocation, no unsafe code.

use std::collections::HashMap;
use std::f64::consts::TAU;
use std::fmt::Write;

use chainrule_table::{Encoding, Target};

use super::columns::{self, Cells, Codes, Column};
use super::expression::{Language, Width, Writer};
use super::identifier::{Case, Identifiers, RUST_KEYWORDS, in_comment};
use super::outputs;
use crate::{Member, Model, Precision};

/// What columns and words are called in the module.
pub(super) struct Names {
    pub(super) fields: Vec<String>,
    pub(super) enums: Vec<String>,
    pub(super) variants: Vec<Vec<String>>,
}

/// The module's text.
pub(super) fn export(model: &Model, columns: &[Column]) -> String {
    let names = Names::of(columns);
    let mut writer = Writer::new(Language::Rust, model.precision);
    let mut body = String::new();
    for (k, member) in model.members.iter().enumerate() {
        let own = if model.members.len() == 1 { String::new() } else { format!("_{k}") };
        encode(&mut body, &mut writer, &own, member, columns, &names);
        forward(&mut body, &mut writer, &own, member);
    }
    let mut text = header(model);
    types(&mut text, &writer, model, columns, &names);
    predict(&mut text, &writer, model);
    text + &body + writer.definitions().trim_end() + "\n"
}

impl Names {
    pub(super) fn of(columns: &[Column]) -> Names {
        let mut fields = Identifiers::new(RUST_KEYWORDS);
        let mut types = Identifiers::new(RUST_KEYWORDS);
        let mut names = Names { fields: Vec::new(), enums: Vec::new(), variants: Vec::new() };
        for column in columns {
            names.fields.push(fields.add("", &column.name, "column", Case::Snake));
            let mut own = Identifiers::new(RUST_KEYWORDS);
            let mut variants = Vec::new();
            let mut name = String::new();
            if let Cells::Words(words) = &column.cells {
                name = types.add("", &column.name, "Column", Case::Camel);
                let fixed = ["missing", "other"].into_iter().chain(words.iter().map(String::as_str));
                variants = fixed.map(|word| own.add("", word, "Word", Case::Camel)).collect();
            }
            names.enums.push(name);
            names.variants.push(variants);
        }
        names
    }
}

fn header(model: &Model) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("//! A trained multilayer perceptron, exported by Chainrule {version}.\n//!\n");
    for member in &model.members {
        let _ = writeln!(text, "//! - {}", in_comment(&member.architecture.describe()));
    }
    if model.members.len() > 1 {
        text += "//!\n//! What is predicted is the mean of what the networks say.\n";
    }
    let number = if model.precision == Precision::F32 { 4 } else { 8 };
    let n_bytes = number * model.members.iter().map(|member| member.parameters.len()).sum::<usize>();
    let _ = writeln!(
        text,
        "//!\n//! Its tables take {n_bytes} bytes, and a little more for words and layers without biases."
    );
    text += "//!\n//! Outputs:\n";
    for name in outputs::names(model.target()) {
        let _ = writeln!(text, "//! - {}", in_comment(&name));
    }
    text + "//!\n//! It needs `core` alone and allocates nothing.\n\n// Who calls it need not call all of it.\n#![allow(dead_code)]\n\n"
}

/// The types of a row, and the sizes.
fn types(text: &mut String, writer: &Writer<'_>, model: &Model, columns: &[Column], names: &Names) {
    let real = writer.real();
    let n_outputs = outputs::n_predicted(model.target());
    let _ = writeln!(text, "/// How many outputs a row has.\npub const N_OUTPUTS: usize = {n_outputs};\n");
    for (k, column) in columns.iter().enumerate() {
        let Cells::Words(words) = &column.cells else { continue };
        let _ = writeln!(text, "/// {}", in_comment(&column.name));
        let _ =
            writeln!(text, "#[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub enum {} {{", names.enums[k]);
        let comments = ["no word".to_owned(), "any other word".to_owned()].into_iter();
        let comments = comments.chain(words.iter().map(|word| in_comment(word)));
        for (variant, comment) in names.variants[k].iter().zip(comments) {
            let _ = writeln!(text, "    /// {comment}\n    {variant},");
        }
        text.push_str("}\n\n");
    }
    text.push_str("/// A row of the table.\n#[derive(Clone, Copy, Debug, PartialEq)]\npub struct Input {\n");
    for (k, column) in columns.iter().enumerate() {
        let (own, what) = match &column.cells {
            Cells::Numbers(Width::Own) => (real, ": NaN where it is missing"),
            Cells::Numbers(Width::Wide) => ("f64", ": NaN where it is missing"),
            Cells::Dates => ("f64", ": days since 1970-01-01, NaN where it is missing"),
            Cells::Words(_) => (names.enums[k].as_str(), ""),
        };
        let _ =
            writeln!(text, "    /// {}{what}\n    pub {}: {own},", in_comment(&column.name), names.fields[k]);
    }
    text.push_str("}\n\n");
}

/// The functions that are called.
fn predict(text: &mut String, writer: &Writer<'_>, model: &Model) {
    let (target, real) = (model.target(), writer.real());
    let n = target.n_outputs();
    let _ =
        writeln!(text, "/// The outputs of a row.\npub fn predict(input: &Input) -> [{real}; N_OUTPUTS] {{");
    let _ = writeln!(text, "    let mut mean = [0.0_f64; {n}];");
    for (k, member) in model.members.iter().enumerate() {
        let own = if model.members.len() == 1 { String::new() } else { format!("_{k}") };
        let share = outputs::share(model);
        let _ = writeln!(text, "    let y = forward{own}(&encode{own}(input));");
        if let Some(scales) = outputs::scales(&member.encoders.target) {
            for (k, [mean, deviation]) in scales.iter().enumerate() {
                let number = format!("y[{k}] as f64 * {deviation:?} + {mean:?}");
                let number = if share.is_empty() { number } else { format!("{share}({number})") };
                let _ = writeln!(text, "    mean[{k}] += {number};");
            }
        } else {
            let _ = writeln!(
                text,
                "    for (mean, y) in mean.iter_mut().zip(y) {{\n        *mean += {share}y as f64;\n    }}"
            );
        }
    }
    if outputs::is_binary(target) {
        let _ = writeln!(text, "    [(1.0 - mean[0]) as {real}, mean[0] as {real}]\n}}\n");
    } else {
        let _ = writeln!(text, "    mean.map(|v| v as {real})\n}}\n");
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
                "/// The class that outputs say, counted from 0.\npub fn class(out: &[{real}; N_OUTPUTS]) -> usize {{\n{best}\n}}\n\n\
                 /// What the classes are called.\npub const CLASSES: [&str; {n}] = {classes:?};\n"
            );
        }
        Target::Labels { .. } => {
            let _ = writeln!(
                text,
                "/// Whether each label holds.\npub fn labels(out: &[{real}; N_OUTPUTS]) -> [bool; N_OUTPUTS] {{\n    \
                 out.map(|p| p >= 0.5)\n}}\n"
            );
        }
        Target::Numbers { .. } => {}
    }
}

/// A member's encoders: from a row to the network's inputs.
fn encode(
    text: &mut String,
    writer: &mut Writer<'_>,
    own: &str,
    member: &Member,
    columns: &[Column],
    names: &Names,
) {
    let real = writer.real();
    let n_in = member.architecture.n_inputs();
    let _ = writeln!(
        text,
        "/// The encoded inputs of a row.\npub fn encode{own}(input: &Input) -> [{real}; {n_in}] {{"
    );
    let _ = writeln!(text, "    let mut x = [0.0; {n_in}];");
    for (input, place, c) in columns::inputs(member, columns) {
        let field = format!("input.{}", names.fields[c]);
        let says = place + input.width() - 1;
        let _ = writeln!(text, "    // {}", in_comment(&input.column));
        match (&input.how, Codes::of(input, &columns[c].cells)) {
            (Encoding::Number { scale, fill } | Encoding::Date { scale, fill, .. }, _) => {
                if input.has_missing_indicator {
                    let _ = writeln!(text, "    if {field}.is_nan() {{\n        x[{says}] = 1.0;\n    }}");
                }
                let _ = writeln!(
                    text,
                    "    let v = if {field}.is_nan() {{ {fill:?} }} else {{ {field} as f64 }};"
                );
                if let Encoding::Date { parts: true, .. } = input.how {
                    for (k, period) in [365.2425, 7.0, 1.0].into_iter().enumerate() {
                        let calls =
                            [writer.function(Width::Wide, "sin"), writer.function(Width::Wide, "cos")];
                        for (at, call) in (place + 1 + 2 * k..).zip(calls) {
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
                    let sqrt = writer.function(Width::Wide, "sqrt");
                    let _ = writeln!(text, "    let v = v / {sqrt}(1.0 + (v / 3.0) * (v / 3.0));");
                }
                let _ = writeln!(text, "    x[{place}] = v as {real};");
            }
            (Encoding::Boolean { .. }, Some(Codes::Signs(signs))) => {
                let _ = writeln!(text, "    const SIGNS_{c}: [i8; {}] = {signs:?};", signs.len());
                let _ = writeln!(text, "    x[{place}] = SIGNS_{c}[{field} as usize] as {real};");
                if input.has_missing_indicator {
                    let missing = format!("{}::{}", names.enums[c], names.variants[c][columns::MISSING]);
                    let _ =
                        writeln!(text, "    if {field} == {missing} {{\n        x[{says}] = 1.0;\n    }}");
                }
            }
            (Encoding::Category { .. }, Some(Codes::Places(places))) => {
                // Beyond the inputs where there is none.
                let places: Vec<usize> = places.iter().map(|at| at.map_or(n_in, |at| place + at)).collect();
                let _ = writeln!(text, "    const PLACES_{c}: [usize; {}] = {places:?};", places.len());
                let _ = writeln!(
                    text,
                    "    if let Some(x) = x.get_mut(PLACES_{c}[{field} as usize]) {{\n        *x = 1.0;\n    }}"
                );
            }
            _ => unreachable!("the columns are those of the members"),
        }
    }
    text.push_str("    x\n}\n\n");
}

/// A member's network.
fn forward(text: &mut String, writer: &mut Writer<'_>, own: &str, member: &Member) {
    let real = writer.real();
    let architecture = &member.architecture;
    let layers = architecture.layers();
    let mut functions: HashMap<String, String> = HashMap::new();
    for layer in layers {
        let key = layer.activation.to_string();
        let formula = layer.activation.formula().filter(|_| layer.activation.name() != "identity");
        let (Some(formula), false) = (formula, functions.contains_key(&key)) else { continue };
        let name = format!("activation{own}_{}", functions.len());
        let value = writer.expression(&formula);
        let (says, how) = (in_comment(&key), in_comment(&formula.to_string()));
        let _ = writeln!(text, "/// {says}: {how}\nfn {name}(z: {real}) -> {real} {{\n    {value}\n}}\n");
        functions.insert(key, name);
    }
    for (l, layer) in layers.iter().enumerate() {
        let (n_in, n_out) = (architecture.n_in(l), layer.n_units);
        let weights = architecture.weights(l, &member.parameters);
        let number = |v: &f64| writer.literal(*v);
        let row = |j: usize| weights.iter().skip(j).step_by(n_out).map(number).collect::<Vec<_>>().join(", ");
        let rows: Vec<String> = (0..n_out).map(row).collect();
        let rows = rows.join("],\n    [");
        let _ = writeln!(text, "static W{l}{own}: [[{real}; {n_in}]; {n_out}] = [\n    [{rows}],\n];\n");
        let bias = match architecture.bias(l, &member.parameters) {
            Some(bias) => bias.iter().map(number).collect::<Vec<_>>().join(", "),
            None => vec!["0.0"; n_out].join(", "),
        };
        let _ = writeln!(text, "static B{l}{own}: [{real}; {n_out}] = [{bias}];\n");
    }
    let (n_in, n_out) = (architecture.n_inputs(), architecture.n_outputs());
    let _ = writeln!(
        text,
        "/// The network's outputs for encoded inputs.\npub fn forward{own}(x: &[{real}; {n_in}]) -> [{real}; {n_out}] {{"
    );
    for (l, layer) in layers.iter().enumerate() {
        let name = in_comment(&architecture.layer_name(l));
        let from = if l == 0 { "x" } else { "&a" };
        let _ = writeln!(text, "    // {name}: {}", in_comment(&layer.activation.to_string()));
        let product = format!(
            "{}dense({from}, &W{l}{own}, &B{l}{own})",
            super::mathematics::names(writer.language, Width::Own)
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
    writer.function(Width::Own, "dense");
    if architecture.output().activation.is_softmax() {
        let softmax = writer.function(Width::Own, "softmax");
        let _ = writeln!(text, "    {softmax}(a)\n}}\n");
    } else {
        text.push_str("    a\n}\n\n");
    }
}
