//! NPY: a structured array whose rows consist of numbers and fixed-width strings.

use super::format::{OutputColumn, RowFormat};
use crate::{Table, Values};

/// The row format of an NPY file.
pub(super) struct NpyWriter {
    /// Names and types of the columns, as Python tuples.
    fields: String,
    version: NpyVersion,
    /// Width of the strings of each column in characters; 0 for numbers.
    widths: Vec<usize>,
}

/// A version of the format, which determines the encoding of the header.
#[derive(Clone, Copy)]
enum NpyVersion {
    /// ASCII, at most 65,535 bytes.
    Short = 1,
    /// ASCII, longer.
    Long = 2,
    /// UTF-8.
    Utf8 = 3,
}

/// Maximum number of digits of the number of rows.
const MAX_DIGITS: usize = 20;

impl NpyWriter {
    /// Creates a writer. Returns the name of a column as an error if it contains strings of unknown
    /// length.
    pub(super) fn new<'c>(columns: &[(&'c str, OutputColumn)]) -> Result<NpyWriter, &'c str> {
        let mut widths = Vec::new();
        let mut fields = Vec::new();
        for (name, column) in columns {
            let (width, kind) = match column {
                OutputColumn::Numbers => (0, "<f8".to_owned()),
                OutputColumn::Strings { longest: None } => return Err(name),
                // NumPy does not support strings of width 0.
                OutputColumn::Strings { longest: Some(longest) } => {
                    ((*longest).max(1), format!("<U{}", (*longest).max(1)))
                }
            };
            widths.push(width);
            fields.push(format!("({}, '{kind}')", quoted(name)));
        }
        let mut writer = NpyWriter { fields: fields.join(", "), version: NpyVersion::Short, widths };
        if !writer.fields.is_ascii() {
            writer.version = NpyVersion::Utf8;
        } else if writer.text(u64::MAX).len() > usize::from(u16::MAX) {
            writer.version = NpyVersion::Long;
        }
        Ok(writer)
    }

    /// Returns the text of the header, padded so that the rows begin at a multiple of 64 bytes.
    fn text(&self, n_rows: u64) -> String {
        let text = |shape: &str| {
            format!("{{'descr': [{}], 'fortran_order': False, 'shape': ({shape},), }}", self.fields)
        };
        let (start, max_len) = (self.start(), text(&"9".repeat(MAX_DIGITS)).len());
        let len = (start + max_len + 1).next_multiple_of(64) - start;
        let text = text(&n_rows.to_string());
        let padding = " ".repeat(len - text.len() - 1);
        text + &padding + "\n"
    }

    /// Returns the offset of the text in the header.
    fn start(&self) -> usize {
        if let NpyVersion::Short = self.version { 10 } else { 12 }
    }
}

impl RowFormat for NpyWriter {
    fn header(&self, n_rows: u64) -> Vec<u8> {
        let text = self.text(n_rows);
        let len = (text.len() as u32).to_le_bytes();
        let mut header = b"\x93NUMPY".to_vec();
        header.extend([self.version as u8, 0]);
        header.extend_from_slice(&len[..self.start() - 8]);
        header.extend_from_slice(text.as_bytes());
        header
    }

    fn append(&mut self, chunk: &Table, bytes: &mut Vec<u8>) {
        let cells: Vec<NpyCells> = chunk
            .columns
            .iter()
            .zip(&self.widths)
            .map(|(column, width)| NpyCells::of(&column.values, *width))
            .collect();
        for row in 0..chunk.n_rows() {
            for cells in &cells {
                match cells {
                    NpyCells::Numbers(values) => bytes.extend_from_slice(&values[row].to_le_bytes()),
                    NpyCells::Strings { codes, strings, size } => {
                        let index = (codes[row] as usize).min(strings.len() / size - 1);
                        bytes.extend_from_slice(&strings[index * size..][..*size]);
                    }
                }
            }
        }
    }
}

/// The cells of a column, with encoded strings.
enum NpyCells<'c> {
    Numbers(&'c [f64]),
    Strings {
        codes: &'c [u32],
        /// Encoded strings; the last one encodes a missing cell.
        strings: Vec<u8>,
        /// Size of an encoded string in bytes.
        size: usize,
    },
}

impl NpyCells<'_> {
    fn of(values: &Values, width: usize) -> NpyCells<'_> {
        match values {
            Values::Numbers(values) | Values::Dates(values) => NpyCells::Numbers(values),
            Values::Strings(texts) => {
                // A character is encoded as UTF-32.
                let size = 4 * width;
                let mut strings = Vec::with_capacity(size * (texts.words.len() + 1));
                for (k, word) in texts.words.iter().map(String::as_str).chain([""]).enumerate() {
                    strings.extend(word.chars().flat_map(|c| u32::from(c).to_le_bytes()));
                    assert!(
                        strings.len() <= size * (k + 1),
                        "no string is longer than the maximum length of the column"
                    );
                    strings.resize(size * (k + 1), 0);
                }
                NpyCells::Strings { codes: &texts.codes, strings, size }
            }
        }
    }
}

/// Formats a string as a Python literal.
fn quoted(text: &str) -> String {
    let mut quoted = "'".to_owned();
    for c in text.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\x{:02x}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}
