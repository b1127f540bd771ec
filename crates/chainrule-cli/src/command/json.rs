//! JSON output of the commands that have `--json`.

use serde::Serialize;

/// Prints a value to standard output, indented.
pub(super) fn print(value: &impl Serialize) {
    let value = serde_json::to_value(value).expect("the keys of results are texts");
    crate::output::print(&format!("{value:#}\n"));
}
