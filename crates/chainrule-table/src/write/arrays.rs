//! NPZ: arrays of f64 in an uncompressed ZIP archive, as written by `numpy.savez`.

use std::io::{Cursor, Error, Write as _};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::read::NumberArray;
use crate::write_whole;

/// Writes arrays to an NPZ file; see [`write_whole`].
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("weights.npz");
/// use chainrule_table::{NumberArray, read_arrays, write_arrays};
///
/// let w = NumberArray { name: "W0".to_owned(), shape: vec![1, 2], values: vec![0.5, -1.5] };
/// let b = NumberArray { name: "b0".to_owned(), shape: vec![2], values: vec![0.0, 1.0] };
/// write_arrays(&path, &[w.clone(), b.clone()])?;
/// assert_eq!(read_arrays(&path)?, [w, b]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns the error of the operating system.
///
/// # Panics
/// Panics if the shape of an array does not have the number of its values.
pub fn write_arrays(path: &Path, arrays: &[NumberArray]) -> Result<(), Error> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for NumberArray { name, shape, values } in arrays {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "the shape of {name}");
        archive.start_file(format!("{name}.npy"), options)?;
        archive.write_all(&header(shape))?;
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        archive.write_all(&bytes)?;
    }
    write_whole(path, archive.finish()?.get_ref())
}

/// Offset of the text of a header.
const START: usize = 10;

/// Returns the header of an array, padded so that the elements begin at a multiple of 64 bytes.
fn header(shape: &[usize]) -> Vec<u8> {
    // A trailing comma makes a tuple of a single axis.
    let axes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}), }}", axes.trim_end());
    let len = (START + text.len() + 1).next_multiple_of(64) - START;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend_from_slice(&(len as u16).to_le_bytes());
    header.extend_from_slice(format!("{text:<width$}\n", width = len - 1).as_bytes());
    header
}
