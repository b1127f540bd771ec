//! The pieces that a file comes in, whatever its format: joined to a whole table, or handed out one after the other.

use std::cell::Cell;
use std::collections::VecDeque;
use std::path::Path;

use super::block::{Cutter, in_order};
use super::column::Part;
use crate::{Column, Error, Table};

/// How much is taken at a time and by how many threads: a file's table does not depend on either.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The bytes of a block of text.
    pub(super) block: usize,
    /// The rows of a piece, in formats whose rows can be counted.
    pub(super) rows: usize,
    pub(super) threads: usize,
}

impl Pace {
    pub(super) fn new() -> Pace {
        Pace { block: super::block::BLOCK, rows: 1 << 16, threads: chainrule::threads() }
    }
}

impl Pace {
    /// The threads that a file of this length is worth: starting one takes as long as reading some kilobytes.
    pub(super) fn threads_for(self, len: u64) -> usize {
        let blocks = usize::try_from(len / self.block as u64).unwrap_or(usize::MAX);
        self.threads.min(blocks.saturating_add(1))
    }
}

/// A file that comes in pieces.
pub(super) trait Pieces: Send {
    /// The next rows, none at the end.
    fn next(&mut self) -> Result<Option<Table>, Error>;
    /// How much is read, and of how much: bytes or rows.
    fn done(&self) -> (u64, u64);
}

/// The columns that are read, with what they hold.
pub(super) type Wanted = Vec<(String, super::CellType)>;

/// Some rows of a text file.
pub(super) struct Piece {
    pub(super) columns: Vec<Part>,
    /// At which line each row begins, counted from the piece's first, which is 0.
    pub(super) lines: Vec<u64>,
}

/// What makes something of whole records, and says how many lines they have; lines of its errors count from 0.
pub(super) type Parse<P> = dyn Fn(&[u8]) -> Result<(P, u64), Error> + Send + Sync;

/// A text file that is read block by block.
pub(super) struct Text {
    pub(super) cutter: Cutter,
    /// The line at which the next block begins, counted from 1.
    pub(super) line: u64,
    pub(super) parse: Box<Parse<Piece>>,
    pub(super) wanted: Wanted,
    pub(super) pace: Pace,
    /// Pieces that are parsed and not handed out yet, with their first lines, and what is wrong behind them.
    pub(super) ready: VecDeque<Result<(Piece, u64), Error>>,
}

/// All rows of a text file, with their lines in it.
pub(super) type Whole = Piece;

impl Text {
    /// Reads to the end. Cells that do not fit their columns are noted there, they are no errors here.
    pub(super) fn whole(mut self, progress: &mut dyn FnMut(u64)) -> Result<Whole, Error> {
        let columns = self.wanted.iter().map(|(_, want)| Part::new(*want)).collect();
        let mut whole = Whole { columns, lines: Vec::new() };
        let len = self.cutter.source().len;
        self.each(usize::MAX, &mut |piece, line, done| {
            if whole.lines.is_empty() {
                // The first piece's rows say how many there may be; a row takes a byte of the file at least.
                let share = len as f64 / done.max(1) as f64 * 1.02;
                let n = (piece.lines.len() as f64 * share).min(len as f64) as usize;
                whole.lines.reserve(n);
                whole.columns.iter_mut().for_each(|column| column.reserve(n));
            }
            whole.lines.extend(piece.lines.iter().map(|at| at + line));
            for (column, part) in whole.columns.iter_mut().zip(piece.columns) {
                column.append(part, line);
            }
            progress(done);
            Ok(())
        })?;
        Ok(whole)
    }

    /// Takes the pieces of the next blocks, each with its first line and with how much of the file is read.
    fn each(
        &mut self,
        n_blocks: usize,
        take: &mut dyn FnMut(Piece, u64, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Text { cutter, line, parse, pace, .. } = self;
        let n_threads = pace.threads_for(cutter.source().len);
        in_lines(cutter, line, (n_blocks, n_threads), &**parse, take)
    }
}

/// As [`in_order`], with the line at which each block begins; `line` is that of the first one, and moves on.
pub(super) fn in_lines<P: Send>(
    cutter: &mut Cutter,
    line: &mut u64,
    counts: (usize, usize),
    parse: &Parse<P>,
    take: &mut dyn FnMut(P, u64, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let first = Cell::new(*line);
    let result = in_order(cutter, counts, &|bytes| parse(bytes), &mut |(parsed, n_lines), done| {
        let at = first.get();
        first.set(at + n_lines);
        take(parsed, at, done)
    });
    *line = first.get();
    result.map_err(|error| Error { line: error.line.map(|line| line + first.get()), ..error })
}

/// How many blocks each thread takes before the pieces are handed out: enough that starting it does not count.
const BLOCKS_A_THREAD: usize = 4;

impl Pieces for Text {
    fn next(&mut self) -> Result<Option<Table>, Error> {
        loop {
            while let Some(piece) = self.ready.pop_front() {
                let (piece, line) = piece?;
                if !piece.lines.is_empty() {
                    let lines = piece.lines.iter().map(|at| at + line).collect();
                    let path = self.cutter.source().path();
                    return table(path, &self.wanted, piece.columns, lines, line).map(Some);
                }
            }
            let mut ready = VecDeque::new();
            let result = self.each(BLOCKS_A_THREAD * self.pace.threads, &mut |piece, line, _| {
                ready.push_back(Ok((piece, line)));
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
        let source = self.cutter.source();
        (source.done, source.len)
    }
}

/// A table of columns that must hold what they are wanted to hold; their places count from `first`.
pub(super) fn table(
    path: &Path,
    wanted: &Wanted,
    mut columns: Vec<Part>,
    lines: Vec<u64>,
    first: u64,
) -> Result<Table, Error> {
    let problems =
        columns.iter_mut().zip(wanted).filter_map(|(part, (name, _))| Some((part.problem()?, name)));
    if let Some(((place, problem), name)) = problems.min_by_key(|((place, _), _)| *place) {
        let error = Error::new(path, problem).column(name);
        return Err(if lines.is_empty() { error.row(place + first) } else { error.line(place + first) });
    }
    let columns = wanted.iter().zip(columns).map(|((name, _), part)| Column::new(name, part.into_values()));
    let table = Table::new(columns.collect());
    // Where no column is wanted there are no rows either.
    let lines = if wanted.is_empty() { Vec::new() } else { lines };
    Ok(table.from_file(path, lines))
}
