//! NPY: an array of structures, a row after the other, each of numbers and texts of known width.

use super::{OutputColumn, Rows};
use crate::{Table, Values};

/// The rows of an NPY file.
pub(super) struct Numpy {
    /// The columns' names and kinds, as Python writes them.
    fields: String,
    version: Version,
    /// The characters of each column's texts; 0 for numbers.
    widths: Vec<usize>,
}

/// A version of the format, which says how the header is written.
#[derive(Clone, Copy)]
enum Version {
    /// Of at most 65,535 bytes.
    Short = 1,
    /// Longer.
    Long = 2,
    /// In UTF-8.
    Utf8 = 3,
}

/// The most digits that a number of rows has.
const DIGITS: usize = 20;

impl Numpy {
    /// Refuses a column of texts of unknown length, by its name.
    pub(super) fn new<'c>(columns: &[(&'c str, OutputColumn)]) -> Result<Numpy, &'c str> {
        let mut widths = Vec::new();
        let mut fields = Vec::new();
        for (name, holds) in columns {
            let (width, kind) = match holds {
                OutputColumn::Numbers => (0, "<f8".to_owned()),
                OutputColumn::Strings { longest: None } => return Err(name),
                // NumPy has no texts of width 0.
                OutputColumn::Strings { longest: Some(longest) } => {
                    ((*longest).max(1), format!("<U{}", (*longest).max(1)))
                }
            };
            widths.push(width);
            fields.push(format!("({}, '{kind}')", quoted(name)));
        }
        let mut numpy = Numpy { fields: fields.join(", "), version: Version::Short, widths };
        if !numpy.fields.is_ascii() {
            numpy.version = Version::Utf8;
        } else if numpy.text(u64::MAX).len() > usize::from(u16::MAX) {
            numpy.version = Version::Long;
        }
        Ok(numpy)
    }

    /// The header's text, filled up to where the numbers begin: a multiple of 64 bytes.
    fn text(&self, rows: u64) -> String {
        let text = |shape: &str| {
            format!("{{'descr': [{}], 'fortran_order': False, 'shape': ({shape},), }}", self.fields)
        };
        let (start, longest) = (self.start(), text(&"9".repeat(DIGITS)).len());
        let len = (start + longest + 1).next_multiple_of(64) - start;
        let text = text(&rows.to_string());
        let spaces = " ".repeat(len - text.len() - 1);
        text + &spaces + "\n"
    }

    /// How many bytes stand before the text.
    fn start(&self) -> usize {
        if let Version::Short = self.version { 10 } else { 12 }
    }
}

impl Rows for Numpy {
    fn header(&self, n_rows: u64) -> Vec<u8> {
        let text = self.text(n_rows);
        let len = (text.len() as u32).to_le_bytes();
        let mut header = b"\x93NUMPY".to_vec();
        header.extend([self.version as u8, 0]);
        header.extend_from_slice(&len[..self.start() - 8]);
        header.extend_from_slice(text.as_bytes());
        header
    }

    fn append(&mut self, piece: &Table, bytes: &mut Vec<u8>) {
        let cells: Vec<Cells> = piece
            .columns
            .iter()
            .zip(&self.widths)
            .map(|(column, width)| Cells::of(&column.values, *width))
            .collect();
        for row in 0..piece.n_rows() {
            for cells in &cells {
                match cells {
                    Cells::Numbers(values) => bytes.extend_from_slice(&values[row].to_le_bytes()),
                    Cells::Strings { codes, words, size } => {
                        let place = (codes[row] as usize).min(words.len() / size - 1);
                        bytes.extend_from_slice(&words[place * size..][..*size]);
                    }
                }
            }
        }
    }
}

/// The cells of a column.
enum Cells<'p> {
    Numbers(&'p [f64]),
    Strings {
        codes: &'p [u32],
        /// The words as they are written, the last of them for what is missing.
        words: Vec<u8>,
        /// The bytes of a word.
        size: usize,
    },
}

impl Cells<'_> {
    fn of(values: &Values, width: usize) -> Cells<'_> {
        match values {
            Values::Numbers(values) | Values::Dates(values) => Cells::Numbers(values),
            Values::Strings(texts) => {
                // A character is four bytes.
                let size = 4 * width;
                let mut words = Vec::with_capacity(size * (texts.words.len() + 1));
                for (k, word) in texts.words.iter().map(String::as_str).chain([""]).enumerate() {
                    words.extend(word.chars().flat_map(|letter| u32::from(letter).to_le_bytes()));
                    assert!(words.len() <= size * (k + 1), "no text is longer than was said");
                    words.resize(size * (k + 1), 0);
                }
                Cells::Strings { codes: &texts.codes, words, size }
            }
        }
    }
}

/// A text as Python writes it between quotes.
fn quoted(text: &str) -> String {
    let mut quoted = "'".to_owned();
    for letter in text.chars() {
        match letter {
            '\'' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => quoted += &format!("\\x{:02x}", u32::from(letter)),
            letter => quoted.push(letter),
        }
    }
    quoted.push('\'');
    quoted
}
