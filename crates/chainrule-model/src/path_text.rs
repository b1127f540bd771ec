//! Paths as text, in settings and model files.
//!
//! On Unix a path is a sequence of bytes, which need not be UTF-8. Each byte that is not part of a
//! UTF-8 character becomes the private-use character U+EF00 + byte, so that no path is lost. A
//! character of that block in the path itself is converted byte by byte too, which makes the
//! conversion reversible.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize as _, Deserializer, Serializer};

/// Code point of byte 0; only bytes from 0x80 occur.
const BASE: u32 = 0xef00;
const ESCAPES: std::ops::RangeInclusive<u32> = BASE + 0x80..=BASE + 0xff;

/// Returns a path as text from which [`path_from_text`] returns the same path.
///
/// ```
/// use std::path::Path;
///
/// use chainrule_model::{path_from_text, path_to_text};
///
/// assert_eq!(path_to_text(Path::new("data/homes.csv")), "data/homes.csv");
/// # #[cfg(unix)] {
/// use std::ffi::OsStr;
/// use std::os::unix::ffi::OsStrExt;
///
/// let latin1 = Path::new(OsStr::from_bytes(b"caf\xe9.csv"));
/// assert_eq!(path_to_text(latin1), "caf\u{efe9}.csv");
/// assert_eq!(path_from_text("caf\u{efe9}.csv"), latin1);
/// # }
/// ```
pub fn path_to_text(path: &Path) -> String {
    let mut text = String::new();
    let escape = |text: &mut String, bytes: &[u8]| {
        text.extend(bytes.iter().filter_map(|byte| char::from_u32(BASE + u32::from(*byte))));
    };
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            if ESCAPES.contains(&u32::from(character)) {
                escape(&mut text, character.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                text.push(character);
            }
        }
        escape(&mut text, chunk.invalid());
    }
    text
}

/// Returns the path that [`path_to_text`] converted to `text`.
pub fn path_from_text(text: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character) {
            escape if ESCAPES.contains(&escape) => bytes.push((escape - BASE) as u8),
            _ => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    #[cfg(unix)]
    return PathBuf::from(<OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes));
    #[cfg(not(unix))]
    return PathBuf::from(text);
}

pub(crate) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path_to_text(path))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    Ok(path_from_text(&String::deserialize(deserializer)?))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_of_any_path_is_converted_back(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            let path = PathBuf::from(OsString::from_vec(bytes));
            prop_assert_eq!(path_from_text(&path_to_text(&path)), path);
        }

        #[test]
        fn a_path_in_utf8_does_not_change_without_private_characters(text in "[a-zé/\u{20ac}\u{ef00}]{0,9}") {
            prop_assert_eq!(path_to_text(Path::new(&text)), text.clone());
            prop_assert_eq!(path_from_text(&text), PathBuf::from(text));
        }

        #[test]
        fn characters_of_the_block_are_converted_back(text in "[\u{ef80}-\u{efff}a]{0,9}") {
            let path = PathBuf::from(text);
            prop_assert_eq!(path_from_text(&path_to_text(&path)), path);
        }
    }
}
