//! Runs exports as ONNX, with Python's onnxruntime.

use std::path::Path;
use std::process::Command;

use chainrule_table::Target;
use serde::Deserialize;
use serde_json::json;

use super::super::columns::Cells;
use super::super::expression::Width;
use super::{Case, Said, Tools, output, write};
use crate::{Error, Precision};

/// What the script says of a file.
#[derive(Deserialize)]
struct Answer {
    /// A NaN is null, and so is an infinity.
    numbers: Vec<Vec<Option<f64>>>,
    decided: Vec<Vec<usize>>,
}

pub(super) fn run(cases: &[Case<'_>], tools: &Tools, folder: &Path) -> Result<Vec<Said>, Error> {
    let mut given = Vec::new();
    for (k, case) in cases.iter().enumerate() {
        let file = folder.join(format!("case{k}.onnx"));
        write(&file, &case.export.bytes)?;
        let number = if case.model.precision == Precision::F32 { "float32" } else { "float64" };
        let column = |c: usize| match &case.columns[c].cells {
            Cells::Numbers(Width::Own) => json!({ "kind": number, "cells": case.cells[c] }),
            Cells::Numbers(Width::Wide) | Cells::Dates => {
                json!({ "kind": "float64", "cells": case.cells[c] })
            }
            Cells::Words(_) => json!({ "kind": "object", "cells": case.texts[c] }),
        };
        let columns: Vec<_> = (0..case.columns.len()).map(column).collect();
        let classes = match case.model.target() {
            Target::Classes { classes, .. } => Some(classes),
            Target::Labels { .. } | Target::Numbers { .. } => None,
        };
        given.push(json!({ "file": file, "columns": columns, "classes": classes }));
    }
    let install = "install Python 3 with `pip install onnxruntime numpy`, or name the program in the variable \
                   CHAINRULE_PYTHON";
    let mut python = Command::new(&tools.python);
    python.arg("-c").arg(include_str!("run_onnx.py"));
    let said = output(&mut python, install, &json!(given).to_string())?;
    let wrong = |said: String| Error::Tool { tool: tools.python.to_string_lossy().into_owned(), said };
    let answers: Vec<Answer> = serde_json::from_str(&said).map_err(|error| wrong(error.to_string()))?;
    let of = |answer: Answer| Said {
        y: answer.numbers.into_iter().flatten().map(|v| v.unwrap_or(f64::NAN)).collect(),
        decided: answer.decided.into_iter().flatten().collect(),
    };
    let said: Vec<Said> = answers.into_iter().map(of).collect();
    if said.len() == cases.len() { Ok(said) } else { Err(wrong(format!("{} answers", said.len()))) }
}
