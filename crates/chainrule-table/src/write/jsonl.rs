//! JSON Lines: an object on each line, its keys in the columns' order.

use super::rows::TextRows;

/// The rows of JSON Lines with these columns.
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
    serde_json::to_writer(bytes, text).expect("a text in memory");
}

/// Adds a number in as few digits as tell it from every other, `null` where it is not finite.
fn number(v: f64, bytes: &mut Vec<u8>) {
    serde_json::to_writer(bytes, &v).expect("a number in memory");
}
