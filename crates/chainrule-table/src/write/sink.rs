//! Destinations of the bytes of a table: a file, which is renamed when complete, or a stream.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use crate::output_file::{OutputFile, is_special, open_special};

/// The destination of a table.
pub enum Destination<'d> {
    /// A file. It is written to a temporary file in the same folder and renamed when complete.
    File(&'d Path),
    /// A stream of bytes, for example standard output.
    Stream(Box<dyn Write + Send>),
}

/// A destination of bytes.
pub(super) enum Sink {
    /// A file.
    File(OutputFile),
    /// A stream.
    Stream(BufWriter<Box<dyn Write + Send>>),
    /// A temporary file that is copied to a stream when complete.
    SpooledStream { file: BufWriter<File>, stream: Box<dyn Write + Send> },
}

impl Sink {
    pub(super) fn open(destination: Destination) -> std::io::Result<Sink> {
        Ok(match streamed(destination)? {
            Destination::File(path) => Sink::File(OutputFile::create(path)?),
            Destination::Stream(stream) => Sink::Stream(BufWriter::new(stream)),
        })
    }

    /// Opens a sink whose header is written again by [`finish`](Sink::finish).
    pub(super) fn seekable(destination: Destination) -> std::io::Result<Sink> {
        match streamed(destination)? {
            destination @ Destination::File(_) => Sink::open(destination),
            Destination::Stream(stream) => {
                Ok(Sink::SpooledStream { file: BufWriter::new(tempfile::tempfile()?), stream })
            }
        }
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Sink::File(output) => &mut output.file,
            Sink::Stream(stream) => stream,
            Sink::SpooledStream { file, .. } => file,
        }
    }

    /// Completes the destination. The start of a file is overwritten with `header`, which must be
    /// empty or as long as the original header. A [`Stream`](Sink::Stream) ignores it.
    pub(super) fn finish(mut self, header: &[u8]) -> std::io::Result<()> {
        self.flush()?;
        match self {
            Sink::Stream(_) => Ok(()),
            Sink::SpooledStream { file, mut stream } => {
                let mut file = file.into_inner()?;
                rewrite_header(&mut file, header)?;
                file.rewind()?;
                std::io::copy(&mut file, &mut stream)?;
                stream.flush()
            }
            Sink::File(mut output) => {
                rewrite_header(output.file.get_mut().as_file_mut(), header)?;
                output.finish()
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer().flush()
    }
}

fn rewrite_header(file: &mut File, header: &[u8]) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(header)
}

/// Opens a special file as a stream.
fn streamed(destination: Destination<'_>) -> std::io::Result<Destination<'_>> {
    Ok(match destination {
        Destination::File(path) if is_special(path) => Destination::Stream(Box::new(open_special(path)?)),
        destination => destination,
    })
}
