//! What the header of a page claims, held against what can be, before room is made for it.

/// A page may become this long whatever it is compressed to.
pub(super) const ALWAYS: u64 = 64 << 20;

/// A longer page is at most so many times as long as what it is compressed to.
pub(super) const RATIO: u64 = 1000;

/// Checks the header at the beginning of `bytes`, which is a structure in Thrift's compact form.
///
/// # Errors
/// What it claims.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let claims = Claims::read(bytes).ok_or_else(|| "the header of a page is no such header".to_owned())?;
    let [len, compressed] = [claims.len, claims.compressed].map(|n| u64::try_from(n).unwrap_or(u64::MAX));
    if compressed > claims.rest {
        return Err("a page ends behind its column".to_owned());
    }
    if len > ALWAYS.max(RATIO * compressed) {
        return Err(format!("a page of {compressed} bytes claims to become {}", claims.len));
    }
    // A value takes at least a byte, and is given room before it is looked for.
    match claims.dictionary {
        Some(n) if u64::try_from(n).is_ok_and(|n| n <= len) => Ok(()),
        Some(n) => Err(format!("a dictionary of {len} bytes claims to have {n} values")),
        None => Ok(()),
    }
}

/// What a header says.
#[derive(Default)]
struct Claims {
    /// How long the page becomes.
    len: i64,
    compressed: i64,
    /// How many values a dictionary has.
    dictionary: Option<i64>,
    /// How many bytes there are behind the header.
    rest: u64,
}

impl Claims {
    fn read(bytes: &[u8]) -> Option<Claims> {
        let (mut fields, mut claims) = (Fields { bytes, id: 0 }, Claims::default());
        while let Some(kind) = fields.next()? {
            match (fields.id, kind) {
                (2, INTEGER) => claims.len = fields.integer()?,
                (3, INTEGER) => claims.compressed = fields.integer()?,
                (7, STRUCTURE) => {
                    let mut inner = Fields { bytes: fields.bytes, id: 0 };
                    while let Some(kind) = inner.next()? {
                        match (inner.id, kind) {
                            (1, INTEGER) => claims.dictionary = Some(inner.integer()?),
                            (1, _) => return None,
                            (_, kind) => inner.skip(kind, 0)?,
                        }
                    }
                    fields.bytes = inner.bytes;
                }
                // Read as what it is not, it would hide what follows.
                (2 | 3 | 7, _) => return None,
                (_, kind) => fields.skip(kind, 0)?,
            }
        }
        claims.rest = fields.bytes.len() as u64;
        Some(claims)
    }
}

/// Thrift's kinds of fields: an integer of 32 bits, and a structure.
const INTEGER: u8 = 5;
const STRUCTURE: u8 = 12;

/// The fields of a structure.
struct Fields<'b> {
    /// What is not read yet.
    bytes: &'b [u8],
    /// The number of the last field.
    id: i64,
}

impl Fields<'_> {
    /// The kind of the next field; nothing behind the last. Outside, nothing where the bytes are no structure.
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

    /// Seven bits in each byte, the lowest first; the eighth says whether there are more.
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

    /// Numbers count 0, -1, 1, -2, 2, ...
    fn integer(&mut self) -> Option<i64> {
        let n = self.varint()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    fn pass(&mut self, n: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(n).ok()?..)?;
        Some(())
    }

    /// Passes over a value of a kind; `depth` structures and lists are around it.
    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        const DEEPEST: u32 = 16;
        if depth > DEEPEST {
            return None;
        }
        match kind {
            // A boolean is its kind.
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.varint().map(drop),
            7 => self.pass(8),
            8 => self.varint().and_then(|n| self.pass(n)),
            9 | 10 => {
                let byte = self.byte()?;
                let n = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
                (0..n).try_for_each(|_| self.element(byte & 15, depth))
            }
            11 => {
                let n = self.varint()?;
                let kinds = if n == 0 { 0 } else { self.byte()? };
                (0..n).try_for_each(|_| {
                    self.element(kinds >> 4, depth)?;
                    self.element(kinds & 15, depth)
                })
            }
            STRUCTURE => {
                let mut inner = Fields { bytes: self.bytes, id: 0 };
                while let Some(kind) = inner.next()? {
                    inner.skip(kind, depth + 1)?;
                }
                self.bytes = inner.bytes;
                Some(())
            }
            13 => self.pass(16),
            _ => None,
        }
    }

    /// Passes over an element of a list, where a boolean is a byte.
    fn element(&mut self, kind: u8, depth: u32) -> Option<()> {
        if let 1 | 2 = kind { self.pass(1) } else { self.skip(kind, depth + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of a page of `compressed` bytes that claims to become `len`, and its bytes.
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
    fn a_claim_is_held_against_what_can_be() {
        assert_eq!(check(&page(ALWAYS, 1, &[0])), Ok(()));
        assert_eq!(
            check(&page(ALWAYS + 1, 1, &[0])),
            Err("a page of 1 bytes claims to become 67108865".to_owned())
        );
        assert_eq!(check(&page(100_000_000, 100_000, &[0])), Ok(()));
        assert!(check(&page(100_000_001, 100_000, &[0])).is_err());
        // Four values in four bytes, and five; what else may be in a header is passed over.
        let dictionary =
            |n: u8| [0x15, 4, 0x3c, 0x15, 2 * n, 0x15, 0, 0x11, 0, 0x28, 2, 9, 9, 0x19, 0x25, 1, 2, 0];
        assert_eq!(check(&page(4, 4, &dictionary(4))), Ok(()));
        assert_eq!(
            check(&page(4, 4, &dictionary(5))),
            Err("a dictionary of 4 bytes claims to have 5 values".to_owned())
        );
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let whole = page(10, 10, &[0]);
        for end in 0..whole.len() {
            assert!(check(&whole[..end]).is_err(), "cut at {end}");
        }
        // A length as a byte, structures within structures, a number that never ends.
        for bytes in [&[0x15, 0, 0x13, 9, 0x15, 0, 0][..], &[0x1c; 99], &[0x15; 1], &[0xff; 99]] {
            assert!(check(bytes).is_err());
        }
    }
}
