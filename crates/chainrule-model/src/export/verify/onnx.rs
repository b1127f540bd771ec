//! Verification of ONNX exports with onnxruntime in Python.

use std::path::Path;
use std::process::Command;

use chainrule_table::Target;
use serde::Deserialize;
use serde_json::json;

use super::super::columns::InputType;
use super::super::language::Width;
use super::tools::{Tools, output, write};
use super::{ExportCase, ExportOutput};
use crate::{Error, Precision};

/// Result of the Python script for a file.
#[derive(Deserialize)]
struct OnnxResult {
    /// NaN and infinity are null.
    numbers: Vec<Vec<Option<f64>>>,
    decisions: Vec<Vec<usize>>,
}

pub(super) fn run(
    cases: &[ExportCase<'_>],
    tools: &Tools,
    folder: &Path,
) -> Result<Vec<ExportOutput>, Error> {
    let mut inputs = Vec::new();
    for (k, case) in cases.iter().enumerate() {
        let file = folder.join(format!("case{k}.onnx"));
        write(&file, &case.export.bytes)?;
        let number = if case.model.precision == Precision::F32 { "float32" } else { "float64" };
        let column = |c: usize| match &case.columns[c].input_type {
            InputType::Number(Width::Model) => json!({ "kind": number, "cells": case.cells[c] }),
            InputType::Number(Width::Double) | InputType::Date => {
                json!({ "kind": "float64", "cells": case.cells[c] })
            }
            InputType::Category(_) => json!({ "kind": "object", "cells": case.texts[c] }),
        };
        let columns: Vec<_> = (0..case.columns.len()).map(column).collect();
        let classes = match case.model.target() {
            Target::Classes { classes, .. } => Some(classes),
            Target::Labels { .. } | Target::Numbers { .. } => None,
        };
        inputs.push(json!({ "file": file, "columns": columns, "classes": classes }));
    }
    let install = "install Python 3 and run pip install onnxruntime numpy, or set the environment variable \
                   CHAINRULE_PYTHON to a Python that has these packages";
    let mut python = Command::new(&tools.python);
    python.arg("-c").arg(include_str!("run_onnx.py"));
    let output = output(&mut python, install, &json!(inputs).to_string())?;
    let failed =
        |message: String| Error::ToolFailed { tool: tools.python.to_string_lossy().into_owned(), message };
    let results: Vec<OnnxResult> =
        serde_json::from_str(&output).map_err(|error| failed(error.to_string()))?;
    let export_output = |result: OnnxResult| ExportOutput {
        y: result.numbers.into_iter().flatten().map(|v| v.unwrap_or(f64::NAN)).collect(),
        decisions: result.decisions.into_iter().flatten().collect(),
    };
    let outputs: Vec<ExportOutput> = results.into_iter().map(export_output).collect();
    if outputs.len() != cases.len() {
        return Err(failed(format!("it returned {} results for {} files", outputs.len(), cases.len())));
    }
    Ok(outputs)
}
