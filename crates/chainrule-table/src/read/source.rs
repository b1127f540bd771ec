//! Reading of a text file in any encoding as UTF-8.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use crate::{Error, Problem};

/// A text file, or text in memory with a path for messages.
#[derive(Clone, Debug)]
pub(super) struct TextInput {
    pub(super) path: PathBuf,
    memory: Option<&'static [u8]>,
}

impl TextInput {
    pub(super) fn file(path: &Path) -> TextInput {
        TextInput { path: path.to_owned(), memory: None }
    }

    pub(super) fn memory(name: &Path, bytes: &'static [u8]) -> TextInput {
        TextInput { path: name.to_owned(), memory: Some(bytes) }
    }

    /// Opens the input and returns its length in bytes.
    fn open(&self) -> std::io::Result<(Box<dyn Read + Send>, u64)> {
        if let Some(bytes) = self.memory {
            return Ok((Box::new(bytes), bytes.len() as u64));
        }
        let file = File::open(&self.path)?;
        let len = file.metadata()?.len();
        Ok((Box::new(file), len))
    }
}

/// A reader of a text file that decodes it to UTF-8.
pub(super) struct Utf8Reader {
    path: PathBuf,
    file: Box<dyn Read + Send>,
    /// Length of the file in bytes when it was opened.
    pub(super) len: u64,
    /// Number of bytes read.
    pub(super) done: u64,
    /// Name of the encoding.
    pub(super) encoding: &'static str,
    decoding: Option<Decoding>,
    /// Bytes that were read to detect the byte-order mark.
    start: Vec<u8>,
}

/// The decoder of an encoding other than UTF-8, with its input buffer.
struct Decoding {
    decoder: Decoder,
    raw: Vec<u8>,
}

impl Utf8Reader {
    /// Opens a file. The default encoding is that of the byte-order mark, or else UTF-8.
    pub(super) fn open(input: &TextInput, encoding: Option<&str>) -> Result<Utf8Reader, Error> {
        let path = &input.path;
        let unreadable = |error| Error::new(path, Problem::Unreadable(error));
        let encoding = encoding.map(|name| {
            let unknown = || Error::new(path, Problem::UnknownEncoding { name: name.to_owned() });
            Encoding::for_label(name.as_bytes()).ok_or_else(unknown)
        });
        let encoding = encoding.transpose()?;
        let (mut file, len) = input.open().map_err(unreadable)?;
        let mut start = Vec::with_capacity(4);
        file.by_ref().take(4).read_to_end(&mut start).map_err(unreadable)?;
        let done = start.len() as u64;
        let mark = Encoding::for_bom(&start);
        if let Some((_, length)) = mark {
            start.drain(..length);
        }
        let encoding = encoding.or(mark.map(|(encoding, _)| encoding)).unwrap_or(UTF_8);
        let decoding = (encoding != UTF_8)
            .then(|| Decoding { decoder: encoding.new_decoder_without_bom_handling(), raw: Vec::new() });
        Ok(Utf8Reader { path: path.clone(), file, len, done, encoding: encoding.name(), decoding, start })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads `n` more bytes of the file and appends them to `text`. Returns whether they were the
    /// last.
    pub(super) fn fill(&mut self, text: &mut Vec<u8>, n: usize) -> Result<AtEnd, Error> {
        let Some(decoding) = &mut self.decoding else {
            text.append(&mut self.start);
            let end = read(&mut self.file, text, n).map_err(|error| self.unreadable(error))?;
            self.done += end.0 as u64;
            return Ok(end.1);
        };
        decoding.raw.clear();
        decoding.raw.append(&mut self.start);
        let read = read(&mut self.file, &mut decoding.raw, n);
        if let Ok((_, end)) = &read {
            decoding.decode(text, *end);
        }
        let (read, end) = read.map_err(|error| self.unreadable(error))?;
        self.done += read as u64;
        Ok(end)
    }

    fn unreadable(&self, error: std::io::Error) -> Error {
        Error::new(&self.path, Problem::Unreadable(error))
    }
}

/// Whether a file has been read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtEnd {
    /// There may be more bytes.
    No,
    /// There are no more bytes.
    Yes,
}

fn read(file: &mut impl Read, bytes: &mut Vec<u8>, n: usize) -> std::io::Result<(usize, AtEnd)> {
    bytes.reserve(n);
    let read = file.take(n as u64).read_to_end(bytes)?;
    Ok((read, if read < n { AtEnd::Yes } else { AtEnd::No }))
}

impl Decoding {
    /// Decodes the input buffer and appends the result to `text`. Malformed sequences are replaced
    /// by a byte that is invalid in UTF-8. The parser reports them later, with their line, if the
    /// column is read.
    fn decode(&mut self, text: &mut Vec<u8>, end: AtEnd) {
        const INVALID: u8 = 0xff;
        let mut raw = &self.raw[..];
        loop {
            let max_len = self.decoder.max_utf8_buffer_length_without_replacement(raw.len());
            let before = text.len();
            text.resize(before + max_len.expect("the length of a block is far below usize::MAX"), 0);
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(raw, &mut text[before..], end == AtEnd::Yes);
            text.truncate(before + written);
            raw = &raw[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::Malformed(..) => text.push(INVALID),
                DecoderResult::OutputFull => {}
            }
        }
    }
}
