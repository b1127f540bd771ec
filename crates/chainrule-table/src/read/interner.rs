//! Interning of strings: each distinct string receives the next code and is validated once.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use memchr::memchr;

use crate::Problem;

/// The distinct strings of a column, in order of first appearance.
#[derive(Default)]
pub(super) struct StringInterner {
    strings: Vec<String>,
    codes: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// The most recent code, which is tried first: consecutive cells are often equal.
    last: u32,
}

impl StringInterner {
    /// Returns the code of a text. New text must be UTF-8 without NUL.
    pub(super) fn intern(&mut self, text: &[u8]) -> Result<u32, Problem> {
        if self.strings.get(self.last as usize).is_some_and(|string| string.as_bytes() == text) {
            return Ok(self.last);
        }
        let hash = self.hasher.hash_one(text);
        let known = self.codes.find(hash, |code| self.strings[*code as usize].as_bytes() == text);
        self.last = match known {
            Some(code) => *code,
            None => self.add(hash, valid_text(text)?.to_owned()),
        };
        Ok(self.last)
    }

    /// Returns the code of a string, which is not validated.
    pub(super) fn intern_owned(&mut self, string: String) -> u32 {
        let hash = self.hasher.hash_one(string.as_bytes());
        match self.codes.find(hash, |code| self.strings[*code as usize] == string) {
            Some(code) => *code,
            None => self.add(hash, string),
        }
    }

    pub(super) fn into_strings(self) -> Vec<String> {
        self.strings
    }

    fn add(&mut self, hash: u64, string: String) -> u32 {
        let code = self.strings.len() as u32;
        self.strings.push(string);
        let (strings, hasher) = (&self.strings, &self.hasher);
        self.codes.insert_unique(hash, code, |code| hasher.hash_one(strings[*code as usize].as_bytes()));
        code
    }
}

/// Returns bytes as text if they are UTF-8 without NUL.
pub(super) fn valid_text(text: &[u8]) -> Result<&str, Problem> {
    if memchr(0, text).is_some() {
        return Err(Problem::Binary);
    }
    str::from_utf8(text).map_err(|_| Problem::Encoding { encoding: "UTF-8" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_first_appearance_and_text_is_validated() {
        let mut interner = StringInterner::default();
        let codes: Vec<u32> =
            ["b", "a", "a", "b", ""].iter().map(|w| interner.intern(w.as_bytes()).unwrap()).collect();
        assert_eq!(codes, [0, 1, 1, 0, 2]);
        assert_eq!((interner.intern_owned("a".to_owned()), interner.intern_owned("c".to_owned())), (1, 3));
        assert!(matches!(interner.intern(b"\xff"), Err(Problem::Encoding { .. })));
        assert!(matches!(interner.intern(b"x\0"), Err(Problem::Binary)));
        assert_eq!(interner.into_strings(), ["b", "a", "", "c"]);
    }
}
