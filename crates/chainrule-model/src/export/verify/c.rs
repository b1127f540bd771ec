//! Verification of C exports: all are compiled as one program, with warnings as errors.

use std::path::Path;
use std::process::Command;

use chainrule_table::Target;

use super::super::c::CNames;
use super::super::columns::InputType;
use super::super::language::{Language, Width};
use super::super::{Libm, outputs};
use super::tools::{Tools, output, write};
use super::{ExportCase, ExportOutput};
use crate::Error;

const OPTIONS: [&str; 7] = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-O1"];

pub(super) fn run(
    cases: &[ExportCase<'_>],
    tools: &Tools,
    folder: &Path,
) -> Result<Vec<ExportOutput>, Error> {
    let mut main = String::from(
        "#include <stdio.h>\n#include <stdlib.h>\n\nstatic double next(void) {\n    char word[64];\n    \
         if (scanf(\"%63s\", word) != 1) exit(1);\n    return strtod(word, 0);\n}\n\n",
    );
    let mut calls = String::new();
    for (k, case) in cases.iter().enumerate() {
        write(&folder.join(format!("case{k}.c")), &case.export.bytes)?;
        main += &format!("#include \"case{k}.c\"\n\n");
        main += &rows_function(case, k);
        calls += &format!("    rows{k}();\n");
    }
    main += &format!("int main(void) {{\n{calls}    return 0;\n}}\n");
    let [source, program] = [folder.join("main.c"), folder.join("main")];
    write(&source, main.as_bytes())?;
    let install = "install a C compiler (on Debian: apt install gcc libc6-dev), or set the environment variable CC to one";
    let mut compile = Command::new(&tools.cc);
    compile.args(OPTIONS).args(&tools.cc_options).arg(&source).arg("-o").arg(&program).arg("-lm");
    output(&mut compile, install, "")?;
    let mut command = match tools.runner.split_first() {
        Some((runner, options)) => {
            let mut command = Command::new(runner);
            command.args(options).arg(&program);
            command
        }
        None => Command::new(&program),
    };
    let input: String = cases.iter().map(ExportCase::input).collect();
    let output = output(&mut command, "install the emulator of the target processor", &input)?;
    let mut lines = output.lines();
    cases.iter().map(|case| case.parse_output(&mut lines)).collect()
}

/// Returns a C function that reads rows and prints the predictions of the export.
fn rows_function(case: &ExportCase<'_>, k: usize) -> String {
    let p = &case.export.prefix;
    let names = CNames::new(p, &case.columns);
    let language = Language::C { prefix: p, libm: Libm::System };
    let number_type = |width| language.number_type(case.model.precision, width);
    let (real, output_type) = (number_type(Width::Model), number_type(outputs::width(case.model)));
    let n = outputs::n_predicted(case.model.target());
    let mut text = format!(
        "static void rows{k}(void) {{\n    long n = (long)next();\n    while (n-- > 0) {{\n        {p}_input in;\n        \
         {output_type} out[{n}];\n        int k;\n"
    );
    for ((field, enum_type), column) in names.fields.iter().zip(&names.enums).zip(&case.columns) {
        let cast = match &column.input_type {
            InputType::Number(Width::Model) => real.to_owned(),
            InputType::Number(Width::Double) | InputType::Date => "double".to_owned(),
            InputType::Category(_) => format!("{enum_type})(int"),
        };
        text += &format!("        in.{field} = ({cast})next();\n");
    }
    text += &format!("        {p}_predict(&in, out);\n");
    text += &format!("        for (k = 0; k < {n}; k++) printf(\"%.17g \", (double)out[k]);\n");
    text += &match case.model.target() {
        Target::Classes { .. } => format!("        printf(\"%d\", {p}_class(out));\n"),
        Target::Labels { .. } => {
            format!("        for (k = 0; k < {n}; k++) printf(\"%d \", {p}_label(out, k));\n")
        }
        Target::Numbers { .. } => String::new(),
    };
    text + "        printf(\"\\n\");\n    }\n}\n\n"
}
