//! A text file cut into blocks of whole records, and the blocks parsed by several threads and taken in order.

use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use memchr::{memchr, memrchr};

use super::source::{AtEnd, Source};
use crate::{Error, Problem};

/// How long blocks are: thousands of rows, and one stays in a core's cache with the columns that are made of it.
pub(super) const BLOCK: usize = 1 << 20;

/// How long a record may be. A quote that is not closed makes the rest of the file one record.
pub(super) const LONGEST_RECORD: usize = 64 << 20;

/// Where a record ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Records {
    /// At every line end.
    Lines,
    /// At a line end outside quotes, which open at a field's beginning.
    Quoted {
        /// What separates the fields.
        delimiter: u8,
    },
}

/// A file that is being cut.
pub(super) struct Cutter {
    source: Source,
    records: Records,
    size: usize,
    /// What was read and belongs to the next block.
    rest: Vec<u8>,
    end: AtEnd,
    /// Buffers of blocks that have been parsed.
    spare: Vec<Vec<u8>>,
}

/// Whole records.
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    /// How much of the file has been read up to here.
    done: u64,
    /// Whether the last record is whole.
    last: Last,
}

/// Whether a block's last record is whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Whole,
    /// It was cut since it is too long for any table.
    Cut,
}

impl Cutter {
    /// Cuts what is in `rest` and then the rest of the file into blocks of about `size` bytes.
    pub(super) fn new(source: Source, records: Records, size: usize, rest: Vec<u8>, end: AtEnd) -> Cutter {
        Cutter { source, records, size, rest, end, spare: Vec::new() }
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// The next block, none at the end.
    fn next(&mut self) -> Result<Option<Block>, Error> {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.append(&mut self.rest);
        let mut more = self.size;
        loop {
            if self.end == AtEnd::No && bytes.len() < more {
                let missing = more - bytes.len();
                self.end = self.source.fill(&mut bytes, missing)?;
            }
            let window = bytes.len().min(more);
            let cut = match self.end {
                AtEnd::Yes if window == bytes.len() => Some(window),
                _ => self.records.last_end(&bytes[..window]),
            };
            if let Some(cut) = cut {
                self.rest.extend_from_slice(&bytes[cut..]);
                bytes.truncate(cut);
                let done = self.source.done.saturating_sub(self.rest.len() as u64);
                return Ok((!bytes.is_empty()).then_some(Block { bytes, done, last: Last::Whole }));
            }
            if window >= LONGEST_RECORD {
                return Ok(Some(Block { bytes, done: self.source.done, last: Last::Cut }));
            }
            more = 2 * bytes.len().max(more);
        }
    }
}

impl Records {
    /// The end of the last whole record, where one is whole.
    pub(super) fn last_end(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Records::Lines => memrchr(b'\n', bytes).map(|last| last + 1),
            Records::Quoted { delimiter } => last_end_outside_quotes(bytes, delimiter),
        }
    }
}

/// Goes from quote to quote: files without any are not looked at twice.
fn last_end_outside_quotes(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let (mut end, mut outside) = (None, 0);
    let line_end = |from: usize, to: usize| memrchr(b'\n', &bytes[from..to]).map(|last| from + last + 1);
    let mut from = 0;
    while let Some(quote) = memchr(b'"', &bytes[from..]) {
        let quote = from + quote;
        from = quote + 1;
        if opens(&bytes[outside..quote], delimiter) {
            end = line_end(outside, quote).or(end);
            match closing(bytes, from) {
                Some(close) => (outside, from) = (close + 1, close + 1),
                None => return end,
            }
        }
    }
    line_end(outside, bytes.len()).or(end)
}

/// Whether a quote behind these bytes, which are outside quotes, is a field's first sign.
fn opens(before: &[u8], delimiter: u8) -> bool {
    let last = before.iter().rev().find(|byte| **byte != b' ');
    last.is_none_or(|byte| *byte == delimiter || *byte == b'\n')
}

/// The quote that closes a field, whose text begins at `from`; none if the bytes may end within it.
fn closing(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let quote = from + memchr(b'"', &bytes[from..])?;
        match bytes.get(quote + 1)? {
            b'"' => from = quote + 2,
            _ => return Some(quote),
        }
    }
}

/// Parses up to `n_blocks` blocks on `n_threads` threads; `take` gets what comes of them one after the other, with how much of
/// the file is read, on this thread. The first error in the file's order is the one that is returned.
pub(super) fn in_order<P: Send>(
    cutter: &mut Cutter,
    (n_blocks, n_threads): (usize, usize),
    parse: &(dyn Fn(&[u8]) -> Result<P, Error> + Sync),
    take: &mut dyn FnMut(P, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let path = cutter.source.path().to_owned();
    let parse = |block: &Block| {
        let parsed = parse(&block.bytes)?;
        match block.last {
            Last::Whole => Ok((parsed, block.done)),
            Last::Cut => Err(Error::new(&path, Problem::LongRow { mebibytes: LONGEST_RECORD >> 20 })),
        }
    };
    if n_threads <= 1 {
        for _ in 0..n_blocks {
            let Some(block) = cutter.next()? else { break };
            let (parsed, done) = parse(&block)?;
            take(parsed, done)?;
            cutter.spare.push(block.bytes);
        }
        return Ok(());
    }
    let cutter = Mutex::new((cutter, 0));
    let next = || {
        let mut guard = cutter.lock().unwrap_or_else(PoisonError::into_inner);
        let (cutter, index) = &mut *guard;
        let block = if *index < n_blocks { cutter.next().transpose() } else { None };
        *index += 1;
        block.map(|block| (*index - 1, block))
    };
    let keep = |buffer| cutter.lock().unwrap_or_else(PoisonError::into_inner).0.spare.push(buffer);
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(2 * n_threads);
        for _ in 0..n_threads {
            let sender = sender.clone();
            let (next, keep, parse) = (&next, &keep, &parse);
            scope.spawn(move || {
                while let Some((index, block)) = next() {
                    let parsed = block.and_then(|block| {
                        let parsed = parse(&block)?;
                        keep(block.bytes);
                        Ok(parsed)
                    });
                    let failed = parsed.is_err();
                    if sender.send((index, parsed)).is_err() || failed {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut awaited = 0;
        for (index, parsed) in receiver {
            waiting.insert(index, parsed);
            while let Some(parsed) = waiting.remove(&awaited) {
                let (parsed, done) = parsed?;
                take(parsed, done)?;
                awaited += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_outside_quotes_only() {
        let end = |text: &str| Records::Quoted { delimiter: b',' }.last_end(text.as_bytes());
        for (text, expected) in [
            ("a,b\nc", Some(4)),
            ("a,b", None),
            ("a,\"b\nc\"\nd", Some(8)),
            ("a,\"b\nc\"", None),
            ("a,b\nc,\"d\ne", Some(4)),
            ("a,b\nc,  \"d\ne", Some(4)),
            ("5\" pipe\nx", Some(8)),
            ("a,\"b\"\"\n\"\nx", Some(9)),
            ("\"\n\"\n\"\n\"", Some(4)),
            ("x\n\"y\"", Some(2)),
            ("", None),
        ] {
            assert_eq!(end(text), expected, "{text:?}");
        }
        assert_eq!(Records::Lines.last_end(b"\"a\nb\"\nc"), Some(6));
    }
}
