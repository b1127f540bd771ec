//! JSON output of the commands that have `--json`.

use serde_json::{Map, Value, json};

/// Prints a value to standard output, indented.
pub(super) fn print(value: &Value) {
    anstream::println!("{value:#}");
}

/// Returns named numbers as an object; NaN and infinities become null, as JSON has none.
pub(super) fn numbers<'n>(numbers: impl IntoIterator<Item = (&'n str, f64)>) -> Value {
    Value::Object(numbers.into_iter().map(|(name, v)| (name.to_owned(), json!(v))).collect::<Map<_, _>>())
}

/// Returns the number of cells with unknown values in each column as an object.
pub(super) fn unseen(columns: &[(String, u64)]) -> Value {
    Value::Object(columns.iter().map(|(name, n)| (name.clone(), json!(n))).collect::<Map<_, _>>())
}
