//! Chunks of a file of any format, which are joined into a whole table or returned one by one.

use std::cell::Cell;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use super::block::{BlockReader, parse_in_order};
use super::column::ColumnBuilder;
use crate::format::{ColumnFormat, ColumnNote, NoteReason};
use crate::{Column, Error, Table};

/// Sizes of chunks and number of threads. The resulting table does not depend on them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunking {
    /// Bytes per block of a text file.
    pub(super) block: usize,
    /// Rows per chunk, in formats with a known number of rows.
    pub(super) rows: usize,
    pub(super) threads: usize,
}

impl Chunking {
    pub(super) fn new() -> Chunking {
        Chunking { block: super::block::BLOCK_SIZE, rows: 1 << 16, threads: chainrule::threads() }
    }
}

impl Chunking {
    /// Returns the number of threads for a file of this length. A small file uses fewer threads, as
    /// starting one takes as long as reading some kilobytes.
    pub(super) fn threads_for(self, len: u64) -> usize {
        let n_blocks = usize::try_from(len / self.block as u64).unwrap_or(usize::MAX);
        self.threads.min(n_blocks.saturating_add(1))
    }
}

/// A file that is read in chunks.
pub(super) trait ChunkStream: Send {
    /// Returns the next rows; `None` at the end.
    fn next(&mut self) -> Result<Option<Table>, Error>;
    /// Returns the amount read and the total, in bytes or rows.
    fn done(&self) -> (u64, u64);
}

/// Names of the columns to read, with their formats.
pub(super) type ColumnFormats = Vec<(String, Arc<ColumnFormat>)>;

/// Rows of a text file.
pub(super) struct RowChunk {
    pub(super) columns: Vec<ColumnBuilder>,
    /// Line at which each row begins: counted from 0 at the start of a chunk, or the line of the
    /// file if the chunk is the whole file.
    pub(super) lines: Vec<u64>,
}

/// A parser of whole records, which also returns their number of lines. Lines in its errors count
/// from 0 at the start of the block.
pub(super) type ParseBlock<P> = dyn Fn(&[u8]) -> Result<(P, u64), Error> + Send + Sync;

/// A reader of a text file, block by block.
pub(super) struct TextReader {
    pub(super) blocks: BlockReader,
    /// Line, counted from 1, at which the next block begins.
    pub(super) line: u64,
    pub(super) parse: Box<ParseBlock<RowChunk>>,
    pub(super) columns: ColumnFormats,
    pub(super) chunking: Chunking,
    /// Parsed chunks with their first lines, followed by the error that ended parsing, if any.
    pub(super) ready: VecDeque<Result<(RowChunk, u64), Error>>,
}

impl TextReader {
    /// Reads to the end and returns all rows. Cells of an unexpected type are not errors here, but
    /// are recorded in their columns.
    pub(super) fn whole(mut self, progress: &mut dyn FnMut(u64)) -> Result<RowChunk, Error> {
        let columns = self.columns.iter().map(|(_, format)| ColumnBuilder::new(format)).collect();
        let mut whole = RowChunk { columns, lines: Vec::new() };
        let len = self.blocks.source().len;
        self.for_each(usize::MAX, &mut |chunk, line, done| {
            if whole.lines.is_empty() {
                // The number of rows is estimated from the first chunk; every row takes at least a
                // byte.
                let ratio = len as f64 / done.max(1) as f64 * 1.02;
                let n = (chunk.lines.len() as f64 * ratio).min(len as f64) as usize;
                whole.lines.reserve(n);
                whole.columns.iter_mut().for_each(|column| column.reserve(n));
            }
            whole.lines.extend(chunk.lines.iter().map(|at| at + line));
            for (column, next) in whole.columns.iter_mut().zip(chunk.columns) {
                column.append(next, line);
            }
            progress(done);
            Ok(())
        })?;
        Ok(whole)
    }

    /// Parses the next blocks. `consume` receives each chunk with its first line and the number of
    /// bytes read.
    fn for_each(
        &mut self,
        n_blocks: usize,
        consume: &mut dyn FnMut(RowChunk, u64, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let TextReader { blocks, line, parse, chunking, .. } = self;
        let n_threads = chunking.threads_for(blocks.source().len);
        parse_lines(blocks, line, (n_blocks, n_threads), &**parse, consume)
    }
}

/// Parses like [`parse_in_order`], but also passes the line at which each block begins. `line` is
/// the line of the first block and is advanced.
pub(super) fn parse_lines<P: Send>(
    blocks: &mut BlockReader,
    line: &mut u64,
    counts: (usize, usize),
    parse: &ParseBlock<P>,
    consume: &mut dyn FnMut(P, u64, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let first = Cell::new(*line);
    let result = parse_in_order(blocks, counts, &|bytes| parse(bytes), &mut |(parsed, n_lines), done| {
        let at = first.get();
        first.set(at + n_lines);
        consume(parsed, at, done)
    });
    *line = first.get();
    result.map_err(|error| Error { line: error.line.map(|line| line + first.get()), ..error })
}

/// Number of blocks per thread between two returns of chunks: enough to amortise starting a thread.
const BLOCKS_PER_THREAD: usize = 4;

impl ChunkStream for TextReader {
    fn next(&mut self) -> Result<Option<Table>, Error> {
        loop {
            while let Some(chunk) = self.ready.pop_front() {
                let (chunk, line) = chunk?;
                if !chunk.lines.is_empty() {
                    let lines = chunk.lines.iter().map(|at| at + line).collect();
                    let path = self.blocks.source().path();
                    return table(path, &self.columns, chunk.columns, lines, line).map(Some);
                }
            }
            let mut ready = VecDeque::new();
            let result = self.for_each(BLOCKS_PER_THREAD * self.chunking.threads, &mut |chunk, line, _| {
                ready.push_back(Ok((chunk, line)));
                Ok(())
            });
            ready.extend(result.err().map(Err));
            if ready.is_empty() {
                return Ok(None);
            }
            self.ready = ready;
        }
    }

    fn done(&self) -> (u64, u64) {
        let source = self.blocks.source();
        (source.done, source.len)
    }
}

/// Creates a table from columns, all of whose cells must be of their expected types. Positions in
/// the columns are relative to `first`.
pub(super) fn table(
    path: &Path,
    names: &ColumnFormats,
    mut columns: Vec<ColumnBuilder>,
    lines: Vec<u64>,
    first: u64,
) -> Result<Table, Error> {
    let problems =
        columns.iter_mut().zip(names).filter_map(|(column, (name, _))| Some((column.problem()?, name)));
    if let Some(((position, problem), name)) = problems.min_by_key(|((position, _), _)| *position) {
        let error = Error::new(path, problem).column(name);
        return Err(if lines.is_empty() {
            error.row(position + first)
        } else {
            error.line(position + first)
        });
    }
    let has_lines = !lines.is_empty();
    let columns = names.iter().zip(columns).map(|((name, _), mut column)| {
        let marks = column.marks().map(|(cell, n_cells)| {
            let place = if has_lines { "line" } else { "row" };
            let first = vec![(format!("{place} {}", cell.position + first), cell.cell)];
            ColumnNote { reason: NoteReason::Mark, n_cells, first }
        });
        let format = ColumnFormat::clone(column.format());
        Column {
            name: name.clone(),
            values: column.into_values(),
            format,
            notes: marks.into_iter().collect(),
        }
    });
    let table = Table::new(columns.collect());
    // A table without columns has no rows.
    let lines = if names.is_empty() { Vec::new() } else { lines };
    Ok(table.from_file(path, lines))
}
