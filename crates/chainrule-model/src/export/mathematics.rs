//! Mathematical functions defined by exported C and Rust: exp, tanh and others, computed with the
//! polynomials of the engine.
//!
//! Their templates are `c/functions.c.in` and `rust/functions.rs.in`, with one section per
//! function. A section starts with the name of the function and of the functions that it calls:
//! `//@ exp: power`. In a template, `REAL` is the floating-point type, `P_` (in Rust `own_`) the
//! prefix of a name, `NUMBER{v}` a literal, and `POLYNOMIAL_EXP(r)` a polynomial in r. The names of
//! [`constants`](super::coefficients::constants) are replaced by their values.

use std::collections::BTreeSet;

use super::coefficients::{constants, polynomials};
use super::language::{Language, Width};
use crate::Precision;

/// Returns a literal with the fewest digits that represent a number exactly in a precision.
pub(super) fn literal(v: f64, precision: Precision, language: Language<'_>) -> String {
    match (precision, language) {
        (Precision::F32, Language::C { .. }) => format!("{:?}f", v as f32),
        (Precision::F32, Language::Rust) => format!("{:?}", v as f32),
        (Precision::F64, _) => format!("{v:?}"),
    }
}

/// Returns the name of a function in `<math.h>`, or `None` if the exported file always defines it.
pub(super) fn libm_name(name: &str, precision: Precision) -> Option<String> {
    let function = match name {
        "exp" | "tanh" | "erf" | "sin" | "cos" | "sqrt" => name,
        "ln_1p" => "log1p",
        "abs" => "fabs",
        _ => return None,
    };
    Some(function.to_owned() + if precision == Precision::F32 { "f" } else { "" })
}

/// Returns the prefix of the names of mathematical functions.
pub(super) fn function_prefix(language: Language<'_>, width: Width) -> String {
    let wide = if width == Width::Double { "wide_" } else { "" };
    match language {
        Language::C { prefix, .. } => format!("{prefix}_{wide}"),
        Language::Rust => wide.to_owned(),
    }
}

/// Returns the definitions of the called functions and their dependencies, dependencies first.
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
    for width in [Width::Model, Width::Double] {
        let precision = if width == Width::Double { Precision::F64 } else { precision };
        let sections = sections(template);
        let mut required: BTreeSet<&str> =
            called.iter().filter(|(called_width, _)| *called_width == width).map(|(_, name)| *name).collect();
        // Dependencies precede their callers in a template, so one backward pass finds them all.
        for (name, dependencies, _) in sections.iter().rev() {
            if required.contains(name) {
                required.extend(dependencies.split_whitespace());
            }
        }
        for (name, _, body) in &sections {
            if required.contains(name) {
                text += &instantiate(body, language, precision, width);
            }
        }
    }
    text
}

/// Splits a template into sections: name, names of dependencies, and text.
fn sections(template: &str) -> Vec<(&str, &str, &str)> {
    let section = |section| {
        let (head, body) = str::split_once(section, '\n').expect("a section has a first line");
        let (name, dependencies) = head.split_once(':').unwrap_or((head, ""));
        (name, dependencies, body)
    };
    template.split("//@ ").skip(1).map(section).collect()
}

/// Replaces the placeholders of a section.
fn instantiate(body: &str, language: Language<'_>, precision: Precision, width: Width) -> String {
    let number = |v: f64| literal(v, precision, language);
    let mut text = body.to_owned();
    for &(name, coefficients) in polynomials(precision) {
        let start = format!("POLYNOMIAL_{name}(");
        while let Some(at) = text.find(&start) {
            let end = at + text[at..].find(')').expect("a polynomial has an argument");
            let x = text[at + start.len()..end].to_owned();
            text.replace_range(at..=end, &horner(&x, coefficients, &number));
        }
    }
    for (name, v) in constants(precision) {
        text = text.replace(name, &number(*v));
    }
    while let Some(at) = text.find("NUMBER{") {
        let end = at + text[at..].find('}').expect("a literal ends with a brace");
        let v: f64 = text[at + 7..end].parse().expect("a literal contains a number");
        text.replace_range(at..=end, &number(v));
    }
    for (placeholder, value) in type_placeholders(precision, language) {
        text = text.replace(placeholder, value);
    }
    // The prefix is replaced last because it may contain the name of another placeholder.
    let placeholder = match language {
        Language::C { .. } => "P_",
        Language::Rust => "own_",
    };
    text.replace(placeholder, &function_prefix(language, width))
}

/// Returns a polynomial in Horner form: `c0 + x * (c1 + x * c2)`.
fn horner(x: &str, coefficients: &[f64], number: &impl Fn(f64) -> String) -> String {
    let (last, rest) = coefficients.split_last().expect("a polynomial has a term");
    let text = rest.iter().rev().fold(number(*last), |text, c| format!("{} + {x} * ({text})", number(*c)));
    // The innermost parentheses contain a single number and are removed.
    format!("({})", text.replace(&format!("({})", number(*last)), &number(*last)))
}

/// Returns the placeholders for types and their properties, with their values.
fn type_placeholders(precision: Precision, language: Language<'_>) -> [(&'static str, &'static str); 6] {
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
    use super::super::expression::ExpressionWriter;
    use super::super::verify::output;
    use super::*;

    /// Name of a function, range of its argument, reference implementation and largest error in
    /// epsilons.
    ///
    /// The error of `sin` and `cos` is absolute, that of the other functions relative.
    type ErrorBound = (&'static str, [f64; 2], fn(f64) -> f64, f64);

    const MODEL_PRECISION: [ErrorBound; 5] = [
        ("exp", [-87.0, 88.0], math::exp::<f64>, 1.5),
        ("ln_1p", [0.0, 1.0], math::ln_1p::<f64>, 1.5),
        ("tanh", [-12.0, 12.0], math::tanh::<f64>, 2.5),
        ("erf", [-5.0, 5.0], math::erf::<f64>, 2.0),
        ("sin", [-3200.0, 3200.0], math::sin::<f64>, 1.0),
    ];
    const DOUBLE_PRECISION: [ErrorBound; 3] = [
        ("sin", [-7.0, 7.0], math::sin::<f64>, 1.0),
        ("cos", [-7.0, 7.0], math::cos::<f64>, 1.0),
        ("sqrt", [1.0, 1e6], f64::sqrt, 1.5),
    ];
    const N: usize = 40_001;

    /// Checks the error bounds stated in the templates, in both languages and precisions.
    #[test]
    fn functions_satisfy_their_error_bounds() {
        for precision in [Precision::F32, Precision::F64] {
            for language in [Language::C { prefix: "p", libm: Libm::None }, Language::Rust] {
                let model = MODEL_PRECISION.iter().map(|bound| (Width::Model, precision, bound));
                let double = DOUBLE_PRECISION.iter().map(|bound| (Width::Double, Precision::F64, bound));
                let bounds: Vec<_> = model.chain(double).collect();
                let values = run(language, precision, &bounds);
                for ((_, precision, (name, range, f, max_error)), got) in bounds.iter().zip(values.chunks(N))
                {
                    let epsilon =
                        if *precision == Precision::F32 { f64::from(f32::EPSILON) } else { f64::EPSILON };
                    let error = |(x, got): (f64, &f64)| {
                        let expected = f(x);
                        let scale = if matches!(*name, "sin" | "cos") { 1.0 } else { expected.abs() };
                        if expected == *got { 0.0 } else { (expected - got).abs() / scale / epsilon }
                    };
                    let largest = points(*range, *precision).zip(got).map(error).fold(0.0, f64::max);
                    println!("{name} {precision:?}: {largest:.2} epsilons");
                    assert!(largest <= *max_error, "{name} {precision:?}: {largest}");
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

    /// Compiles and runs a program that evaluates the functions at their points.
    fn run(
        language: Language<'_>,
        precision: Precision,
        bounds: &[(Width, Precision, &ErrorBound)],
    ) -> Vec<f64> {
        let mut writer = ExpressionWriter::new(language, precision);
        let mut calls = String::new();
        for (width, precision, (name, ..)) in bounds {
            let call = writer.function(*width, name);
            calls += &match (language, precision) {
                (Language::C { .. }, Precision::F32) => {
                    format!("    for (k = 0; k < {N}; k++) print({call}((float)next()));\n")
                }
                (Language::C { .. }, Precision::F64) => {
                    format!("    for (k = 0; k < {N}; k++) print({call}(next()));\n")
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
                     if (scanf(\"%lf\", &x) != 1) return 0;\n    return x;\n}}\n\nstatic void print(double y) {{ \
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
        let points = bounds.iter().flat_map(|(_, precision, (_, range, ..))| points(*range, *precision));
        let input = points.map(|x| format!("{x:?}")).collect::<Vec<_>>().join("\n");
        let output = output(&mut Command::new(&program), "", &input).unwrap();
        output.lines().map(|line| line.parse().unwrap()).collect()
    }
}
