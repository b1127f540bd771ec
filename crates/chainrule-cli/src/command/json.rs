//! JSON output of the commands that have `--json`.

use chainrule_table::{Encoders, Encoding, Input, Target};
use serde_json::{Map, Value, json};

/// Prints a value to standard output, indented.
pub(super) fn print(value: &Value) {
    crate::output::print(&format!("{value:#}\n"));
}

/// Returns named numbers as an object; NaN and infinities become null, as JSON has none.
pub(super) fn numbers<'n>(numbers: impl IntoIterator<Item = (&'n str, f64)>) -> Value {
    Value::Object(numbers.into_iter().map(|(name, v)| (name.to_owned(), json!(v))).collect::<Map<_, _>>())
}

/// Returns the metrics of each target as an object of objects.
pub(super) fn targets(targets: &[(String, Vec<(&'static str, f64)>)]) -> Value {
    let target = |(column, metrics): &(String, Vec<_>)| (column.clone(), numbers(metrics.iter().copied()));
    Value::Object(targets.iter().map(target).collect())
}

/// Returns the number of cells with unknown values in each column as an object.
pub(super) fn unseen(columns: &[(String, u64)]) -> Value {
    Value::Object(columns.iter().map(|(name, n)| (name.clone(), json!(n))).collect::<Map<_, _>>())
}

/// A target as JSON.
pub(super) fn target(target: &Target) -> Value {
    let mut value = json!({"task": target.task().name(), "columns": target.columns()});
    if let Target::Classes { classes, .. } = target {
        value["classes"] = json!(classes);
    }
    value
}

/// The input columns of encoders as JSON.
pub(super) fn inputs(encoders: &Encoders) -> Value {
    let input = |input: &Input| {
        let mut value = json!({
            "column": input.column,
            "kind": input.how.name(),
            "n_inputs": input.width(),
            "missing_indicator": input.has_missing_indicator,
            "format": input.format(),
        });
        match &input.how {
            Encoding::Number { scale, .. } | Encoding::Date { scale, .. } => {
                value["scale"] = numbers([("shift", scale.shift), ("divisor", scale.by)]);
            }
            Encoding::Boolean { words } => value["values"] = json!(words),
            Encoding::Category { words, .. } => value["categories"] = json!(words),
        }
        value
    };
    encoders.inputs.iter().map(input).collect()
}
