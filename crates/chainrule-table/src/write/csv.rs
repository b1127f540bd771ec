//! CSV: fields in quotes where they have to be, numbers in plain decimals.

use std::io::Write;

use super::rows::TextRows;

/// The rows of a CSV with these columns.
pub(super) fn rows(names: &[&str]) -> TextRows {
    // A line with nothing on it would be no row.
    let text = if names.len() == 1 { field_alone } else { field };
    let mut header = Vec::new();
    for (k, name) in names.iter().enumerate() {
        header.extend_from_slice(before(k));
        text(name, &mut header);
    }
    header.push(b'\n');
    TextRows {
        header,
        before: (0..names.len()).map(|k| before(k).to_vec()).collect(),
        end: b"\n",
        text,
        number,
    }
}

/// What stands before a row's k-th field.
fn before(k: usize) -> &'static [u8] {
    if k == 0 { b"" } else { b"," }
}

/// Adds a field, in quotes where it would be misread without.
fn field(text: &str, bytes: &mut Vec<u8>) {
    if !text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        bytes.extend_from_slice(text.as_bytes());
        return;
    }
    bytes.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            bytes.push(b'"');
        }
        bytes.push(byte);
    }
    bytes.push(b'"');
}

/// Adds the only field of a row.
fn field_alone(text: &str, bytes: &mut Vec<u8>) {
    if text.is_empty() { bytes.extend_from_slice(b"\"\"") } else { field(text, bytes) }
}

/// Adds a number in as few digits as tell it from every other, without exponent.
fn number(v: f64, bytes: &mut Vec<u8>) {
    write!(bytes, "{v}").expect("a number in memory");
}
