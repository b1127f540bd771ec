//! Division of a text file into blocks of whole records, which are parsed by several threads and
//! consumed in order.

use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use memchr::{memchr, memrchr};

use super::source::{AtEnd, Utf8Reader};
use crate::{Error, Problem};

/// Size of a block in bytes. A block has thousands of rows, and fits into the cache of a core
/// together with the columns parsed from it.
pub(super) const BLOCK_SIZE: usize = 1 << 20;

/// Maximum length of a record in bytes. An unclosed quote turns the rest of the file into one
/// record.
pub(super) const MAX_RECORD_LEN: usize = 64 << 20;

/// The boundaries of records.
#[derive(Clone, Copy, Debug)]
pub(super) enum RecordBoundary {
    /// Every line end.
    Lines,
    /// Line ends outside quotes, which open at the beginning of a field.
    Quoted {
        /// Delimiter of the fields.
        delimiter: u8,
    },
}

/// A reader that divides a text file into blocks of whole records.
pub(super) struct BlockReader {
    source: Utf8Reader,
    boundary: RecordBoundary,
    size: usize,
    /// Bytes that have been read and belong to the next block.
    rest: Vec<u8>,
    end: AtEnd,
    /// Buffers of parsed blocks, to be reused.
    spare: Vec<Vec<u8>>,
}

/// A block of whole records.
pub(super) struct TextBlock {
    pub(super) bytes: Vec<u8>,
    /// Number of bytes of the file up to the end of the block.
    done: u64,
    last: LastRecord,
}

/// The state of the last record of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastRecord {
    Complete,
    /// Truncated because it exceeds [`MAX_RECORD_LEN`].
    Truncated,
}

impl BlockReader {
    /// Divides the bytes in `rest`, followed by those of the source, into blocks of about `size`
    /// bytes.
    pub(super) fn new(
        source: Utf8Reader,
        boundary: RecordBoundary,
        size: usize,
        rest: Vec<u8>,
        end: AtEnd,
    ) -> BlockReader {
        BlockReader { source, boundary, size, rest, end, spare: Vec::new() }
    }

    pub(super) fn source(&self) -> &Utf8Reader {
        &self.source
    }

    /// Returns the next block; `None` at the end.
    fn next(&mut self) -> Result<Option<TextBlock>, Error> {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.append(&mut self.rest);
        let mut size = self.size;
        loop {
            if self.end == AtEnd::No && bytes.len() < size {
                let missing = size - bytes.len();
                self.end = self.source.fill(&mut bytes, missing)?;
            }
            let window = bytes.len().min(size);
            let boundary = match self.end {
                AtEnd::Yes if window == bytes.len() => Some(window),
                _ => self.boundary.last_in(&bytes[..window]),
            };
            if let Some(end) = boundary {
                self.rest.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                let done = self.source.done.saturating_sub(self.rest.len() as u64);
                let block = TextBlock { bytes, done, last: LastRecord::Complete };
                return Ok((!block.bytes.is_empty()).then_some(block));
            }
            if window >= MAX_RECORD_LEN {
                let done = self.source.done;
                return Ok(Some(TextBlock { bytes, done, last: LastRecord::Truncated }));
            }
            size = 2 * bytes.len().max(size);
        }
    }
}

impl RecordBoundary {
    /// Returns the end of the last whole record; `None` if no record is whole.
    pub(super) fn last_in(self, bytes: &[u8]) -> Option<usize> {
        match self {
            RecordBoundary::Lines => memrchr(b'\n', bytes).map(|last| last + 1),
            RecordBoundary::Quoted { delimiter } => last_end_outside_quotes(bytes, delimiter),
        }
    }
}

/// Returns the last line end outside quotes. Skips from quote to quote, so files without quotes are
/// scanned only once.
fn last_end_outside_quotes(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let (mut end, mut outside) = (None, 0);
    let line_end = |from: usize, to: usize| memrchr(b'\n', &bytes[from..to]).map(|last| from + last + 1);
    let mut from = 0;
    while let Some(quote) = memchr(b'"', &bytes[from..]) {
        let quote = from + quote;
        from = quote + 1;
        if begins_field(&bytes[outside..quote], delimiter) {
            end = line_end(outside, quote).or(end);
            match closing_quote(bytes, from) {
                Some(close) => (outside, from) = (close + 1, close + 1),
                None => return end,
            }
        }
    }
    line_end(outside, bytes.len()).or(end)
}

/// Returns whether a quote after these bytes, which are outside quotes, is the first character of a
/// field.
fn begins_field(before: &[u8], delimiter: u8) -> bool {
    let last = before.iter().rev().find(|byte| **byte != b' ');
    last.is_none_or(|byte| *byte == delimiter || *byte == b'\n')
}

/// Returns the quote that closes a field whose text begins at `from`; `None` if the bytes may end
/// within the field.
fn closing_quote(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let quote = from + memchr(b'"', &bytes[from..])?;
        match bytes.get(quote + 1)? {
            b'"' => from = quote + 2,
            _ => return Some(quote),
        }
    }
}

/// Parses up to `n_blocks` blocks on `n_threads` threads. On the calling thread, `consume` receives
/// the results in the order of the file, each with the number of bytes read. Returns the first
/// error in the order of the file.
pub(super) fn parse_in_order<P: Send>(
    reader: &mut BlockReader,
    (n_blocks, n_threads): (usize, usize),
    parse: &(dyn Fn(&[u8]) -> Result<P, Error> + Sync),
    consume: &mut dyn FnMut(P, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let path = reader.source.path().to_owned();
    let parse = |block: &TextBlock| {
        let parsed = parse(&block.bytes)?;
        match block.last {
            LastRecord::Complete => Ok((parsed, block.done)),
            LastRecord::Truncated => {
                Err(Error::new(&path, Problem::LongRow { mebibytes: MAX_RECORD_LEN >> 20 }))
            }
        }
    };
    if n_threads <= 1 {
        for _ in 0..n_blocks {
            let Some(block) = reader.next()? else { break };
            let (parsed, done) = parse(&block)?;
            consume(parsed, done)?;
            reader.spare.push(block.bytes);
        }
        return Ok(());
    }
    let reader = Mutex::new((reader, 0));
    let next = || {
        let mut guard = reader.lock().unwrap_or_else(PoisonError::into_inner);
        let (reader, index) = &mut *guard;
        let block = if *index < n_blocks { reader.next().transpose() } else { None };
        *index += 1;
        block.map(|block| (*index - 1, block))
    };
    let recycle = |buffer| reader.lock().unwrap_or_else(PoisonError::into_inner).0.spare.push(buffer);
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(2 * n_threads);
        for _ in 0..n_threads {
            let sender = sender.clone();
            let (next, recycle, parse) = (&next, &recycle, &parse);
            scope.spawn(move || {
                while let Some((index, block)) = next() {
                    let parsed = block.and_then(|block| {
                        let parsed = parse(&block)?;
                        recycle(block.bytes);
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
        let mut early = BTreeMap::new();
        let mut next_index = 0;
        for (index, parsed) in receiver {
            early.insert(index, parsed);
            while let Some(parsed) = early.remove(&next_index) {
                let (parsed, done) = parsed?;
                consume(parsed, done)?;
                next_index += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_only_outside_quotes() {
        let end = |text: &str| RecordBoundary::Quoted { delimiter: b',' }.last_in(text.as_bytes());
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
        assert_eq!(RecordBoundary::Lines.last_in(b"\"a\nb\"\nc"), Some(6));
    }
}
