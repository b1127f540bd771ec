//! The header of an NPY array: what its numbers are and how they lie.

use std::io::Read;

use crate::Problem;

/// What an array is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NpyHeader {
    kind: ScalarKind,
    big_endian: bool,
    /// The bytes of a number.
    pub(super) size: u64,
    pub(super) rows: u64,
    /// The columns; none in an array of one axis.
    pub(super) columns: Option<u64>,
    /// From a number to that below it and to that beside it, in numbers.
    pub(super) steps: (u64, u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ScalarKind {
    Boolean,
    Integer,
    Unsigned,
    Float,
}

/// NumPy writes about a hundred bytes.
const LONGEST: usize = 1 << 16;

impl NpyHeader {
    /// Reads a header; `len` bytes are there for it and the numbers, so that none is believed that says more.
    pub(super) fn read(file: &mut impl Read, len: u64) -> Result<NpyHeader, Problem> {
        let mut start = [0; 8];
        file.read_exact(&mut start).map_err(|_| damaged("it ends within its header"))?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err(damaged("it does not begin like an NPY array"));
        }
        let mut size = [0; 4];
        let width = if start[6] == 1 { 2 } else { 4 };
        file.read_exact(&mut size[..width]).map_err(|_| damaged("it ends within its header"))?;
        let size = u32::from_le_bytes(size) as usize;
        if size > LONGEST {
            return Err(damaged("its header is too long"));
        }
        let mut text = vec![0; size];
        file.read_exact(&mut text).map_err(|_| damaged("it ends within its header"))?;
        let header = NpyHeader::parse(&String::from_utf8_lossy(&text))?;
        let room = len.saturating_sub((8 + width + size) as u64);
        let needed =
            header.columns.unwrap_or(1).checked_mul(header.rows).and_then(|n| n.checked_mul(header.size));
        match needed {
            _ if header.rows == 0 => Err(Problem::NoRows),
            Some(0) => Err(unsupported("an array without columns".to_owned())),
            Some(needed) if needed <= room => Ok(header),
            _ => Err(damaged("it has fewer numbers than it says")),
        }
    }

    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`
    fn parse(text: &str) -> Result<NpyHeader, Problem> {
        let after = |key: &str| {
            let value = text.split_once(key).map(|(_, value)| value.trim_start());
            value.ok_or_else(|| damaged("its header lacks descr, fortran_order or shape"))
        };
        let kind = after("'descr':")?;
        let kind = kind.strip_prefix('\'').and_then(|kind| kind.split_once('\'')).map(|(kind, _)| kind);
        let kind = kind.ok_or_else(|| unsupported("an array of structures".to_owned()))?;
        let shape = after("'shape':")?;
        let shape = shape.strip_prefix('(').and_then(|shape| shape.split_once(')')).map(|(shape, _)| shape);
        let axes = shape.ok_or_else(|| damaged("its shape is no tuple"))?.split(',').map(str::trim);
        let axes: Result<Vec<u64>, _> = axes.filter(|axis| !axis.is_empty()).map(str::parse).collect();
        let (rows, columns) = match axes.map_err(|_| damaged("its shape is not of whole numbers"))?[..] {
            [rows] => (rows, None),
            [rows, columns] => (rows, Some(columns)),
            ref axes => return Err(unsupported(format!("an array of {} axes", axes.len()))),
        };
        let steps = match columns {
            Some(_) if after("'fortran_order':")?.starts_with("True") => (1, rows),
            _ => (columns.unwrap_or(1), 1),
        };
        let unknown = || unsupported(format!("numbers of NumPy's kind {kind}"));
        let mut signs = kind.chars();
        let order = signs.next().ok_or_else(unknown)?;
        let letter = signs.next().ok_or_else(unknown)?;
        let size = signs.as_str().parse().map_err(|_| unknown())?;
        let kind = match (letter, size) {
            ('b', 1) => ScalarKind::Boolean,
            ('i', 1 | 2 | 4 | 8) => ScalarKind::Integer,
            ('u', 1 | 2 | 4 | 8) => ScalarKind::Unsigned,
            ('f', 2 | 4 | 8) => ScalarKind::Float,
            _ => return Err(unknown()),
        };
        Ok(NpyHeader { kind, big_endian: order == '>', size, rows, columns, steps })
    }

    /// The names of the columns of an array that is called `name`; one of one axis is called `alone`.
    pub(super) fn names(&self, name: &str, alone: &str) -> Vec<String> {
        match self.columns {
            None => vec![alone.to_owned()],
            Some(n) => (1..=n).map(|i| format!("{name}{i}")).collect(),
        }
    }

    /// The number that these bytes are.
    pub(super) fn value(&self, bytes: &[u8]) -> f64 {
        let bits = self.bits(bytes);
        match (self.kind, self.size) {
            (ScalarKind::Boolean, _) => f64::from(u8::from(bits != 0)),
            (ScalarKind::Integer, _) => self.signed(bits) as f64,
            (ScalarKind::Unsigned, _) => bits as f64,
            (ScalarKind::Float, 2) => half(bits),
            (ScalarKind::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (ScalarKind::Float, _) => f64::from_bits(bits),
        }
    }

    /// The number that these bytes are, as a text: whole ones in full.
    pub(super) fn text(&self, bytes: &[u8]) -> String {
        match (self.kind, self.size) {
            (ScalarKind::Integer, _) => self.signed(self.bits(bytes)).to_string(),
            (ScalarKind::Unsigned, _) => self.bits(bytes).to_string(),
            (ScalarKind::Float, 4) => (self.value(bytes) as f32).to_string(),
            _ => self.value(bytes).to_string(),
        }
    }

    /// The bits of a number; there is a case for each size, so that none is copied byte by byte.
    fn bits(&self, bytes: &[u8]) -> u64 {
        let (one, two, four, eight) =
            (bytes.first(), bytes.first_chunk(), bytes.first_chunk(), bytes.first_chunk());
        let bits = match self.size {
            1 => one.map(|byte| u64::from(*byte)),
            2 => two.map(|two| u64::from(u16::from_le_bytes(*two))),
            4 => four.map(|four| u64::from(u32::from_le_bytes(*four))),
            _ => eight.map(|eight| u64::from_le_bytes(*eight)),
        };
        let bits = bits.expect("the bytes of a number");
        if self.big_endian { bits.swap_bytes() >> (64 - 8 * self.size) } else { bits }
    }

    fn signed(&self, bits: u64) -> i64 {
        let unused = 64 - 8 * self.size;
        (bits << unused) as i64 >> unused
    }
}

/// A number of 16 bits: 5 of the exponent, 10 of the fraction.
fn half(bits: u64) -> f64 {
    let (exponent, fraction) = ((bits >> 10 & 31) as i32, (bits & 1023) as f64);
    let size = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

pub(super) fn damaged(reason: &str) -> Problem {
    Problem::Corrupt { format: "NumPy", reason: reason.to_owned() }
}

fn unsupported(kind: String) -> Problem {
    Problem::Unsupported { kind, remedy: "save arrays of one or two axes, of booleans, integers or floats" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(kind: &str) -> NpyHeader {
        NpyHeader::parse(&format!("{{'descr': '{kind}', 'fortran_order': True, 'shape': (3, 4), }}")).unwrap()
    }

    #[test]
    fn numbers_of_all_kinds() {
        assert_eq!(parse("<f4").steps, (1, 3));
        assert_eq!(parse("<i2").value(&[0xfe, 0xff]), -2.0);
        assert_eq!(parse(">i2").value(&[0xff, 0xfe]), -2.0);
        assert_eq!(parse("|u1").value(&[200]), 200.0);
        assert_eq!(parse("|b1").value(&[1]), 1.0);
        assert_eq!(parse(">f8").value(&1.5_f64.to_be_bytes()), 1.5);
        assert_eq!(parse("<u8").text(&u64::MAX.to_le_bytes()), "18446744073709551615");
        assert_eq!(parse("<f4").text(&0.1_f32.to_le_bytes()), "0.1");
        for (bits, value) in
            [(0x3c00_u16, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_953_125), (1, 2_f64.powi(-24))]
        {
            assert_eq!(parse("<f2").value(&bits.to_le_bytes()), value);
        }
        assert!(NpyHeader::parse("{'descr': '<M8[D]', 'fortran_order': False, 'shape': (3,), }").is_err());
    }
}
