//! The header of an NPY array: type, shape and memory layout of the elements.

use std::io::Read;

use crate::{CellType, Problem};

/// The header of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NpyHeader {
    kind: ScalarKind,
    big_endian: bool,
    /// Size of an element in bytes.
    pub(super) size: u64,
    /// Number of rows.
    pub(super) rows: u64,
    /// Number of columns; `None` for a one-dimensional array.
    pub(super) columns: Option<u64>,
    /// Strides between rows and between columns, in elements.
    pub(super) strides: (u64, u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ScalarKind {
    Boolean,
    Integer,
    Unsigned,
    Float,
}

/// Maximum size of a header. Headers usually have about a hundred bytes.
const MAX_SIZE: usize = 1 << 16;

/// The value of an element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Element {
    Boolean(bool),
    Integer(i128),
    Float(f64),
}

impl NpyHeader {
    /// Reads a header. `len` is the number of bytes available for the header and the elements; a
    /// header that states more is rejected.
    pub(super) fn read(file: &mut impl Read, len: u64) -> Result<NpyHeader, Problem> {
        let mut start = [0; 8];
        file.read_exact(&mut start).map_err(|_| damaged("incomplete header"))?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err(damaged("no NPY magic bytes"));
        }
        let mut size = [0; 4];
        let width = if start[6] == 1 { 2 } else { 4 };
        file.read_exact(&mut size[..width]).map_err(|_| damaged("incomplete header"))?;
        let size = u32::from_le_bytes(size) as usize;
        if size > MAX_SIZE {
            return Err(damaged("header too long"));
        }
        let mut text = vec![0; size];
        file.read_exact(&mut text).map_err(|_| damaged("incomplete header"))?;
        let header = NpyHeader::parse(&String::from_utf8_lossy(&text))?;
        let available = len.saturating_sub((8 + width + size) as u64);
        let required =
            header.columns.unwrap_or(1).checked_mul(header.rows).and_then(|n| n.checked_mul(header.size));
        match required {
            _ if header.rows == 0 => Err(Problem::NoRows),
            Some(0) => Err(unsupported("arrays without columns".to_owned())),
            Some(required) if required <= available => Ok(header),
            _ => Err(damaged(FEWER_ELEMENTS)),
        }
    }

    /// Parses a header such as `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
    fn parse(text: &str) -> Result<NpyHeader, Problem> {
        let after = |key: &str| {
            let value = text.split_once(key).map(|(_, value)| value.trim_start());
            value.ok_or_else(|| damaged("no descr, fortran_order or shape in the header"))
        };
        let kind = after("'descr':")?;
        let kind = kind.strip_prefix('\'').and_then(|kind| kind.split_once('\'')).map(|(kind, _)| kind);
        let kind = kind.ok_or_else(|| unsupported("structured arrays".to_owned()))?;
        let shape = after("'shape':")?;
        let shape = shape.strip_prefix('(').and_then(|shape| shape.split_once(')')).map(|(shape, _)| shape);
        let axes = shape.ok_or_else(|| damaged("the shape is not a tuple"))?.split(',').map(str::trim);
        let axes: Result<Vec<u64>, _> = axes.filter(|axis| !axis.is_empty()).map(str::parse).collect();
        let (rows, columns) = match axes.map_err(|_| damaged("the shape does not consist of integers"))?[..] {
            [rows] => (rows, None),
            [rows, columns] => (rows, Some(columns)),
            ref axes => return Err(unsupported(format!("arrays with {} dimensions", axes.len()))),
        };
        let strides = match columns {
            Some(_) if after("'fortran_order':")?.starts_with("True") => (1, rows),
            _ => (columns.unwrap_or(1), 1),
        };
        let unknown = || unsupported(format!("elements of the NumPy type {kind}"));
        let mut characters = kind.chars();
        let order = characters.next().ok_or_else(unknown)?;
        let letter = characters.next().ok_or_else(unknown)?;
        let size = characters.as_str().parse().map_err(|_| unknown())?;
        let kind = match (letter, size) {
            ('b', 1) => ScalarKind::Boolean,
            ('i', 1 | 2 | 4 | 8) => ScalarKind::Integer,
            ('u', 1 | 2 | 4 | 8) => ScalarKind::Unsigned,
            ('f', 2 | 4 | 8) => ScalarKind::Float,
            _ => return Err(unknown()),
        };
        Ok(NpyHeader { kind, big_endian: order == '>', size, rows, columns, strides })
    }

    /// Returns the size of all elements in bytes.
    pub(super) fn n_bytes(&self) -> u64 {
        self.rows * self.columns.unwrap_or(1) * self.size
    }

    /// Returns about the memory that the columns of the array take: 8 bytes per cell, and their names
    /// and formats.
    pub(super) fn memory(&self) -> u64 {
        const COLUMN: u64 = 512;
        let n_columns = self.columns.unwrap_or(1);
        (self.rows * n_columns).saturating_mul(8).saturating_add(n_columns.saturating_mul(COLUMN))
    }

    /// Returns the names of the columns: `name1`, `name2`, ..., or `single_name` for a
    /// one-dimensional array.
    pub(super) fn names(&self, name: &str, single_name: &str) -> Vec<String> {
        match self.columns {
            None => vec![single_name.to_owned()],
            Some(n) => (1..=n).map(|i| format!("{name}{i}")).collect(),
        }
    }

    /// Returns the type of the cells of a column.
    pub(super) fn cell_type(&self) -> CellType {
        if self.kind == ScalarKind::Boolean { CellType::Strings } else { CellType::Numbers }
    }

    /// Converts the bytes of an element to its value.
    #[inline]
    pub(super) fn element(&self, bytes: &[u8]) -> Element {
        let bits = self.bits(bytes);
        match (self.kind, self.size) {
            (ScalarKind::Boolean, _) => Element::Boolean(bits != 0),
            (ScalarKind::Integer, _) => Element::Integer(self.signed(bits).into()),
            (ScalarKind::Unsigned, _) => Element::Integer(bits.into()),
            (ScalarKind::Float, 2) => Element::Float(half(bits)),
            (ScalarKind::Float, 4) => Element::Float(f64::from(f32::from_bits(bits as u32))),
            (ScalarKind::Float, _) => Element::Float(f64::from_bits(bits)),
        }
    }

    /// Converts the bytes of an element to text, with as many digits as its precision requires.
    pub(super) fn text(&self, bytes: &[u8]) -> String {
        match self.element(bytes) {
            Element::Float(value) if self.size == 4 => (value as f32).to_string(),
            Element::Float(value) => value.to_string(),
            Element::Integer(value) => value.to_string(),
            Element::Boolean(value) => value.to_string(),
        }
    }

    /// Returns the bits of an element. Each size has its own case, to avoid copying byte by byte.
    fn bits(&self, bytes: &[u8]) -> u64 {
        let (one, two, four, eight) =
            (bytes.first(), bytes.first_chunk(), bytes.first_chunk(), bytes.first_chunk());
        let bits = match self.size {
            1 => one.map(|byte| u64::from(*byte)),
            2 => two.map(|two| u64::from(u16::from_le_bytes(*two))),
            4 => four.map(|four| u64::from(u32::from_le_bytes(*four))),
            _ => eight.map(|eight| u64::from_le_bytes(*eight)),
        };
        let bits = bits.expect("the slice has the size of an element");
        if self.big_endian { bits.swap_bytes() >> (64 - 8 * self.size) } else { bits }
    }

    fn signed(&self, bits: u64) -> i64 {
        let unused = 64 - 8 * self.size;
        (bits << unused) as i64 >> unused
    }
}

/// Converts a 16-bit float, with 5 bits of the exponent and 10 of the fraction.
fn half(bits: u64) -> f64 {
    let (exponent, fraction) = ((bits >> 10 & 31) as i32, (bits & 1023) as f64);
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// Reason for rejecting a truncated array.
pub(super) const FEWER_ELEMENTS: &str = "fewer elements than the header states";

pub(super) fn damaged(reason: &str) -> Problem {
    Problem::Corrupt { format: "NumPy", reason: reason.to_owned() }
}

fn unsupported(found: String) -> Problem {
    let remedy = "save arrays of booleans, integers or floats with one or two dimensions";
    Problem::Unsupported { found, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(kind: &str) -> NpyHeader {
        NpyHeader::parse(&format!("{{'descr': '{kind}', 'fortran_order': True, 'shape': (3, 4), }}")).unwrap()
    }

    #[test]
    fn elements_of_all_types() {
        assert_eq!(parse("<f4").strides, (1, 3));
        assert_eq!(parse("<i2").element(&[0xfe, 0xff]), Element::Integer(-2));
        assert_eq!(parse(">i2").element(&[0xff, 0xfe]), Element::Integer(-2));
        assert_eq!(parse("|u1").element(&[200]), Element::Integer(200));
        assert_eq!(parse("|b1").element(&[1]), Element::Boolean(true));
        assert_eq!(parse(">f8").element(&1.5_f64.to_be_bytes()), Element::Float(1.5));
        assert_eq!(parse("<u8").text(&u64::MAX.to_le_bytes()), "18446744073709551615");
        assert_eq!(parse("<f4").text(&0.1_f32.to_le_bytes()), "0.1");
        for (bits, value) in
            [(0x3c00_u16, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_953_125), (1, 2_f64.powi(-24))]
        {
            assert_eq!(parse("<f2").element(&bits.to_le_bytes()), Element::Float(value));
        }
        assert!(NpyHeader::parse("{'descr': '<M8[D]', 'fortran_order': False, 'shape': (3,), }").is_err());
    }
}
