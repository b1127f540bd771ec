//! File extensions of paths.

/// Returns the file extension of a path with forward slashes; empty if it has none.
pub(super) fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}
