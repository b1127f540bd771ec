//! Exports as one file of C99: tables that stay in flash, no allocation, no state, no dependency but perhaps `<math.h>`.
//!
//! The file declares itself: with `PREFIX_DECLARATIONS` defined where it is included, it declares and defines nothing.

mod encoders;
mod int8;
mod network;

use std::fmt::Write;

use chainrule_table::Target;

use super::columns::{Cells, Column};
use super::expression::{Language, Width, Writer};
use super::identifier::{C_KEYWORDS, Case, Identifiers, c_string, in_comment};
use super::{Arithmetic, ExportOptions, Int8Loss, Libm, outputs};
use crate::{Error, Model, Precision};

/// What columns and words are called in the file.
pub(super) struct Names {
    /// The struct's member of each column.
    pub(super) members: Vec<String>,
    /// The enum of each column of words.
    pub(super) enums: Vec<String>,
    /// Its constants: missing, other, and a word each.
    pub(super) constants: Vec<Vec<String>>,
}

/// A file of C, and what 8 bits cost where they were asked for.
pub(super) fn export(
    model: &Model,
    columns: &[Column],
    options: &ExportOptions<'_>,
) -> Result<(Vec<u8>, Option<Int8Loss>), Error> {
    let p = options.prefix.as_str();
    check_prefix(p)?;
    let names = Names::of(p, columns);
    let int8 = match options.arithmetic {
        Arithmetic::Floating => None,
        Arithmetic::Int8(table) => Some(super::int8::quantize(model, columns, table)?),
    };
    let mut writer = Writer::new(Language::C { prefix: p, libm: options.libm }, model.precision);
    let mut body = String::new();
    let (mut flash, mut scratch) = (0, 0);
    for (k, member) in model.members.iter().enumerate() {
        encoders::write(&mut body, &mut writer, &own_name(model, p, k), member, columns, &names, &mut flash);
        let size = match &int8 {
            None => network::write(&mut body, &mut writer, &own_name(model, p, k), member),
            Some((quantized, _)) => {
                int8::write(&mut body, &mut writer, &own_name(model, p, k), member, &quantized[k])
            }
        };
        flash += size.flash;
        scratch = scratch.max(size.scratch);
    }
    predict(&mut body, &mut writer, model, p);
    let widest = model.members.iter().map(|member| member.architecture.n_inputs()).max().unwrap_or(0);
    let number = if model.precision == Precision::F32 { 4 } else { 8 };
    let stack = scratch + number * (widest + model.target().n_outputs()) + 8 * model.target().n_outputs();
    let loss = int8.map(|(_, loss)| loss);
    let mut text = header(model, columns, options, loss.as_ref(), [flash, stack]);
    let upper = format!("{p}_DECLARATIONS");
    let _ = writeln!(text, "#ifndef {p}_DECLARED\n#define {p}_DECLARED\n");
    declarations(&mut text, &writer, model, columns, &names, p);
    let _ = writeln!(text, "#endif\n\n#ifndef {upper}\n");
    let wants_integers = options.libm == Libm::None || loss.is_some();
    if writer.uses_libm() {
        text += "#include <math.h>\n";
    }
    if wants_integers {
        text += "#include <stdint.h>\n";
    }
    text += "\n";
    text += &writer.definitions();
    text += &body;
    let _ = writeln!(text, "#endif");
    Ok((text.into_bytes(), loss))
}

/// What the names of member k begin with.
fn own_name(model: &Model, p: &str, k: usize) -> String {
    if model.members.len() == 1 { p.to_owned() } else { format!("{p}_{k}") }
}

fn check_prefix(prefix: &str) -> Result<(), Error> {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = prefix.starts_with(|c: char| c.is_ascii_alphabetic());
    let keyword = C_KEYWORDS.split_whitespace().any(|word| word == prefix);
    if starts && prefix.chars().all(letters) && !keyword {
        return Ok(());
    }
    Err(Error::Prefix { prefix: prefix.to_owned() })
}

impl Names {
    pub(super) fn of(p: &str, columns: &[Column]) -> Names {
        let mut members = Identifiers::new(C_KEYWORDS);
        // Whatever else begins with the prefix, or could, stands here.
        let own = [
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
        let own = own.map(|name| format!("{p}_{name}")).join(" ");
        let mut global = Identifiers::new(&own);
        let mut names = Names { members: Vec::new(), enums: Vec::new(), constants: Vec::new() };
        for column in columns {
            let member = members.add("", &column.name, "column", Case::Snake);
            let mut constants = Vec::new();
            let mut own = String::new();
            if let Cells::Words(words) = &column.cells {
                // "column" apart, so that no function or table of the file has the name.
                own = global.add(&format!("{p}_column_"), &member, "column", Case::Snake);
                let prefix = format!("{}_{}_", p.to_ascii_uppercase(), member.to_ascii_uppercase());
                let fixed = ["missing", "other"].into_iter().chain(words.iter().map(String::as_str));
                constants = fixed.map(|word| global.add(&prefix, word, "word", Case::Upper)).collect();
            }
            names.members.push(member);
            names.enums.push(own);
            names.constants.push(constants);
        }
        names
    }
}

/// The comment at the head: what the file is, takes and gives, and how much room it needs.
fn header(
    model: &Model,
    columns: &[Column],
    options: &ExportOptions<'_>,
    loss: Option<&Int8Loss>,
    [flash, stack]: [usize; 2],
) -> String {
    let p = &options.prefix;
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("/* A trained multilayer perceptron, exported by Chainrule {version}.\n *\n");
    for (k, member) in model.members.iter().enumerate() {
        let which = if model.members.len() == 1 { "Network".to_owned() } else { format!("Network {k}") };
        let _ = writeln!(text, " * {which}: {}", in_comment(&member.architecture.describe()));
    }
    if model.members.len() > 1 {
        text += " * What is predicted is the mean of what the networks say.\n";
    }
    let libm =
        if options.libm == Libm::System { "the functions of <math.h>" } else { "none: nothing is linked" };
    let _ = write!(
        text,
        " * Flash: {flash} bytes of tables, and the code. RAM: none but the stack.\n \
         * Stack: about {stack} bytes while {p}_predict runs, all of it scratch.\n * Functions of others: {libm}\n"
    );
    if let Some(loss) = loss {
        let _ = write!(
            text,
            " * The networks calculate with whole numbers of 8 bits, but for the last layer's activation, which is in\n \
             * floating point. Over the {} rows that the scales were found from, the largest difference from the\n \
             * unrounded model is {:.2e} (of numbers: over the largest predicted), and {}.\n",
            loss.n_rows,
            loss.largest_difference,
            match loss.agreeing_predictions {
                Some(n) => format!("{n} rows of {} are predicted the same", loss.n_rows),
                None => "no classes are predicted".to_owned(),
            }
        );
    }
    text += " *\n * Columns:\n";
    for column in columns {
        let what = match &column.cells {
            Cells::Numbers(_) => "a number, NaN where it is missing".to_owned(),
            Cells::Dates => "days since 1970-01-01, NaN where it is missing".to_owned(),
            Cells::Words(words) => format!("one of {} words, another, or missing", words.len()),
        };
        let _ = writeln!(text, " *   {}: {what}", in_comment(&column.name));
    }
    text += " * Outputs:\n";
    for name in outputs::names(model.target()) {
        let _ = writeln!(text, " *   {}", in_comment(&name));
    }
    let _ = write!(
        text,
        " *\n * Compile it with any compiler of C99, without options that do away with NaN (-ffast-math). Another file that\n \
         * calls it defines {p}_DECLARATIONS and includes this one, which then only declares. */\n\n"
    );
    text
}

/// Types, constants and prototypes.
fn declarations(
    text: &mut String,
    writer: &Writer<'_>,
    model: &Model,
    columns: &[Column],
    names: &Names,
    p: &str,
) {
    let real = writer.real();
    let n_outputs = outputs::n_predicted(model.target());
    text.push_str("#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    let _ = writeln!(text, "enum {{ {p}_N_COLUMNS = {}, {p}_N_OUTPUTS = {n_outputs} }};\n", columns.len());
    for (k, column) in columns.iter().enumerate() {
        let Cells::Words(words) = &column.cells else { continue };
        let _ = writeln!(text, "/* {} */\ntypedef enum {{", in_comment(&column.name));
        let comments = ["no word".to_owned(), "any other word".to_owned()].into_iter();
        let comments = comments.chain(words.iter().map(|word| in_comment(word)));
        let last = names.constants[k].len() - 1;
        for (c, (constant, comment)) in names.constants[k].iter().zip(comments).enumerate() {
            let comma = if c == last { "" } else { "," };
            let _ = writeln!(text, "    {constant} = {c}{comma} /* {comment} */");
        }
        let _ = writeln!(text, "}} {};\n", names.enums[k]);
    }
    let _ = writeln!(text, "/* A row of the table. */\ntypedef struct {{");
    for (k, column) in columns.iter().enumerate() {
        let own = match &column.cells {
            Cells::Numbers(Width::Own) => real,
            Cells::Numbers(Width::Wide) | Cells::Dates => "double",
            Cells::Words(_) => &names.enums[k],
        };
        let _ = writeln!(text, "    {own} {}; /* {} */", names.members[k], in_comment(&column.name));
    }
    let _ = writeln!(text, "}} {p}_input;\n");
    let _ = writeln!(text, "/* The outputs of a row, {p}_N_OUTPUTS of them. */");
    let _ = writeln!(text, "void {p}_predict(const {p}_input *in, {real} *out);");
    match model.target() {
        Target::Classes { .. } => {
            let _ =
                writeln!(text, "/* The class that outputs say, counted from 0, and what it is called. */");
            let _ =
                writeln!(text, "int {p}_class(const {real} *out);\nconst char *{p}_class_name(int index);");
        }
        Target::Labels { .. } => {
            let _ = writeln!(
                text,
                "/* Whether label k holds: 0 or 1. */\nint {p}_label(const {real} *out, int k);"
            );
        }
        Target::Numbers { .. } => {}
    }
    for k in 0..model.members.len() {
        let own = own_name(model, p, k);
        let architecture = &model.members[k].architecture;
        let (n_in, n_out) = (architecture.n_inputs(), architecture.n_outputs());
        let _ = writeln!(
            text,
            "/* A row's {n_in} encoded inputs x, and the network's {n_out} outputs y for such. */"
        );
        let _ = writeln!(text, "void {own}_encode(const {p}_input *in, {real} *x);");
        let _ = writeln!(text, "void {own}_forward(const {real} *x, {real} *y);");
    }
    text.push_str("\n#ifdef __cplusplus\n}\n#endif\n\n");
}

/// The functions that are called: the mean over the members in the table's units, and what it decides.
fn predict(text: &mut String, writer: &mut Writer<'_>, model: &Model, p: &str) {
    let (target, real) = (model.target(), writer.real());
    let n = target.n_outputs();
    let widest = model.members.iter().map(|member| member.architecture.n_inputs()).max().unwrap_or(1);
    let _ = writeln!(text, "void {p}_predict(const {p}_input *in, {real} *out) {{");
    let _ = writeln!(text, "    {real} x[{widest}], y[{n}];\n    double mean[{n}] = {{0}};\n    int k;");
    for (k, member) in model.members.iter().enumerate() {
        let own = own_name(model, p, k);
        let share = outputs::share(model);
        let _ = writeln!(text, "    {own}_encode(in, x);\n    {own}_forward(x, y);");
        if let Some(scales) = outputs::scales(&member.encoders.target) {
            for (k, [mean, deviation]) in scales.iter().enumerate() {
                let _ =
                    writeln!(text, "    mean[{k}] += {share}((double)y[{k}] * {deviation:?} + {mean:?});");
            }
        } else {
            let _ = writeln!(text, "    for (k = 0; k < {n}; k++) mean[k] += {share}(double)y[k];");
        }
    }
    if outputs::is_binary(target) {
        let _ = writeln!(
            text,
            "    k = 0;\n    out[0] = ({real})(1.0 - mean[k]);\n    out[1] = ({real})mean[k];\n}}\n"
        );
    } else {
        let _ = writeln!(text, "    for (k = 0; k < {n}; k++) out[k] = ({real})mean[k];\n}}\n");
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

/// A function in double, for encoders.
fn wide(writer: &mut Writer<'_>, name: &'static str) -> String {
    writer.function(Width::Wide, name)
}
