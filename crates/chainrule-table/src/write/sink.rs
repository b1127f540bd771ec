//! Where the bytes of a table go: a file that has its name once it is whole, or a stream.

use std::fs::File;
use std::io::{BufWriter, Error, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Destination;

/// Where bytes go.
pub(super) enum Sink {
    /// A file under another name beside its own.
    File { file: BufWriter<NamedTempFile>, path: PathBuf },
    /// A stream, straight away.
    Stream(BufWriter<Box<dyn Write + Send>>),
    /// A stream, at the end: until then a file without a name.
    Later { file: BufWriter<File>, to: Box<dyn Write + Send> },
}

impl Sink {
    pub(super) fn open(destination: Destination) -> std::io::Result<Sink> {
        Ok(match destination {
            Destination::File(path) => {
                let folder =
                    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                std::fs::metadata(folder)?;
                let file = tempfile::Builder::new().prefix(".unfinished-").tempfile_in(folder);
                // The name of a temporary file, which the error has in it, tells nobody anything.
                let file = file.map_err(|error| Error::from(error.kind()))?;
                Sink::File { file: BufWriter::new(file), path: path.to_owned() }
            }
            Destination::Stream(stream) => Sink::Stream(BufWriter::new(stream)),
        })
    }

    /// One whose beginning can be written again at the end.
    pub(super) fn seekable(destination: Destination) -> std::io::Result<Sink> {
        match destination {
            Destination::File(_) => Sink::open(destination),
            Destination::Stream(to) => Ok(Sink::Later { file: BufWriter::new(tempfile::tempfile()?), to }),
        }
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Sink::File { file, .. } => file,
            Sink::Stream(stream) => stream,
            Sink::Later { file, .. } => file,
        }
    }

    /// Ends it. Where the beginning can be written again, it is `header`, of the length that it had.
    pub(super) fn finish(mut self, header: &[u8]) -> std::io::Result<()> {
        self.flush()?;
        match self {
            Sink::Stream(_) => Ok(()),
            Sink::Later { file, mut to } => {
                let mut file = file.into_inner()?;
                again(&mut file, header)?;
                file.rewind()?;
                std::io::copy(&mut file, &mut to)?;
                to.flush()
            }
            Sink::File { file, path } => {
                let mut file = file.into_inner()?;
                again(file.as_file_mut(), header)?;
                readable(file.as_file())?;
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

fn again(file: &mut File, header: &[u8]) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(header)
}

/// A temporary file is its maker's alone; a table is as readable as any other file.
fn readable(file: &File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    let _ = file;
    Ok(())
}
