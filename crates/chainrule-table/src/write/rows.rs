//! Rows of text. CSV and JSON Lines differ in the text around the cells and in the encoding of
//! cells.

use super::format::RowFormat;
use crate::{Table, Values};

/// A text format with consecutive rows.
pub(super) struct TextRows {
    /// The header of the file.
    pub(super) header: Vec<u8>,
    /// Text before the cell of each column.
    pub(super) before: Vec<Vec<u8>>,
    /// Text at the end of a row.
    pub(super) end: &'static [u8],
    /// Appends a string, which is empty if missing.
    pub(super) text: fn(&str, &mut Vec<u8>),
    /// Appends a number, which is NaN if missing.
    pub(super) number: fn(f64, &mut Vec<u8>),
}

impl RowFormat for TextRows {
    fn header(&self, _: u64) -> Vec<u8> {
        self.header.clone()
    }

    fn append(&mut self, chunk: &Table, bytes: &mut Vec<u8>) {
        let cells: Vec<TextCells> = chunk.columns.iter().map(|column| self.cells(&column.values)).collect();
        for row in 0..chunk.n_rows() {
            for (before, cells) in self.before.iter().zip(&cells) {
                bytes.extend_from_slice(before);
                match cells {
                    TextCells::Numbers(values) => (self.number)(values[row], bytes),
                    TextCells::Strings { codes, strings } => {
                        bytes.extend_from_slice(strings.get(codes[row]));
                    }
                }
            }
            bytes.extend_from_slice(self.end);
        }
    }
}

/// The cells of a column, with encoded strings.
enum TextCells<'c> {
    Numbers(&'c [f64]),
    Strings { codes: &'c [u32], strings: EncodedStrings },
}

/// Encoded strings in one buffer; the last one encodes a missing cell.
struct EncodedStrings {
    bytes: Vec<u8>,
    /// Offsets of the strings, and the end of the last string.
    offsets: Vec<usize>,
}

impl EncodedStrings {
    /// Returns the encoded string of a code.
    fn get(&self, code: u32) -> &[u8] {
        let index = (code as usize).min(self.offsets.len() - 2);
        &self.bytes[self.offsets[index]..self.offsets[index + 1]]
    }
}

impl TextRows {
    fn cells<'c>(&self, values: &'c Values) -> TextCells<'c> {
        match values {
            Values::Numbers(values) | Values::Dates(values) => TextCells::Numbers(values),
            Values::Strings(texts) => {
                let mut strings = EncodedStrings { bytes: Vec::new(), offsets: vec![0] };
                for word in texts.words.iter().map(String::as_str).chain([""]) {
                    (self.text)(word, &mut strings.bytes);
                    strings.offsets.push(strings.bytes.len());
                }
                TextCells::Strings { codes: &texts.codes, strings }
            }
        }
    }
}
