//! NPY files, NumPy's format for one array: written for peers, read back by us.
//!
//! A magic string, the version, the header's length, the header (a Python dictionary padded to a multiple of 64
//! bytes), then the numbers, little-endian and row-major.

use std::fs;
use std::path::Path;

use chainrule::Scalar;

use crate::error::Error;

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// Writes `values` as an array of this shape.
pub(crate) fn write<T: Scalar>(path: &Path, shape: [usize; 2], values: &[T]) -> Result<(), Error> {
    assert_eq!(shape[0] * shape[1], values.len(), "the array's shape");
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

/// The array at `path`, which must have two dimensions and this precision: its shape and its numbers.
pub(crate) fn read<T: Scalar>(path: &Path) -> Result<([usize; 2], Vec<T>), Error> {
    let bytes = fs::read(path).map_err(Error::file(path))?;
    parse(&bytes).map_err(|fault| Error::Npy { path: path.to_owned(), fault })
}

/// The numbers' bytes, little-endian.
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
    let rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin as version 1.0 does")?;
    let (length, rest) = rest.split_first_chunk().ok_or("it ends within its header")?;
    let (header, numbers) =
        rest.split_at_checked(u16::from_le_bytes(*length).into()).ok_or("it ends within its header")?;
    let header = String::from_utf8_lossy(header);
    for needed in [format!("'descr': '{}'", descr::<T>()), "'fortran_order': False".to_owned()] {
        if !header.contains(&needed) {
            return Err(format!("its header does not say {needed}"));
        }
    }
    let inside = header.split_once("'shape': (").and_then(|(_, rest)| rest.split_once(')'));
    let sizes: Vec<usize> =
        inside.map_or("", |(inside, _)| inside).split(',').filter_map(|n| n.trim().parse().ok()).collect();
    let shape: [usize; 2] = sizes.try_into().map_err(|_| "it has not two dimensions")?;
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
        Err(format!("it has {} numbers, its shape is {shape:?}", values.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.npy");
        write(&path, [2, 3], &[1.0f32, -2.5, 1e-40, f32::MAX, 0.0, 0.1]).unwrap();
        assert_eq!(read::<f32>(&path).unwrap(), ([2, 3], vec![1.0, -2.5, 1e-40, f32::MAX, 0.0, 0.1]));
        write(&path, [1, 2], &[0.1f64, 1e300]).unwrap();
        assert_eq!(read::<f64>(&path).unwrap(), ([1, 2], vec![0.1, 1e300]));
    }

    #[test]
    fn the_header_is_the_one_numpy_writes() {
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
    fn a_damaged_file_is_refused_with_its_fault() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.npy");
        let fault = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read::<f32>(&path).unwrap_err().to_string()
        };
        assert!(fault(b"PK").contains("does not begin"));
        assert!(fault(b"\x93NUMPY\x01\x00\xff\x00{").contains("ends within its header"));
        write(&path, [2, 2], &[1.0f64; 4]).unwrap();
        assert!(read::<f32>(&path).unwrap_err().to_string().contains("does not say 'descr': '<f4'"));
        write(&path, [2, 2], &[1.0f32; 4]).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert!(fault(&bytes[..bytes.len() - 1]).contains("it has 3 numbers, its shape is [2, 2]"));
    }
}
