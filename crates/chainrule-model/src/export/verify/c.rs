//! Runs exports as C: one program of all of them, with warnings as errors.

use std::path::Path;
use std::process::Command;

use chainrule_table::Target;

use super::super::c::Names;
use super::super::columns::Cells;
use super::super::expression::Width;
use super::super::outputs;
use super::{Case, Said, Tools, output, write};
use crate::{Error, Precision};

const OPTIONS: [&str; 7] = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-O1"];

pub(super) fn run(cases: &[Case<'_>], tools: &Tools, folder: &Path) -> Result<Vec<Said>, Error> {
    let mut main = String::from(
        "#include <stdio.h>\n#include <stdlib.h>\n\nstatic double next(void) {\n    char word[64];\n    \
         if (scanf(\"%63s\", word) != 1) exit(1);\n    return strtod(word, 0);\n}\n\n",
    );
    let mut calls = String::new();
    for (k, case) in cases.iter().enumerate() {
        write(&folder.join(format!("case{k}.c")), &case.export.bytes)?;
        main += &format!("#include \"case{k}.c\"\n\n");
        main += &rows(case, k);
        calls += &format!("    rows{k}();\n");
    }
    main += &format!("int main(void) {{\n{calls}    return 0;\n}}\n");
    let [source, program] = [folder.join("main.c"), folder.join("main")];
    write(&source, main.as_bytes())?;
    let install =
        "install a C compiler (on Debian `apt install gcc libc6-dev`), or name one in the variable CC";
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
    let input: String = cases.iter().map(Case::rows).collect();
    let said = output(&mut command, "install the emulator that runs programs of that processor", &input)?;
    let mut lines = said.lines();
    cases.iter().map(|case| case.read(&mut lines)).collect()
}

/// A function that reads rows and writes what the export says of them.
fn rows(case: &Case<'_>, k: usize) -> String {
    let p = &case.export.prefix;
    let names = Names::of(p, &case.columns);
    let real = if case.model.precision == Precision::F32 { "float" } else { "double" };
    let n = outputs::n_predicted(case.model.target());
    let mut text = format!(
        "static void rows{k}(void) {{\n    long n = (long)next();\n    while (n-- > 0) {{\n        {p}_input in;\n        \
         {real} out[{n}];\n        int k;\n"
    );
    for ((member, own), column) in names.members.iter().zip(&names.enums).zip(&case.columns) {
        let cast = match &column.cells {
            Cells::Numbers(Width::Own) => real.to_owned(),
            Cells::Numbers(Width::Wide) | Cells::Dates => "double".to_owned(),
            Cells::Words(_) => format!("{own})(int"),
        };
        text += &format!("        in.{member} = ({cast})next();\n");
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
