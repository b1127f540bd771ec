//! The functions that exported C and Rust bring along: exp, tanh and their kin over polynomials, as the engine has them.
//!
//! `c/functions.c.in` and `rust/functions.rs.in` hold them as templates, a section for each function that begins with its name and
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
        Language::C { .. } => include_str!("c/functions.c.in"),
        Language::Rust => include_str!("rust/functions.rs.in"),
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

/// How the words for types and their properties read.
fn words(precision: Precision, language: Language<'_>) -> [(&'static str, &'static str); 6] {
    let [mantissa, bias, range] = match precision {
        Precision::F32 => ["23", "127", "3200"],
        Precision::F64 => ["52", "1023", "1e5"],
    };
    let [real, bits, epsilon] = match (precision, language) {
        (Precision::F32, Language::C { .. }) => ["float", "uint32_t", "FLT_EPSILON"],
        (Precision::F64, Language::C { .. }) => ["double", "uint64_t", "DBL_EPSILON"],
        (Precision::F32, Language::Rust) => ["f32", "u32", "f32::EPSILON"],
        (Precision::F64, Language::Rust) => ["f64", "u64", "f64::EPSILON"],
    };
    [
        ("REAL", real),
        ("BITS", bits),
        ("MANTISSA", mantissa),
        ("BIAS", bias),
        ("RANGE", range),
        ("EPSILON", epsilon),
    ]
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use chainrule::kernel::math;

    use super::super::Libm;
    use super::super::expression::Writer;
    use super::super::verify::output;
    use super::*;

    /// A function, where it is measured, what it is compared with, and by how many epsilons it may be off: of its value, or of 1
    /// for those that cross 0 anywhere.
    type Claim = (&'static str, [f64; 2], fn(f64) -> f64, f64);

    const OWN: [Claim; 5] = [
        ("exp", [-87.0, 88.0], math::exp::<f64>, 1.5),
        ("ln_1p", [0.0, 1.0], math::ln_1p::<f64>, 1.5),
        ("tanh", [-12.0, 12.0], math::tanh::<f64>, 2.5),
        ("erf", [-5.0, 5.0], math::erf::<f64>, 2.0),
        ("sin", [-3200.0, 3200.0], math::sin::<f64>, 1.0),
    ];
    const WIDE: [Claim; 3] = [
        ("sin", [-7.0, 7.0], math::sin::<f64>, 1.0),
        ("cos", [-7.0, 7.0], math::cos::<f64>, 1.0),
        ("sqrt", [1.0, 1e6], f64::sqrt, 1.5),
    ];
    const N: usize = 40_001;

    /// What the templates say of their functions' errors is measured, in both languages and precisions.
    #[test]
    fn functions_are_as_exact_as_they_say() {
        for precision in [Precision::F32, Precision::F64] {
            for language in [Language::C { prefix: "p", libm: Libm::None }, Language::Rust] {
                let own = OWN.iter().map(|claim| (Width::Own, precision, claim));
                let wide = WIDE.iter().map(|claim| (Width::Wide, Precision::F64, claim));
                let claims: Vec<_> = own.chain(wide).collect();
                let said = run(language, precision, &claims);
                for ((_, precision, (name, range, f, most)), got) in claims.iter().zip(said.chunks(N)) {
                    let epsilon =
                        if *precision == Precision::F32 { f64::from(f32::EPSILON) } else { f64::EPSILON };
                    let error = |(x, got): (f64, &f64)| {
                        let expected = f(x);
                        let scale = if matches!(*name, "sin" | "cos") { 1.0 } else { expected.abs() };
                        if expected == *got { 0.0 } else { (expected - got).abs() / scale / epsilon }
                    };
                    let largest = points(*range, *precision).zip(got).map(error).fold(0.0, f64::max);
                    println!("{name} {precision:?}: {largest:.2} epsilons");
                    assert!(largest <= *most, "{name} {precision:?}: {largest}");
                }
            }
        }
    }

    fn points([low, high]: [f64; 2], precision: Precision) -> impl Iterator<Item = f64> {
        (0..N).map(move |k| {
            let x = low + (high - low) * k as f64 / (N - 1) as f64;
            if precision == Precision::F32 { f64::from(x as f32) } else { x }
        })
    }

    /// The values of the functions at their points, from a program.
    fn run(language: Language<'_>, precision: Precision, claims: &[(Width, Precision, &Claim)]) -> Vec<f64> {
        let mut writer = Writer::new(language, precision);
        let mut calls = String::new();
        for (width, of, (name, ..)) in claims {
            let call = writer.function(*width, name);
            calls += &match (language, of) {
                (Language::C { .. }, Precision::F32) => {
                    format!("    for (k = 0; k < {N}; k++) say({call}((float)next()));\n")
                }
                (Language::C { .. }, Precision::F64) => {
                    format!("    for (k = 0; k < {N}; k++) say({call}(next()));\n")
                }
                (Language::Rust, Precision::F32) => {
                    format!(
                        "    (0..{N}).for_each(|_| println!(\"{{:?}}\", f64::from({call}(next() as f32))));\n"
                    )
                }
                (Language::Rust, Precision::F64) => {
                    format!("    (0..{N}).for_each(|_| println!(\"{{:?}}\", {call}(next())));\n")
                }
            };
        }
        let functions = writer.definitions();
        let (file, text) = match language {
            Language::C { .. } => (
                "main.c",
                format!(
                    "#include <stdint.h>\n#include <stdio.h>\n\n{functions}static double next(void) {{\n    double x = 0;\n    \
                     if (scanf(\"%lf\", &x) != 1) return 0;\n    return x;\n}}\n\nstatic void say(double y) {{ \
                     printf(\"%.17g\\n\", y); }}\n\nint main(void) {{\n    int k;\n{calls}    return 0;\n}}\n"
                ),
            ),
            Language::Rust => (
                "main.rs",
                format!(
                    "{functions}fn main() {{\n    let text = std::io::read_to_string(std::io::stdin()).unwrap();\n    \
                     let mut words = text.lines().map(|word| word.parse::<f64>().unwrap());\n    \
                     let mut next = || words.next().unwrap();\n{calls}}}\n"
                ),
            ),
        };
        let folder = tempfile::tempdir().unwrap();
        let [source, program] = [folder.path().join(file), folder.path().join("main")];
        std::fs::write(&source, text).unwrap();
        let mut compile = match language {
            Language::C { .. } => Command::new("cc"),
            Language::Rust => Command::new("rustc"),
        };
        output(compile.arg("-O").arg(&source).arg("-o").arg(&program), "install it", "").unwrap();
        let points = claims.iter().flat_map(|(_, of, (_, range, ..))| points(*range, *of));
        let input = points.map(|x| format!("{x:?}")).collect::<Vec<_>>().join("\n");
        let said = output(&mut Command::new(&program), "", &input).unwrap();
        said.lines().map(|line| line.parse().unwrap()).collect()
    }
}
