//! Reading and writing of NPY files, NumPy's format for a single array.
//!
//! A file consists of a magic string, the version, the length of the header, the header (a Python
//! dictionary, padded so that the data starts at a multiple of 64 bytes), and the numbers in
//! little-endian row-major order.

use std::fs;
use std::path::Path;

use chainrule::Scalar;

use crate::error::Error;

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// Writes `values` as an array of shape `shape`.
///
/// # Panics
/// Panics if the number of values does not match the shape.
pub(crate) fn write<T: Scalar>(path: &Path, shape: [usize; 2], values: &[T]) -> Result<(), Error> {
    assert_eq!(shape[0] * shape[1], values.len(), "number of values for the shape");
    let dictionary = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': ({}, {}), }}",
        descr::<T>(),
        shape[0],
        shape[1]
    );
    // The header ends in a newline, at a multiple of 64 bytes.
    let length = (MAGIC.len() + 2 + dictionary.len() + 1).next_multiple_of(64) - MAGIC.len() - 2;
    let mut bytes = MAGIC.to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{dictionary:<width$}\n", width = length - 1).bytes());
    bytes.extend(little_endian(values));
    fs::write(path, bytes).map_err(Error::file(path))
}

/// Reads a two-dimensional array of precision `T` and returns its shape and its values.
pub(crate) fn read<T: Scalar>(path: &Path) -> Result<([usize; 2], Vec<T>), Error> {
    let bytes = fs::read(path).map_err(Error::file(path))?;
    parse(&bytes).map_err(|fault| Error::Npy { path: path.to_owned(), fault })
}

/// Returns the little-endian bytes of the values.
pub(crate) fn little_endian<T: Scalar>(values: &[T]) -> Vec<u8> {
    if T::SINGLE {
        values.iter().flat_map(|v| (v.to_f64() as f32).to_le_bytes()).collect()
    } else {
        values.iter().flat_map(|v| v.to_f64().to_le_bytes()).collect()
    }
}

fn descr<T: Scalar>() -> &'static str {
    if T::SINGLE { "<f4" } else { "<f8" }
}

fn parse<T: Scalar>(bytes: &[u8]) -> Result<([usize; 2], Vec<T>), String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("the magic string of version 1.0 is missing")?;
    let (length, rest) = rest.split_first_chunk().ok_or("the header is truncated")?;
    let (header, numbers) =
        rest.split_at_checked(u16::from_le_bytes(*length).into()).ok_or("the header is truncated")?;
    let header = String::from_utf8_lossy(header);
    for entry in [format!("'descr': '{}'", descr::<T>()), "'fortran_order': False".to_owned()] {
        if !header.contains(&entry) {
            return Err(format!("the header does not contain {entry}"));
        }
    }
    let shape = header.split_once("'shape': (").and_then(|(_, rest)| rest.split_once(')'));
    let sizes: Vec<usize> =
        shape.map_or("", |(shape, _)| shape).split(',').filter_map(|n| n.trim().parse().ok()).collect();
    let shape: [usize; 2] = sizes.try_into().map_err(|_| "the array is not two-dimensional")?;
    let values: Vec<T> = if T::SINGLE {
        let (numbers, _) = numbers.as_chunks();
        numbers.iter().map(|b| T::from_f64(f32::from_le_bytes(*b).into())).collect()
    } else {
        let (numbers, _) = numbers.as_chunks();
        numbers.iter().map(|b| T::from_f64(f64::from_le_bytes(*b))).collect()
    };
    if Some(values.len()) == shape[0].checked_mul(shape[1]) {
        Ok((shape, values))
    } else {
        Err(format!("the file contains {} numbers, but the shape is {shape:?}", values.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_arrays_are_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.npy");
        write(&path, [2, 3], &[1.0f32, -2.5, 1e-40, f32::MAX, 0.0, 0.1]).unwrap();
        assert_eq!(read::<f32>(&path).unwrap(), ([2, 3], vec![1.0, -2.5, 1e-40, f32::MAX, 0.0, 0.1]));
        write(&path, [1, 2], &[0.1f64, 1e300]).unwrap();
        assert_eq!(read::<f64>(&path).unwrap(), ([1, 2], vec![0.1, 1e300]));
    }

    #[test]
    fn headers_are_identical_to_those_of_numpy() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.npy");
        write(&path, [1, 2], &[1.0f32, 2.0]).unwrap();
        let bytes = fs::read(&path).unwrap();
        let mut expected =
            b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }".to_vec();
        expected.resize(127, b' ');
        expected.extend(b"\n\x00\x00\x80\x3f\x00\x00\x00\x40");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn errors_describe_the_defect_of_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.npy");
        let error = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read::<f32>(&path).unwrap_err().to_string()
        };
        assert!(error(b"PK").contains("the magic string of version 1.0 is missing"));
        assert!(error(b"\x93NUMPY\x01\x00\xff\x00{").contains("the header is truncated"));
        write(&path, [2, 2], &[1.0f64; 4]).unwrap();
        assert!(read::<f32>(&path).unwrap_err().to_string().contains("does not contain 'descr': '<f4'"));
        write(&path, [2, 2], &[1.0f32; 4]).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert!(error(&bytes[..bytes.len() - 1]).contains("contains 3 numbers, but the shape is [2, 2]"));
    }
}
