//! Rows of text, of which CSV and JSON Lines differ in what stands between the cells.

use super::Rows;
use crate::{Table, Values};

/// How rows are written as text.
pub(super) struct TextRows {
    /// What the file begins with.
    pub(super) header: Vec<u8>,
    /// What stands before the cell of each column.
    pub(super) before: Vec<Vec<u8>>,
    /// What ends a row.
    pub(super) end: &'static [u8],
    /// Adds a text; an empty one where it is missing.
    pub(super) text: fn(&str, &mut Vec<u8>),
    /// Adds a number; NaN where it is missing.
    pub(super) number: fn(f64, &mut Vec<u8>),
}

impl Rows for TextRows {
    fn header(&self, _: u64) -> Vec<u8> {
        self.header.clone()
    }

    fn append(&mut self, piece: &Table, bytes: &mut Vec<u8>) {
        let cells: Vec<Cells> = piece.columns.iter().map(|column| self.cells(&column.values)).collect();
        for row in 0..piece.n_rows() {
            for (before, cells) in self.before.iter().zip(&cells) {
                bytes.extend_from_slice(before);
                match cells {
                    Cells::Numbers(values) => (self.number)(values[row], bytes),
                    Cells::Strings { codes, words } => bytes.extend_from_slice(words.get(codes[row])),
                }
            }
            bytes.extend_from_slice(self.end);
        }
    }
}

/// The cells of a column, its words as they are written.
enum Cells<'p> {
    Numbers(&'p [f64]),
    Strings { codes: &'p [u32], words: Words },
}

/// Words in one buffer, the last of them for what is missing.
struct Words {
    bytes: Vec<u8>,
    /// Where each begins, and where the last ends.
    bounds: Vec<usize>,
}

impl Words {
    /// The word of a code.
    fn get(&self, code: u32) -> &[u8] {
        let place = (code as usize).min(self.bounds.len() - 2);
        &self.bytes[self.bounds[place]..self.bounds[place + 1]]
    }
}

impl TextRows {
    fn cells<'p>(&self, values: &'p Values) -> Cells<'p> {
        match values {
            Values::Numbers(values) | Values::Dates(values) => Cells::Numbers(values),
            Values::Strings(texts) => {
                let mut words = Words { bytes: Vec::new(), bounds: vec![0] };
                for word in texts.words.iter().map(String::as_str).chain([""]) {
                    (self.text)(word, &mut words.bytes);
                    words.bounds.push(words.bytes.len());
                }
                Cells::Strings { codes: &texts.codes, words }
            }
        }
    }
}
