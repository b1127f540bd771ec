//! CSV: fields are quoted only if necessary, and numbers are written without an exponent.

use std::io::Write;

use super::rows::TextRows;

/// Returns the row format of a CSV file with the given columns.
pub(super) fn rows(names: &[&str]) -> TextRows {
    // An empty field must be quoted if it is the only one, as an empty line is not a row.
    let text = if names.len() == 1 { single_field } else { field };
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

/// Returns the text before the k-th field of a row.
fn before(k: usize) -> &'static [u8] {
    if k == 0 { b"" } else { b"," }
}

/// Appends a field, which is quoted if necessary.
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

/// Appends the only field of a row.
fn single_field(text: &str, bytes: &mut Vec<u8>) {
    if text.is_empty() { bytes.extend_from_slice(b"\"\"") } else { field(text, bytes) }
}

/// Appends a number with the fewest digits that identify it, without an exponent.
fn number(v: f64, bytes: &mut Vec<u8>) {
    write!(bytes, "{v}").expect("writing to memory does not fail");
}
