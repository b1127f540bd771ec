//! Plausibility checks of the sizes in a page header, before memory is allocated for the page.

/// Decompressed size that a page may always have, regardless of its compressed size.
pub(super) const ALWAYS_ALLOWED: u64 = 64 << 20;

/// Maximum compression ratio of a larger page.
pub(super) const MAX_RATIO: u64 = 1000;

/// Checks the page header at the start of `bytes`, a structure in the Thrift compact protocol.
///
/// # Errors
/// Returns a description of the invalid part of the header.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let header = PageHeader::parse(bytes).ok_or_else(|| "invalid page header".to_owned())?;
    let [len, compressed] = [header.len, header.compressed].map(|n| u64::try_from(n).unwrap_or(u64::MAX));
    if compressed > header.rest {
        return Err("a page extends beyond its column".to_owned());
    }
    if len > ALWAYS_ALLOWED.max(MAX_RATIO * compressed) {
        return Err(format!("a page of {compressed} bytes states a decompressed size of {}", header.len));
    }
    // Memory for the values is allocated before they are decoded. Each takes at least a byte.
    match header.dictionary {
        Some(n) if u64::try_from(n).is_ok_and(|n| n <= len) => Ok(()),
        Some(n) => Err(format!("a dictionary of {len} bytes states {n} values")),
        None => Ok(()),
    }
}

/// The fields of a page header that determine allocations.
#[derive(Default)]
struct PageHeader {
    /// Decompressed size of the page.
    len: i64,
    /// Compressed size of the page.
    compressed: i64,
    /// Number of values of a dictionary page.
    dictionary: Option<i64>,
    /// Number of bytes after the header.
    rest: u64,
}

impl PageHeader {
    fn parse(bytes: &[u8]) -> Option<PageHeader> {
        let (mut fields, mut header) = (ThriftFields { bytes, id: 0 }, PageHeader::default());
        while let Some(kind) = fields.next()? {
            match (fields.id, kind) {
                (2, INTEGER) => header.len = fields.integer()?,
                (3, INTEGER) => header.compressed = fields.integer()?,
                (7, STRUCTURE) => {
                    let mut inner = ThriftFields { bytes: fields.bytes, id: 0 };
                    while let Some(kind) = inner.next()? {
                        match (inner.id, kind) {
                            (1, INTEGER) => header.dictionary = Some(inner.integer()?),
                            (1, _) => return None,
                            (_, kind) => inner.skip(kind, 0)?,
                        }
                    }
                    fields.bytes = inner.bytes;
                }
                // The library would misread a field of another type and all fields after it.
                (2 | 3 | 7, _) => return None,
                (_, kind) => fields.skip(kind, 0)?,
            }
        }
        header.rest = fields.bytes.len() as u64;
        Some(header)
    }
}

/// Thrift field type of a 32-bit integer.
const INTEGER: u8 = 5;
/// Thrift field type of a structure.
const STRUCTURE: u8 = 12;

/// The fields of a Thrift structure.
struct ThriftFields<'b> {
    /// Bytes that have not been read.
    bytes: &'b [u8],
    /// Identifier of the last field.
    id: i64,
}

impl ThriftFields<'_> {
    /// Returns the type of the next field: `Some(None)` after the last field, `None` if the bytes
    /// are not a structure.
    #[allow(clippy::option_option)]
    fn next(&mut self) -> Option<Option<u8>> {
        let byte = self.byte()?;
        let (step, kind) = (byte >> 4, byte & 15);
        if kind == 0 {
            return Some(None);
        }
        self.id = if step == 0 { self.integer()? } else { self.id.checked_add(step.into())? };
        Some(Some(kind))
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*byte)
    }

    /// Reads a variable-length integer: seven bits per byte, the lowest first; the eighth bit is
    /// set if more bytes follow.
    fn varint(&mut self) -> Option<u64> {
        let mut n = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(n);
            }
        }
        None
    }

    /// Reads a signed integer in zigzag encoding: 0, -1, 1, -2, 2, ...
    fn integer(&mut self) -> Option<i64> {
        let n = self.varint()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    fn skip_bytes(&mut self, n: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(n).ok()?..)?;
        Some(())
    }

    /// Skips a value of the given type, which is nested in `depth` structures and lists.
    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        const MAX_DEPTH: u32 = 16;
        if depth > MAX_DEPTH {
            return None;
        }
        match kind {
            // The value of a boolean field is encoded in its type.
            1 | 2 => Some(()),
            3 => self.skip_bytes(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip_bytes(8),
            8 => self.varint().and_then(|n| self.skip_bytes(n)),
            9 | 10 => {
                let byte = self.byte()?;
                let n = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
                (0..n).try_for_each(|_| self.skip_element(byte & 15, depth))
            }
            11 => {
                let n = self.varint()?;
                let kinds = if n == 0 { 0 } else { self.byte()? };
                (0..n).try_for_each(|_| {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 15, depth)
                })
            }
            STRUCTURE => {
                let mut inner = ThriftFields { bytes: self.bytes, id: 0 };
                while let Some(kind) = inner.next()? {
                    inner.skip(kind, depth + 1)?;
                }
                self.bytes = inner.bytes;
                Some(())
            }
            13 => self.skip_bytes(16),
            _ => None,
        }
    }

    /// Skips an element of a list, where a boolean takes a byte.
    fn skip_element(&mut self, kind: u8, depth: u32) -> Option<()> {
        if let 1 | 2 = kind { self.skip_bytes(1) } else { self.skip(kind, depth + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates a page of `compressed` bytes whose header states the decompressed size `len`.
    fn page(len: u64, compressed: usize, rest: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x15, 0];
        for n in [len, compressed as u64] {
            bytes.push(0x15);
            let mut n = 2 * n;
            while n > 127 {
                bytes.push(n as u8 | 128);
                n >>= 7;
            }
            bytes.push(n as u8);
        }
        bytes.extend_from_slice(rest);
        bytes.resize(bytes.len() + compressed, 7);
        bytes
    }

    #[test]
    fn implausible_sizes_are_rejected() {
        assert_eq!(check(&page(ALWAYS_ALLOWED, 1, &[0])), Ok(()));
        assert_eq!(
            check(&page(ALWAYS_ALLOWED + 1, 1, &[0])),
            Err("a page of 1 bytes states a decompressed size of 67108865".to_owned())
        );
        assert_eq!(check(&page(100_000_000, 100_000, &[0])), Ok(()));
        assert!(check(&page(100_000_001, 100_000, &[0])).is_err());
        // Four values in four bytes, then five. Other fields of the header are skipped.
        let dictionary =
            |n: u8| [0x15, 4, 0x3c, 0x15, 2 * n, 0x15, 0, 0x11, 0, 0x28, 2, 9, 9, 0x19, 0x25, 1, 2, 0];
        assert_eq!(check(&page(4, 4, &dictionary(4))), Ok(()));
        assert_eq!(
            check(&page(4, 4, &dictionary(5))),
            Err("a dictionary of 4 bytes states 5 values".to_owned())
        );
    }

    #[test]
    fn invalid_headers_are_rejected() {
        let whole = page(10, 10, &[0]);
        for end in 0..whole.len() {
            assert!(check(&whole[..end]).is_err(), "cut at {end}");
        }
        // A size as a byte, deeply nested structures, a truncated integer, an endless integer.
        for bytes in [&[0x15, 0, 0x13, 9, 0x15, 0, 0][..], &[0x1c; 99], &[0x15; 1], &[0xff; 99]] {
            assert!(check(bytes).is_err());
        }
    }
}
