//! A text file's bytes as UTF-8, whatever its encoding, a stretch at a time.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use crate::{Error, Problem};

/// Where a text lies: in a file, or in memory under a file's name.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) path: PathBuf,
    memory: Option<&'static [u8]>,
}

impl Origin {
    pub(super) fn file(path: &Path) -> Origin {
        Origin { path: path.to_owned(), memory: None }
    }

    pub(super) fn memory(name: &Path, bytes: &'static [u8]) -> Origin {
        Origin { path: name.to_owned(), memory: Some(bytes) }
    }

    /// What is read, and its length.
    fn open(&self) -> std::io::Result<(Box<dyn Read + Send>, u64)> {
        if let Some(bytes) = self.memory {
            return Ok((Box::new(bytes), bytes.len() as u64));
        }
        let file = File::open(&self.path)?;
        let len = file.metadata()?.len();
        Ok((Box::new(file), len))
    }
}

/// A text file that is being read.
pub(super) struct Source {
    path: PathBuf,
    file: Box<dyn Read + Send>,
    /// The file's length when it was opened.
    pub(super) len: u64,
    /// How much of the file has been read.
    pub(super) done: u64,
    /// What the encoding is called.
    pub(super) encoding: &'static str,
    decoding: Option<Decoding>,
    /// Bytes that were read to look at the byte-order mark.
    start: Vec<u8>,
}

/// What turns another encoding into UTF-8.
struct Decoding {
    decoder: Decoder,
    raw: Vec<u8>,
}

impl Source {
    /// Opens a file; without an encoding it is UTF-8 or what its byte-order mark says.
    pub(super) fn open(origin: &Origin, encoding: Option<&str>) -> Result<Source, Error> {
        let path = &origin.path;
        let unreadable = |error| Error::new(path, Problem::Unreadable(error));
        let encoding = encoding.map(|name| {
            let unknown = || Error::new(path, Problem::UnknownEncoding { name: name.to_owned() });
            Encoding::for_label(name.as_bytes()).ok_or_else(unknown)
        });
        let encoding = encoding.transpose()?;
        let (mut file, len) = origin.open().map_err(unreadable)?;
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
        Ok(Source { path: path.clone(), file, len, done, encoding: encoding.name(), decoding, start })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads `n` more bytes of the file behind what is in `text`; says whether they were the last.
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
    /// There may be more.
    No,
    /// There is no more.
    Yes,
}

fn read(file: &mut impl Read, bytes: &mut Vec<u8>, n: usize) -> std::io::Result<(usize, AtEnd)> {
    bytes.reserve(n);
    let read = file.take(n as u64).read_to_end(bytes)?;
    Ok((read, if read < n { AtEnd::Yes } else { AtEnd::No }))
}

impl Decoding {
    /// Decodes what was read to the end of `text`. What cannot be decoded becomes a byte that is no UTF-8, for the parser to
    /// stumble over, since that knows the line and whether the column matters.
    fn decode(&mut self, text: &mut Vec<u8>, end: AtEnd) {
        const NO_UTF8: u8 = 0xff;
        let mut raw = &self.raw[..];
        loop {
            let most = self.decoder.max_utf8_buffer_length_without_replacement(raw.len());
            let before = text.len();
            text.resize(before + most.expect("a block's length is far from the greatest"), 0);
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(raw, &mut text[before..], end == AtEnd::Yes);
            text.truncate(before + written);
            raw = &raw[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::Malformed(..) => text.push(NO_UTF8),
                DecoderResult::OutputFull => {}
            }
        }
    }
}
