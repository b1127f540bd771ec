//! Distinct texts as they come in: each gets the next code, and its bytes are looked at once.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use memchr::memchr;

use crate::Problem;

/// The distinct texts of a column, in the order in which they first appear.
#[derive(Default)]
pub(super) struct Words {
    list: Vec<String>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// The code given out last: columns often repeat themselves.
    last: u32,
}

impl Words {
    /// The code of a text. A new one must be UTF-8 and without NUL; one that is known has been looked at before.
    pub(super) fn code(&mut self, text: &[u8]) -> Result<u32, Problem> {
        if self.list.get(self.last as usize).is_some_and(|word| word.as_bytes() == text) {
            return Ok(self.last);
        }
        let hash = self.hasher.hash_one(text);
        let known = self.places.find(hash, |place| self.list[*place as usize].as_bytes() == text);
        self.last = match known {
            Some(place) => *place,
            None => self.add(hash, readable(text)?.to_owned()),
        };
        Ok(self.last)
    }

    /// The code of a text that comes from other words.
    pub(super) fn adopt(&mut self, word: String) -> u32 {
        let hash = self.hasher.hash_one(word.as_bytes());
        match self.places.find(hash, |place| self.list[*place as usize] == word) {
            Some(place) => *place,
            None => self.add(hash, word),
        }
    }

    pub(super) fn into_list(self) -> Vec<String> {
        self.list
    }

    fn add(&mut self, hash: u64, word: String) -> u32 {
        let place = self.list.len() as u32;
        self.list.push(word);
        let (list, hasher) = (&self.list, &self.hasher);
        self.places.insert_unique(hash, place, |place| hasher.hash_one(list[*place as usize].as_bytes()));
        place
    }
}

/// Bytes as text, which has no NUL.
pub(super) fn readable(text: &[u8]) -> Result<&str, Problem> {
    if memchr(0, text).is_some() {
        return Err(Problem::Binary);
    }
    str::from_utf8(text).map_err(|_| Problem::Encoding { encoding: "UTF-8" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_first_appearance_and_bytes_are_checked() {
        let mut words = Words::default();
        let codes: Vec<u32> =
            ["b", "a", "a", "b", ""].iter().map(|w| words.code(w.as_bytes()).unwrap()).collect();
        assert_eq!(codes, [0, 1, 1, 0, 2]);
        assert_eq!((words.adopt("a".to_owned()), words.adopt("c".to_owned())), (1, 3));
        assert!(matches!(words.code(b"\xff"), Err(Problem::Encoding { .. })));
        assert!(matches!(words.code(b"x\0"), Err(Problem::Binary)));
        assert_eq!(words.into_list(), ["b", "a", "", "c"]);
    }
}
