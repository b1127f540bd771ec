//! Verification of Rust exports: all are compiled as one program, with warnings as errors.

use std::path::Path;
use std::process::Command;

use chainrule_table::Target;

use super::super::columns::InputType;
use super::super::language::{Language, Width};
use super::super::rust::RustNames;
use super::tools::{Tools, output, write};
use super::{ExportCase, ExportOutput};
use crate::Error;

pub(super) fn run(
    cases: &[ExportCase<'_>],
    tools: &Tools,
    folder: &Path,
) -> Result<Vec<ExportOutput>, Error> {
    let mut main = String::new();
    let mut calls = String::new();
    for (k, case) in cases.iter().enumerate() {
        write(&folder.join(format!("case{k}.rs")), &case.export.bytes)?;
        main += &format!("mod case{k};\n\n{}", rows_function(case, k));
        calls += &format!("    rows{k}(&mut words);\n");
    }
    main += &format!(
        "fn main() {{\n    let text = std::io::read_to_string(std::io::stdin()).unwrap();\n    \
         let mut words = text.split_whitespace().map(|word| word.parse().unwrap());\n{calls}}}\n"
    );
    let [source, program] = [folder.join("main.rs"), folder.join("main")];
    write(&source, main.as_bytes())?;
    let install =
        "install Rust from https://rustup.rs, or set the environment variable RUSTC to its compiler";
    let mut compile = Command::new(&tools.rustc);
    compile.args(["--edition", "2021", "-D", "warnings", "-C", "opt-level=1", "-C", "debuginfo=0"]);
    output(compile.arg(&source).arg("-o").arg(&program), install, "")?;
    let input: String = cases.iter().map(ExportCase::input).collect();
    let output = output(&mut Command::new(&program), install, &input)?;
    let mut lines = output.lines();
    cases.iter().map(|case| case.parse_output(&mut lines)).collect()
}

/// Returns a Rust function that reads rows and prints the predictions of the export.
fn rows_function(case: &ExportCase<'_>, k: usize) -> String {
    let names = RustNames::new(&case.columns);
    let real = Language::Rust.number_type(case.model.precision, Width::Model);
    let mut text = format!(
        "fn rows{k}(words: &mut impl Iterator<Item = f64>) {{\n    let n = words.next().unwrap() as usize;\n    \
         for _ in 0..n {{\n        let input = case{k}::Input {{\n"
    );
    for (c, column) in case.columns.iter().enumerate() {
        let (field, enum_type) = (&names.fields[c], &names.enums[c]);
        let value = match &column.input_type {
            InputType::Number(Width::Model) => format!("words.next().unwrap() as {real}"),
            InputType::Number(Width::Double) | InputType::Date => "words.next().unwrap()".to_owned(),
            InputType::Category(_) => {
                let all: Vec<String> = names.variants[c]
                    .iter()
                    .map(|variant| format!("case{k}::{enum_type}::{variant}"))
                    .collect();
                format!("[{}][words.next().unwrap() as usize]", all.join(", "))
            }
        };
        text += &format!("            {field}: {value},\n");
    }
    text += &format!(
        "        }};\n        let out = case{k}::predict(&input);\n        out.iter().for_each(|v| print!(\"{{v:?}} \"));\n"
    );
    text += &match case.model.target() {
        Target::Classes { .. } => format!("        print!(\"{{}}\", case{k}::class(&out));\n"),
        Target::Labels { .. } => {
            format!("        case{k}::labels(&out).iter().for_each(|v| print!(\"{{}} \", u8::from(*v)));\n")
        }
        Target::Numbers { .. } => String::new(),
    };
    text + "        println!();\n    }\n}\n\n"
}
