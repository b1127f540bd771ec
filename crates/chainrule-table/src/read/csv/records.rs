//! Parsing of a block of a CSV file into columns: the hot loop of the CSV reader.

use std::sync::Arc;

use memchr::memchr_iter;

use super::field::{Field, FieldEnd, blank_line};
use crate::format::ColumnFormat;
use crate::read::chunks::RowChunk;
use crate::read::column::ColumnBuilder;
use crate::read::number;
use crate::{Error, Problem};

/// The format and the columns of a CSV file, as required to parse any of its blocks.
#[derive(Clone, Debug)]
pub(super) struct CsvLayout {
    pub(super) path: std::path::PathBuf,
    pub(super) delimiter: u8,
    /// Name of the encoding.
    pub(super) encoding: &'static str,
    /// The record that determines the number of fields: `header` or `first row`.
    pub(super) first: &'static str,
    /// Names of all columns.
    pub(super) names: Vec<String>,
    /// For each field of a record, the index of its column among those that are read.
    pub(super) indices: Vec<Option<usize>>,
    /// Formats of the columns that are read.
    pub(super) formats: Vec<Arc<ColumnFormat>>,
}

impl CsvLayout {
    /// Parses a block of whole records. Returns the rows and the number of lines.
    pub(super) fn parse(&self, bytes: &[u8]) -> Result<(RowChunk, u64), Error> {
        let mut block = BlockParser {
            layout: self,
            bytes,
            columns: self.formats.iter().map(ColumnBuilder::new).collect(),
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
        Ok((RowChunk { columns: block.columns, lines }, block.line))
    }

    /// Creates the error for a record with a wrong number of fields.
    pub(super) fn ragged(&self, got: usize, line: u64) -> Error {
        let problem = Problem::Ragged { got, expected: self.indices.len(), first: self.first };
        Error::new(&self.path, problem).line(line)
    }
}

/// 2^53, above which `f64` does not represent all integers.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// The parser of a block.
struct BlockParser<'a> {
    layout: &'a CsvLayout,
    bytes: &'a [u8],
    columns: Vec<ColumnBuilder>,
    unescaped: Vec<u8>,
    /// The current line, counted from 0 at the start of the block.
    line: u64,
}

impl BlockParser<'_> {
    fn reserve(&mut self, n: usize) {
        self.columns.iter_mut().for_each(|column| column.reserve(n));
    }

    /// Parses the record at `at` and returns the offset of the next one.
    fn record(&mut self, mut at: usize) -> Result<usize, Error> {
        let first_line = self.line;
        let indices = &self.layout.indices;
        for (i, index) in indices.iter().enumerate() {
            let (next, end) = match index {
                Some(index) => match self.number(*index, at) {
                    Some(after) => after,
                    None => self.field(i, Some(*index), at)?,
                },
                None => self.field(i, None, at)?,
            };
            at = next;
            if (end == FieldEnd::Record) != (i + 1 == indices.len()) {
                let n_more = if end == FieldEnd::Record { 0 } else { self.count_fields(at)? };
                return Err(self.layout.ragged(i + 1 + n_more, first_line));
            }
        }
        self.line += 1;
        Ok(at)
    }

    /// Parses a number at `at` without first searching for the end of the field; returns `None` if
    /// the field is anything else.
    #[inline]
    fn number(&mut self, index: usize, at: usize) -> Option<(usize, FieldEnd)> {
        let column = &mut self.columns[index];
        if !column.can_parse_prefix {
            return None;
        }
        let rest = &self.bytes[at..];
        let (value, len) = number::at_start(rest)?;
        let (after, end) = match rest.get(len..)? {
            [byte, ..] if *byte == self.layout.delimiter => (1, FieldEnd::Delimiter),
            [b'\n', ..] => (1, FieldEnd::Record),
            [b'\r', b'\n', ..] => (2, FieldEnd::Record),
            _ => return None,
        };
        // Identifiers such as 007 and numbers that are not finite or beyond 2^53 are left to `field`.
        let is_exact = value.abs() < MAX_EXACT;
        if (rest[0] == b'0' && rest[1].is_ascii_digit()) || !is_exact {
            return None;
        }
        column.observed.numbers = true;
        column.values.push(value);
        Some((at + len + after, end))
    }

    /// Parses any field and adds it to its column, if the column is read.
    fn field(&mut self, i: usize, index: Option<usize>, at: usize) -> Result<(usize, FieldEnd), Error> {
        let path = &self.layout.path;
        let field = Field::parse(self.bytes, at, self.layout.delimiter, &mut self.unescaped)
            .map_err(|problem| Error::new(path, problem).line(self.line))?;
        if let Some(index) = index {
            let CsvLayout { names, encoding, .. } = self.layout;
            self.columns[index].push(field.text, self.line).map_err(|problem| {
                let problem = problem.in_encoding(encoding);
                Error::new(path, problem).line(self.line).column(&names[i])
            })?;
        }
        self.line += field.n_lines;
        Ok((field.next, field.end))
    }

    /// Counts the fields from `at` to the end of the record.
    fn count_fields(&mut self, mut at: usize) -> Result<usize, Error> {
        for n in 1.. {
            let (next, end) = self.field(0, None, at)?;
            if end == FieldEnd::Record {
                return Ok(n);
            }
            at = next;
        }
        unreachable!("a record ends")
    }
}

/// Counts line ends.
pub(super) fn count_lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}
