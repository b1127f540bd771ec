//! C code of the encoders of a member: from the input struct of a row to the inputs of the network.

use std::f64::consts::TAU;
use std::fmt::Write;

use chainrule_table::{Encoding, Scale};

use super::super::columns::{self, CategoryInputs, ExportColumn};
use super::super::expression::ExpressionWriter;
use super::super::identifier::in_comment;
use super::super::language::Width;
use super::names::CNames;
use crate::Member;

/// Writes the function `PREFIX_encode`, where `PREFIX` is the prefix of the member, and adds the
/// bytes of its tables to `flash`.
pub(super) fn write(
    text: &mut String,
    writer: &mut ExpressionWriter<'_>,
    prefix: &str,
    member: &Member,
    columns: &[ExportColumn],
    names: &CNames,
    flash: &mut usize,
) {
    let real = writer.real();
    let p = match writer.language {
        super::Language::C { prefix, .. } => prefix,
        super::Language::Rust => unreachable!("the writer was created for C"),
    };
    let n_in = member.architecture.n_inputs();
    let _ = writeln!(text, "void {prefix}_encode(const {p}_input *in, {real} *x) {{");
    let _ = writeln!(text, "    int k;\n    for (k = 0; k < {n_in}; k++) x[k] = 0;");
    for (input, first, c) in columns::inputs(member, columns) {
        let field = format!("in->{}", names.fields[c]);
        let missing_indicator = first + input.width() - 1;
        let _ = writeln!(text, "    {{ /* {} */", in_comment(&input.column));
        match (&input.how, CategoryInputs::new(input, &columns[c].input_type)) {
            (Encoding::Number { scale, fill } | Encoding::Date { scale, fill, .. }, _) => {
                let numbers = columns::missing_numbers(input, &columns[c].input_type, writer.precision);
                let equal = numbers.iter().map(|number| format!(" || v == {}", in_parentheses(*number)));
                let missing = format!("v != v{}", equal.collect::<String>());
                let _ = writeln!(text, "        double v = (double){field};");
                if input.has_missing_indicator {
                    let _ = writeln!(text, "        if ({missing}) x[{missing_indicator}] = 1;");
                }
                let _ = writeln!(text, "        if ({missing}) v = {fill:?};");
                if let Encoding::Date { parts: true, .. } = input.how {
                    for (k, period) in [365.2425, 7.0, 1.0].into_iter().enumerate() {
                        let (sin, cos) = (double_function(writer, "sin"), double_function(writer, "cos"));
                        let fract = fraction(writer, &format!("v / {period:?}"));
                        for (at, call) in [(1, sin), (2, cos)] {
                            let at = first + at + 2 * k;
                            let _ = writeln!(text, "        x[{at}] = ({real}){call}({TAU:?} * {fract});");
                        }
                    }
                }
                let _ = writeln!(text, "        v = {};", scaled(scale));
                if scale.bent {
                    let sqrt = double_function(writer, "sqrt");
                    let _ = writeln!(text, "        v = v / {sqrt}(1.0 + (v / 3.0) * (v / 3.0));");
                }
                let _ = writeln!(text, "        x[{first}] = ({real})v;");
            }
            (Encoding::Boolean { .. }, Some(CategoryInputs::Signs(signs))) => {
                let table: Vec<String> = signs.iter().map(i8::to_string).collect();
                *flash += table.len();
                let (n, table) = (table.len(), table.join(", "));
                let _ = writeln!(text, "        static const signed char sign[{n}] = {{{table}}};");
                let _ = writeln!(text, "        const unsigned code = (unsigned){field};");
                let _ = writeln!(text, "        if (code < {n}) x[{first}] = ({real})sign[code];");
                if input.has_missing_indicator {
                    let _ = writeln!(
                        text,
                        "        if (code == {}) x[{missing_indicator}] = 1;",
                        columns::MISSING
                    );
                }
            }
            (Encoding::Category { .. }, Some(CategoryInputs::Positions(positions))) => {
                let index = |at: &Option<usize>| at.map_or("-1".to_owned(), |at| (first + at).to_string());
                let table: Vec<String> = positions.iter().map(index).collect();
                *flash += 4 * table.len();
                let (n, table) = (table.len(), table.join(", "));
                let _ = writeln!(text, "        static const int place[{n}] = {{{table}}};");
                let _ = writeln!(text, "        const unsigned code = (unsigned){field};");
                let other = columns::OTHER;
                let _ = writeln!(
                    text,
                    "        k = place[code < {n} ? code : {other}];\n        if (k >= 0) x[k] = 1;"
                );
            }
            _ => unreachable!("`columns` checked that the members agree"),
        }
        text.push_str("    }\n");
    }
    text.push_str("}\n\n");
}

/// Returns the code that shifts and scales `v`.
fn scaled(scale: &Scale) -> String {
    format!("(v - {}) / {:?}", in_parentheses(scale.shift), scale.by)
}

fn in_parentheses(v: f64) -> String {
    if v < 0.0 { format!("({v:?})") } else { format!("{v:?}") }
}

/// Returns the name of a double-precision function, for encoders.
fn double_function(writer: &mut ExpressionWriter<'_>, name: &'static str) -> String {
    writer.function(Width::Double, name)
}

/// Returns the code of the fractional part of `x`, which has the sign of `x`.
fn fraction(writer: &mut ExpressionWriter<'_>, x: &str) -> String {
    if writer.uses_libm() {
        format!("fmod({x}, 1.0)")
    } else {
        format!("{}({x})", double_function(writer, "fract"))
    }
}
