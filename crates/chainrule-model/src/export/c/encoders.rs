//! A member's encoders in C: from the struct of a row to the network's inputs.

use std::f64::consts::TAU;
use std::fmt::Write;

use chainrule_table::{Encoding, Scale};

use super::super::columns::{self, Codes, Column};
use super::super::expression::Writer;
use super::super::identifier::in_comment;
use super::{Names, wide};
use crate::Member;

/// Writes `OWN_encode`, and adds the bytes of its tables to `flash`.
pub(super) fn write(
    text: &mut String,
    writer: &mut Writer<'_>,
    own: &str,
    member: &Member,
    columns: &[Column],
    names: &Names,
    flash: &mut usize,
) {
    let real = writer.real();
    let p = match writer.language {
        super::Language::C { prefix, .. } => prefix,
        super::Language::Rust => unreachable!("this writes C"),
    };
    let n_in = member.architecture.n_inputs();
    let _ = writeln!(text, "void {own}_encode(const {p}_input *in, {real} *x) {{");
    let _ = writeln!(text, "    int k;\n    for (k = 0; k < {n_in}; k++) x[k] = 0;");
    for (input, place, c) in columns::inputs(member, columns) {
        let field = format!("in->{}", names.members[c]);
        let says = place + input.width() - 1;
        let _ = writeln!(text, "    {{ /* {} */", in_comment(&input.column));
        match (&input.how, Codes::of(input, &columns[c].cells)) {
            (Encoding::Number { scale, fill } | Encoding::Date { scale, fill, .. }, _) => {
                let _ = writeln!(text, "        double v = (double){field};");
                if input.has_missing_indicator {
                    let _ = writeln!(text, "        if (v != v) x[{says}] = 1;");
                }
                let _ = writeln!(text, "        if (v != v) v = {fill:?};");
                if let Encoding::Date { parts: true, .. } = input.how {
                    for (k, period) in [365.2425, 7.0, 1.0].into_iter().enumerate() {
                        let (sin, cos) = (wide(writer, "sin"), wide(writer, "cos"));
                        let fract = fraction(writer, &format!("v / {period:?}"));
                        for (at, call) in [(1, sin), (2, cos)] {
                            let at = place + at + 2 * k;
                            let _ = writeln!(text, "        x[{at}] = ({real}){call}({TAU:?} * {fract});");
                        }
                    }
                }
                let _ = writeln!(text, "        v = {};", moved(scale));
                if scale.bent {
                    let sqrt = wide(writer, "sqrt");
                    let _ = writeln!(text, "        v = v / {sqrt}(1.0 + (v / 3.0) * (v / 3.0));");
                }
                let _ = writeln!(text, "        x[{place}] = ({real})v;");
            }
            (Encoding::Boolean { .. }, Some(Codes::Signs(signs))) => {
                let table: Vec<String> = signs.iter().map(i8::to_string).collect();
                *flash += table.len();
                let (n, table) = (table.len(), table.join(", "));
                let _ = writeln!(text, "        static const signed char sign[{n}] = {{{table}}};");
                let _ = writeln!(text, "        const unsigned code = (unsigned){field};");
                let _ = writeln!(text, "        if (code < {n}) x[{place}] = ({real})sign[code];");
                if input.has_missing_indicator {
                    let _ = writeln!(text, "        if (code == {}) x[{says}] = 1;", columns::MISSING);
                }
            }
            (Encoding::Category { .. }, Some(Codes::Places(places))) => {
                let of = |at: &Option<usize>| at.map_or("-1".to_owned(), |at| (place + at).to_string());
                let table: Vec<String> = places.iter().map(of).collect();
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
            _ => unreachable!("the columns are those of the members"),
        }
        text.push_str("    }\n");
    }
    text.push_str("}\n\n");
}

/// `v` moved and scaled.
fn moved(scale: &Scale) -> String {
    format!("(v - {}) / {:?}", in_parentheses(scale.shift), scale.by)
}

fn in_parentheses(v: f64) -> String {
    if v < 0.0 { format!("({v:?})") } else { format!("{v:?}") }
}

/// What `x` is beyond a whole number, with its sign.
fn fraction(writer: &mut Writer<'_>, x: &str) -> String {
    if writer.uses_libm() { format!("fmod({x}, 1.0)") } else { format!("{}({x})", wide(writer, "fract")) }
}
