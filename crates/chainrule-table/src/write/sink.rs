//! Destinations of the bytes of a table: a file, which is renamed when complete, or a stream.

use std::fs::File;
use std::io::{BufWriter, Error, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Destination;

/// A destination of bytes.
pub(super) enum Sink {
    /// A temporary file in the folder of the final file.
    File { file: BufWriter<NamedTempFile>, path: PathBuf },
    /// A stream.
    Stream(BufWriter<Box<dyn Write + Send>>),
    /// A temporary file that is copied to a stream when complete.
    SpooledStream { file: BufWriter<File>, stream: Box<dyn Write + Send> },
}

impl Sink {
    pub(super) fn open(destination: Destination) -> std::io::Result<Sink> {
        Ok(match destination {
            Destination::File(path) => {
                let folder =
                    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                std::fs::metadata(folder)?;
                let file = tempfile::Builder::new().prefix(".unfinished-").tempfile_in(folder);
                // The original error would contain the name of the temporary file.
                let file = file.map_err(|error| Error::from(error.kind()))?;
                Sink::File { file: BufWriter::new(file), path: path.to_owned() }
            }
            Destination::Stream(stream) => Sink::Stream(BufWriter::new(stream)),
        })
    }

    /// Opens a sink whose header is written again by [`finish`](Sink::finish).
    pub(super) fn seekable(destination: Destination) -> std::io::Result<Sink> {
        match destination {
            Destination::File(_) => Sink::open(destination),
            Destination::Stream(stream) => {
                Ok(Sink::SpooledStream { file: BufWriter::new(tempfile::tempfile()?), stream })
            }
        }
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Sink::File { file, .. } => file,
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
            Sink::File { file, path } => {
                let mut file = file.into_inner()?;
                rewrite_header(file.as_file_mut(), header)?;
                make_readable(file.as_file())?;
                file.persist(path)?;
                Ok(())
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

/// Makes a file readable by all users. Temporary files are readable only by their owner.
fn make_readable(file: &File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    let _ = file;
    Ok(())
}
