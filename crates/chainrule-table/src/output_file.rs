//! Output files, which appear under their name when they are complete.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Error, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Prefix of the names of incomplete files and folders, which an interrupted program may leave
/// behind.
pub const UNFINISHED: &str = ".unfinished-";

/// Writes a file atomically: writes a temporary file in the same folder, flushes it to disk and
/// renames it.
///
/// A new file gets the permissions that the process gives to new files (`umask`); an existing one
/// keeps its own. A symbolic link is replaced, not followed. What is not a regular file, such as a
/// pipe or a device, is written to instead.
///
/// # Errors
/// Returns the error of the operating system.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if is_special(path) {
        return open_special(path)?.write_all(bytes);
    }
    let mut output = OutputFile::create(path)?;
    output.file.write_all(bytes)?;
    output.finish()
}

/// Whether `path` is neither a regular file nor a folder nor free, but a pipe, a device or an open
/// file of this process such as `/dev/stdout`.
pub fn is_special(path: &Path) -> bool {
    let is_open_file = |path: &Path| path.starts_with("/proc") || path.starts_with("/dev/fd");
    is_open_file(path)
        || std::fs::read_link(path).is_ok_and(|target| is_open_file(&target))
        || std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Opens a special file for writing.
pub(crate) fn open_special(path: &Path) -> std::io::Result<File> {
    // Opened by name, a regular file behind standard output would be overwritten from its start.
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;

        let names =
            |fd: u8| ["/dev/fd/", "/proc/self/fd/"].map(|folder| PathBuf::from(format!("{folder}{fd}")));
        let is = |name: &str, fd| path == Path::new(name) || names(fd).iter().any(|name| path == name);
        if is("/dev/stdout", 1) {
            return Ok(std::io::stdout().as_fd().try_clone_to_owned()?.into());
        }
        if is("/dev/stderr", 2) {
            return Ok(std::io::stderr().as_fd().try_clone_to_owned()?.into());
        }
    }
    OpenOptions::new().write(true).open(path)
}

/// A file with a temporary name in the folder of its final path.
#[derive(Debug)]
pub(crate) struct OutputFile {
    pub(crate) file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl OutputFile {
    pub(crate) fn create(path: &Path) -> std::io::Result<OutputFile> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let created = builder.prefix(UNFINISHED).tempfile_in(folder(path));
        // The error is replaced because it contains the meaningless name of the temporary file.
        let file = created.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::new(ErrorKind::NotFound, "the folder does not exist"),
            kind => kind.into(),
        })?;
        Ok(OutputFile { file: BufWriter::new(file), path: path.to_owned() })
    }

    /// Flushes the file to disk and renames it.
    pub(crate) fn finish(self) -> std::io::Result<()> {
        let file = self.file.into_inner()?;
        file.as_file().sync_all()?;
        if let Ok(existing) = std::fs::symlink_metadata(&self.path)
            && existing.is_file()
        {
            file.as_file().set_permissions(existing.permissions())?;
        }
        file.persist(&self.path).map_err(|error| error.error)?;
        // The rename is durable only after the folder is flushed as well.
        #[cfg(unix)]
        File::open(folder(&self.path))?.sync_all()?;
        Ok(())
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
