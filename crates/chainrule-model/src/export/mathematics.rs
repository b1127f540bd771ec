//! The functions that exported C and Rust bring along: exp, tanh and their kin over polynomials, as the engine has them.
//!
//! `c/functions.c` and `rust/functions.rs` hold them as templates, a section for each function that begins with its name and
//! those of the functions it calls: `//@ exp: power`. In a template `REAL` is the type, `P_` (in Rust `own_`) the beginning of
//! a name, `NUMBER{v}` a literal, `POLYNOMIAL_EXP(r)` a polynomial in r and the words of [`constants`](super::coefficients::constants) what they say.

use std::collections::BTreeSet;

use super::coefficients::{constants, polynomials};
use super::expression::{Language, Width};
use crate::Precision;

/// A number in the fewest digits that give it again in a precision.
pub(super) fn literal(v: f64, precision: Precision, language: Language<'_>) -> String {
    match (precision, language) {
        (Precision::F32, Language::C { .. }) => format!("{:?}f", v as f32),
        (Precision::F32, Language::Rust) => format!("{:?}", v as f32),
        (Precision::F64, _) => format!("{v:?}"),
    }
}

/// What `<math.h>` calls a function; none for those that the file has itself in any case.
pub(super) fn of_libm(name: &str, precision: Precision) -> Option<String> {
    let function = match name {
        "exp" | "tanh" | "erf" | "sin" | "cos" | "sqrt" => name,
        "ln_1p" => "log1p",
        "abs" => "fabs",
        _ => return None,
    };
    Some(function.to_owned() + if precision == Precision::F32 { "f" } else { "" })
}

/// What the names of a file's functions begin with.
pub(super) fn names(language: Language<'_>, width: Width) -> String {
    let wide = if width == Width::Wide { "wide_" } else { "" };
    match language {
        Language::C { prefix, .. } => format!("{prefix}_{wide}"),
        Language::Rust => wide.to_owned(),
    }
}

/// The functions called, with those that they call in turn, each after those that it calls.
pub(super) fn definitions(
    language: Language<'_>,
    precision: Precision,
    called: &BTreeSet<(Width, &'static str)>,
) -> String {
    let template = match language {
        Language::C { .. } => include_str!("c/functions.c"),
        Language::Rust => include_str!("rust/functions.rs"),
    };
    let mut text = String::new();
    for width in [Width::Own, Width::Wide] {
        let precision = if width == Width::Wide { Precision::F64 } else { precision };
        let sections = sections(template);
        let mut wanted: BTreeSet<&str> =
            called.iter().filter(|(of, _)| *of == width).map(|(_, name)| *name).collect();
        // A section's needs stand above it: from the last to the first all are found.
        for (name, needs, _) in sections.iter().rev() {
            if wanted.contains(name) {
                wanted.extend(needs.split_whitespace());
            }
        }
        for (name, _, body) in &sections {
            if wanted.contains(name) {
                text += &filled(body, language, precision, width);
            }
        }
    }
    text
}

/// Each section's name, the names it needs, and its text.
fn sections(template: &str) -> Vec<(&str, &str, &str)> {
    let section = |section| {
        let (head, body) = str::split_once(section, '\n').expect("a section has a first line");
        let (name, needs) = head.split_once(':').unwrap_or((head, ""));
        (name, needs, body)
    };
    template.split("//@ ").skip(1).map(section).collect()
}

/// A section in a precision.
fn filled(body: &str, language: Language<'_>, precision: Precision, width: Width) -> String {
    let number = |v: f64| literal(v, precision, language);
    let mut text = body.to_owned();
    for &(name, coefficients) in polynomials(precision) {
        let start = format!("POLYNOMIAL_{name}(");
        while let Some(at) = text.find(&start) {
            let end = at + text[at..].find(')').expect("a polynomial's variable");
            let x = text[at + start.len()..end].to_owned();
            text.replace_range(at..=end, &horner(&x, coefficients, &number));
        }
    }
    for (name, v) in constants(precision) {
        text = text.replace(name, &number(*v));
    }
    while let Some(at) = text.find("NUMBER{") {
        let end = at + text[at..].find('}').expect("a literal's end");
        let v: f64 = text[at + 7..end].parse().expect("a number in a template");
        text.replace_range(at..=end, &number(v));
    }
    for (word, by) in words(precision, language) {
        text = text.replace(word, by);
    }
    // Last, for a prefix may be any word.
    let (ours, own) = match language {
        Language::C { .. } => ("P_", names(language, width)),
        Language::Rust => ("own_", names(language, width)),
    };
    text.replace(ours, &own)
}

/// `c0 + x * (c1 + x * c2)`.
fn horner(x: &str, coefficients: &[f64], number: &impl Fn(f64) -> String) -> String {
    let (last, rest) = coefficients.split_last().expect("a polynomial has a term");
    let text = rest.iter().rev().fold(number(*last), |text, c| format!("{} + {x} * ({text})", number(*c)));
    // The innermost is a single number.
    format!("({})", text.replace(&format!("({})", number(*last)), &number(*last)))
}

/// How the words for types read, the longer before those that they begin with.
fn words(precision: Precision, language: Language<'_>) -> [(&'static str, &'static str); 5] {
    match (precision, language) {
        (Precision::F32, Language::C { .. }) => {
            [("REAL", "float"), ("BITS", "uint32_t"), ("MANTISSA", "23"), ("BIAS", "127"), ("RANGE", "3200")]
        }
        (Precision::F64, Language::C { .. }) => {
            [("REAL", "double"), ("BITS", "uint64_t"), ("MANTISSA", "52"), ("BIAS", "1023"), ("RANGE", "1e5")]
        }
        (Precision::F32, Language::Rust) => {
            [("REAL", "f32"), ("BITS", "u32"), ("MANTISSA", "23"), ("BIAS", "127"), ("RANGE", "3200")]
        }
        (Precision::F64, Language::Rust) => {
            [("REAL", "f64"), ("BITS", "u64"), ("MANTISSA", "52"), ("BIAS", "1023"), ("RANGE", "1e5")]
        }
    }
}
