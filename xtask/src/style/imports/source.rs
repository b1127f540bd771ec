//! What a Rust file defines, imports and names, read from its tokens.

use std::collections::HashSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The contents of a module, without code that is compiled for tests only.
#[derive(Default)]
pub(super) struct ModuleSource {
    /// Child modules in files of their own.
    pub(super) declared: Vec<String>,
    /// Child modules in the same file.
    pub(super) nested: Vec<(String, ModuleSource)>,
    /// Names of the other items that it defines.
    pub(super) items: HashSet<String>,
    pub(super) imports: Vec<ImportedName>,
    /// Paths that the code names, single names included, and those of its private imports. A
    /// re-export names nothing: it only counts where its name is used.
    pub(super) paths: Vec<Vec<String>>,
}

/// A name that a `use` item defines.
pub(super) struct ImportedName {
    /// `*` for all names of a module.
    pub(super) name: String,
    pub(super) path: Vec<String>,
}

/// Reads the text of a file.
pub(super) fn read(text: &str) -> Result<ModuleSource, String> {
    let tokens: TokenStream = text.parse().map_err(|error| format!("cannot be parsed: {error}"))?;
    let mut source = ModuleSource::default();
    source.add(&tokens.into_iter().collect::<Vec<_>>(), Scope::Module);
    Ok(source)
}

/// Where tokens are: only those directly in a module define its items.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Module,
    Body,
}

impl ModuleSource {
    fn add(&mut self, tokens: &[TokenTree], scope: Scope) {
        let mut i = 0;
        // The word before the current token, to tell definitions and re-exports.
        let (mut is_public, mut keyword) = (false, String::new());
        while i < tokens.len() {
            if let Some((attribute, end)) = attribute(tokens, i) {
                i = if is_test(&attribute) { item_end(tokens, end) } else { end };
                continue;
            }
            match &tokens[i] {
                TokenTree::Group(group) => {
                    // The parenthesis of pub(super) is part of the visibility.
                    if !(is_public && group.delimiter() == Delimiter::Parenthesis) {
                        is_public = false;
                    }
                    self.add(&group.stream().into_iter().collect::<Vec<_>>(), Scope::Body);
                    keyword.clear();
                    i += 1;
                }
                TokenTree::Ident(ident) if *ident == "use" => {
                    let end = i + tokens[i..].iter().take_while(|token| !is_punct(token, ';')).count();
                    let n = self.imports.len();
                    add_imports(&tokens[i + 1..end], &[], &mut self.imports);
                    if !is_public {
                        let private = self.imports[n..].iter().filter(|import| import.name != "*");
                        self.paths.extend(private.map(|import| import.path.clone()));
                    }
                    (is_public, i) = (false, end);
                }
                TokenTree::Ident(ident) if scope == Scope::Module && *ident == "mod" => {
                    let name = tokens.get(i + 1).map(ToString::to_string).unwrap_or_default();
                    match tokens.get(i + 2) {
                        Some(TokenTree::Group(group)) => {
                            let mut nested = Self::default();
                            nested.add(&group.stream().into_iter().collect::<Vec<_>>(), Scope::Module);
                            self.nested.push((name, nested));
                        }
                        _ => self.declared.push(name),
                    }
                    (is_public, i) = (false, i + 3);
                }
                TokenTree::Ident(_) => {
                    let (path, end) = path(tokens, i);
                    let word = path[0].clone();
                    is_public = word == "pub";
                    if defines(&keyword, &word) {
                        if scope == Scope::Module {
                            self.items.insert(word.clone());
                        }
                    } else if !is_member(tokens, i) && !is_field(tokens, end) {
                        self.paths.push(path);
                    }
                    // `static mut` defines the name that follows, `*const` none.
                    let is_pointer = i > 0 && is_punct(&tokens[i - 1], '*');
                    if word != "mut" {
                        keyword = if is_pointer { String::new() } else { word };
                    }
                    i = end;
                }
                // The exclamation mark of macro_rules! comes before the name.
                token => {
                    if !is_punct(token, '!') {
                        keyword.clear();
                    }
                    is_public = false;
                    i += 1;
                }
            }
        }
    }
}

/// Whether a word is the name of the item that the keyword before it defines.
fn defines(keyword: &str, word: &str) -> bool {
    const KEYWORDS: [&str; 9] =
        ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];
    // As in `const unsafe fn`.
    const QUALIFIERS: [&str; 5] = ["fn", "unsafe", "async", "extern", "mut"];
    KEYWORDS.contains(&keyword) && !QUALIFIERS.contains(&word)
}

fn is_punct(token: &TokenTree, c: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == c)
}

/// Whether two colons start at token `i`.
fn is_separator(tokens: &[TokenTree], i: usize) -> bool {
    tokens.get(i..i + 2).is_some_and(|pair| pair.iter().all(|token| is_punct(token, ':')))
}

/// Whether the name at token `i` belongs to the expression, type or lifetime before it: a method, a
/// field, an associated item of `<T as Trait>`.
fn is_member(tokens: &[TokenTree], i: usize) -> bool {
    let before = |n: usize| i.checked_sub(n).map(|at| &tokens[at]);
    // Two points are a range, three a rest.
    let is_point = before(1).is_some_and(|token| is_punct(token, '.'));
    let is_range = before(2).is_some_and(|token| is_punct(token, '.'));
    (is_point && !is_range)
        || before(1).is_some_and(|token| is_punct(token, '\''))
        || (i >= 2 && is_separator(tokens, i - 2))
}

/// Whether the name before token `i` is that of a field, a variable or a type parameter, which a
/// single colon follows.
fn is_field(tokens: &[TokenTree], i: usize) -> bool {
    tokens.get(i).is_some_and(|token| is_punct(token, ':'))
}

/// The path that starts with the name at token `i`, and where it ends.
fn path(tokens: &[TokenTree], mut i: usize) -> (Vec<String>, usize) {
    let mut path = vec![tokens[i].to_string()];
    i += 1;
    while is_separator(tokens, i) {
        let Some(TokenTree::Ident(ident)) = tokens.get(i + 2) else { break };
        path.push(ident.to_string());
        i += 3;
    }
    // The separator before type arguments is part of the path too.
    if is_separator(tokens, i) { (path, i + 2) } else { (path, i) }
}

/// The contents of the attribute at token `i`, and where it ends.
fn attribute(tokens: &[TokenTree], i: usize) -> Option<(TokenStream, usize)> {
    let hash = tokens.get(i).filter(|token| is_punct(token, '#'));
    hash?;
    let at = if is_punct(tokens.get(i + 1)?, '!') { i + 2 } else { i + 1 };
    match tokens.get(at)? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some((group.stream(), at + 1)),
        _ => None,
    }
}

/// Whether an attribute restricts its item to tests.
fn is_test(attribute: &TokenStream) -> bool {
    let text = attribute.to_string().replace(' ', "");
    let condition = text.strip_prefix("cfg(");
    let is_word = |condition: &str| condition.split(['(', ')', ',']).any(|word| word == "test");
    text == "test" || condition.is_some_and(|condition| is_word(condition) && !condition.contains("not(test"))
}

/// Where the item that starts at token `i`, possibly with further attributes, ends.
fn item_end(tokens: &[TokenTree], mut i: usize) -> usize {
    while let Some((_, end)) = attribute(tokens, i) {
        i = end;
    }
    let ends_with_block = !tokens[i..]
        .iter()
        .take(3)
        .any(|token| matches!(token.to_string().as_str(), "use" | "const" | "static" | "type" | "let"));
    let is_end = |token: &TokenTree| {
        let is_block = matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        is_punct(token, ';') || (ends_with_block && is_block)
    };
    tokens[i..].iter().position(is_end).map_or(tokens.len(), |n| i + n + 1)
}

/// Adds the names of a list of imports, each of which continues the path `prefix`.
fn add_imports(tokens: &[TokenTree], prefix: &[String], imports: &mut Vec<ImportedName>) {
    for tree in tokens.split(|token| is_punct(token, ',')) {
        let (mut path, mut name) = (prefix.to_vec(), None);
        let mut tokens = tree.iter();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(ident) if *ident == "as" => name = tokens.next().map(ToString::to_string),
                TokenTree::Ident(ident) if *ident == "self" && !path.is_empty() => {}
                TokenTree::Ident(ident) => path.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '*' => name = Some("*".to_owned()),
                TokenTree::Group(group) => {
                    add_imports(&group.stream().into_iter().collect::<Vec<_>>(), &path, imports);
                    path.clear();
                }
                _ => {}
            }
        }
        if let Some(name) = name.or_else(|| path.last().cloned()).filter(|_| !path.is_empty()) {
            imports.push(ImportedName { name, path });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let source = read(text).unwrap();
        source.paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn trees_of_imports_become_paths() {
        let source = read("use a::{self, b::{C as D, *}, e::F};\npub use self::g as h;").unwrap();
        let imports =
            source.imports.iter().map(|import| format!("{} {}", import.name, import.path.join("::")));
        assert_eq!(imports.collect::<Vec<_>>(), ["a a", "D a::b::C", "* a::b", "F a::e::F", "h self::g"]);
        // Neither all names of a module nor a re-export are paths of the code.
        assert_eq!(names("use a::*; pub(super) use b::C; use d::E;"), ["pub", "super", "d::E"]);
    }

    #[test]
    fn items_and_modules_are_those_of_the_module_itself() {
        let text = "mod a; mod b { struct C; mod d; } const fn e(_: *const u8) { fn f() {} } \
                    static mut G: u8 = 0; macro_rules! h { () => {} }";
        let source = read(text).unwrap();
        let mut items: Vec<_> = source.items.iter().map(String::as_str).collect();
        items.sort_unstable();
        assert_eq!(items, ["G", "e", "h"]);
        assert_eq!(source.declared, ["a"]);
        assert_eq!(source.nested[0].0, "b");
        assert_eq!(
            (source.nested[0].1.items.len(), &source.nested[0].1.declared[..]),
            (1, &["d".to_owned()][..])
        );
    }

    #[test]
    fn names_of_members_fields_and_lifetimes_are_not_paths() {
        assert_eq!(names("crate::a::B::c(d.e, f::<G>())"), ["crate::a::B::c", "d", "f", "G"]);
        assert_eq!(names("H { i: j, ..k }"), ["H", "j", "k"]);
        assert_eq!(names("<L as M>::n::<'o>()"), ["L", "as", "M"]);
        // Comments, documentation and strings contain no paths.
        assert_eq!(names("/// p::q\n// r::s\n/* t */ u(\"v::w\")"), ["u"]);
    }

    #[test]
    fn code_for_tests_is_left_out() {
        assert_eq!(names("#[cfg(test)]\nmod tests { use super::a; }\nb"), ["b"]);
        assert_eq!(names("#[cfg(all(test, unix))] #[x] use a::{b, c}; d"), ["d"]);
        assert_eq!(names("#[test] fn a() { b() } c"), ["c"]);
        assert_eq!(names("#[cfg(not(test))] use a::b;"), ["a::b"]);
        assert!(read("#[cfg(test)] mod a;").unwrap().declared.is_empty());
    }
}
