//! Identifiers from any names, each different from all others and from what a language keeps for itself.

use std::collections::HashSet;

/// The identifiers of one scope.
pub(super) struct Identifiers {
    taken: HashSet<String>,
}

/// How an identifier is written.
#[derive(Clone, Copy)]
pub(super) enum Case {
    /// `floor_area`
    Snake,
    /// `FLOOR_AREA`
    Upper,
    /// `FloorArea`
    Camel,
}

/// The keywords of C and C++, and macros that common headers and compilers define.
pub(super) const C_KEYWORDS: &str = "alignas alignof and and_eq asm assert atomic_cancel atomic_commit \
    atomic_noexcept auto bitand bitor bool break case catch char char16_t char32_t char8_t class co_await co_return \
    co_yield compl complex concept const const_cast consteval constexpr constinit continue decltype default delete do \
    double dynamic_cast else enum errno explicit export extern false far float for friend goto huge if imaginary inline \
    int interface linux long mutable namespace near new noexcept noreturn not not_eq nullptr operator or or_eq private \
    protected public register reinterpret_cast requires restrict return short signed sizeof small static static_assert \
    static_cast stderr stdin stdout struct switch template this thread_local throw true try typedef typeid typename \
    typeof typeof_unqual union unix unsigned using virtual void volatile wchar_t while xor xor_eq int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t";

/// The keywords of Rust, and the names that a module of it has of its own.
pub(super) const RUST_KEYWORDS: &str = concat!(
    "abstract as async await become box break const continue crate do dyn else enum ",
    "extern false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static ",
    "struct super trait true try type typeof union unsafe unsized use virtual where while yield Self Input",
);

impl Identifiers {
    /// A scope in which these words, separated by spaces, are taken.
    pub(super) fn new(taken: &str) -> Identifiers {
        Identifiers { taken: taken.split_whitespace().map(str::to_owned).collect() }
    }

    /// An identifier of its own like `name`; like `otherwise`, where nothing of the name can stand in one.
    ///
    /// What begins with a digit, and would not be one, begins with `otherwise` as well.
    pub(super) fn add(&mut self, prefix: &str, name: &str, otherwise: &str, case: Case) -> String {
        let mut words = words(name);
        let starts = words.first().and_then(|word| word.chars().next());
        if starts.is_none_or(|c| prefix.is_empty() && c.is_ascii_digit()) {
            words.insert(0, otherwise.to_owned());
        }
        let plain = prefix.to_owned() + &joined(&words, case);
        let mut identifier = plain.clone();
        let mut n = 2;
        while !self.taken.insert(identifier.clone()) {
            let separator = if matches!(case, Case::Camel) { "" } else { "_" };
            identifier = format!("{plain}{separator}{n}");
            n += 1;
        }
        identifier
    }
}

/// The parts of a name that can stand in an identifier, in lower case.
fn words(name: &str) -> Vec<String> {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_ascii_lowercase).collect()
}

fn joined(words: &[String], case: Case) -> String {
    match case {
        Case::Snake => words.join("_"),
        Case::Upper => words.join("_").to_ascii_uppercase(),
        Case::Camel => words.iter().map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect(),
    }
}

/// A name as it may stand in a comment of C or Rust: nothing in it ends the comment, starts another, or turns the text around.
pub(super) fn in_comment(name: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let plain = |c: char| !c.is_control() && !turns(c);
    let text: String = name.chars().map(|c| if plain(c) { c } else { ' ' }).collect();
    // "??/" would be a backslash to some compilers of C, and a backslash at the end would join two lines.
    text.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?").replace('\\', "|")
}

/// A text as a string of C, in ASCII.
pub(super) fn c_string(text: &str) -> String {
    let byte = |b: u8| match b {
        b'"' | b'\\' | b'?' => format!("\\{}", b as char),
        b' '..=b'~' => (b as char).to_string(),
        // Three octal digits, so that no digit that follows is taken for a fourth.
        _ => format!("\\{b:03o}"),
    };
    format!("\"{}\"", text.bytes().map(byte).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_an_identifier_of_its_own() {
        let mut names = Identifiers::new(C_KEYWORDS);
        let mut add = |name| names.add("", name, "column", Case::Snake);
        assert_eq!(add("floor area (m²)"), "floor_area_m");
        assert_eq!(add("Floor-area m"), "floor_area_m_2");
        assert_eq!(add("floor_area_m_2"), "floor_area_m_2_2");
        assert_eq!(add("double"), "double_2");
        assert_eq!(add("2020"), "column_2020");
        assert_eq!(add("年齢"), "column");
        assert_eq!(add(""), "column_2");
        let mut names = Identifiers::new(RUST_KEYWORDS);
        assert_eq!(names.add("", "self", "Column", Case::Camel), "Self2");
        assert_eq!(names.add("P_", "1 room", "WORD", Case::Upper), "P_1_ROOM");
    }

    #[test]
    fn comments_and_strings_hold_any_text() {
        assert_eq!(in_comment("a*/b/*c\n\\??/\u{202e}d"), "a* /b/ *c |? ?/ d");
        assert_eq!(c_string("\"é\\??/\n1"), r#""\"\303\251\\\?\?/\0121""#);
    }
}
