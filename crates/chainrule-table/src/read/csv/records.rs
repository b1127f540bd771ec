//! The records of a block of a CSV as cells of columns: the loop in which the reading of a CSV spends its time.

use memchr::memchr_iter;

use super::field::{End, Field, blank_line};
use crate::read::CellType;
use crate::read::cell::Cells;
use crate::read::column::Part;
use crate::read::number;
use crate::read::pieces::Piece;
use crate::{Error, Problem};

/// What must be known of a file to parse any of its blocks.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) path: std::path::PathBuf,
    pub(super) delimiter: u8,
    /// What the file's encoding is called.
    pub(super) encoding: &'static str,
    pub(super) cells: Cells,
    /// What says how many fields a record has: the header, or the first row.
    pub(super) first: &'static str,
    /// The names of all columns.
    pub(super) names: Vec<String>,
    /// For each field of a record the place of its column among those that are read.
    pub(super) places: Vec<Option<usize>>,
    /// What the columns that are read hold.
    pub(super) wants: Vec<CellType>,
}

impl Layout {
    /// Parses whole records.
    pub(super) fn parse(&self, bytes: &[u8]) -> Result<(Piece, u64), Error> {
        let mut block = Block {
            layout: self,
            bytes,
            in_place: self.cells.in_place(),
            columns: self.wants.iter().map(|want| Part::new(*want)).collect(),
            unescaped: Vec::new(),
            line: 0,
        };
        let mut lines: Vec<u64> = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if let Some(len) = blank_line(bytes, at) {
                at += len;
                block.line += 1;
                continue;
            }
            lines.push(block.line);
            at = block.record(at)?;
            if lines.len() == 16 {
                block.reserve(bytes.len() / (at / 16).max(1));
            }
        }
        Ok((Piece { columns: block.columns, lines }, block.line))
    }

    /// The error for a record that has not as many fields as it should have.
    pub(super) fn ragged(&self, got: usize, line: u64) -> Error {
        let problem = Problem::Ragged { got, expected: self.places.len(), first: self.first };
        Error::new(&self.path, problem).line(line)
    }
}

/// A block that is being parsed.
struct Block<'a> {
    layout: &'a Layout,
    bytes: &'a [u8],
    /// Whether numbers may be read where they lie.
    in_place: bool,
    columns: Vec<Part>,
    unescaped: Vec<u8>,
    /// The line, counted from the block's first, which is 0.
    line: u64,
}

impl Block<'_> {
    fn reserve(&mut self, n: usize) {
        self.columns.iter_mut().for_each(|column| column.reserve(n));
    }

    /// Parses the record that begins at `at`, and says where the next one begins.
    fn record(&mut self, mut at: usize) -> Result<usize, Error> {
        let first_line = self.line;
        let places = &self.layout.places;
        for (i, place) in places.iter().enumerate() {
            let (next, end) = match place {
                Some(place) => match self.number(*place, at) {
                    Some(after) => after,
                    None => self.field(i, Some(*place), at)?,
                },
                None => self.field(i, None, at)?,
            };
            at = next;
            if (end == End::Record) != (i + 1 == places.len()) {
                let more = if end == End::Record { 0 } else { self.count(at)? };
                return Err(self.layout.ragged(i + 1 + more, first_line));
            }
        }
        self.line += 1;
        Ok(at)
    }

    /// Reads a number where it lies, without looking for the field's end before; nothing if there is anything else.
    #[inline]
    fn number(&mut self, place: usize, at: usize) -> Option<(usize, End)> {
        let column = &mut self.columns[place];
        if !self.in_place || column.want() != CellType::Numbers {
            return None;
        }
        let rest = &self.bytes[at..];
        let (value, len) = number::at_start(rest)?;
        let (after, end) = match rest.get(len..)? {
            [byte, ..] if *byte == self.layout.delimiter => (1, End::Delimiter),
            [b'\n', ..] => (1, End::Record),
            [b'\r', b'\n', ..] => (2, End::Record),
            _ => return None,
        };
        // Identifiers such as 007, and numbers that are not finite, are looked at more closely.
        if (rest[0] == b'0' && rest[1].is_ascii_digit()) || !value.is_finite() {
            return None;
        }
        column.seen.numbers = true;
        column.values.push(value);
        Some((at + len + after, end))
    }

    /// Reads any field, and adds it to its column if it has one.
    fn field(&mut self, i: usize, place: Option<usize>, at: usize) -> Result<(usize, End), Error> {
        let path = &self.layout.path;
        let field = Field::at(self.bytes, at, self.layout.delimiter, &mut self.unescaped)
            .map_err(|problem| Error::new(path, problem).line(self.line))?;
        if let Some(place) = place {
            let Layout { cells, names, encoding, .. } = self.layout;
            self.columns[place].push(cells, field.text, self.line).map_err(|problem| {
                let problem = problem.in_encoding(encoding);
                Error::new(path, problem).line(self.line).column(&names[i])
            })?;
        }
        self.line += field.n_lines;
        Ok((field.next, field.end))
    }

    /// Counts the fields from `at` to the record's end.
    fn count(&mut self, mut at: usize) -> Result<usize, Error> {
        for n in 1.. {
            let (next, end) = self.field(0, None, at)?;
            if end == End::Record {
                return Ok(n);
            }
            at = next;
        }
        unreachable!("a record ends")
    }
}

/// The lines of some bytes.
pub(super) fn count_lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}
