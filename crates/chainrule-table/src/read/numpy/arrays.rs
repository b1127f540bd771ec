//! The arrays of an NPZ file as they are, with their own shapes.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use zip::ZipArchive;

use super::header::{Element, FEWER_ELEMENTS, NpyHeader, damaged};
use super::limits::{check_memory, check_size};
use crate::Error;

/// An array of numbers with one or two dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberArray {
    /// Name of the array in its file.
    pub name: String,
    /// Length along each axis.
    pub shape: Vec<usize>,
    /// Elements, row-major. Booleans are 0 and 1.
    pub values: Vec<f64>,
}

/// Reads the arrays of an NPZ file, which may have different shapes, in the order of the file.
///
/// # Errors
/// Returns an error if the file cannot be read or is damaged, if an array has another number of
/// dimensions than one or two or elements that are not numbers, and if arrays expand to more than
/// [`read`](crate::read) allows.
pub fn read_arrays(path: &Path) -> Result<Vec<NumberArray>, Error> {
    let error = |problem| Error::new(path, problem);
    let file = File::open(path).map_err(|reason| error(reason.into()))?;
    let file_len = file.metadata().map_err(|reason| error(reason.into()))?.len();
    let corrupt = |reason: zip::result::ZipError| error(damaged(&reason.to_string()));
    let mut archive = ZipArchive::new(file).map_err(corrupt)?;
    let (mut total_compressed, mut total_memory) = (0_u64, 0_u64);
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(corrupt)?;
        let compressed = entry.compressed_size();
        total_compressed = total_compressed.saturating_add(compressed);
        if total_compressed > file_len {
            return Err(error(damaged("its entries overlap or extend beyond the file")));
        }
        let name = entry.name().map_err(corrupt)?.into_owned();
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        let array_error = |problem| error(problem).column(&name);
        // The compression ratio of deflate is below 1100, whatever the archive states.
        let len = entry.size().min(compressed.saturating_mul(1100));
        let header = NpyHeader::read(&mut entry, len).map_err(array_error)?;
        check_size(header.n_bytes(), compressed).map_err(array_error)?;
        total_memory = total_memory.saturating_add(header.memory());
        check_memory(total_memory, file_len).map_err(error)?;
        let mut bytes = Vec::new();
        let read = entry.take(header.n_bytes()).read_to_end(&mut bytes);
        read.map_err(|reason| array_error(damaged(&reason.to_string())))?;
        if (bytes.len() as u64) < header.n_bytes() {
            return Err(array_error(damaged(FEWER_ELEMENTS)));
        }
        let shape = std::iter::once(header.rows).chain(header.columns).map(|n| n as usize).collect();
        arrays.push(NumberArray { name, shape, values: values(&header, &bytes) });
    }
    Ok(arrays)
}

/// Returns the elements of an array, row-major.
fn values(header: &NpyHeader, bytes: &[u8]) -> Vec<f64> {
    let value = |i: u64, j: u64| {
        let at = (i * header.strides.0 + j * header.strides.1) * header.size;
        match header.element(&bytes[at as usize..][..header.size as usize]) {
            Element::Boolean(value) => f64::from(u8::from(value)),
            Element::Integer(value) => value as f64,
            Element::Float(value) => value,
        }
    };
    let n_columns = header.columns.unwrap_or(1);
    (0..header.rows).flat_map(|i| (0..n_columns).map(move |j| (i, j))).map(|(i, j)| value(i, j)).collect()
}
