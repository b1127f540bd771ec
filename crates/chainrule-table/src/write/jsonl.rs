//! JSON Lines: one object per line, with the keys in the order of the columns.

use super::rows::TextRows;

/// Returns the row format of a JSON Lines file with the given columns.
pub(super) fn rows(names: &[&str]) -> TextRows {
    let before = |(k, name): (usize, &&str)| {
        let mut bytes = if k == 0 { b"{".to_vec() } else { b",".to_vec() };
        text(name, &mut bytes);
        bytes.push(b':');
        bytes
    };
    TextRows {
        header: Vec::new(),
        before: names.iter().enumerate().map(before).collect(),
        end: b"}\n",
        text,
        number,
    }
}

fn text(text: &str, bytes: &mut Vec<u8>) {
    serde_json::to_writer(bytes, text).expect("writing to memory does not fail");
}

/// Appends a number with the fewest digits that identify it, or `null` if it is not finite.
fn number(v: f64, bytes: &mut Vec<u8>) {
    serde_json::to_writer(bytes, &v).expect("writing to memory does not fail");
}
