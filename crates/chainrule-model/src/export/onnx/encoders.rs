//! A member's encoders as nodes of an ONNX graph: from a tensor a column, each (n, 1), to the inputs (n, n_inputs).
//!
//! All is in double, but for the last step: cells may be far from 0 and close to each other.

use std::f64::consts::{FRAC_PI_2, TAU};

use chainrule_table::{Encoding, Input, Scale};

use super::super::columns::{self, Cells, Codes, Column};
use super::builder::{Builder, Element, integer, integers, strings};
use crate::{Error, Member};

/// What a column's cells are in the graph: numbers in double, or codes of words.
pub(super) enum Source {
    Numbers(String),
    Codes(String),
}

/// A column's cells, read once for all members.
pub(super) fn source(builder: &mut Builder, column: &Column, name: &str) -> Result<Source, Error> {
    match &column.cells {
        Cells::Numbers(_) | Cells::Dates => Ok(Source::Numbers(builder.cast(name, Element::Double))),
        Cells::Words(words) => {
            if words.iter().any(String::is_empty) {
                let reason = "one of its words is the empty text, which stands for a missing cell there";
                return Err(Error::NotInOnnx { column: column.name.clone(), reason });
            }
            // A whole number as some readers of tables write it.
            let decimal = |word: &String| Some(format!("{word}.0")).filter(|_| word.parse::<i64>().is_ok());
            let known = words.iter().enumerate().map(|(k, word)| (word.clone(), k));
            let others = words.iter().enumerate().filter_map(|(k, word)| Some((decimal(word)?, k)));
            let others = others.filter(|(word, _)| !words.contains(word));
            let keys: Vec<(String, usize)> = known.chain(others).collect();
            let all = std::iter::once("").chain(keys.iter().map(|(word, _)| word.as_str()));
            let codes = keys.iter().map(|(_, k)| (k + columns::FIRST) as i64);
            let codes = std::iter::once(columns::MISSING as i64).chain(codes).collect();
            let attributes = vec![
                strings("keys_strings", all),
                integers("values_int64s", codes),
                integer("default_int64", columns::OTHER as i64),
            ];
            let codes = builder.node_with("LabelEncoder", &[name], attributes);
            let flat = builder.tensor("flat", &[1], &[-1.0], Element::Int64);
            Ok(Source::Codes(builder.node("Reshape", &[&codes, &flat])))
        }
    }
}

/// A member's inputs (n, n_inputs).
pub(super) fn encode(
    builder: &mut Builder,
    member: &Member,
    columns: &[Column],
    sources: &[Source],
    element: Element,
) -> String {
    let mut parts = Vec::new();
    for (input, _, c) in columns::inputs(member, columns) {
        match &sources[c] {
            Source::Numbers(cells) => numbers(builder, input, cells, &mut parts),
            Source::Codes(codes) => {
                let all = Codes::of(input, &columns[c].cells).expect("a column of words");
                let shape = [all.len(), input.width()];
                let table = builder.tensor("inputs of words", &shape, &all.rows(input), Element::Double);
                parts.push(builder.node_with("Gather", &[&table, codes], vec![integer("axis", 0)]));
            }
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let x = builder.node_with("Concat", &parts, vec![integer("axis", 1)]);
    builder.cast(&x, element)
}

/// The inputs of a number or a date.
fn numbers(builder: &mut Builder, input: &Input, cells: &str, parts: &mut Vec<String>) {
    let (Encoding::Number { scale, fill } | Encoding::Date { scale, fill, .. }) = &input.how else {
        unreachable!("the columns are those of the members")
    };
    let missing = builder.node("IsNaN", &[cells]);
    let fill = builder.number(*fill, Element::Double);
    let v = builder.node("Where", &[&missing, &fill, cells]);
    parts.push(scaled(builder, &v, scale));
    if let Encoding::Date { parts: true, .. } = input.how {
        for period in [365.2425, 7.0, 1.0] {
            let (period, one) =
                (builder.number(period, Element::Double), builder.number(1.0, Element::Double));
            let places = builder.node("Div", &[&v, &period]);
            let place = builder.node_with("Mod", &[&places, &one], vec![integer("fmod", 1)]);
            let turn = builder.number(TAU, Element::Double);
            let angle = builder.node("Mul", &[&place, &turn]);
            // The cosine is the sine of a quarter more: some runtimes lack it in double.
            let quarter = builder.number(FRAC_PI_2, Element::Double);
            let more = builder.node("Add", &[&angle, &quarter]);
            parts.push(builder.node("Sin", &[&angle]));
            parts.push(builder.node("Sin", &[&more]));
        }
    }
    if input.has_missing_indicator {
        parts.push(builder.cast(&missing, Element::Double));
    }
}

/// `u = (v - shift)/by`, and then perhaps `u/√(1 + (u/3)²)`.
fn scaled(builder: &mut Builder, v: &str, scale: &Scale) -> String {
    let (shift, by) =
        (builder.number(scale.shift, Element::Double), builder.number(scale.by, Element::Double));
    let moved = builder.node("Sub", &[v, &shift]);
    let u = builder.node("Div", &[&moved, &by]);
    if !scale.bent {
        return u;
    }
    let (three, one) = (builder.number(3.0, Element::Double), builder.number(1.0, Element::Double));
    let third = builder.node("Div", &[&u, &three]);
    let square = builder.node("Mul", &[&third, &third]);
    let sum = builder.node("Add", &[&square, &one]);
    let root = builder.node("Sqrt", &[&sum]);
    builder.node("Div", &[&u, &root])
}
