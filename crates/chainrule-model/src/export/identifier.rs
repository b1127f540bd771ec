//! Conversion of arbitrary names to unique identifiers that are not reserved words.

use std::collections::HashSet;

/// Identifiers of a scope.
pub(super) struct Identifiers {
    taken: HashSet<String>,
}

/// Letter case of an identifier.
#[derive(Clone, Copy)]
pub(super) enum IdentifierCase {
    /// `floor_area`
    Snake,
    /// `FLOOR_AREA`
    Upper,
    /// `FloorArea`
    Camel,
}

/// Keywords of C and C++ and names that common headers and compilers define.
pub(super) const C_KEYWORDS: &str = "alignas alignof and and_eq asm assert atomic_cancel atomic_commit \
    atomic_noexcept auto bitand bitor bool break case catch char char16_t char32_t char8_t class co_await co_return \
    co_yield compl complex concept const const_cast consteval constexpr constinit continue decltype default delete do \
    double dynamic_cast else enum errno explicit export extern false far float for friend goto huge if imaginary inline \
    int interface linux long mutable namespace near new noexcept noreturn not not_eq nullptr operator or or_eq private \
    protected public register reinterpret_cast requires restrict return short signed sizeof small static static_assert \
    static_cast stderr stdin stdout struct switch template this thread_local throw true try typedef typeid typename \
    typeof typeof_unqual union unix unsigned using virtual void volatile wchar_t while xor xor_eq int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t";

/// Keywords of Rust and names that an exported module defines.
pub(super) const RUST_KEYWORDS: &str = concat!(
    "abstract as async await become box break const continue crate do dyn else enum ",
    "extern false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static ",
    "struct super trait true try type typeof union unsafe unsized use virtual where while yield Self Input",
);

impl Identifiers {
    /// Creates a scope in which the words of `taken`, separated by spaces, are already used.
    pub(super) fn new(taken: &str) -> Identifiers {
        Identifiers { taken: taken.split_whitespace().map(str::to_owned).collect() }
    }

    /// Adds a unique identifier derived from `name`, or from `fallback` if no character of the name
    /// is allowed in identifiers.
    ///
    /// `fallback` is also prepended if the identifier would otherwise start with a digit.
    pub(super) fn add(&mut self, prefix: &str, name: &str, fallback: &str, case: IdentifierCase) -> String {
        let mut words = words(name);
        let first = words.first().and_then(|word| word.chars().next());
        if first.is_none_or(|c| prefix.is_empty() && c.is_ascii_digit()) {
            words.insert(0, fallback.to_owned());
        }
        let plain = prefix.to_owned() + &joined(&words, case);
        let mut identifier = plain.clone();
        let mut n = 2;
        while !self.taken.insert(identifier.clone()) {
            let separator = if matches!(case, IdentifierCase::Camel) { "" } else { "_" };
            identifier = format!("{plain}{separator}{n}");
            n += 1;
        }
        identifier
    }
}

/// Returns the parts of a name that are allowed in identifiers, in lower case.
fn words(name: &str) -> Vec<String> {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_ascii_lowercase).collect()
}

fn joined(words: &[String], case: IdentifierCase) -> String {
    match case {
        IdentifierCase::Snake => words.join("_"),
        IdentifierCase::Upper => words.join("_").to_ascii_uppercase(),
        IdentifierCase::Camel => {
            words.iter().map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
        }
    }
}

/// Makes a name safe for a comment in C or Rust: it cannot end the comment, start another or change
/// the text direction.
pub(super) fn in_comment(name: &str) -> String {
    let is_invisible = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let is_safe = |c: char| !c.is_control() && !is_invisible(c);
    let text: String = name.chars().map(|c| if is_safe(c) { c } else { ' ' }).collect();
    // "??/" is the trigraph for a backslash, and a backslash at the end of a line joins it with the
    // next.
    text.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?").replace('\\', "|")
}

/// Returns `text` as an ASCII string literal of C.
pub(super) fn c_string(text: &str) -> String {
    let byte = |b: u8| match b {
        b'"' | b'\\' | b'?' => format!("\\{}", b as char),
        b' '..=b'~' => (b as char).to_string(),
        // Always three octal digits, because a following digit could otherwise be part of the
        // escape.
        _ => format!("\\{b:03o}"),
    };
    format!("\"{}\"", text.bytes().map(byte).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_a_unique_identifier() {
        let mut names = Identifiers::new(C_KEYWORDS);
        let mut add = |name| names.add("", name, "column", IdentifierCase::Snake);
        assert_eq!(add("floor area (m²)"), "floor_area_m");
        assert_eq!(add("Floor-area m"), "floor_area_m_2");
        assert_eq!(add("floor_area_m_2"), "floor_area_m_2_2");
        assert_eq!(add("double"), "double_2");
        assert_eq!(add("2020"), "column_2020");
        assert_eq!(add("年齢"), "column");
        assert_eq!(add(""), "column_2");
        let mut names = Identifiers::new(RUST_KEYWORDS);
        assert_eq!(names.add("", "self", "Column", IdentifierCase::Camel), "Self2");
        assert_eq!(names.add("P_", "1 room", "WORD", IdentifierCase::Upper), "P_1_ROOM");
    }

    #[test]
    fn any_text_is_safe_in_comments_and_strings() {
        assert_eq!(in_comment("a*/b/*c\n\\??/\u{202e}d"), "a* /b/ *c |? ?/ d");
        assert_eq!(c_string("\"é\\??/\n1"), r#""\"\303\251\\\?\?/\0121""#);
    }
}
