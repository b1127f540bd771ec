//! Limits on the memory of the arrays of an NPZ file, whose headers may state any size.

use crate::Problem;

/// An array of an NPZ file may always have this size, regardless of its compressed size.
const ALWAYS_ALLOWED: u64 = 64 << 20;

/// Maximum compression ratio of a larger array.
const MAX_RATIO: u64 = 100;

/// The columns of an NPZ file may always take this much memory, regardless of the size of the file.
const ALWAYS_ALLOWED_MEMORY: u64 = 1 << 30;

/// Remedy for arrays that are refused because they are compressed too well.
const UNCOMPRESSED: &str = "save them with numpy.savez, which does not compress";

/// Checks the size of an array against its compressed size, before memory is allocated for it.
pub(super) fn check_size(n_bytes: u64, compressed: u64) -> Result<(), Problem> {
    let max = ALWAYS_ALLOWED.max(compressed.saturating_mul(MAX_RATIO));
    if n_bytes <= max {
        return Ok(());
    }
    let found = format!("arrays that expand from {compressed} to {n_bytes} bytes (the limit is {max})");
    Err(Problem::Unsupported { found, remedy: UNCOMPRESSED })
}

/// Checks the memory of all columns against the size of the file, before it is allocated.
pub(super) fn check_memory(memory: u64, file_len: u64) -> Result<(), Problem> {
    let max = ALWAYS_ALLOWED_MEMORY.max(file_len.saturating_mul(MAX_RATIO));
    if memory <= max {
        return Ok(());
    }
    let found = format!("arrays that expand from {file_len} to {memory} bytes or more (the limit is {max})");
    Err(Problem::Unsupported { found, remedy: UNCOMPRESSED })
}
